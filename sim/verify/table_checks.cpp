// SPDX-License-Identifier: MIT
#include "sim/verify/table_checks.h"

#include "sim/import/proc_meminfo.h"
#include "sim/import/read_file.h"
#include "sim/import/table_pages_oracle.h"
#include "sim/verify/dump_check.h"
#include "sim/verify/leaf_check.h"
#include "sim/verify/stack_check.h"
#include "sim/verify/state_figures.h"
#include "sim/walk/dump_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ksl::sim {

namespace fs = std::filesystem;

namespace {

Result<void> judge_walks(const TablePagesCapture& tables, const fs::path& oracle, PartResult& part) {
    KSL_TRY_ASSIGN(rows, read_oracle(oracle));
    const OracleCheck check = check_oracle(tables, rows);
    part.add_exact(check.exact);
    for (const OracleRow& row : check.different) {
        part.add_difference({.event = 0,
                             .where = fmt::format("oracle.csv:{}: {:#x} ({})", row.line, row.at.raw(), row.kind),
                             .recorded = to_string(row.answer),
                             .engine = to_string(answer_of(tables, row.at)),
                             .around = {}});
    }
    return {};
}

Result<void> judge_direct_map(const core::DirectMapCounters& engine, const fs::path& meminfo, PartResult& part) {
    KSL_TRY_ASSIGN(text, read_file(meminfo));
    KSL_TRY_ASSIGN(info, proc::parse_meminfo(meminfo.string(), text));
    static constexpr std::array<const char*, core::kPageSizes> kNames{"DirectMap4k", "DirectMap2M", "DirectMap1G"};
    for (const core::PageSize size : core::kAllPageSizes) {
        const char* name = kNames[static_cast<std::size_t>(size)];
        const auto recorded = info.size(name);
        const std::uint64_t ours = engine.kibibytes(size);
        if (!recorded) {
            if (ours != 0) return fail(meminfo.string(), 0, fmt::format("has no {}", name));
        } else if (recorded->count() / 1024 == ours) {
            part.add_exact();
        } else {
            part.add_difference({.event = 0,
                                 .where = fmt::format("{}: {}", meminfo.filename().string(), name),
                                 .recorded = fmt::format("{} kB", recorded->count() / 1024),
                                 .engine = fmt::format("{} kB", ours),
                                 .around = {}});
        }
    }
    return {};
}

std::optional<fs::path> state_file(const fs::path& folder, const std::string& moment) {
    std::error_code ignored;
    for (const char* end : {"state.json.gz", "state.json"}) {
        fs::path file = folder / (moment + end);
        if (fs::exists(file, ignored)) return file;
    }
    return std::nullopt;
}

struct TableParts {
    PartResult dump{"dump"};
    PartResult direct_map{"direct_map"};
    PartResult stacks{"stacks"};
    PartResult layout{"stack_layout"};
    PartResult states{"states"};
    PartResult areas{"areas"};
};

/// The states of all moments that have one, with what never changes put right.
Result<std::vector<NamedState>> states_of(const fs::path& folder, PartResult& part) {
    std::vector<NamedState> states;
    for (const std::string& moment : moments_of(folder)) {
        const auto file = state_file(folder, moment);
        if (!file) continue;
        KSL_TRY_ASSIGN(state, capture::read_state(*file));
        states.push_back({file->filename().string(), std::move(state)});
    }
    settle_moments_of(states, part);
    return states;
}

/// All moments of a capture, in one kernel's tables: table pages of areas long gone are still there.
Result<TableParts> check_moments(const fs::path& folder, bool has_tables) {
    TableParts parts;
    KSL_TRY_ASSIGN(config, read_boot_config(folder));
    KSL_TRY_ASSIGN(built, build_boot_tables(config));
    core::Mapper mapper{built.memory, built.config.layout.geometry(), built.tables.root,
                        built.config.layout.direct_map().lowest};
    core::Effects silent;
    KSL_TRY_ASSIGN(states, states_of(folder, parts.states));
    for (const std::string& moment : moments_of(folder)) {
        const fs::path dump = folder / (moment + "page_tables_kernel.txt");
        KSL_TRY_ASSIGN(areas, read_vmallocinfo(folder / (moment + "vmallocinfo.txt")));
        mapper.unmap(built.config.layout.vmalloc(), silent);
        KSL_TRY(map_vmalloc_areas(built, areas));
        if (const auto file = state_file(folder, moment)) {
            const std::string name = file->filename().string();
            const NamedState& named = *std::ranges::find(states, name, &NamedState::name);
            const capture::State& state = named.state;
            judge_stacks(built, areas, state.tasks, state.vmap.direct_map_base, name, parts.stacks);
            judge_stack_layout(state.tasks, state.vmap.direct_map_base, name, parts.layout);
            judge_state_figures(named, parts.states, parts.areas);
        }
        KSL_TRY(take_over_passing_areas(built, areas, dump, parts.dump));
        KSL_TRY(judge_dump(built.memory, built.config.layout, built.tables.root, dump, false, parts.dump));
        KSL_TRY(
            judge_direct_map(built.tables.direct_map.counters, folder / (moment + "meminfo.txt"), parts.direct_map));
        if (!has_tables) {
            KSL_TRY_ASSIGN(others, count_other_lines(dump));
            parts.dump.add_undetermined("what firmware and drivers map: CPU entry area, fixmap", others);
        }
    }
    return parts;
}

void add(Verification& verification, TableParts parts) {
    verification.parts.push_back(std::move(parts.dump));
    verification.parts.push_back(std::move(parts.direct_map));
    verification.parts.push_back(std::move(parts.stacks));
    verification.parts.push_back(std::move(parts.layout));
    if (parts.states.total() != 0) verification.parts.push_back(std::move(parts.states));
    if (parts.areas.total() != 0) verification.parts.push_back(std::move(parts.areas));
}

} // namespace

Result<void> check_machine(Verification& verification) {
    const fs::path& folder = verification.folder;
    KSL_TRY_ASSIGN(tables, read_table_pages(folder));
    PartResult walks{"walks"};
    PartResult leaves{"leaves"};
    KSL_TRY(judge_walks(tables, folder / "oracle.csv", walks));
    KSL_TRY(judge_leaves(tables, folder / "info_tlb.txt.gz", leaves));
    KSL_TRY_ASSIGN(parts, check_moments(folder, true));
    KSL_TRY_ASSIGN(config, read_boot_config(folder));
    KSL_TRY(
        judge_dump(tables.memory, config.layout, tables.root(), folder / "page_tables_kernel.txt", true, parts.dump));
    verification.parts.push_back(std::move(walks));
    verification.parts.push_back(std::move(leaves));
    add(verification, std::move(parts));
    return {};
}

Result<void> check_snapshot(Verification& verification) {
    KSL_TRY_ASSIGN(parts, check_moments(verification.folder, false));
    add(verification, std::move(parts));
    return {};
}

} // namespace ksl::sim
