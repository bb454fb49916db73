// SPDX-License-Identifier: MIT
#include "sim/import/stack_usage.h"

#include "sim/import/text_reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace ksl::sim {

using core::Bytes;

namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 32U;

/// Position of the second of two colons with digits between and behind the first: the end of "FILE:LINE:COLUMN".
struct Place {
    std::string_view file, line, column, function;
};

bool all_digits(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool split_place(std::string_view text, Place& place) {
    for (std::size_t first = text.find(':'); first != std::string_view::npos; first = text.find(':', first + 1)) {
        const std::size_t second = text.find(':', first + 1);
        const std::size_t third = second == std::string_view::npos ? second : text.find(':', second + 1);
        if (third == std::string_view::npos) return false;
        place = {text.substr(0, first), text.substr(first + 1, second - first - 1),
                 text.substr(second + 1, third - second - 1), text.substr(third + 1)};
        if (all_digits(place.line) && all_digits(place.column)) return !place.function.empty();
    }
    return false;
}

FrameKind frame_kind(TextReader& reader, std::string_view text) {
    if (text == "static") return FrameKind::fixed;
    if (text == "dynamic,bounded") return FrameKind::bounded;
    if (text != "dynamic") {
        reader.refuse(fmt::format("the kind is \"{}\"; static, dynamic or dynamic,bounded is needed", shortened(text)));
    }
    return FrameKind::dynamic;
}

FunctionStack read_function(TextReader& reader) {
    FunctionStack function;
    const std::string_view line = reader.line();
    const std::size_t first_tab = std::min(line.find('\t'), line.size());
    const std::size_t second_tab = std::min(line.find('\t', std::min(first_tab + 1, line.size())), line.size());
    Place place;
    if (second_tab == line.size() || !split_place(line.substr(0, first_tab), place)) {
        reader.refuse(
            "is not a line of a stack-usage file; \"FILE:LINE:COLUMN:FUNCTION<tab>BYTES<tab>KIND\" is needed");
        return function;
    }
    function.file = place.file;
    function.line = static_cast<std::uint32_t>(reader.number_in("the line", place.line, 10, UINT32_MAX));
    function.column = static_cast<std::uint32_t>(reader.number_in("the column", place.column, 10, UINT32_MAX));
    function.function = place.function;
    function.bytes =
        Bytes{reader.number_in("the size", line.substr(first_tab + 1, second_tab - first_tab - 1), 10, kMostBytes)};
    std::string_view kind = line.substr(second_tab + 1);
    if (kind.ends_with('\r')) kind.remove_suffix(1);
    function.kind = frame_kind(reader, kind);
    return function;
}

/// "  3)     2480     368   mas_spanning_rebalance.isra.0+0x122b/0x1e20".
TracedFrame read_frame(TextReader& reader, std::size_t expected) {
    TracedFrame frame;
    std::string_view index = reader.word();
    if (!index.ends_with(')'))
        reader.refuse("is not a row of a stack trace; \"N) DEPTH SIZE FUNCTION+OFFSET/LENGTH\" is needed");
    if (!index.empty()) index.remove_suffix(1);
    if (reader.number_in("the row's number", index) != expected) {
        reader.refuse(fmt::format("row {} stands where row {} is needed", shortened(index), expected));
    }
    frame.depth = Bytes{reader.number("the depth", kMostBytes)};
    frame.size = Bytes{reader.number("the size", kMostBytes)};
    const std::string_view location = reader.word();
    const std::size_t plus = std::min(location.rfind("+0x"), location.size());
    const std::size_t slash = std::min(location.find("/0x", plus), location.size());
    if (slash == location.size()) {
        reader.refuse(fmt::format("the location is \"{}\"; FUNCTION+0xOFFSET/0xLENGTH is needed", shortened(location)));
        return frame;
    }
    frame.function = location.substr(0, plus);
    frame.offset = Bytes{reader.number_in("the offset", location.substr(plus + 3, slash - plus - 3), 16)};
    frame.length = Bytes{reader.number_in("the length", location.substr(slash + 3), 16)};
    return frame;
}

/// "        Depth    Size   Location    (13 entries)".
std::uint64_t read_header(TextReader& reader) {
    for (const char* word : {"Depth", "Size", "Location"}) reader.expect(word);
    std::string_view count = reader.word();
    if (count.starts_with('(')) count.remove_prefix(1);
    return reader.number_in("the number of entries", count, 10, 1U << 20U);
}

void check_depths(TextReader& reader, const std::vector<TracedFrame>& frames) {
    for (std::size_t i = 0; i < frames.size(); ++i) {
        const Bytes below = i + 1 < frames.size() ? frames[i + 1].depth : Bytes{0};
        if (frames[i].depth == below + frames[i].size) continue;
        reader.refuse(fmt::format("row {} has depth {} and size {}; the depth below it is {}, which does not add up", i,
                                  frames[i].depth.count(), frames[i].size.count(), below.count()));
    }
}

} // namespace

Result<std::vector<FunctionStack>> parse_stack_usage(std::string file, std::string_view text) {
    TextReader reader{std::move(file), text};
    std::vector<FunctionStack> functions;
    while (reader.next()) functions.push_back(read_function(reader));
    return reader.result(std::move(functions));
}

Result<std::vector<TracedFrame>> parse_stack_trace(std::string file, std::string_view text) {
    TextReader reader{std::move(file), text};
    std::vector<TracedFrame> frames;
    if (!reader.next()) reader.refuse("is empty; a header with Depth, Size and Location is needed");
    if (reader.line().starts_with('#')) reader.refuse("the stack tracer was not active");
    const std::uint64_t entries = reader.ok() ? read_header(reader) : 0;
    if (reader.next() && !reader.line().contains("-----")) reader.refuse("the line below the header is missing");
    while (reader.next()) {
        if (reader.line().starts_with('#'))
            reader.refuse("the stack tracer is off; kernel.stack_tracer_enabled=1 and some work would be right");
        else
            frames.push_back(read_frame(reader, frames.size()));
    }
    if (reader.ok() && frames.size() != entries) {
        reader.refuse(fmt::format("has {} rows; the header says {}", frames.size(), entries));
    }
    if (reader.ok()) check_depths(reader, frames);
    return reader.result(std::move(frames));
}

} // namespace ksl::sim
