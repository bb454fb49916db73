// SPDX-License-Identifier: MIT
#include "core/kstack/design.h"

namespace ksl::core {

namespace {

constexpr std::uint8_t kMaxStackOrder = 4;
constexpr std::uint8_t kMaxGuardPages = 16;

std::optional<DesignConflict> guard_conflict(const StackDesign& design) {
    const bool guarded = design.guard.below != 0 || design.guard.above != 0;
    if (design.backing == Backing::direct_map && guarded) {
        return DesignConflict{
            "guard", "backing",
            "the direct map has no holes: a guard page there would cost a whole frame and split a large "
            "page for every stack; guards need a stack mapped page by page"};
    }
    if (design.guard.below > kMaxGuardPages || design.guard.above > kMaxGuardPages) {
        return DesignConflict{"guard", "guard",
                              "more than 16 guard pages on one side cannot be placed in a stack's slot"};
    }
    return std::nullopt;
}

std::optional<DesignConflict> thread_info_conflict(const StackDesign& design) {
    if (design.thread_info == ThreadInfoPlace::own_page && design.backing == Backing::direct_map) {
        return DesignConflict{"thread_info", "backing",
                              "its own page lies behind a guard page, and the direct map has no guard pages"};
    }
    if (design.thread_info == ThreadInfoPlace::own_page && design.backing == Backing::vmap_lowmem_alias) {
        return DesignConflict{
            "thread_info", "backing",
            "the alias is one contiguous block of 2^n pages; a page more for thread_info does not fit it"};
    }
    if (design.thread_info == ThreadInfoPlace::own_page && design.order > 3) {
        return DesignConflict{
            "thread_info", "stack size",
            "thread_info is found by masking the stack pointer to the slot; a 64 KiB stack, its guards and "
            "the extra page need a 128 KiB slot, four times what the proposal reserves"};
    }
    if (design.thread_info == ThreadInfoPlace::stack_bottom && design.backing == Backing::dynamic) {
        return DesignConflict{
            "thread_info", "backing",
            "the lowest page of a dynamic stack is not there until a fault maps it, and the fault handler "
            "needs thread_info before"};
    }
    const bool leaves_with_stack = design.has_thread_info_on_stack() || design.thread_info == ThreadInfoPlace::own_page;
    if (leaves_with_stack && design.release == Release::at_task_dead) {
        return DesignConflict{
            "release", "thread_info",
            "thread_info lies in the stack's memory and others may look at it until the task_struct goes, "
            "so the stack cannot be given back at the last switch"};
    }
    return std::nullopt;
}

std::optional<DesignConflict> cache_conflict(const StackDesign& design) {
    if (design.backing == Backing::pid_slot && design.cache_slots != 0) {
        return DesignConflict{"stack cache", "backing",
                              "a cached stack keeps its address, and a PID slot gives every PID an address of its own"};
    }
    if (design.cache_slots > 16) {
        return DesignConflict{"stack cache", "stack cache", "more than 16 slots a CPU would be a pool, not a cache"};
    }
    return std::nullopt;
}

std::optional<DesignConflict> dynamic_conflict(const StackDesign& design) {
    if (design.backing != Backing::dynamic) return std::nullopt;
    if (design.order == 0) {
        return DesignConflict{"stack size", "backing", "a dynamic stack of one page has no page left to map on demand"};
    }
    if (design.dynamic_reserve == 0) {
        return DesignConflict{"dynamic reserve", "backing",
                              "the fault handler cannot allocate; without a reserve the first fault kills"};
    }
    if (design.usage_tracking) {
        return DesignConflict{"usage tracking", "backing",
                              "looking for the lowest written byte would touch the pages that are not mapped"};
    }
    if (design.stackleak) {
        return DesignConflict{"stackleak", "backing",
                              "a new task's first return to user mode overwrites its whole stack, so that every page "
                              "would be faulted in and none saved"};
    }
    return std::nullopt;
}

} // namespace

std::optional<DesignConflict> conflict_in(const StackDesign& design) {
    if (design.order > kMaxStackOrder) {
        return DesignConflict{"stack size", "stack size", "4, 8, 16, 32 and 64 KiB exist"};
    }
    for (const auto check : {guard_conflict, thread_info_conflict, cache_conflict, dynamic_conflict}) {
        if (const auto conflict = check(design)) return conflict;
    }
    return std::nullopt;
}

} // namespace ksl::core
