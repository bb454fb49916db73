// SPDX-License-Identifier: MIT
#include "sim/run/stack_trial.h"

#include "core/kstack/thread_info.h"
#include "core/machine/stack_usage.h"
#include "sim/run/experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace ksl::sim {

namespace {

using Json = nlohmann::ordered_json;

constexpr core::Bytes kMagicWord{8};

/// What the trial's machine reports.
class Witness final : public core::EventSink {
public:
    void on_event(const core::Event& event) override {
        if (const auto* overran = std::get_if<core::StackOverran>(&event.body)) {
            // The word at the stack's own end is nobody's.
            const auto whose = static_cast<core::Victim>(overran->victim);
            if (!victim && whose != core::Victim::stack_end) victim = whose;
        } else if (const auto* noticed = std::get_if<core::OverflowNoticed>(&event.body)) {
            if (noticed->detector == core::Detector::stack_end_check) found_damage = true;
            is_by_guard = noticed->detector == core::Detector::guard_page_fault ||
                          noticed->detector == core::Detector::guard_double_fault;
        } else if (std::holds_alternative<core::TaskKilled>(event.body)) {
            killed = true;
        } else if (std::holds_alternative<core::MachineDied>(event.body)) {
            died = true;
        }
    }

    std::optional<core::Victim> victim;
    bool found_damage = false;
    bool is_by_guard = false; ///< the last notice
    bool killed = false;
    bool died = false;
};

TrialVerdict verdict_of(const Witness& witness, std::int64_t room) {
    if (witness.found_damage) return TrialVerdict::noticed_late;
    if ((witness.died || witness.killed) && !witness.is_by_guard) return TrialVerdict::crashed;
    if (witness.died) return TrialVerdict::machine_dies;
    if (witness.killed) return TrialVerdict::task_killed;
    return witness.victim || room < 0 ? TrialVerdict::unnoticed : TrialVerdict::fits;
}

std::optional<std::size_t> first_beyond(const CallChain& chain, core::Bytes usable) {
    core::Bytes depth;
    for (std::size_t i = 0; i < chain.frames.size(); ++i) {
        depth += chain.frames[i].bytes;
        if (depth > usable) return i;
    }
    return std::nullopt;
}

/// A small machine; nothing else happens on it.
Result<Scenario> trial_scenario(const Assets& assets, const CallChain& chain, const DesignProfile& design) {
    constexpr std::string_view kText = R"(title = "A call chain on one stack"
[machine]
[memory]
size = "256 MiB"
[design]
name = "linux-6.1"
[workload]
kind = "chain"
operations = 1
frames = [16]
)";
    KSL_TRY_ASSIGN(scenario, read_scenario(assets, kText, "stack trial"));
    scenario.designs = {design};
    std::get<Chain>(scenario.workload).frames = calls_of(chain);
    return std::move(scenario);
}

core::Bytes depth_of(const CallChain& chain) {
    // Without an entry of its own the chain comes on top of a system call's saved registers.
    return chain.begins_with_entry() ? chain.depth() : chain.depth() + core::kPtRegs;
}

} // namespace

std::string_view name_of(TrialVerdict verdict) {
    switch (verdict) {
    case TrialVerdict::fits: return "fits";
    case TrialVerdict::unnoticed: return "overruns-unnoticed";
    case TrialVerdict::noticed_late: return "overruns-noticed-at-switch";
    case TrialVerdict::crashed: return "overruns-and-crashes";
    case TrialVerdict::task_killed: return "guard-kills-task";
    case TrialVerdict::machine_dies: return "guard-kills-machine";
    }
    return "";
}

core::Bytes usable_bytes(const core::StackDesign& design) {
    core::Bytes usable = design.stack_bytes();
    if (design.has_thread_info_on_stack()) usable -= core::kThreadInfoBytes;
    if (design.backing != core::Backing::dynamic) usable -= kMagicWord;
    return usable;
}

Result<StackTrial> try_chain(const Assets& assets, const CallChain& chain, const DesignProfile& design) {
    KSL_TRY_ASSIGN(scenario, trial_scenario(assets, chain, design));
    KSL_TRY_ASSIGN(start, make_memory_start(scenario.memory, scenario.machine.cpus));
    KSL_TRY_ASSIGN(simulation, simulation_of(assets, scenario, 0, start));
    StackTrial trial;
    trial.design = design.name;
    trial.stack = design.stack.stack_bytes();
    trial.usable = usable_bytes(design.stack);
    trial.depth = depth_of(chain);
    if (design.stack.randomise_offset) trial.offset_most = core::kMostRandomOffset;
    const bool is_info_above = design.stack.thread_info == core::ThreadInfoPlace::stack_top;
    const core::Bytes above = is_info_above ? core::kThreadInfoBytes : core::Bytes{0};
    Witness witness;
    while (simulation.step(&witness, core::EventLevel::coarse)) {
        const Step& step = simulation.last();
        const bool is_deeper =
            std::holds_alternative<core::Call>(step.command) || std::holds_alternative<core::EnterKernel>(step.command);
        if (is_deeper && step.outcome.is_done()) {
            trial.reached = std::max(trial.reached, core::Bytes{step.outcome.value} - above);
        }
    }
    const core::Bytes entry = trial.depth - chain.depth();
    trial.first_too_deep = first_beyond(chain, trial.usable - std::min(entry, trial.usable));
    trial.victim = witness.victim;
    trial.verdict = verdict_of(witness, static_cast<std::int64_t>(trial.usable.count()) -
                                            static_cast<std::int64_t>(std::max(trial.depth, trial.reached).count()));
    return trial;
}

Table trial_table(const CallChain& chain, std::span<const StackTrial> trials) {
    Table table;
    table.columns = {{"design", "design", Unit::text},
                     {"stack_bytes", "stack", Unit::bytes},
                     {"usable_bytes", "usable, bytes", Unit::count},
                     {"depth_bytes", "depth, bytes", Unit::count},
                     {"room_bytes", "room, bytes", Unit::plain},
                     {"room_at_worst_bytes", "at worst", Unit::plain},
                     {"verdict", "verdict", Unit::text},
                     {"first_too_deep", "first frame that does not fit", Unit::text},
                     {"victim", "overwrites", Unit::text}};
    for (const StackTrial& trial : trials) {
        std::vector<Cell> row{trial.design,
                              trial.stack.count(),
                              trial.usable.count(),
                              trial.depth.count(),
                              trial.room(),
                              trial.room_at_worst(),
                              std::string{name_of(trial.verdict)}};
        row.push_back(trial.first_too_deep ? Cell{chain.frames[*trial.first_too_deep].function} : Cell{});
        row.push_back(trial.victim ? Cell{std::string{core::name_of(*trial.victim)}} : Cell{});
        table.rows.push_back(std::move(row));
    }
    return table;
}

Table frame_table(const CallChain& chain) {
    Table table;
    table.columns = {{"depth_bytes", "depth, bytes", Unit::count},
                     {"frame_bytes", "frame, bytes", Unit::count},
                     {"function", "function", Unit::text}};
    core::Bytes depth;
    for (const ChainFrame& frame : chain.frames) {
        depth += frame.bytes;
        table.rows.push_back({depth.count(), frame.bytes.count(), frame.function});
    }
    return table;
}

std::string trial_json(const CallChain& chain, std::span<const StackTrial> trials) {
    Json json{{"schema", "kstacklab.stack/1"},
              {"chain", chain.name},
              {"title", chain.title},
              {"source", chain.source},
              {"remarks", chain.remarks},
              {"frames", Json::array()},
              {"depth_bytes", chain.depth().count()},
              {"designs", Json::array()}};
    for (const ChainFrame& frame : chain.frames) {
        json["frames"].push_back({{"function", frame.function}, {"bytes", frame.bytes.count()}});
    }
    for (const StackTrial& trial : trials) {
        Json entry{{"design", trial.design},
                   {"stack_bytes", trial.stack.count()},
                   {"usable_bytes", trial.usable.count()},
                   {"depth_bytes", trial.depth.count()},
                   {"room_bytes", trial.room()},
                   {"room_at_worst_bytes", trial.room_at_worst()},
                   {"reached_bytes", trial.reached.count()},
                   {"verdict", name_of(trial.verdict)},
                   {"first_too_deep", nullptr},
                   {"overwrites", nullptr}};
        if (trial.first_too_deep) {
            entry["first_too_deep"] = {{"index", *trial.first_too_deep},
                                       {"function", chain.frames[*trial.first_too_deep].function}};
        }
        if (trial.victim) entry["overwrites"] = core::name_of(*trial.victim);
        json["designs"].push_back(std::move(entry));
    }
    return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

} // namespace ksl::sim
