// SPDX-License-Identifier: MIT
#include "sim/verify/function_counts.h"

#include "sim/import/csv_fields.h"
#include "sim/import/read_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

namespace ksl::sim {

namespace {

constexpr std::string_view kHeading = "capture,phase,phase_occurrences,kernel_function,kind,instructions_total,detail";

struct Row {
    std::string_view workload;
    std::string_view phase;
    std::uint64_t occurrences = 0;
    std::string_view function;
    bool is_inclusive = false;
    std::uint64_t instructions = 0;
};

Result<Row> read_row(std::string_view line, const std::string& file, int number) {
    std::array<std::string_view, 7> fields;
    if (!split_fields(line, fields))
        return fail(file, number, "has another number of fields than the 7 of the heading");
    const auto occurrences = parse_number(fields[2]);
    const auto instructions = parse_number(fields[5]);
    if (!occurrences || *occurrences == 0) return fail(file, number, "phase_occurrences is not a number above 0");
    if (!instructions) return fail(file, number, "instructions_total is not a number");
    if (fields[4] != "exclusive" && fields[4] != "inclusive")
        return fail(file, number, fmt::format("kind \"{}\"; exclusive or inclusive would be right", fields[4]));
    return Row{.workload = fields[0],
               .phase = fields[1],
               .occurrences = *occurrences,
               .function = fields[3].substr(0, fields[3].find('.')),
               .is_inclusive = fields[4] == "inclusive",
               .instructions = *instructions};
}

} // namespace

std::uint64_t PhaseCounts::exclusive_of(std::span<const std::string_view> prefixes) const {
    std::uint64_t sum = 0;
    for (const auto& [name, instructions] : exclusive) {
        if (std::ranges::any_of(prefixes, [&](std::string_view prefix) { return name.starts_with(prefix); }))
            sum += instructions;
    }
    return sum;
}

std::uint64_t PhaseCounts::inclusive_of(std::span<const std::string_view> names) const {
    std::uint64_t sum = 0;
    for (const std::string_view name : names) {
        if (const auto found = inclusive.find(name); found != inclusive.end()) sum += found->second;
    }
    return sum;
}

std::uint64_t PhaseCounts::exclusive_sum() const {
    return std::accumulate(exclusive.begin(), exclusive.end(), std::uint64_t{0},
                           [](std::uint64_t sum, const auto& entry) { return sum + entry.second; });
}

Result<FunctionCounts> FunctionCounts::read(const std::filesystem::path& path) {
    const std::string file = path.string();
    KSL_TRY_ASSIGN(text, read_file(path));
    std::string_view rest = text;
    if (take_line(rest) != kHeading) return fail(file, 1, fmt::format("\"{}\" would be right", kHeading));
    FunctionCounts counts;
    for (int number = 2; !rest.empty(); ++number) {
        const std::string_view line = take_line(rest);
        if (line.empty()) continue;
        KSL_TRY_ASSIGN(row, read_row(line, file, number));
        PhaseCounts& phase = counts.phase_of(row.workload, row.phase);
        phase.occurrences = row.occurrences;
        if (row.function == "TOTAL_KERNEL")
            phase.kernel = row.instructions;
        else if (row.function != "TOTAL_USER")
            (row.is_inclusive ? phase.inclusive : phase.exclusive)[std::string{row.function}] += row.instructions;
    }
    return counts;
}

const PhaseCounts* FunctionCounts::find(std::string_view workload, std::string_view phase) const {
    const auto found = std::ranges::find_if(
        phases_, [&](const PhaseCounts& counts) { return counts.workload == workload && counts.phase == phase; });
    return found == phases_.end() ? nullptr : &*found;
}

PhaseCounts& FunctionCounts::phase_of(std::string_view workload, std::string_view phase) {
    if (const PhaseCounts* known = find(workload, phase); known != nullptr)
        return phases_[static_cast<std::size_t>(known - phases_.data())];
    PhaseCounts& added = phases_.emplace_back();
    added.workload = workload;
    added.phase = phase;
    return added;
}

} // namespace ksl::sim
