// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the map of physical memory knows of a frame: one byte with its class and the order of the buddy block that it is
// part of. A source fills an array of these, indexed by pfn; everything else of the map is computed from it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace ksl::ui {

/// In ascending rank: where two classes are equally frequent in an area, the later one is shown.
enum class FrameClass : std::uint8_t {
    hole, ///< no frame exists here
    free,
    movable,
    reclaimable,
    unmovable,
    page_table,
    cached_stack,
    kernel_stack,
    damage, ///< overwritten by an overflow
};
inline constexpr std::size_t kFrameClasses = 9;
inline constexpr std::array<FrameClass, kFrameClasses> kAllFrameClasses{
    FrameClass::free,         FrameClass::movable,    FrameClass::reclaimable,
    FrameClass::unmovable,    FrameClass::page_table, FrameClass::kernel_stack,
    FrameClass::cached_stack, FrameClass::damage,     FrameClass::hole};

/// Class in the low four bits, order of the block in the high four.
using FrameByte = std::uint8_t;

[[nodiscard]] constexpr FrameByte frame_byte(FrameClass kind, unsigned order) {
    return static_cast<FrameByte>((order << 4) | static_cast<unsigned>(kind));
}
[[nodiscard]] constexpr FrameClass class_of(FrameByte frame) {
    return static_cast<FrameClass>(frame & 0xf);
}
[[nodiscard]] constexpr unsigned order_of(FrameByte frame) {
    return frame >> 4;
}
[[nodiscard]] constexpr std::size_t index_of(FrameClass kind) {
    return static_cast<std::size_t>(kind);
}

static_assert(class_of(frame_byte(FrameClass::damage, 10)) == FrameClass::damage);
static_assert(order_of(frame_byte(FrameClass::free, 10)) == 10);

} // namespace ksl::ui
