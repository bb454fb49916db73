// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/layout/walk_layout.h"

#include "ui/layout/apportion.h"

#include <algorithm>
#include <array>

namespace ksl::ui {

namespace {

constexpr unsigned kIndexBits = 9;
constexpr unsigned kPageOffsetBits = 12;
constexpr std::array<std::string_view, 6> kLevelNames{"", "PT", "PD", "PDPT", "PML4", "PML5"};

/// Places `fields` side by side in `row`; wide fields may shrink to the width of their text, single bits stay
/// clickable.
void place_bits(std::vector<BitBox>& fields, const Rect& row, double digit_width) {
    constexpr double kLeastTarget = 24;
    std::vector<Share> shares;
    for (const BitBox& field : fields) {
        const double text = digit_width * static_cast<double>(field.name.size() + 1);
        shares.push_back({.weight = static_cast<double>(field.width), .minimum = std::max(text, kLeastTarget)});
    }
    const std::vector<double> widths = apportion(shares, row.width);
    double x = row.x;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        fields[i].rect = {.x = x, .y = row.y, .width = widths[i], .height = row.height};
        x += widths[i];
    }
}

std::vector<BitBox> address_fields(const WalkShape& shape) {
    const unsigned used = kPageOffsetBits + (kIndexBits * shape.levels);
    std::vector<BitBox> fields{{.name = "sign", .low = used, .width = 64 - used, .rect = {}}};
    for (unsigned level = shape.levels; level >= shape.leaf_level; --level) {
        const unsigned low = kPageOffsetBits + (kIndexBits * (level - 1));
        fields.push_back({.name = name_of_level(level), .low = low, .width = kIndexBits, .rect = {}});
    }
    const unsigned offset = kPageOffsetBits + (kIndexBits * (shape.leaf_level - 1));
    fields.push_back({.name = "offset", .low = 0, .width = offset, .rect = {}});
    return fields;
}

/// Bit 7 says "page size" in a PD or PDPT entry and PAT in a PT entry; a large leaf has its PAT in bit 12.
std::vector<BitBox> entry_fields(const WalkShape& shape) {
    const bool is_table = shape.entry_level > shape.leaf_level;
    const bool is_large = !is_table && shape.leaf_level > 1;
    const unsigned frame_low = kPageOffsetBits + (is_table ? 0 : kIndexBits * (shape.leaf_level - 1));
    std::vector<BitBox> fields{{.name = "XD", .low = 63, .width = 1, .rect = {}},
                               {.name = "62-52", .low = 52, .width = 11, .rect = {}},
                               {.name = "frame", .low = frame_low, .width = 52 - frame_low, .rect = {}}};
    if (is_large) {
        fields.push_back(
            {.name = "reserved", .low = kPageOffsetBits + 1, .width = frame_low - kPageOffsetBits - 1, .rect = {}});
        fields.push_back({.name = "PAT", .low = kPageOffsetBits, .width = 1, .rect = {}});
    }
    fields.push_back({.name = "11-9", .low = 9, .width = 3, .rect = {}});
    // Entries that point to tables have neither G nor D; hardware ignores the bits.
    fields.push_back({.name = is_table ? "-" : "G", .low = 8, .width = 1, .rect = {}});
    fields.push_back({.name = is_table || is_large ? "PS" : "PAT", .low = 7, .width = 1, .rect = {}});
    const std::array<std::string_view, 7> low_bits{is_table ? "-" : "D", "A", "PCD", "PWT", "U", "W", "P"};
    for (unsigned i = 0; i < low_bits.size(); ++i) {
        fields.push_back({.name = low_bits[i], .low = 6 - i, .width = 1, .rect = {}});
    }
    return fields;
}

void place_tables_as_columns(WalkLayout& layout, const WalkShape& shape, const Rect& area, double line) {
    const unsigned tables = shape.levels - shape.leaf_level + 1;
    const double step = area.width / (tables + 1);
    const double gap = std::min(step * 0.25, 4 * line);
    const double box = step - gap;
    for (unsigned i = 0; i < tables; ++i) {
        const unsigned level = shape.levels - i;
        const Rect rect{.x = area.x + (i * step), .y = area.y, .width = box, .height = area.height};
        const Rect entry{.x = rect.x, .y = rect.y + ((rect.height - line) / 2), .width = box, .height = line};
        layout.tables.push_back({.level = level, .name = name_of_level(level), .rect = rect, .entry = entry});
    }
    layout.frame = {.x = area.x + (tables * step), .y = area.y, .width = box, .height = area.height};
    for (const TableBox& table : layout.tables) {
        const double middle = table.entry.y + (line / 2);
        layout.arrows.push_back(
            {.x_from = table.rect.right(), .y_from = middle, .x_to = table.rect.right() + gap, .y_to = middle});
    }
}

void place_tables_as_lines(WalkLayout& layout, const WalkShape& shape, const Rect& area) {
    const unsigned tables = shape.levels - shape.leaf_level + 1;
    const double height = area.height / (tables + 1);
    for (unsigned i = 0; i < tables; ++i) {
        const unsigned level = shape.levels - i;
        const Rect rect{.x = area.x, .y = area.y + (i * height), .width = area.width, .height = height};
        layout.tables.push_back({.level = level, .name = name_of_level(level), .rect = rect, .entry = rect});
    }
    layout.frame = {.x = area.x, .y = area.y + (tables * height), .width = area.width, .height = height};
}

} // namespace

std::string_view name_of_level(unsigned level) {
    return level < kLevelNames.size() ? kLevelNames[level] : std::string_view{};
}

WalkLayout lay_out_walk(const WalkShape& shape, const WalkMetrics& metrics) {
    WalkLayout layout;
    layout.is_compact = metrics.height < WalkLayout::kCompactBelow;
    const double line = metrics.line_height;
    const double gap = layout.is_compact ? line * 0.125 : line * 0.5;
    const double row = layout.is_compact ? line : line * 1.5;

    layout.address = address_fields(shape);
    place_bits(layout.address, {.x = 0, .y = 0, .width = metrics.width, .height = row}, metrics.digit_width);
    layout.tlb = {.x = 0, .y = row + gap, .width = metrics.width, .height = line};

    layout.cost = {.x = 0, .y = metrics.height - line, .width = metrics.width, .height = line};
    const double entry_y = layout.cost.y - gap - row;
    layout.entry = entry_fields(shape);
    place_bits(layout.entry, {.x = 0, .y = entry_y, .width = metrics.width, .height = row}, metrics.digit_width);

    const double from = layout.tlb.bottom() + gap;
    const Rect area{.x = 0, .y = from, .width = metrics.width, .height = std::max(0.0, entry_y - gap - from)};
    if (layout.is_compact) {
        place_tables_as_lines(layout, shape, area);
    } else {
        place_tables_as_columns(layout, shape, area, line);
    }
    return layout;
}

} // namespace ksl::ui
