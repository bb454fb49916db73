// SPDX-License-Identifier: MIT
//
// The table of loads; a new load is a file beside this one and a row here.
#pragma once

#include "tests/bench/loads/load.h"

#include <array>

namespace ksl::bench {

int run_clone(const Arguments& arguments);
int run_tasks(const Arguments& arguments);
int run_areas(const Arguments& arguments);
int run_copy(const Arguments& arguments);
int run_events(const Arguments& arguments);
int run_tlb(const Arguments& arguments);
int run_translate(const Arguments& arguments);
int run_walk(const Arguments& arguments);
int run_log(const Arguments& arguments);
int run_frames(const Arguments& arguments);

inline constexpr std::array kLoads{
    Load{"clone", "threads created and ended on the whole machine: --design NAME --ops N --db FILE", run_clone},
    Load{"tasks", "live tasks, filled and emptied: --design NAME --n N", run_tasks},
    Load{"areas", "vmalloc address ranges: --load fixed5|mix|frag5 --part whole|free --live N --ops N --rules 6.1|4.9",
         run_areas},
    Load{"copy", "copies of the contents of a simulated memory: --frames N --written N --ops N", run_copy},
    Load{"events", "event queue, hold model: --pending N --ops N", run_events},
    Load{"tlb", "TLB model alone, LRU: --trace hot32|zipf|uni|kmix --ops N", run_tlb},
    Load{"translate", "MMU model: --trace hot32|zipf|uni|kmix --ops N --access read|write", run_translate},
    Load{"walk", "page walks alone: --trace hot32|zipf|uni|kmix --ops N", run_walk},
    Load{"log", "rows into the lab database: --ops N --folder PATH", run_log},
    Load{"frames", "page allocator, bursts of frees and allocations: --ops N --order O --rules 4.7|4.9|6.1",
         run_frames},
};

} // namespace ksl::bench
