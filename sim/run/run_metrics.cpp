// SPDX-License-Identifier: MIT
#include "sim/run/run_metrics.h"

#include "core/memory/zone.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace ksl::sim {

namespace {

constexpr core::Order kStackOrder{2}; ///< of a 16 KiB stack

std::uint64_t free_blocks_from(const core::PageState& pages, core::Order order) {
    std::uint64_t blocks = 0;
    for (const core::Zone& zone : pages.zones) {
        for (unsigned at = order.raw(); at < core::kOrders; ++at) {
            blocks += std::uint64_t{zone.free_blocks[at]} << (at - order.raw());
        }
    }
    return blocks;
}

std::uint64_t stacks_cached(const core::MachineState& state) {
    std::uint64_t cached = 0;
    for (std::uint16_t cpu = 0; cpu < state.cpus.size(); ++cpu) {
        const core::StackCache& cache = state.stacks.cache(core::CpuId{cpu});
        for (std::uint8_t slot = 0; slot < cache.slots(); ++slot) cached += cache.slot(slot).is_none() ? 0U : 1U;
    }
    return cached;
}

/// Second-level misses by whose address it was, and who pushed out whom; of all CPUs, since the start.
void add_tlb_metrics(const core::MachineState& state, std::vector<Metric>& metrics) {
    static constexpr std::array<std::string_view, core::kAddressClasses> kClasses{"user", "direct_map", "vmalloc",
                                                                                  "other"};
    core::TlbCounters::ByClass misses{};
    std::array<core::TlbCounters::ByClass, core::kAddressClasses> evictions{};
    for (const core::Cpu& cpu : state.cpus) {
        const core::TlbCounters& counters = cpu.mmu.counters();
        for (std::size_t by = 0; by < core::kAddressClasses; ++by) {
            misses[by] += counters.second_misses[by];
            for (std::size_t whom = 0; whom < core::kAddressClasses; ++whom) {
                evictions[by][whom] += counters.evictions[1][by][whom];
            }
        }
    }
    for (std::size_t by = 0; by < core::kAddressClasses; ++by) {
        metrics.push_back({fmt::format("stlb_misses_{}", kClasses[by]), static_cast<double>(misses[by]), "count"});
        for (std::size_t whom = 0; whom < core::kAddressClasses; ++whom) {
            if (evictions[by][whom] == 0) continue;
            metrics.push_back({fmt::format("stlb_evictions_of_{}_by_{}", kClasses[whom], kClasses[by]),
                               static_cast<double>(evictions[by][whom]), "count"});
        }
    }
}

} // namespace

std::vector<Metric> metrics_of(const core::Machine& machine) {
    const core::MachineState& state = machine.state();
    const core::MachineCounters& counters = state.counters;
    const auto count = [](std::string name, std::uint64_t value) {
        return Metric{std::move(name), static_cast<double>(value), "count"};
    };
    std::vector<Metric> metrics{
        count("clones", counters.clones),
        count("exits", counters.exits),
        count("clone_failures", counters.clone_failures),
        count("oom_kills", counters.oom_kills),
        count("purges", counters.purges),
        count("first_purge_at", counters.first_purge_at),
        count("global_flushes", counters.global_flushes),
        count("pgd_faults", counters.pgd_faults),
        count("max_live_tasks", counters.max_live_tasks),
        count("grace_periods", state.rcu.completed_periods()),
        {"free_frames", static_cast<double>(state.memory.pages.free_pages().count()), "frames"},
        {"free_stack_blocks", static_cast<double>(free_blocks_from(state.memory.pages.state(), kStackOrder)), "count"},
        {"stack_pages", static_cast<double>(state.stacks.accounted_pages()), "frames"},
        {"stack_pages_most", static_cast<double>(state.stacks.most_accounted_pages()), "frames"},
        count("dynamic_pages_faulted", state.stacks.faulted_pages()),
        {"deepest_stack_bytes", static_cast<double>(counters.deepest_stack), "bytes"},
        {"deepest_reported_bytes", static_cast<double>(counters.deepest_reported), "bytes"},
        count("stacks_cached", stacks_cached(state)),
        count("machine_died", machine.is_dead() ? 1 : 0),
    };
    add_tlb_metrics(state, metrics);
    return metrics;
}

std::vector<SeriesPoint> sample_of(const Simulation& simulation) {
    const core::MachineState& state = simulation.machine().state();
    const std::uint64_t now = simulation.now().count();
    const auto point = [&](std::string name, std::uint64_t value) {
        return SeriesPoint{std::move(name), now, static_cast<double>(value)};
    };
    return {
        point("free_frames", state.memory.pages.free_pages().count()),
        point("free_stack_blocks", free_blocks_from(state.memory.pages.state(), kStackOrder)),
        point("live_tasks", state.threads),
        point("stack_pages", state.stacks.accounted_pages()),
        point("lazy_pages", state.memory.vmap.lazy_pages().count()),
        point("pending_callbacks", state.rcu.pending()),
    };
}

} // namespace ksl::sim
