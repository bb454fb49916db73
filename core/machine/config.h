// SPDX-License-Identifier: MIT
//
// What a machine is made of: processors, memory, kernel, stack design, prices. Plain data, fixed for a machine's life.
#pragma once

#include "core/cost/price_list.h"
#include "core/kernel/kernel_facts.h"
#include "core/kstack/design.h"
#include "core/memory/memory_map.h"
#include "core/memory/page_rules.h"
#include "core/memory/page_state.h"
#include "core/paging/kernel_layout.h"
#include "core/tlb/processor_preset.h"
#include "core/types/time.h"
#include "core/vmalloc/vmap_rules.h"

#include <cstdint>
#include <optional>
#include <string>

namespace ksl::core {

struct MachineConfig {
    unsigned cpus = 1; ///< 1..kMaxCpus
    ProcessorPreset processor;
    unsigned levels = 4;           ///< of page tables: 4 or 5
    std::uint32_t hz = 250;        ///< timer ticks a second
    std::uint32_t threads_max = 0; ///< kernel.threads-max; 0: the kernel's own choice, an eighth of memory for stacks
    bool randomise_layout = false;
    std::uint64_t seed = 1; ///< of everything random at boot

    KernelFacts kernel;
    StackDesign design;
    PriceList prices;

    /// RAM and what firmware keeps of it. The machine reserves kernel image, page structs and page tables in it itself.
    MemoryMap memory;
    /// Free lists to start from instead of those of a fresh boot. Its memory map and rules count.
    std::optional<PageState> start;
};

/// Empty, or the first reason why no such machine can be.
[[nodiscard]] std::string problem_with(const MachineConfig& config);

} // namespace ksl::core
