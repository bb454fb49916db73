// SPDX-License-Identifier: MIT
//
// The TLB model alone: 64-entry 4-way first level and 1536-entry 12-way second level, true LRU in both, 4 KiB pages. A
// miss in both fills both, without a walk.
#include "core/tlb/tlb.h"
#include "tests/bench/loads/load.h"
#include "tests/bench/loads/loads.h"
#include "tests/bench/loads/translation_image.h"

#include <cstdio>

namespace ksl::bench {

int run_tlb(const Arguments& arguments) {
    const std::string name = arguments.text("--trace", "kmix");
    const std::vector<core::VirtAddr> trace = translation_trace(name, arguments.number("--ops", 1U << 24));
    if (trace.empty()) {
        std::fprintf(stderr, "there is no trace \"%s\"; there are hot32, zipf, uni, kmix\n", name.c_str());
        return 2;
    }
    core::TlbGeometry geometry;
    geometry.load = {{.entries = 64, .ways = 4, .holds = {core::PageSize::small_4k}}};
    geometry.fetch = geometry.load;
    geometry.second = {{.entries = 1536, .ways = 12, .holds = {core::PageSize::small_4k}}};
    geometry.first_policy = core::Replacement::lru;
    core::Tlb tlb{geometry, core::AddressClasses{core::KernelLayout{}}};
    core::TlbCounters counters;
    const auto ignore = [](const core::TlbEntry&) {};
    std::uint64_t first_misses = 0;
    std::uint64_t second_misses = 0;
    Stopwatch watch{Clock::user};
    for (core::VirtAddr at : trace) {
        if (tlb.find_first(core::TlbPort::load, at, 0) != nullptr) continue;
        ++first_misses;
        core::TlbEntry entry{.key = core::TlbEntry::key_of(at, core::PageSize::small_4k),
                             .data = at.raw() >> core::kPageShift & core::TlbEntry::kFrameMask};
        if (const core::TlbEntry* found = tlb.find_second(core::TlbPort::load, at, 0)) {
            entry = *found;
        } else {
            ++second_misses;
            tlb.fill(core::TlbLevel::l2, core::TlbPort::load, at, entry, counters, ignore);
        }
        tlb.fill(core::TlbLevel::l1, core::TlbPort::load, at, entry, counters, ignore);
    }
    const double seconds = watch.stop();
    const auto rate = [&](std::uint64_t count) {
        return static_cast<double>(count) / static_cast<double>(trace.size());
    };
    char note[96];
    std::snprintf(note, sizeof note, "L1miss=%.4f walk=%.4f", rate(first_misses), rate(second_misses));
    print_result("b.tlbsim", name, seconds, trace.size(), note);
    return 0;
}

} // namespace ksl::bench
