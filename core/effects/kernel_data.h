// SPDX-License-Identifier: MIT
//
// Where the kernel's own data lies, so that touching it goes through the TLB and the caches like any other access: the
// array of page structs, the zones with their free lists, the per-CPU areas, global locks.
//
// Source:  struct page is 64 bytes, one cache line, at vmemmap + pfn * 64 (Documentation/x86/x86_64/mm.txt). struct
//          zone and the per-CPU structures are laid out here as the kernel groups them by cache line
//          (include/linux/mmzone.h, zone_padding), not byte by byte.
#pragma once

#include "core/events/memory_events.h"
#include "core/types/address.h"
#include "core/types/ids.h"

namespace ksl::core {

inline constexpr Bytes kCacheLine{64};
inline constexpr Bytes kPageStructBytes{64};

class KernelData {
public:
    KernelData() = default;
    /// `statics`: start of at least kStaticBytes of kernel data; `per_cpu`: start of the per-CPU areas, kPerCpuBytes
    /// each.
    KernelData(VirtAddr vmemmap, VirtAddr statics, VirtAddr per_cpu)
        : vmemmap_(vmemmap), statics_(statics), per_cpu_(per_cpu) {}

    static constexpr Bytes kStaticBytes{64 << 10};
    static constexpr Bytes kPerCpuBytes{32 << 10};

    [[nodiscard]] VirtAddr page_struct(Pfn frame) const { return vmemmap_ + kPageStructBytes * frame.raw(); }

    /// First line of a zone: watermarks and lowmem reserves.
    [[nodiscard]] VirtAddr zone(ZoneId zone) const { return statics_ + kZoneBytes * static_cast<std::uint64_t>(zone); }
    /// The line with the zone's lock; statistics share it.
    [[nodiscard]] VirtAddr zone_lock(ZoneId id) const { return zone(id) + kCacheLine; }
    /// The head of one free list: struct free_area is a list head (16 bytes) a migrate type and a count (8 bytes).
    [[nodiscard]] VirtAddr free_list(ZoneId id, Order order, MigrateType type) const {
        return zone(id) + kCacheLine * 4 +
               Bytes{std::uint64_t{order.raw()} * 88U + static_cast<std::uint64_t>(type) * 16U};
    }
    [[nodiscard]] VirtAddr pageblock_flags(Pfn frame) const {
        return statics_ + kPageblockFlags + Bytes{(frame.raw() / kPageblockFrames / 2) % kPageblockFlagBytes};
    }

    /// Locks and roots of mm/vmalloc.c.
    [[nodiscard]] VirtAddr vmap_lock() const { return statics_ + kVmalloc; }
    [[nodiscard]] VirtAddr vmap_cache_globals() const { return statics_ + kVmalloc + kCacheLine; }
    [[nodiscard]] VirtAddr vmap_purge_list() const { return statics_ + kVmalloc + kCacheLine * 2; }
    [[nodiscard]] VirtAddr vmap_free_lock() const { return statics_ + kVmalloc + kCacheLine * 3; }
    /// Lock and roots of one vmap node (6.9 and later), of 128 at most.
    [[nodiscard]] VirtAddr vmap_node(unsigned node) const { return statics_ + kVmapNodes + kCacheLine * node; }
    [[nodiscard]] VirtAddr slab_node(unsigned cache) const { return statics_ + kSlabNodes + kCacheLine * cache; }

    [[nodiscard]] VirtAddr per_cpu(CpuId cpu) const { return per_cpu_ + kPerCpuBytes * cpu.raw(); }
    /// struct per_cpu_pages of a zone: two lines.
    [[nodiscard]] VirtAddr pcp(CpuId cpu, ZoneId zone) const {
        return per_cpu(cpu) + kCacheLine * (2 * static_cast<std::uint64_t>(zone));
    }
    [[nodiscard]] VirtAddr stack_cache(CpuId cpu) const { return per_cpu(cpu) + kCacheLine * 8; }
    /// Flags of the current task, where a design keeps them here.
    [[nodiscard]] VirtAddr task_flags(CpuId cpu) const { return per_cpu(cpu) + kCacheLine * 9; }
    [[nodiscard]] VirtAddr slab_cpu(CpuId cpu, unsigned cache) const {
        return per_cpu(cpu) + kCacheLine * (16 + cache);
    }
    [[nodiscard]] VirtAddr run_queue(CpuId cpu) const { return per_cpu(cpu) + kCacheLine * 64; }
    [[nodiscard]] VirtAddr rcu_data(CpuId cpu) const { return per_cpu(cpu) + kCacheLine * 128; }
    [[nodiscard]] VirtAddr vfree_deferred(CpuId cpu) const { return per_cpu(cpu) + kCacheLine * 136; }

    template <class Archive>
    void describe(Archive& archive) {
        archive(vmemmap_, statics_, per_cpu_);
    }
    friend bool operator==(const KernelData&, const KernelData&) = default;

private:
    static constexpr Bytes kZoneBytes{2048};
    static constexpr Bytes kVmalloc{kZoneBytes * 4};
    static constexpr Bytes kSlabNodes{kZoneBytes * 4 + Bytes{1024}};
    static constexpr Bytes kVmapNodes{16 << 10};
    static constexpr Bytes kPageblockFlags{32 << 10};
    static constexpr std::uint64_t kPageblockFlagBytes = 32 << 10;

    VirtAddr vmemmap_;
    VirtAddr statics_;
    VirtAddr per_cpu_;
};

} // namespace ksl::core
