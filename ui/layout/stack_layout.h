// SPDX-License-Identifier: GPL-3.0-or-later
//
// A kernel stack as a column of boxes: high addresses on top, growth is down. Heights follow bytes, but a call frame is
// never lower than a line of text and a guard is never dropped; where the frames do not all fit, the outermost ones
// become one box.
//
// Units:     heights and y in pixels, y grows downwards; addresses in bytes, ranges half open [lowest, top).
// Promises:  boxes are in order of address, touch each other and fill the height; to_y() is monotone (higher address,
//            smaller y) and to_address() is its inverse up to rounding.
// Overflow:  calls may lie below the stack. They make no box of their own but can be placed with to_y() over the guard
//            or the neighbour that they hit.
#pragma once

#include "core/types/address.h"
#include "ui/layout/geometry.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace ksl::ui {

enum class StackPart : std::uint8_t {
    guard_above,
    thread_info,
    call,   ///< one call frame
    calls,  ///< several outer call frames in one box
    unused, ///< between the stack pointer and the end
    canary,
    guard_below,
    neighbour, ///< whatever lies below a stack without a guard
};

/// What is on the stack at one moment.
struct StackPicture {
    core::VirtRange stack;                      ///< the usable bytes
    core::Bytes guard_above;                    ///< 0 = none
    core::Bytes guard_below;                    ///< 0 = none; then the neighbour is drawn
    std::vector<core::Bytes> calls;             ///< outermost first; the first one begins below what lies at the top
    std::optional<core::VirtRange> thread_info; ///< if on this stack, at its bottom or top
    std::optional<core::VirtAddr> canary;       ///< address of the magic word
};

struct StackMetrics {
    double width = 0;
    double height = 0;
    double line_height = 16;  ///< of text: smallest height of a labelled box
    double least_call = 10;   ///< smallest height of a call frame
    double guard_height = 28; ///< guards and the neighbour do not follow their size
};

struct StackBox {
    StackPart part = StackPart::unused;
    core::VirtRange range;
    Rect rect;
    std::uint32_t first_call = 0; ///< for call and calls: index into StackPicture::calls
    std::uint32_t call_count = 0;
};

class StackLayout {
public:
    StackLayout(const StackPicture& picture, const StackMetrics& metrics);

    /// From the top of the picture down.
    [[nodiscard]] const std::vector<StackBox>& boxes() const { return boxes_; }
    /// Below everything on the stack; below `stack.lowest` after an overflow.
    [[nodiscard]] core::VirtAddr stack_pointer() const { return stack_pointer_; }

    [[nodiscard]] double to_y(core::VirtAddr at) const;
    [[nodiscard]] core::VirtAddr to_address(double y) const;
    /// The band of a range, e.g. damaged bytes; at least `least` high, inside the picture.
    [[nodiscard]] Rect band(core::VirtRange range, double least = 2) const;
    [[nodiscard]] const StackBox* box_at(double y) const;

private:
    void collect(const StackPicture& picture);
    void collect_calls(const StackPicture& picture, core::VirtAddr from);
    void collapse_calls(const StackMetrics& metrics);
    void place(const StackMetrics& metrics);
    void push(StackPart part, core::VirtAddr lowest, core::VirtAddr top);

    std::vector<StackBox> boxes_;
    core::VirtAddr stack_pointer_;
    Rect frame_;
};

} // namespace ksl::ui
