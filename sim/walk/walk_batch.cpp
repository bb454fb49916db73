// SPDX-License-Identifier: MIT
#include "sim/walk/walk_batch.h"

#include "sim/import/csv_fields.h"
#include "sim/import/read_file.h"
#include "sim/import/table_pages_oracle.h"
#include "sim/import/text_reader.h"
#include "sim/text/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace ksl::sim {

Result<AddressBatch> read_addresses(const std::filesystem::path& csv) {
    const std::string file = csv.string();
    KSL_TRY_ASSIGN(text, read_file(csv));
    KSL_TRY_ASSIGN(rows, parse_csv(text, file));
    if (rows.empty()) return fail(file, 0, "is empty; a first line with the column \"va\" is needed");
    const std::vector<std::string>& names = rows.front().fields;
    const auto column = static_cast<std::size_t>(std::ranges::find(names, "va") - names.begin());
    if (column == names.size()) return fail(file, rows.front().line, "names no column \"va\"");
    AddressBatch batch;
    batch.has_carriage_returns = text.find("\r\n") != std::string::npos;
    batch.addresses.reserve(rows.size() - 1);
    for (std::size_t i = 1; i < rows.size(); ++i) {
        if (column >= rows[i].fields.size()) return fail(file, rows[i].line, "ends before the column \"va\"");
        const std::string& field = rows[i].fields[column];
        const auto address = parse_number(field);
        if (!address) {
            return fail(
                file, rows[i].line,
                fmt::format("\"{}\" is no address; a number like 0xffffc90000000000 is needed", shortened(field)));
        }
        batch.addresses.emplace_back(*address);
    }
    return batch;
}

std::string answers_csv(const TablePagesCapture& tables, const AddressBatch& batch) {
    const std::string_view line_end = batch.has_carriage_returns ? "\r\n" : "\n";
    std::string text = "va,result,physical_address,page_size,leaf_level,leaf_entry,user,writable,no_execute,global,"
                       "accessed,dirty";
    text += line_end;
    for (const core::VirtAddr at : batch.addresses) {
        fmt::format_to(std::back_inserter(text), "{:#x},{}{}", at.raw(), to_string(answer_of(tables, at)), line_end);
    }
    return text;
}

} // namespace ksl::sim
