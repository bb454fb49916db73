// SPDX-License-Identifier: MIT
#include "sim/import/proc_buddyinfo.h"

#include "sim/import/text_reader.h"

#include <fmt/format.h>

namespace ksl::sim::proc {

namespace {

constexpr std::uint64_t kMostNodes = 1024;
constexpr std::size_t kMostOrders = 32;

/// A word that must end in a comma, without it.
std::string_view before_comma(TextReader& reader, std::string_view what) {
    std::string_view word = reader.word();
    if (!word.ends_with(',')) reader.refuse(fmt::format("{} is missing; \"{},\" is needed", what, what));
    if (!word.empty()) word.remove_suffix(1);
    return word;
}

std::uint32_t read_node(TextReader& reader) {
    reader.expect("Node");
    return static_cast<std::uint32_t>(reader.number_in("the node", before_comma(reader, "a node"), 10, kMostNodes));
}

/// The number of a column; ">100000" is a lower bound.
std::uint64_t read_count(TextReader& reader, std::string_view word, bool& is_lower_bound) {
    if (word.starts_with('>')) {
        is_lower_bound = true;
        word.remove_prefix(1);
    }
    return reader.number_in("a count of free blocks", word);
}

std::vector<std::uint64_t> read_counts(TextReader& reader, std::size_t orders, bool& is_lower_bound) {
    std::vector<std::uint64_t> counts;
    for (const std::string_view word : reader.words()) counts.push_back(read_count(reader, word, is_lower_bound));
    if (counts.empty() || counts.size() > kMostOrders || (orders != 0 && counts.size() != orders)) {
        reader.refuse(fmt::format("{} orders are listed; {} are needed", counts.size(),
                                  orders == 0 ? "1 to 32" : std::to_string(orders)));
    }
    return counts;
}

void read_free_blocks(TextReader& reader, PageTypes& page_types, std::size_t orders) {
    TypedFreeBlocks row;
    row.node = read_node(reader);
    reader.expect("zone");
    row.zone = before_comma(reader, "a zone");
    reader.expect("type");
    row.type = reader.word();
    row.free_blocks = read_counts(reader, orders, row.is_lower_bound);
    page_types.free.push_back(std::move(row));
}

void read_pageblocks(TextReader& reader, PageTypes& page_types) {
    TypedPageblocks row;
    row.node = read_node(reader);
    reader.expect("zone");
    row.zone = reader.word();
    bool is_lower_bound = false;
    row.blocks = read_counts(reader, page_types.types.size(), is_lower_bound);
    page_types.pageblocks.push_back(std::move(row));
}

void read_header(TextReader& reader, PageTypes& page_types) {
    constexpr std::uint64_t kMostOrder = 31;
    for (const char* word : {"Page", "block", "order:"}) reader.expect(word);
    page_types.pageblock_order = static_cast<std::uint32_t>(reader.number("the pageblock order", kMostOrder));
    reader.next();
    for (const char* word : {"Pages", "per", "block:"}) reader.expect(word);
    page_types.pages_per_block = reader.number("the pages per block");
    if (reader.ok() && page_types.pages_per_block != std::uint64_t{1} << page_types.pageblock_order) {
        reader.refuse(fmt::format("{} pages per block; a block of order {} has {}", page_types.pages_per_block,
                                  page_types.pageblock_order, std::uint64_t{1} << page_types.pageblock_order));
    }
}

std::vector<std::string> read_types(TextReader& reader) {
    if (reader.ok() && !reader.line().starts_with("Number of blocks type")) {
        reader.refuse("the numbers of pageblocks are missing; \"Number of blocks type ...\" is needed");
    }
    for (const char* word : {"Number", "of", "blocks", "type"}) reader.expect(word);
    const auto words = reader.words();
    return {words.begin(), words.end()};
}

/// The kernel writes everything, header included, for each node; true if another one follows.
bool read_node_page_types(TextReader& reader, PageTypes& page_types) {
    read_header(reader, page_types);
    if (!reader.next()) reader.refuse("ends after its header; free pages by type are needed");
    for (const char* word : {"Free", "pages", "count", "per", "migrate", "type", "at", "order"}) reader.expect(word);
    const std::size_t orders = reader.words().size();
    bool has_line = false;
    while ((has_line = reader.next()) && reader.line().starts_with("Node"))
        read_free_blocks(reader, page_types, orders);
    page_types.types = read_types(reader);
    while ((has_line = reader.next()) && reader.line().starts_with("Node")) read_pageblocks(reader, page_types);
    // What page_owner may add behind it ("Number of mixed blocks") is of no use here.
    while (has_line && !reader.line().starts_with("Page block order")) has_line = reader.next();
    return has_line;
}

} // namespace

Result<std::vector<BuddyZone>> parse_buddyinfo(std::string file, std::string_view text) {
    TextReader reader{std::move(file), text};
    std::vector<BuddyZone> zones;
    while (reader.next()) {
        BuddyZone zone;
        zone.node = read_node(reader);
        reader.expect("zone");
        zone.zone = reader.word();
        bool is_lower_bound = false;
        zone.free_blocks = read_counts(reader, zones.empty() ? 0 : zones.front().free_blocks.size(), is_lower_bound);
        zones.push_back(std::move(zone));
    }
    if (zones.empty()) reader.refuse("has no zones; lines like \"Node 0, zone DMA 1 0 ...\" are needed");
    return reader.result(std::move(zones));
}

Result<PageTypes> parse_pagetypeinfo(std::string file, std::string_view text) {
    TextReader reader{std::move(file), text};
    PageTypes page_types;
    reader.next();
    while (read_node_page_types(reader, page_types)) {
    }
    return reader.result(std::move(page_types));
}

} // namespace ksl::sim::proc
