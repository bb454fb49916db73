// SPDX-License-Identifier: MIT
//
// walk:      one page walk an address, nothing remembered between addresses, no model of the processor.
// translate: one access an address by the model of a whole MMU: TLBs, paging-structure caches, rights, accessed and
//            dirty bits.
#include "core/paging/table_view.h"
#include "core/tlb/mmu.h"
#include "tests/bench/loads/load.h"
#include "tests/bench/loads/loads.h"
#include "tests/bench/loads/skylake.h"
#include "tests/bench/loads/translation_image.h"

#include <algorithm>
#include <cstdio>

namespace ksl::bench {

namespace {

constexpr std::size_t kWarmUp = 1U << 16;

int unknown_trace(const std::string& name) {
    std::fprintf(stderr, "there is no trace \"%s\"; there are hot32, zipf, uni, kmix\n", name.c_str());
    return 2;
}

} // namespace

int run_walk(const Arguments& arguments) {
    const std::string name = arguments.text("--trace", "kmix");
    const std::vector<core::VirtAddr> trace = translation_trace(name, arguments.number("--ops", 1U << 22));
    if (trace.empty()) return unknown_trace(name);
    const TranslationImage image;
    core::TableView view{image.memory};
    std::uint64_t sum = 0;
    std::uint64_t missing = 0;
    const auto walk = [&](core::VirtAddr at) {
        const auto found = view.translate<core::FourLevel>(image.root, at);
        missing += found ? 0U : 1U;
        sum += found ? found->raw() : ~std::uint64_t{0};
    };
    for (std::size_t i = 0; i < std::min(kWarmUp, trace.size()); ++i) walk(trace[i]);
    sum = 0;
    missing = 0;
    Stopwatch watch{Clock::user};
    for (core::VirtAddr at : trace) walk(at);
    const double seconds = watch.stop();
    char note[96];
    std::snprintf(note, sizeof note, "sum=%llx faults=%llu", static_cast<unsigned long long>(sum),
                  static_cast<unsigned long long>(missing));
    print_result("a.walk", name, seconds, trace.size(), note);
    return 0;
}

int run_translate(const Arguments& arguments) {
    const std::string name = arguments.text("--trace", "kmix");
    const std::vector<core::VirtAddr> trace = translation_trace(name, arguments.number("--ops", 1U << 22));
    if (trace.empty()) return unknown_trace(name);
    const auto kind = arguments.text("--access", "read") == "write" ? core::AccessKind::write : core::AccessKind::read;
    TranslationImage image;
    core::MmuConfig config;
    config.tlb = skylake_tlb();
    core::Mmu mmu{config, core::AddressClasses{core::KernelLayout{}}};
    mmu.load_cr3(core::address_of(image.root).raw());
    const core::Access access = core::Access::kernel(kind);
    for (std::size_t i = 0; i < std::min(kWarmUp, trace.size()); ++i)
        static_cast<void>(mmu.access(trace[i], access, image.memory));
    mmu.reset_counters();
    std::uint64_t sum = 0;
    Stopwatch watch{Clock::user};
    for (core::VirtAddr at : trace) sum += mmu.access(at, access, image.memory).at().raw();
    const double seconds = watch.stop();
    const core::TlbCounters& counters = mmu.counters();
    const auto rate = [&](std::uint64_t count) {
        return static_cast<double>(count) / static_cast<double>(trace.size());
    };
    std::uint64_t misses = 0;
    for (std::uint64_t one : counters.first_misses) misses += one;
    char note[128];
    std::snprintf(note, sizeof note, "sum=%llx L1miss=%.4f walk=%.4f refs=%.4f", static_cast<unsigned long long>(sum),
                  rate(misses), rate(counters.walks()), rate(counters.walk_references));
    print_result("a.translate", name, seconds, trace.size(), note);
    return 0;
}

} // namespace ksl::bench
