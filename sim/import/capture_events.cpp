// SPDX-License-Identifier: MIT
//
// events.csv: a header line, then one row an event.
#include "sim/import/capture_events.h"

#include "sim/import/event_row.h"
#include "sim/import/read_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace ksl::sim::capture {

namespace {

constexpr std::string_view kHeader = "index,time_s,context,pid,event,pfn,order,migratetype,gfp,path,a,b,c,d";
constexpr std::size_t kColumns = 14;
constexpr core::Bytes kTraceLimit{1U << 30U};

using Fields = std::array<std::string_view, kColumns>;

/// Splits at commas; returns how many fields there are, of which at most kColumns are kept.
std::size_t split(std::string_view line, Fields& fields) {
    std::size_t count = 0;
    while (true) {
        const std::size_t comma = line.find(',');
        if (count < kColumns) fields[count] = line.substr(0, comma);
        ++count;
        if (comma == std::string_view::npos) return count;
        line.remove_prefix(comma + 1);
    }
}

/// The same for a line with quotation marks (RFC 4180): a quoted field may contain commas, and quotation marks doubled.
/// The fields are kept in `storage`.
std::size_t split_quoted(std::string_view line, Fields& fields, std::array<std::string, kColumns + 1>& storage) {
    std::size_t count = 0;
    bool is_quoted = false;
    for (std::string& text : storage) text.clear();
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '"') {
            const bool is_doubled = is_quoted && i + 1 < line.size() && line[i + 1] == '"';
            if (!is_doubled) {
                is_quoted = !is_quoted;
                continue;
            }
            ++i;
        } else if (line[i] == ',' && !is_quoted) {
            ++count;
            continue;
        }
        storage[std::min(count, kColumns)] += line[i];
    }
    std::ranges::copy(storage.begin(), storage.begin() + kColumns, fields.begin());
    return count + 1;
}

class CsvReader {
public:
    CsvReader(const std::string& file, EventLog& log) : log_(log), builder_(file, log) {}

    void add(std::string_view line, int number) {
        builder_.set_line(number);
        const bool is_quoted = line.find('"') != std::string_view::npos;
        const std::size_t count = is_quoted ? split_quoted(line, fields_, unquoted_) : split(line, fields_);
        if (count != kColumns) {
            builder_.refuse(fmt::format("has {} fields; {} are needed", count, kColumns));
            return;
        }
        const auto kind = event_kind(fields_[4]);
        Event event;
        event.index = builder_.number("index", fields_[0], UINT64_MAX >> 1U);
        check_order(event.index);
        event.time = builder_.time(fields_[1]);
        event.context = builder_.context(fields_[2]);
        event.pid = static_cast<std::uint32_t>(builder_.number("pid", fields_[3], std::uint64_t{1} << 22U));
        const EventRow row{fields_[5],  fields_[6],  fields_[7],  fields_[8], fields_[9],
                           fields_[10], fields_[11], fields_[12], fields_[13]};
        event.body = kind ? builder_.body(*kind, row) : EventBody{builder_.other(fields_[4])};
        log_.events.push_back(event);
    }
    void refuse(int line, std::string message) {
        builder_.set_line(line);
        builder_.refuse(std::move(message));
    }
    [[nodiscard]] bool ok() const { return builder_.ok(); }
    [[nodiscard]] const Error& error() const { return builder_.error(); }

private:
    void check_order(std::uint64_t index) {
        if (log_.events.empty() || index == log_.events.back().index + 1) return;
        builder_.refuse(fmt::format("index {} follows {}; rows must be consecutive", index, log_.events.back().index));
    }

    EventLog& log_;
    EventBuilder builder_;
    Fields fields_;
    std::array<std::string, kColumns + 1> unquoted_;
};

} // namespace

bool has_gfp_flag(std::string_view gfp_text, std::string_view flag) {
    while (!gfp_text.empty()) {
        const std::size_t bar = std::min(gfp_text.find('|'), gfp_text.size());
        if (gfp_text.substr(0, bar) == flag) return true;
        gfp_text.remove_prefix(std::min(bar + 1, gfp_text.size()));
    }
    return false;
}

Result<EventLog> parse_events_csv(const std::string& file, std::string_view text) {
    EventLog log;
    CsvReader reader{file, log};
    int number = 0;
    while (!text.empty() && reader.ok()) {
        ++number;
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) {
            reader.refuse(number, "the last line does not end; the file is truncated");
            break;
        }
        std::string_view line = text.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        text.remove_prefix(end + 1);
        if (number > 1) {
            reader.add(line, number);
        } else if (line != kHeader) {
            reader.refuse(1, fmt::format("the header is not \"{}\"", kHeader));
        }
    }
    if (number == 0) reader.refuse(1, fmt::format("is empty; the header \"{}\" is needed", kHeader));
    if (!reader.ok()) return std::unexpected(reader.error());
    return log;
}

Result<EventLog> read_events(const std::filesystem::path& path) {
    KSL_TRY_ASSIGN(text, read_file(path, kTraceLimit));
    const bool is_csv = path.extension() == ".csv" || path.stem().extension() == ".csv";
    return is_csv ? parse_events_csv(path.string(), text) : parse_ftrace(path.string(), text);
}

} // namespace ksl::sim::capture
