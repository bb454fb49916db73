// SPDX-License-Identifier: MIT
//
// Address ranges: 100,000 live areas, then bursts of 256 releases of random areas and 256 requests. One operation is
// one release, with the look-up of the area by its address, and one request. Areas are free at once, without a purge,
// as the other programs of this load do it; everything else is the kernel's: lowest fit in the tree of free ranges,
// tree of areas in use.
//
//   fixed5  every area 5 pages (a stack of 4 and its guard)
//   mix     nine of ten 5 pages, the rest 2, 3, 9, 17, 33, 65 or 257
//   frag5   as fixed5, but from 200,000 areas a random half is released first: about 50,000 holes
#include "core/vmalloc/vmap_allocator.h"
#include "tests/bench/loads/load.h"
#include "tests/bench/loads/loads.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace ksl::bench {

namespace {

using core::Bytes;
using core::Pages;
using core::VirtAddr;

constexpr VirtAddr kStart{0xffffc90000000000};
constexpr core::VirtRange kWindow{kStart, VirtAddr{0xffffe8ffffffffff}};
constexpr std::size_t kBurst = 256;

struct Area {
    VirtAddr start;
    std::uint64_t pages = 0; ///< 0: released
};

/// The allocator as a whole.
class Whole {
public:
    explicit Whole(const core::VmapRules& rules) : allocator_(rules, 1) {}

    /// Address 0: refused.
    VirtAddr take(Bytes size) {
        const auto area = allocator_.reserve({size, Bytes{core::kPageBytes}, kWindow}, silent_, host_);
        return area ? allocator_.range(*area).lowest : VirtAddr{0};
    }
    void give(VirtAddr start, Bytes /*size*/) {
        allocator_.release_at_once(allocator_.find(start, silent_, host_), silent_, host_);
    }
    [[nodiscard]] std::size_t holes() const { return allocator_.free_ranges() - 1; }
    [[nodiscard]] bool is_sound() const { return allocator_.check_invariants().empty(); }

private:
    core::VmapAllocator allocator_;
    core::SilentVmapHost host_;
    core::Effects silent_;
};

/// Its free ranges alone.
class FreeRanges {
public:
    explicit FreeRanges(const core::VmapRules& rules) : rules_(rules) {
        free_.give(core::FreeSpace::everything(), core::AreaObject::none(), rules_, silent_, host_);
    }

    VirtAddr take(Bytes size) {
        const auto found = free_.take({size, Bytes{core::kPageBytes}, kWindow}, rules_, silent_, host_);
        return found ? found->start : VirtAddr{0};
    }
    void give(VirtAddr start, Bytes size) {
        free_.give({start, start + size}, core::AreaObject::none(), rules_, silent_, host_);
    }
    [[nodiscard]] std::size_t holes() const { return free_.ranges() - 1; }
    [[nodiscard]] bool is_sound() const { return *free_.check_invariants() == '\0'; }

private:
    core::VmapRules rules_;
    core::FreeSpace free_;
    core::SilentVmapHost host_;
    core::Effects silent_;
};

template <class Ranges>
class AreasLoad {
public:
    AreasLoad(const core::VmapRules& rules, std::string load) : ranges_(rules), load_(std::move(load)) {}

    void fill(std::size_t live) {
        areas_.resize(load_ == "frag5" ? live * 2 : live);
        for (Area& area : areas_) request(area);
        if (load_ != "frag5") return;
        for (std::size_t i = areas_.size() - 1; i > 0; --i) std::swap(areas_[i], areas_[random_.below(i + 1)]);
        for (std::size_t i = live; i < areas_.size(); ++i) release(areas_[i]);
        areas_.resize(live);
    }
    void burst() {
        std::array<std::size_t, kBurst> released{};
        std::size_t count = 0;
        for (std::size_t i = 0; i < kBurst; ++i) {
            const std::size_t victim = random_.below(areas_.size());
            if (areas_[victim].pages == 0) continue;
            release(areas_[victim]);
            released[count++] = victim;
        }
        for (std::size_t i = 0; i < count; ++i) request(areas_[released[i]]);
    }
    [[nodiscard]] std::string note() {
        std::ranges::sort(areas_, {}, &Area::start);
        std::size_t overlaps = 0;
        std::uint64_t pages = 0;
        for (std::size_t i = 0; i < areas_.size(); ++i) {
            pages += areas_[i].pages;
            if (i != 0 && areas_[i - 1].start + size_of(areas_[i - 1]) > areas_[i].start) ++overlaps;
        }
        const VirtAddr top = areas_.back().start + size_of(areas_.back());
        const double span = static_cast<double>(core::pages_for(top - areas_.front().start).count());
        std::array<char, 160> text{};
        std::snprintf(text.data(), text.size(), "fails=%zu overlap=%zu span/used=%.3f holes=%zu invariants=%s",
                      failures_, overlaps, span / static_cast<double>(pages), ranges_.holes(),
                      ranges_.is_sound() ? "ok" : "broken");
        return text.data();
    }

private:
    [[nodiscard]] static Bytes size_of(const Area& area) { return core::bytes_of(Pages{area.pages}); }
    std::uint64_t size() {
        static constexpr std::array<std::uint64_t, 7> kOdd{2, 3, 9, 17, 33, 65, 257};
        return load_ == "mix" && random_.below(10) == 0 ? kOdd[random_.below(7)] : 5;
    }
    void request(Area& area) {
        area.pages = size();
        area.start = ranges_.take(size_of(area));
        failures_ += area.start == VirtAddr{0} ? 1U : 0U;
    }
    void release(Area& area) {
        ranges_.give(area.start, size_of(area));
        area.pages = 0;
    }

    Ranges ranges_;
    core::Random random_{21};
    std::string load_;
    std::vector<Area> areas_;
    std::size_t failures_ = 0;
};

template <class Ranges>
int run(const Arguments& arguments, const core::VmapRules& rules) {
    const std::string load = arguments.text("--load", "fixed5");
    const std::uint64_t live = arguments.number("--live", 100'000);
    const std::uint64_t operations = arguments.number("--ops", 2'000'000) / kBurst * kBurst;
    AreasLoad<Ranges> areas{rules, load};
    areas.fill(live);
    Stopwatch watch{Clock::user_and_system};
    for (std::uint64_t done = 0; done < operations; done += kBurst) areas.burst();
    const double seconds = watch.stop();
    print_result("d.area", load + "/" + std::to_string(live), seconds, operations,
                 "part=" + arguments.text("--part", "whole") + " " + areas.note());
    return 0;
}

} // namespace

int run_areas(const Arguments& arguments) {
    const bool is_4_9 = arguments.text("--rules", "6.1") == "4.9";
    const core::VmapRules rules = is_4_9 ? core::linux_4_9_vmap_rules() : core::linux_6_1_vmap_rules();
    if (arguments.text("--part", "whole") == "free") return run<FreeRanges>(arguments, core::linux_6_1_vmap_rules());
    return run<Whole>(arguments, rules);
}

} // namespace ksl::bench
