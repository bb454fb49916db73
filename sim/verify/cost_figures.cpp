// SPDX-License-Identifier: MIT
#include "sim/verify/cost_figures.h"

#include "sim/import/csv_fields.h"
#include "sim/import/read_file.h"
#include "sim/text/csv.h"

#include <fmt/format.h>

#include <algorithm>

namespace ksl::sim {

namespace fs = std::filesystem;

namespace {

Result<std::vector<fs::path>> tables_of(const fs::path& folder) {
    std::vector<fs::path> tables;
    std::error_code error;
    for (fs::directory_iterator at{folder, error}; !error && at != fs::directory_iterator{}; at.increment(error)) {
        const std::string name = at->path().filename().string();
        if (name.ends_with(".csv") && name != "function_breakdown.csv") tables.push_back(at->path());
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

Result<void> read_table(const fs::path& path, std::vector<Measured>& measured) {
    const std::string file = path.string();
    KSL_TRY_ASSIGN(text, read_file(path));
    KSL_TRY_ASSIGN(rows, parse_csv(text, file));
    if (rows.size() < 2) return fail(file, 0, "has no rows");
    const std::vector<std::string>& names = rows.front().fields;
    for (std::size_t column = 0; column < names.size(); ++column) {
        if (!names[column].ends_with("_instructions")) continue;
        std::vector<std::uint64_t> values;
        for (std::size_t i = 1; i < rows.size(); ++i) {
            if (rows[i].fields.size() != names.size()) return fail(file, rows[i].line, "has another number of fields");
            const auto value = parse_number(rows[i].fields[column]);
            if (!value) return fail(file, rows[i].line, fmt::format("{} is not a number", names[column]));
            values.push_back(*value);
        }
        measured.push_back(
            {.name = fmt::format("{}: {}", path.stem().string(), names[column].substr(0, names[column].size() - 13)),
             .value = median(std::move(values)),
             .unit = "instructions, median"});
    }
    return {};
}

} // namespace

Result<void> read_cost_figures(Verification& verification) {
    KSL_TRY_ASSIGN(tables, tables_of(verification.folder));
    for (const fs::path& table : tables) KSL_TRY(read_table(table, verification.measured));
    return {};
}

} // namespace ksl::sim
