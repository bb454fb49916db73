// SPDX-License-Identifier: MIT
#include "sim/import/table_pages_oracle.h"

#include "core/paging/walker.h"
#include "sim/import/csv_fields.h"
#include "sim/import/read_file.h"

#include <fmt/format.h>

#include <array>

namespace ksl::sim {

namespace {

constexpr std::string_view kHeader = "va,class,qemu_gva2gpa,result,physical_address,page_size,leaf_level,leaf_entry,"
                                     "user,writable,no_execute,global,accessed,dirty";
enum Column : std::uint8_t {
    va,
    kind,
    emulator,
    result,
    physical_address,
    page_size,
    leaf_level,
    leaf_entry,
    user,
    writable,
    no_execute,
    global,
    accessed,
    dirty,
    columns
};

/// Reads the cells of one row; remembers the first that is no number.
class Cells {
public:
    explicit Cells(std::string_view row) : ok_(split_fields(row, cells_)) {}

    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] std::string_view text(Column column) const { return cells_[column]; }
    [[nodiscard]] std::optional<std::uint64_t> number(Column column) {
        if (text(column).empty()) return std::nullopt;
        const auto value = parse_number(text(column));
        ok_ = ok_ && value.has_value();
        return value;
    }
    [[nodiscard]] std::optional<bool> flag(Column column) {
        const auto value = number(column);
        if (!value) return std::nullopt;
        ok_ = ok_ && *value <= 1;
        return *value != 0;
    }

private:
    std::array<std::string_view, columns> cells_{};
    bool ok_;
};

std::optional<OracleAnswer::Result> result_of(std::string_view text) {
    if (text == "OK") return OracleAnswer::Result::ok;
    if (text == "NOT_PRESENT") return OracleAnswer::Result::not_present;
    if (text == "NONCANONICAL") return OracleAnswer::Result::non_canonical;
    return std::nullopt;
}

std::optional<OracleRow> row_of(std::string_view text, int line) {
    Cells cells{text};
    if (!cells.ok()) return std::nullopt;
    const auto at = cells.number(va);
    const auto outcome = result_of(cells.text(result));
    if (!at || !outcome) return std::nullopt;
    OracleRow row{.at = core::VirtAddr{*at},
                  .kind = std::string{cells.text(kind)},
                  .answer = {},
                  .emulator_address = std::nullopt,
                  .line = line};
    if (cells.text(emulator) != "Unmapped") row.emulator_address = cells.number(emulator);
    OracleAnswer& answer = row.answer;
    answer.result = *outcome;
    answer.physical_address = cells.number(physical_address);
    answer.page_size = cells.number(page_size);
    if (const auto level = cells.number(leaf_level)) answer.leaf_level = static_cast<unsigned>(*level);
    answer.leaf_entry = cells.number(leaf_entry);
    answer.user = cells.flag(user);
    answer.writable = cells.flag(writable);
    answer.no_execute = cells.flag(no_execute);
    answer.global = cells.flag(global);
    answer.accessed = cells.flag(accessed);
    answer.dirty = cells.flag(dirty);
    return cells.ok() ? std::optional{row} : std::nullopt;
}

} // namespace

Result<std::vector<OracleRow>> read_oracle(const std::filesystem::path& path) {
    KSL_TRY_ASSIGN(text, read_file(path));
    const std::string file = path.string();
    std::string_view rest = text;
    if (take_line(rest) != kHeader) return fail(file, 1, fmt::format("the first line must be \"{}\"", kHeader));
    std::vector<OracleRow> rows;
    for (int line = 2; !rest.empty(); ++line) {
        const std::string_view row = take_line(rest);
        if (row.empty()) continue;
        auto read = row_of(row, line);
        if (!read) return fail(file, line, fmt::format("needs {} fields of the kinds in line 1", int{columns}));
        rows.push_back(std::move(*read));
    }
    return rows;
}

OracleAnswer answer_of(const TablePagesCapture& capture, core::VirtAddr at) {
    const core::PagingMode mode = capture.mode();
    const auto found = core::inspect(capture.memory, mode.geometry, mode.rules, capture.root(), at);
    OracleAnswer answer;
    if (!found) {
        const core::Fault& fault = found.error();
        const bool by_walk = fault.vector == core::Vector::page_fault;
        answer.result = by_walk ? OracleAnswer::Result::not_present : OracleAnswer::Result::non_canonical;
        answer.leaf_level = by_walk ? core::number_of(fault.level) : 0; // no walk, no level
        if (by_walk) answer.leaf_entry = fault.entry.bits();
        return answer;
    }
    answer.physical_address = found->at.raw();
    answer.page_size = core::bytes_of(found->size()).count();
    answer.leaf_level = core::number_of(found->leaf_level);
    answer.leaf_entry = found->leaf.bits();
    answer.user = found->rights.user;
    answer.writable = found->rights.writable;
    answer.no_execute = found->rights.no_execute;
    answer.global = found->is_global();
    answer.accessed = found->leaf.has(core::Pte::kAccessed);
    answer.dirty = found->leaf.has(core::Pte::kDirty);
    return answer;
}

OracleCheck check_oracle(const TablePagesCapture& capture, const std::vector<OracleRow>& rows) {
    OracleCheck check;
    for (const OracleRow& row : rows) {
        const OracleAnswer answer = answer_of(capture, row.at);
        ++check.rows;
        if (answer == row.answer && answer.physical_address == row.emulator_address)
            ++check.exact;
        else
            check.different.push_back(row);
    }
    return check;
}

std::string to_string(const OracleAnswer& answer) {
    static constexpr std::array<std::string_view, 3> kResults{"OK", "NOT_PRESENT", "NONCANONICAL"};
    const auto hex = [](const auto& value) { return value ? fmt::format("{:#x}", *value) : std::string{}; };
    const auto flag = [](const std::optional<bool>& value) { return value ? fmt::format("{:d}", *value) : ""; };
    return fmt::format("{},{},{},{},{},{},{},{},{},{},{}", kResults[static_cast<std::size_t>(answer.result)],
                       hex(answer.physical_address), answer.page_size ? fmt::to_string(*answer.page_size) : "",
                       answer.leaf_level ? fmt::to_string(*answer.leaf_level) : "", hex(answer.leaf_entry),
                       flag(answer.user), flag(answer.writable), flag(answer.no_execute), flag(answer.global),
                       flag(answer.accessed), flag(answer.dirty));
}

} // namespace ksl::sim
