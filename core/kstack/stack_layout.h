// SPDX-License-Identifier: MIT
//
// How a mapped stack lies in its piece of address space, by design:
//
//     vmap, guard above     | stack 16 KiB | guard | hole 12 KiB |        area 20 KiB, aligned to the stack's size
//     guard below as well   | unmapped 16 KiB (1 guard page asked for) | stack | guard |
//     thread_info-page      | thread_info | guard | stack 16 KiB | guard | guard |   slot 32 KiB, aligned to itself
//     pid-slot              | unmapped 16 KiB | stack 16 KiB |            slot 32 KiB; the next slot's lower half
//     guards
//
// Source:  THREAD_ALIGN and __vmalloc_node_range of 4.9 and 6.1; the two proposals in the comments under LWN 692208. A
//          guard below is rounded up to the stack's own size, so that the stack stays aligned to it.
#pragma once

#include "core/kstack/design.h"

#include <bit>

namespace ksl::core {

struct StackLayout {
    Bytes area;                        ///< address space of one stack, without the hole that alignment leaves behind it
    Bytes align;                       ///< of the start of the area
    Bytes lowest;                      ///< from the start of the area to the stack's lowest byte
    bool has_thread_info_page = false; ///< at the start of the area

    friend bool operator==(const StackLayout&, const StackLayout&) = default;
};

[[nodiscard]] constexpr StackLayout layout_of(const StackDesign& design) {
    const Bytes stack = design.stack_bytes();
    const Bytes above = bytes_of(Pages{design.guard.above});
    if (design.thread_info == ThreadInfoPlace::own_page) {
        const Bytes below = bytes_of(Pages{design.guard.below == 0 ? 1U : design.guard.below});
        const Bytes lowest = bytes_of(Pages{1}) + below;
        const Bytes slot{std::bit_ceil((lowest + stack + above).count())};
        return {.area = slot, .align = slot, .lowest = lowest, .has_thread_info_page = true};
    }
    if (design.backing == Backing::pid_slot) {
        const Bytes guards = bytes_of(Pages{design.guard.below}) + above;
        const Bytes slot{std::bit_ceil((stack + guards).count())};
        return {.area = slot, .align = slot, .lowest = slot - stack};
    }
    const Bytes below{(bytes_of(Pages{design.guard.below}).count() + stack.count() - 1) & ~(stack.count() - 1)};
    return {.area = below + stack + above, .align = stack, .lowest = below};
}

static_assert(layout_of(StackDesign{}).area == 20_KiB && layout_of(StackDesign{}).align == 16_KiB);

} // namespace ksl::core
