// SPDX-License-Identifier: MIT
//
// The table of loads; a new load is a file beside this one and a row here.
#pragma once

#include "tests/bench/loads/load.h"

#include <array>

namespace ksl::bench {

int run_copy(const Arguments& arguments);
int run_events(const Arguments& arguments);
int run_log(const Arguments& arguments);

inline constexpr std::array kLoads{
    Load{"copy", "copies of the contents of a simulated memory: --frames N --written N --ops N", run_copy},
    Load{"events", "event queue, hold model: --pending N --ops N", run_events},
    Load{"log", "rows into the lab database: --ops N --folder PATH", run_log},
};

} // namespace ksl::bench
