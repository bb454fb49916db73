// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where the parts of a page walk go: the address cut into its index fields, one table a level from the root on the left
// to the leaf, the page frame, and the bits of the entry that was read last. In little height the tables become one
// line each.
//
// Units:     pixels, y downwards; bits are numbered from 0.
// Source:    fields of a linear address and of a paging-structure entry, Intel SDM vol. 3A 4.5, tables 4-15 to 4-20.
// Promises:  nothing overlaps and nothing leaves the picture, from kLeastWidth on.
#pragma once

#include "ui/layout/geometry.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace ksl::ui {

struct WalkShape {
    unsigned levels = 4;     ///< 4 or 5
    unsigned leaf_level = 1; ///< 1 = PT (4 KiB), 2 = PD (2 MiB), 3 = PDPT (1 GiB); where the walk ends
    /// Whose bits are shown; above the leaf it is an entry that points to a table. 0: the leaf's.
    unsigned entry_level = 0;
};

struct WalkMetrics {
    double width = 0;
    double height = 0;
    double line_height = 16;
    double digit_width = 8; ///< of the fixed font
};

/// One field of an address or entry.
struct BitBox {
    std::string_view name;
    unsigned low = 0;
    unsigned width = 0;
    Rect rect;
};

struct TableBox {
    unsigned level = 0; ///< 1 = PT .. 5 = PML5
    std::string_view name;
    Rect rect;
    Rect entry; ///< the line of the entry read, inside rect
};

struct WalkArrow {
    double x_from = 0;
    double y_from = 0;
    double x_to = 0;
    double y_to = 0;
};

struct WalkLayout {
    bool is_compact = false;
    std::vector<BitBox> address; ///< from the highest bit on the left
    Rect tlb;                    ///< the line that says what TLB and walk caches did
    std::vector<TableBox> tables;
    Rect frame;
    std::vector<WalkArrow> arrows; ///< from each table to the next, the last one to the frame; none in compact form
    std::vector<BitBox> entry;     ///< from bit 63 on the left
    Rect cost;

    /// Below this height the compact form is used.
    static constexpr double kCompactBelow = 220;
    static constexpr double kLeastWidth = 420;
};

[[nodiscard]] std::string_view name_of_level(unsigned level);
[[nodiscard]] WalkLayout lay_out_walk(const WalkShape& shape, const WalkMetrics& metrics);

} // namespace ksl::ui
