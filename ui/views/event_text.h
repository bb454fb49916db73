// SPDX-License-Identifier: GPL-3.0-or-later
//
// Events in words: "task 5 got stack ffff'c900'0000'8000 from the cache of cpu 0". Every kind of event has a sentence;
// a new kind does not compile until it has one.
#pragma once

#include "core/events/event.h"
#include "core/machine/machine.h"
#include "ui/engine/snapshot.h"

#include <QString>

namespace ksl::ui {

/// "task 5", "init", "idle task of cpu 0".
[[nodiscard]] QString task_name(const core::Machine& machine, core::TaskId task);
[[nodiscard]] QString cpu_name(core::CpuId cpu);
[[nodiscard]] QString backing_name(core::Backing backing);
[[nodiscard]] QString thread_info_name(core::ThreadInfoPlace place);

/// `machine` is the one after the event. A sentence without its full stop, beginning in lower case.
[[nodiscard]] QString sentence_of(const core::Event& event, const core::Machine& machine);
/// The same for a whole step: its most telling event, with where and how long.
[[nodiscard]] QString sentence_of(const Snapshot& snapshot);
/// A word for the column of a table: "clone", "overflow".
[[nodiscard]] QString kind_name(const core::EventBody& body);

} // namespace ksl::ui
