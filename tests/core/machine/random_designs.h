// SPDX-License-Identifier: MIT
//
// Any design that can exist, each axis drawn by itself.
#pragma once

#include "core/types/random.h"
#include "tests/core/machine/test_machines.h"

#include <string>

namespace ksl::core::testing {

inline StackDesign random_design(Random& random, const KernelFacts& kernel) {
    for (;;) {
        StackDesign design;
        design.backing = static_cast<Backing>(random.below(5));
        design.order = static_cast<std::uint8_t>(random.below(4));
        design.guard = {.below = static_cast<std::uint8_t>(random.below(3)),
                        .above = static_cast<std::uint8_t>(random.below(3))};
        design.thread_info = static_cast<ThreadInfoPlace>(random.below(5));
        design.cache_slots = static_cast<std::uint8_t>(random.below(4));
        design.release = static_cast<Release>(random.below(2));
        design.cache_overflow = static_cast<CacheOverflow>(random.below(2));
        design.area_allocator = static_cast<AreaAllocator>(random.below(3));
        design.pgd_sync = static_cast<PgdSync>(random.below(4));
        design.direct_map_page = static_cast<DirectMapPage>(random.below(3));
        design.canary = static_cast<CanaryCheck>(random.below(2));
        design.zeroing = static_cast<Zeroing>(random.below(3));
        design.usage_tracking = random.below(2) == 1;
        design.memcg_charge = random.below(2) == 1;
        design.stackleak = random.below(2) == 1;
        design.randomise_offset = random.below(2) == 1;
        if (!conflict_in(design) && problem_with(small_machine(design, kernel)).empty()) return design;
    }
}

inline std::string axes(const StackDesign& design) {
    std::string text;
    for (const unsigned axis :
         {static_cast<unsigned>(design.backing), unsigned{design.order}, unsigned{design.guard.below},
          unsigned{design.guard.above}, static_cast<unsigned>(design.thread_info), unsigned{design.cache_slots},
          static_cast<unsigned>(design.release), static_cast<unsigned>(design.area_allocator),
          static_cast<unsigned>(design.pgd_sync), static_cast<unsigned>(design.direct_map_page)}) {
        text += std::to_string(axis) + ' ';
    }
    return text;
}

} // namespace ksl::core::testing
