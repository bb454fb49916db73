// SPDX-License-Identifier: MIT
//
// Copying state: what a snapshot costs, the first write after it included.
#include "core/memory/phys_memory.h"
#include "tests/bench/loads/load.h"
#include "tests/bench/loads/loads.h"

namespace ksl::bench {

int run_copy(const Arguments& arguments) {
    const std::uint64_t frames = arguments.number("--frames", 1U << 22);
    const std::uint64_t written = arguments.number("--written", 1U << 14);
    const std::uint64_t operations = arguments.number("--ops", 1000);
    core::PhysMemory memory{core::Pages{frames}};
    core::Random random{1};
    for (std::uint64_t i = 0; i < written; ++i) {
        memory.write(core::address_of(core::Pfn{random.below(frames)}), i + 1);
    }
    std::uint64_t kept = 0;
    Stopwatch watch{Clock::user_and_system};
    for (std::uint64_t i = 0; i < operations; ++i) {
        const core::PhysMemory snapshot = memory;
        memory.write(core::address_of(core::Pfn{random.below(frames)}), i + 1);
        kept += snapshot.frames().count();
    }
    print_result("copy", "contents", watch.stop(), operations, kept != 0 ? "copy and one write" : "");
    return 0;
}

} // namespace ksl::bench
