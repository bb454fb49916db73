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

class AreasLoad {
public:
    AreasLoad(const core::VmapRules& rules, std::string load) : allocator_(rules, 1), load_(std::move(load)) {}

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
            if (i != 0 && areas_[i - 1].start + core::bytes_of(Pages{areas_[i - 1].pages}) > areas_[i].start)
                ++overlaps;
        }
        const VirtAddr top = areas_.back().start + core::bytes_of(Pages{areas_.back().pages});
        const double span = static_cast<double>(core::pages_for(top - areas_.front().start).count());
        std::array<char, 160> text{};
        std::snprintf(text.data(), text.size(), "fails=%zu overlap=%zu span/used=%.3f holes=%zu invariants=%s",
                      failures_, overlaps, span / static_cast<double>(pages), allocator_.free_ranges() - 1,
                      allocator_.check_invariants().empty() ? "ok" : "broken");
        return text.data();
    }

private:
    std::uint64_t size() {
        static constexpr std::array<std::uint64_t, 7> kOdd{2, 3, 9, 17, 33, 65, 257};
        return load_ == "mix" && random_.below(10) == 0 ? kOdd[random_.below(7)] : 5;
    }
    void request(Area& area) {
        area.pages = size();
        const auto id =
            allocator_.reserve({core::bytes_of(Pages{area.pages}), Bytes{core::kPageBytes}, kWindow}, silent_, host_);
        failures_ += id ? 0U : 1U;
        area.start = id ? allocator_.range(*id).lowest : VirtAddr{0};
    }
    void release(Area& area) {
        allocator_.release_at_once(allocator_.find(area.start, silent_, host_), silent_, host_);
        area.pages = 0;
    }

    core::VmapAllocator allocator_;
    core::SilentVmapHost host_;
    core::Effects silent_;
    core::Random random_{21};
    std::string load_;
    std::vector<Area> areas_;
    std::size_t failures_ = 0;
};

} // namespace

int run_areas(const Arguments& arguments) {
    const std::string load = arguments.text("--load", "fixed5");
    const std::uint64_t live = arguments.number("--live", 100'000);
    const std::uint64_t operations = arguments.number("--ops", 2'000'000) / kBurst * kBurst;
    const std::string rules = arguments.text("--rules", "6.1");
    AreasLoad areas{rules == "4.9" ? core::linux_4_9_vmap_rules() : core::linux_6_1_vmap_rules(), load};
    areas.fill(live);
    Stopwatch watch{Clock::user_and_system};
    for (std::uint64_t done = 0; done < operations; done += kBurst) areas.burst();
    const double seconds = watch.stop();
    print_result("d.area", load + "/" + std::to_string(live), seconds, operations, areas.note());
    return 0;
}

} // namespace ksl::bench
