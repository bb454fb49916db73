// SPDX-License-Identifier: MIT
#include "sim/text/table.h"

#include "core/types/assert.h"
#include "sim/text/cell_json.h"
#include "sim/text/csv.h"
#include "sim/text/numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace ksl::sim {

namespace {

template <class... Fs>
struct Overloaded : Fs... {
    using Fs::operator()...;
};

std::string text_of(std::int64_t number, Unit unit) {
    if (number < 0 && number != std::numeric_limits<std::int64_t>::min() && unit == Unit::nanoseconds) {
        return fmt::format("-{}", text_of(-number, unit));
    }
    if (number < 0 || unit == Unit::plain) {
        return unit == Unit::count ? grouped(number) : fmt::format("{}", number);
    }
    const auto positive = static_cast<std::uint64_t>(number);
    switch (unit) {
    case Unit::nanoseconds: return duration_text(core::Nanoseconds{positive});
    case Unit::bytes: return bytes_text(core::Bytes{positive});
    case Unit::hex: return hex_text(positive);
    case Unit::ratio: return ratio_text(static_cast<double>(number));
    case Unit::share: return percent_text(static_cast<double>(number));
    case Unit::count:
    case Unit::text:
    case Unit::plain: break;
    }
    return grouped(positive);
}

std::string text_of(double number, Unit unit) {
    switch (unit) {
    case Unit::ratio: return ratio_text(number);
    case Unit::share: return percent_text(number);
    case Unit::nanoseconds:
    case Unit::bytes:
    case Unit::hex:
        if (std::abs(number) < 0x1p63) return text_of(std::int64_t{std::llround(number)}, unit);
        break;
    case Unit::plain: return fmt::format("{:.4g}", number);
    case Unit::count:
    case Unit::text: break;
    }
    return fmt::format("{:.6g}", number);
}

std::string text_of(const Cell& cell, Unit unit) {
    return std::visit(Overloaded{
                          [](std::monostate) { return std::string{"-"}; },
                          [&](std::int64_t number) { return text_of(number, unit); },
                          [&](std::uint64_t number) {
                              return unit == Unit::hex ? hex_text(number)
                                                       : text_of(static_cast<std::int64_t>(number), unit);
                          },
                          [&](double number) { return text_of(number, unit); },
                          [](const std::string& text) { return text; },
                      },
                      cell);
}

std::string plain_text_of(const Cell& cell) {
    return std::visit(Overloaded{
                          [](std::monostate) { return std::string{}; },
                          [](std::int64_t number) { return fmt::format("{}", number); },
                          [](std::uint64_t number) { return fmt::format("{}", number); },
                          [](double number) { return fmt::format("{}", number); },
                          [](const std::string& text) { return text; },
                      },
                      cell);
}

void append_padded(std::string& line, const std::string& text, std::size_t width, bool to_the_right) {
    const std::string padding(width - display_width(text), ' ');
    line += to_the_right ? padding + text : text + padding;
}

std::string trimmed(std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
}

} // namespace

nlohmann::ordered_json json_of(const Cell& cell, Unit unit) {
    const auto* number = std::get_if<std::uint64_t>(&cell);
    if (unit == Unit::hex && number != nullptr) return fmt::format("{:#x}", *number);
    return std::visit(Overloaded{
                          [](std::monostate) { return nlohmann::ordered_json{}; },
                          [](const auto& value) { return nlohmann::ordered_json(value); },
                      },
                      cell);
}

std::size_t display_width(const std::string& text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; // not a continuation byte of UTF-8
    }));
}

std::string to_text(const Table& table) {
    std::vector<std::vector<std::string>> lines(1);
    for (const Column& column : table.columns) lines[0].push_back(column.title);
    for (const auto& row : table.rows) {
        KSL_ASSERT(row.size() == table.columns.size(), "a row has a cell for each column");
        auto& line = lines.emplace_back();
        for (std::size_t i = 0; i < row.size(); ++i) line.push_back(text_of(row[i], table.columns[i].unit));
    }
    std::vector<std::size_t> widths(table.columns.size());
    for (const auto& line : lines) {
        for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], display_width(line[i]));
    }
    std::string text;
    for (std::size_t number = 0; number < lines.size(); ++number) {
        std::string line;
        std::string rule;
        for (std::size_t i = 0; i < widths.size(); ++i) {
            const std::string_view gap = i == 0 ? "" : "  ";
            line += gap;
            append_padded(line, lines[number][i], widths[i], table.columns[i].unit != Unit::text);
            rule += gap;
            rule.append(widths[i], '-');
        }
        text += trimmed(line) + '\n';
        if (number == 0) text += rule + '\n';
    }
    return text;
}

std::string to_csv(const Table& table) {
    std::string text;
    std::vector<std::string> fields;
    fields.reserve(table.columns.size());
    for (const Column& column : table.columns) fields.push_back(column.key);
    append_csv_row(text, fields);
    for (const auto& row : table.rows) {
        KSL_ASSERT(row.size() == table.columns.size(), "a row has a cell for each column");
        fields.clear();
        for (const Cell& cell : row) fields.push_back(plain_text_of(cell));
        append_csv_row(text, fields);
    }
    return text;
}

std::string to_json(const Table& table) {
    std::string text = "[";
    for (std::size_t number = 0; number < table.rows.size(); ++number) {
        nlohmann::ordered_json object = nlohmann::ordered_json::object();
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            object[table.columns[i].key] = json_of(table.rows[number][i], table.columns[i].unit);
        }
        text += number == 0 ? "\n" : ",\n";
        // Names of files and tasks need not be UTF-8; a table of results must not fail because of them.
        text += object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    }
    return text + (table.rows.empty() ? "]\n" : "\n]\n");
}

} // namespace ksl::sim
