// SPDX-License-Identifier: GPL-3.0-or-later
//
// One kernel stack, read from a machine for the views: where it lies, what backs it, what is on it, how deep it went.
// Everything is read as a debugger would: from page tables and memory contents, touching nothing.
//
// Source:  frame-pointer chain as core/machine/run_time.cpp writes it; layout of the area core/kstack/stack_layout.h.
#pragma once

#include "core/kstack/thread_info.h"
#include "core/machine/machine.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace ksl::ui {

enum class StackHolder : std::uint8_t {
    task,     ///< a live task runs on it
    cache,    ///< waits in a CPU's cache
    deferred, ///< its task is gone; RCU or a worker will free it
};

/// What takes a stretch of the stack, from the top down.
struct StackItem {
    enum class Kind : std::uint8_t { thread_info, user_registers, fork_frame, call };
    Kind kind = Kind::call;
    core::Bytes size;
    core::VirtAddr return_to; ///< of a call
};

/// A field of thread_info that lies on the stack or in the stack's area.
struct ThreadInfoValue {
    std::string_view name;
    std::uint64_t value = 0;
};

struct StackReading {
    core::StackId id;
    StackHolder holder = StackHolder::task;
    core::TaskId task; ///< the one that has it, or had it last
    std::uint32_t pid = 0;
    core::CpuId cache_cpu; ///< of a cached stack
    unsigned cache_slot = 0;

    core::VirtRange stack{};
    core::VirtRange area{}; ///< with guards
    core::Bytes guard_below;
    core::Bytes guard_above;
    std::vector<std::optional<core::Pfn>> frames; ///< by page from the lowest on; nothing = not mapped

    core::Bytes used;    ///< between the top and the stack pointer
    core::Bytes deepest; ///< most that were ever in use, as far as this task is concerned
    std::vector<StackItem> items;
    std::optional<core::VirtRange> thread_info; ///< on this stack or on its own page below
    std::vector<ThreadInfoValue> thread_info_values;
    std::optional<core::VirtAddr> canary;
    bool is_canary_intact = true;
    bool is_running = false; ///< some CPU is on it now
};

/// Nothing if the id names no stack any more.
[[nodiscard]] std::optional<StackReading> read_stack(const core::Machine& machine, core::StackId stack);
/// The stack of the CPU's current task, init's if that is idle.
[[nodiscard]] core::StackId interesting_stack(const core::Machine& machine, core::CpuId cpu);
/// Those in the CPUs' caches, by CPU and slot.
[[nodiscard]] std::vector<core::StackId> cached_stacks(const core::Machine& machine);
/// Frames behind a stack's pages, from the lowest on.
[[nodiscard]] std::vector<std::optional<core::Pfn>> frames_of(const core::Machine& machine, core::StackId stack);
/// The stack that a frame belongs to. Asks all of them: for one frame at a time.
[[nodiscard]] std::optional<core::StackId> stack_of_frame(const core::Machine& machine, core::Pfn frame);

/// Where the kernel's tables map an address.
[[nodiscard]] std::optional<core::PhysAddr> translate(const core::Machine& machine, core::VirtAddr at);

} // namespace ksl::ui
