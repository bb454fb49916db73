// SPDX-License-Identifier: MIT
#include "sim/verify/cost_figures.h"

#include "sim/import/csv_fields.h"
#include "sim/import/read_file.h"
#include "sim/text/csv.h"
#include "sim/verify/calibration.h"
#include "sim/verify/row_numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace ksl::sim {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kFunctions = "function_breakdown.csv";
constexpr std::string_view kCounts = "_instructions";
constexpr std::string_view kCreate = "create_instructions";
constexpr std::string_view kReaped = "create_to_reaped_instructions";
constexpr std::string_view kRoundEnd = "round_exit_all_and_reap_instructions";
constexpr std::size_t kMostRows = 1'000'000;

Result<std::vector<fs::path>> tables_of(const fs::path& folder) {
    std::vector<fs::path> tables;
    std::error_code error;
    for (fs::directory_iterator at{folder, error}; !error && at != fs::directory_iterator{}; at.increment(error)) {
        const std::string name = at->path().filename().string();
        if (name.ends_with(".csv") && name != kFunctions) tables.push_back(at->path());
    }
    if (error) return fail(folder.string(), 0, fmt::format("cannot be read: {}", error.message()));
    if (tables.empty()) return fail(folder.string(), 0, "has no table of instruction counts (*.csv)");
    std::ranges::sort(tables);
    return tables;
}

/// The middle value; of an even number, the lower one of the two.
std::uint64_t median(std::vector<std::uint64_t> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}

/// Columns of numbers by name.
using Columns = std::vector<std::pair<std::string, std::vector<std::uint64_t>>>;

Result<Columns> read_columns(const fs::path& path) {
    const std::string file = path.string();
    KSL_TRY_ASSIGN(text, read_file(path));
    KSL_TRY_ASSIGN(rows, parse_csv(text, file));
    if (rows.size() < 2) return fail(file, 0, "has no rows");
    if (rows.size() > kMostRows) return fail(file, 0, fmt::format("has more than {} rows", kMostRows));
    Columns columns;
    for (const std::string& name : rows.front().fields) columns.push_back({name, {}});
    for (std::size_t i = 1; i < rows.size(); ++i) {
        if (rows[i].fields.size() != columns.size()) return fail(file, rows[i].line, "has another number of fields");
        for (std::size_t column = 0; column < columns.size(); ++column) {
            const auto value = parse_number(rows[i].fields[column]);
            if (!value) return fail(file, rows[i].line, fmt::format("{} is not a number", columns[column].first));
            columns[column].second.push_back(*value);
        }
    }
    return columns;
}

const std::vector<std::uint64_t>* column(const Columns& columns, std::string_view name) {
    const auto found =
        std::ranges::find(columns, name, [](const auto& entry) { return std::string_view{entry.first}; });
    return found == columns.end() ? nullptr : &found->second;
}

void add_medians(const std::string& table, const Columns& columns, std::vector<Measured>& measured) {
    for (const auto& [name, values] : columns) {
        if (!name.ends_with(kCounts)) continue;
        measured.push_back({.name = fmt::format("{}: {}", table, name.substr(0, name.size() - kCounts.size())),
                            .value = median(values),
                            .unit = "instructions, median"});
    }
}

/// The operations of a table; none if it is not one of operations.
CostTable operations_in(const std::string& name, const Columns& columns) {
    CostTable table{.name = name, .rows = {}};
    const auto* create = column(columns, kCreate);
    const auto* round_end = column(columns, kRoundEnd);
    const auto* end = round_end != nullptr ? round_end : column(columns, kReaped);
    if (create == nullptr || end == nullptr) return table;
    table.has_rounds = round_end != nullptr;
    const std::vector<std::uint64_t>& rounds = columns.front().second;
    for (std::size_t i = 0; i < create->size(); ++i) {
        table.rows.push_back({.round = rounds[i], .create = (*create)[i], .end = (*end)[i]});
    }
    return table;
}

/// Rows are numbered in turn: by iteration, or by round and thread. Wrong numbers are put right, so that the figures of
/// their rows are held against the right ones.
void judge_numbers(const std::string& name, Columns& columns, PartResult& part) {
    std::vector<std::uint64_t>& rounds = columns.front().second;
    const bool has_rounds = columns.front().first == "round" && columns.size() > 1;
    if (columns.front().first != "iteration" && !has_rounds) return;
    std::uint64_t threads = 1;
    if (has_rounds) {
        // As many threads a round as most rounds have.
        std::map<std::uint64_t, std::uint64_t> lengths;
        std::uint64_t length = 0;
        for (const std::uint64_t thread : columns[1].second) {
            if (thread == 0 && length != 0) ++lengths[std::exchange(length, 0)];
            ++length;
        }
        ++lengths[length];
        threads = std::ranges::max_element(lengths, {}, [](const auto& entry) { return entry.second; })->first;
    }
    const auto shown = [&](std::uint64_t number) {
        return has_rounds ? fmt::format("round {}, thread {}", number / threads, number % threads)
                          : fmt::format("iteration {}", number);
    };
    std::vector<std::uint64_t> numbers;
    numbers.reserve(rounds.size());
    for (std::size_t i = 0; i < rounds.size(); ++i)
        numbers.push_back(has_rounds ? rounds[i] * threads + columns[1].second[i] : rounds[i]);
    const std::vector<NumberedRow> checked = check_numbers(numbers);
    for (std::size_t i = 0; i < checked.size(); ++i) {
        const auto differ = [&](std::string recorded, std::uint64_t wanted) {
            part.add_difference({.event = i,
                                 .where = fmt::format("{}, row {}", name, i + 1),
                                 .recorded = std::move(recorded),
                                 .engine = shown(wanted),
                                 .around = {}});
        };
        const std::uint64_t missing = checked[i].missing_before;
        for (std::uint64_t k = 0; k < missing; ++k) differ("no such row", checked[i].number - missing + k);
        if (checked[i].is_wrong) differ(shown(numbers[i]), checked[i].number);
        rounds[i] = has_rounds ? checked[i].number / threads : checked[i].number;
    }
}

/// Counts that contradict each other: a task that was gone before it was created, a round with two sums. Of a round's
/// rows, those in the minority are the odd ones out.
void judge_rows(const CostTable& table, PartResult& part) {
    std::map<std::uint64_t, std::map<std::uint64_t, std::uint64_t>> sums;
    for (const CostTable::Row& row : table.rows) ++sums[row.round][row.end];
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
        const CostTable::Row& row = table.rows[i];
        const auto& of_round = sums[row.round];
        const std::uint64_t usual =
            std::ranges::max_element(of_round, {}, [](const auto& sum) { return sum.second; })->first;
        const bool fits = table.has_rounds ? row.end == usual : row.create <= row.end;
        if (fits) {
            part.add_exact();
            continue;
        }
        part.add_difference({.event = i,
                             .where = fmt::format("{}, row {}", table.name, i + 1),
                             .recorded = table.has_rounds ? fmt::format("round {} took {}", row.round, row.end)
                                                          : fmt::format("{} to be created and reaped", row.end),
                             .engine = table.has_rounds
                                           ? fmt::format("{} in its other rows", usual)
                                           : fmt::format("at least {}, which its creation took", row.create),
                             .around = {}});
    }
}

void judge_sums(const FunctionCounts& functions, PartResult& part) {
    for (const PhaseCounts& phase : functions.phases()) {
        // Of some workloads only the total and inclusive counts were kept.
        if (phase.exclusive.empty()) continue;
        const std::uint64_t sum = phase.exclusive_sum();
        if (sum == phase.kernel) {
            part.add_exact();
            continue;
        }
        part.add_difference({.event = 0,
                             .where = fmt::format("{}, {}", phase.workload, phase.phase),
                             .recorded = fmt::format("{} instructions in all", phase.kernel),
                             .engine = fmt::format("{}, the sum of the functions", sum),
                             .around = {}});
    }
}

} // namespace

Result<void> check_cost(Verification& verification) {
    KSL_TRY_ASSIGN(files, tables_of(verification.folder));
    std::vector<CostTable> tables;
    PartResult rows{"rows"};
    for (const fs::path& file : files) {
        KSL_TRY_ASSIGN(columns, read_columns(file));
        const std::string name = file.stem().string();
        add_medians(name, columns, verification.measured);
        judge_numbers(name, columns, rows);
        if (CostTable table = operations_in(name, columns); !table.rows.empty()) tables.push_back(std::move(table));
    }
    for (const CostTable& table : tables) judge_rows(table, rows);
    verification.parts.push_back(std::move(rows));

    const fs::path breakdown = verification.folder / kFunctions;
    std::error_code ignored;
    if (!fs::exists(breakdown, ignored)) return {};
    KSL_TRY_ASSIGN(functions, FunctionCounts::read(breakdown));
    judge_sums(functions, verification.parts.emplace_back("sums"));
    KSL_TRY_ASSIGN(calibration, calibrate(verification.folder, tables, functions));
    verification.calibration = std::move(calibration);
    return {};
}

} // namespace ksl::sim
