// SPDX-License-Identifier: MIT
#include "sim/run/run_metrics.h"

#include "core/memory/zone.h"

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

/// Stacks that were left: how many, who was hit, how long until somebody noticed, what an attacker has gained.
void add_overruns(const core::Machine& machine, std::vector<Metric>& metrics) {
    const std::vector<core::Overrun>& overruns = machine.state().overruns;
    std::uint64_t unnoticed = 0;
    std::uint64_t bytes = 0;
    std::uint64_t other_stacks = 0;
    std::uint64_t raised_limits = 0;
    std::uint64_t cycles = 0;
    std::uint64_t noticed = 0;
    for (const core::Overrun& run : overruns) {
        bytes += run.bytes;
        if (run.hit(core::Victim::other_stack)) ++other_stacks;
        if (run.raises_address_limit()) ++raised_limits;
        if (!run.is_noticed()) {
            ++unnoticed;
            continue;
        }
        ++noticed;
        if (run.noticed > run.first) cycles += (run.noticed - run.first).count();
    }
    const auto add = [&](std::string name, std::uint64_t value, std::string unit) {
        metrics.push_back({std::move(name), static_cast<double>(value), std::move(unit)});
    };
    add("overflows", overruns.size(), "count");
    add("overflows_unnoticed", unnoticed, "count");
    add("overflow_bytes", bytes, "bytes");
    add("overflows_into_stacks", other_stacks, "count");
    add("address_limits_raised", raised_limits, "count");
    // Without a notice there is no latency: "never" is overflows_unnoticed.
    if (noticed == 0) return;
    const core::Frequency clock = machine.config().processor.clock;
    const auto mean = static_cast<double>(clock.to_time(core::Cycles{cycles}).count()) / static_cast<double>(noticed);
    metrics.push_back({"noticing_latency_ns", mean, "ns"});
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
        count("dynamic_pages_faulted", state.stacks.faulted_pages()),
        count("machine_died", machine.is_dead() ? 1 : 0),
    };
    add_overruns(machine, metrics);
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
