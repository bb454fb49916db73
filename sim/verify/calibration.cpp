// SPDX-License-Identifier: MIT
#include "sim/verify/calibration.h"

#include "sim/import/csv_fields.h"
#include "sim/import/read_file.h"
#include "sim/verify/step_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <utility>

namespace ksl::sim {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kOneByOne = "cached_back_to_back";
constexpr std::string_view kEnvironment = "environment.txt";
/// The parent of the captured forks had touched 8 MiB.
constexpr std::uint32_t kForkPages = 2048;
constexpr core::Nanoseconds kSettling{200'000'000};
/// Rounds before those that stand for the recorded ones: page lists and slabs in their steady state.
constexpr std::uint64_t kRoundsBefore = 3;
constexpr std::uint64_t kTasksBefore = 200;
/// Free memory is less than all; modules come in multiples of this.
constexpr std::uint64_t kMemoryStep = std::uint64_t{64} << 20;

/// Whether the functions of an area's life ran in a part of the workload, more often than not.
bool has_areas(const FunctionCounts& functions, std::string_view workload, std::string_view phase) {
    const PhaseCounts* counts = functions.find(workload, phase);
    if (counts == nullptr) return false;
    constexpr std::array<std::string_view, 2> kSigns{"__vmalloc_node_range", "vunmap_page_range"};
    return counts->exclusive_of(kSigns) >= counts->occurrences;
}

/// The same of bursts, whatever their size: behind the first two tasks no cache helps.
bool bursts_have_areas(const FunctionCounts& functions) {
    return std::ranges::any_of(functions.phases(), [&](const PhaseCounts& phase) {
        return phase.phase == "clone_call_rest" && has_areas(functions, phase.workload, phase.phase);
    });
}

std::string_view kernel_in(std::string_view environment) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kKernels{
        {{"Linux version 4.7.", "4.7"}, {"Linux version 4.9.", "4.9"}, {"Linux version 6.1.", "6.1"}}};
    for (const auto& [banner, kernel] : kKernels) {
        if (environment.contains(banner)) return kernel;
    }
    return "";
}

Result<core::Bytes> memory_of(const fs::path& folder) {
    const fs::path path = folder / kEnvironment;
    KSL_TRY_ASSIGN(text, read_file(path));
    std::string_view rest = text;
    for (int line = 1; !rest.empty(); ++line) {
        std::string_view row = take_line(rest);
        if (!row.starts_with("nr_free_pages ")) continue;
        row.remove_prefix(row.find(' ') + 1);
        const auto pages = parse_number(row);
        if (!pages || *pages == 0 || *pages > (std::uint64_t{1} << 24))
            return fail(path.string(), line, "nr_free_pages is not a number of pages up to 64 GiB");
        return core::Bytes{(*pages * core::kPageBytes / kMemoryStep + 1) * kMemoryStep};
    }
    return fail(path.string(), 0, "has no nr_free_pages");
}

std::uint64_t divided(std::uint64_t sum, std::uint64_t by) {
    return by == 0 ? 0 : (sum + by / 2) / by;
}

struct Series {
    std::vector<std::uint64_t> create;
    std::vector<std::uint64_t> end; ///< a task
};

/// The middle value; of an even number, the lower one of the two.
std::uint64_t median(std::vector<std::uint64_t> values) {
    if (values.empty()) return 0;
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}
std::uint64_t mean(const std::vector<std::uint64_t>& values) {
    return divided(std::accumulate(values.begin(), values.end(), std::uint64_t{0}), values.size());
}

std::uint64_t round_size(const CostTable& table) {
    return static_cast<std::uint64_t>(std::ranges::count(table.rows, table.rows.front().round, &CostTable::Row::round));
}

Series series_of(const CostTable& table) {
    Series series;
    const std::uint64_t size = table.has_rounds ? round_size(table) : 1;
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
        const CostTable::Row& row = table.rows[i];
        series.create.push_back(row.create);
        if (table.has_rounds) {
            if (i % size == 0) series.end.push_back(divided(row.end, size));
        } else {
            series.end.push_back(row.end - std::min(row.end, row.create));
        }
    }
    return series;
}

Series series_of(const CountedRun& run, std::uint64_t round_size) {
    Series series;
    for (const CountedTask& task : run.tasks) series.create.push_back(task.create);
    for (const std::uint64_t end : run.rounds) series.end.push_back(divided(end, round_size));
    return series;
}

/// The workload that a table was made of, if the engine has it.
std::optional<WorkloadSpec> workload_of(const CostTable& table) {
    const core::Nanoseconds pause = table.name.ends_with("_settled") ? kSettling : core::Nanoseconds{0};
    if (table.has_rounds) {
        return Burst{.rounds = table.rows.size() / round_size(table),
                     .threads = static_cast<std::uint32_t>(round_size(table)),
                     .warmup = 0,
                     .pause = pause};
    }
    if (table.name.starts_with("rawthread_"))
        return CloneExit{.operations = table.rows.size(), .task = core::TaskKind::thread, .pause = pause};
    if (table.name.starts_with("fork_")) {
        return CloneExit{
            .operations = table.rows.size(), .task = core::TaskKind::process, .pause = pause, .pages = kForkPages};
    }
    return std::nullopt;
}

void compare(const std::string& workload, const Series& simulated, const Series& measured,
             std::vector<CalibrationRow>& rows) {
    const auto add = [&](std::string_view part, const std::vector<std::uint64_t>& ours,
                         const std::vector<std::uint64_t>& theirs) {
        rows.push_back({workload, std::string{part}, "median", median(ours), median(theirs)});
        rows.push_back({workload, std::string{part}, "mean", mean(ours), mean(theirs)});
    };
    add("create", simulated.create, measured.create);
    add("end", simulated.end, measured.end);
}

/// Means a task, or of `tasks` of them.
void compare(const std::string& workload, std::string_view part, const CountedPhase& simulated,
             const core::PriceList& prices, const PhaseCounts* measured, std::uint64_t tasks,
             std::vector<CalibrationRow>& rows) {
    if (measured == nullptr || simulated.occurrences == 0) return;
    for (const GroupCounts& counts : group(simulated, prices, *measured, part.starts_with("create"))) {
        rows.push_back({workload, std::string{part}, std::string{counts.name},
                        divided(counts.simulated, simulated.occurrences * tasks),
                        divided(counts.measured, measured->occurrences * tasks)});
    }
}

Result<void> compare_steps(const core::MachineConfig& config, const FunctionCounts& functions,
                           std::vector<CalibrationRow>& rows) {
    if (const PhaseCounts* creation = functions.find(kOneByOne, "clone_call"); creation != nullptr) {
        const CloneExit workload{.operations = creation->occurrences, .warmup = kTasksBefore};
        KSL_TRY_ASSIGN(run, count_instructions(config, workload));
        const std::string name = "one at a time";
        compare(name, "create", run.create_first_two, config.prices, creation, 1, rows);
        compare(name, "end", run.end, config.prices, functions.find(kOneByOne, "join_wait"), 1, rows);
    }
    for (const PhaseCounts& first : functions.phases()) {
        if (first.phase != "clone_call_first_two" || first.exclusive.empty()) continue;
        const PhaseCounts* rest = functions.find(first.workload, "clone_call_rest");
        const std::uint64_t rounds = first.occurrences / 2;
        if (rounds == 0 || rest == nullptr) continue;
        const std::uint64_t threads = (first.occurrences + rest->occurrences) / rounds;
        const Burst workload{.rounds = rounds,
                             .threads = static_cast<std::uint32_t>(std::min<std::uint64_t>(threads, 10'000)),
                             .warmup = kRoundsBefore,
                             .pause = kSettling};
        KSL_TRY_ASSIGN(run, count_instructions(config, workload));
        const std::string name = first.workload;
        compare(name, "create, first two", run.create_first_two, config.prices, &first, 1, rows);
        compare(name, "create, others", run.create_rest, config.prices, rest, 1, rows);
        compare(name, "end", run.end, config.prices, functions.find(name, "exit_and_reap"), threads, rows);
        compare(name, "deferred", run.deferred, config.prices, functions.find(name, "settle_200ms"), threads, rows);
    }
    return {};
}

} // namespace

Result<DesignProfile> design_of_capture(const fs::path& folder, const FunctionCounts& functions) {
    KSL_TRY_ASSIGN(environment, read_file(folder / kEnvironment));
    const std::string_view kernel = kernel_in(environment);
    if (kernel.empty())
        return fail((folder / kEnvironment).string(), 0,
                    "names no kernel that there are prices for; Linux version 4.7, 4.9 or 6.1 would be right");
    const bool is_mapped = bursts_have_areas(functions);
    const std::string name = fmt::format("linux-{}{}", kernel, is_mapped || kernel == "4.7" ? "" : "-contiguous");
    KSL_TRY_ASSIGN(design, load_design(Assets{}, name));
    if (is_mapped && has_areas(functions, kOneByOne, "clone_call")) {
        design.stack.cache_slots = 0;
        if (!has_areas(functions, kOneByOne, "join_wait")) design.stack.release = core::Release::after_rcu;
    }
    return design;
}

Result<std::vector<CalibrationRow>> calibrate(const fs::path& folder, const std::vector<CostTable>& tables,
                                              const FunctionCounts& functions) {
    KSL_TRY_ASSIGN(design, design_of_capture(folder, functions));
    KSL_TRY_ASSIGN(memory, memory_of(folder));
    KSL_TRY_ASSIGN(config, counting_machine(design, memory));
    std::vector<CalibrationRow> rows;
    for (const CostTable& table : tables) {
        const auto workload = workload_of(table);
        if (!workload) continue;
        KSL_TRY_ASSIGN(run, count_instructions(config, *workload));
        compare(table.name, series_of(run, table.has_rounds ? round_size(table) : 1), series_of(table), rows);
    }
    KSL_TRY(compare_steps(config, functions, rows));
    return rows;
}

} // namespace ksl::sim
