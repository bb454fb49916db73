// SPDX-License-Identifier: MIT
//
// A host that watches: every descriptor given out comes back once, flushes are written down.
#pragma once

#include "core/vmalloc/vmap_allocator.h"

#include <set>
#include <vector>

namespace ksl::core::testing {

class WatchfulHost final : public VmapHost {
public:
    [[nodiscard]] std::optional<AreaObject> new_area_object(Effects& /*fx*/) override {
        if (live.size() >= most_objects) return std::nullopt;
        std::uint32_t number = next_;
        if (spare_.empty()) {
            ++next_;
        } else {
            number = spare_.back();
            spare_.pop_back();
        }
        live.insert(number);
        return AreaObject{number};
    }
    void free_area_object(AreaObject object, Effects& /*fx*/) override {
        if (object.is_none()) return;
        if (live.erase(object.raw()) != 1) ++double_frees;
        spare_.push_back(object.raw());
    }
    [[nodiscard]] VirtAddr area_object_address(AreaObject object) const override {
        return kObjects + Bytes{object.raw() * object_bytes};
    }
    void flush_kernel_range(VirtRange range, Effects& /*fx*/) override { flushes.push_back(range); }

    static constexpr VirtAddr kObjects{0xffff888010000000};
    std::uint64_t object_bytes = 64;
    std::size_t most_objects = ~std::size_t{0};
    std::set<std::uint32_t> live;
    std::vector<VirtRange> flushes;
    int double_frees = 0;

private:
    std::uint32_t next_ = 0;
    std::vector<std::uint32_t> spare_;
};

inline constexpr VirtAddr kVmallocStart{0xffffc90000000000};
inline constexpr VirtRange kVmalloc{kVmallocStart, VirtAddr{0xffffe8ffffffffff}};
inline constexpr Bytes kStackAlign{16 << 10};

inline AreaRequest stack_request() {
    return vmalloc_request(Bytes{16 << 10}, kStackAlign, kVmalloc);
}
inline AreaRequest plain_request(std::uint64_t bytes) {
    return vmalloc_request(Bytes{bytes}, Bytes{1}, kVmalloc);
}

/// An allocator with a watchful host: addresses as offsets from the start of the vmalloc area.
struct Lab {
    explicit Lab(const VmapRules& rules, unsigned cpus = 1) : allocator(rules, cpus) {}

    VmapAllocator allocator;
    WatchfulHost host;
    Effects fx;

    std::uint64_t reserve(const AreaRequest& request) {
        const auto area = allocator.reserve(request, fx, host);
        return area ? (allocator.range(*area).lowest - kVmallocStart).count() : ~std::uint64_t{0};
    }
    [[nodiscard]] AreaId at(std::uint64_t offset) { return allocator.find(kVmallocStart + Bytes{offset}, fx, host); }
    void release(std::uint64_t offset) { allocator.release_lazily(at(offset), fx, host); }
    PurgeResult purge() { return allocator.purge(PurgeReason::limit, fx, host); }
};

} // namespace ksl::core::testing
