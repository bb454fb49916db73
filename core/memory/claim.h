// SPDX-License-Identifier: MIT
//
// Putting particular frames in and out of use, which no request can ask for: for start states that know who has a
// frame, and for replays that have to follow the record after a wrong answer.
//
// Fidelity:  no kernel does this while it runs; nothing is charged. Remainders of split blocks go to list heads.
#pragma once

#include "core/memory/page_state.h"

namespace ksl::core {

/// Takes the block out of whatever free block or page list it is in; frames of it that are in use already stay so. It
/// is a block in use afterwards.
void claim(PageState& state, Pfn block, Order order, MigrateType type, FrameUse use = FrameUse::unknown);
/// Gives a block in use back to the head of a page list of `cpu`, without the drain that could follow.
void unclaim_to_page_list(PageState& state, CpuId cpu, Pfn block, Order order, MigrateType remembered);
/// Gives a block in use back to the buddy lists.
void unclaim_to_buddy(PageState& state, CpuId cpu, Pfn block, Order order, MigrateType type);

} // namespace ksl::core
