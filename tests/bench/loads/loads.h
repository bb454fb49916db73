// SPDX-License-Identifier: MIT
//
// The table of loads; a new load is a file beside this one and a row here.
#pragma once

#include "tests/bench/loads/load.h"

#include <array>

namespace ksl::bench {

int run_areas(const Arguments& arguments);
int run_copy(const Arguments& arguments);

inline constexpr std::array kLoads{
    Load{"areas", "vmalloc address ranges: --load fixed5|mix|frag5 --part whole|free --live N --ops N --rules 6.1|4.9",
         run_areas},
    Load{"copy", "copies of the contents of a simulated memory: --frames N --written N --ops N", run_copy},
};

} // namespace ksl::bench
