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
    constexpr core::PageSize kSmall = core::PageSize::small_4k;
    core::Tlb tlb{geometry, core::AddressClasses{core::KernelLayout{}}};
    core::TlbCounters counters;
    const core::TlbPortMap& port = tlb.port(core::TlbPort::load);
    const auto ignore = [](const core::TlbEntry&) {};
    std::uint64_t first_misses = 0;
    std::uint64_t second_misses = 0;
    Stopwatch watch{Clock::user};
    for (core::VirtAddr at : trace) {
        core::Tlb::SmallPlaces places;
        if (tlb.find_fast(port, at, 0, 0, places.first) != nullptr) continue;
        if (tlb.find<core::TlbLevel::l1>(port, at, 0, places.first) != nullptr) continue;
        ++first_misses;
        const core::AddressClass whose = tlb.class_of(at);
        core::TlbEntry entry{.key = core::TlbEntry::key_of(at, kSmall), .data = at.raw() & core::Pte::kFrame.mask()};
        if (const core::TlbEntry* found = tlb.find<core::TlbLevel::l2>(port, at, 0, places.second)) {
            entry = found->plain();
        } else {
            ++second_misses;
            tlb.fill<core::TlbLevel::l2, kSmall>(port, at, whose, entry, places.second, counters, ignore);
        }
        tlb.fill<core::TlbLevel::l1, kSmall>(port, at, whose, entry, places.first, counters, ignore);
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
