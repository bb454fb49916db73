// SPDX-License-Identifier: MIT
//
// STACKLEAK: on the way back to user mode the part of the stack that was used is overwritten, so that what a system
// call left there can neither be leaked nor read by the next one.
//
// A new task counts as having used its whole stack, whoever had it before: its first return to user mode overwrites all
// of it, which is most of what a short-lived thread pays.
//
// Source:  stackleak_erase and stackleak_task_init of kernel/stackleak.c and include/linux/stackleak.h (4.20 and
// later).
#pragma once

#include "core/machine/kernel_services.h"
#include "core/machine/machine_state.h"

namespace ksl::core {

/// What it is overwritten with: STACKLEAK_POISON, an address that no access reaches.
inline constexpr std::uint64_t kStackleakPoison = static_cast<std::uint64_t>(-0xBEEF);
/// STACKLEAK_SEARCH_DEPTH: so much poison in a row below the deepest point that was noticed proves that nothing lies
/// further down.
inline constexpr Bytes kStackleakSearch{128};

/// Words of the task's stack that STACKLEAK may overwrite, counted from its top.
[[nodiscard]] std::uint16_t erasable_words(const MachineState& state, TaskId task);

/// The processor's task goes back to user mode. Nothing happens without STACKLEAK, for kernel threads, for a task that
/// waits, or one that has call frames left.
void return_to_user(MachineState& state, KernelServices& kernel);

} // namespace ksl::core
