// SPDX-License-Identifier: MIT
//
// Small machines for tests: every step costs 100 instructions, so that what a test sees comes from what the engine did.
#pragma once

#include "core/machine/machine.h"
#include "sim/processors/processor.h"

#include <stdexcept>

namespace ksl::core::testing {

inline const ProcessorPreset& haswell() {
    static const ProcessorPreset preset = [] {
        auto read = sim::load_processor(sim::Assets{}, "haswell");
        if (!read) throw std::runtime_error(to_string(read.error()));
        return *read;
    }();
    return preset;
}

inline PriceList flat_prices() {
    std::array<Price, kSteps> prices{};
    prices.fill({.instructions = 100, .stall_cycles = 0});
    return PriceList{prices, 1000};
}

inline StackDesign contiguous() {
    StackDesign design;
    design.backing = Backing::direct_map;
    design.guard = {};
    design.thread_info = ThreadInfoPlace::stack_bottom;
    design.cache_slots = 0;
    design.release = Release::after_rcu;
    return design;
}

inline StackDesign vmapped_june() {
    StackDesign design;
    design.thread_info = ThreadInfoPlace::stack_bottom;
    design.cache_slots = 0;
    design.release = Release::after_rcu;
    return design;
}

inline StackDesign vmapped_4_9() {
    return {};
}

inline StackDesign vmapped_6_1() {
    StackDesign design;
    design.cache_overflow = CacheOverflow::retry_after_rcu;
    design.area_allocator = AreaAllocator::linux_5_2;
    design.zeroing = Zeroing::fresh_and_cached;
    design.pgd_sync = PgdSync::synced_at_allocation;
    return design;
}

inline MachineConfig small_machine(const StackDesign& design, const KernelFacts& kernel, unsigned cpus = 2,
                                   Bytes memory = Bytes{std::uint64_t{64} << 20}) {
    MachineConfig config;
    config.cpus = cpus;
    config.processor = haswell();
    config.kernel = kernel;
    config.design = design;
    config.prices = flat_prices();
    config.memory = MemoryMap::pc(memory);
    return config;
}

} // namespace ksl::core::testing
