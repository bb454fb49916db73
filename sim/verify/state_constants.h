// SPDX-License-Identifier: MIT
//
// Figures of a machine that no event of a trace changes: sizes and limits of its zones, the layout of its address
// space, the sizes of its structures. Every recorded state has them, and they are the same in all.
//
// Counting: one judgement a figure and state. Where states disagree, what most of them say is believed (the earlier, if
//           as many say either), and the others take it over, so that one false figure is one difference.
#pragma once

#include "sim/import/capture_folder.h"
#include "sim/replay/replay_result.h"

#include <string>
#include <vector>

namespace ksl::sim {

/// Judges, and makes all states agree. `names` of the states; as a rule "state_00", "state_01", ...
void settle_constants(std::vector<capture::State>& states, PartResult& part,
                      const std::vector<std::string>& names = {});

/// A state says twice how many events came before it. Where it contradicts itself, the longer pause of the trace is
/// believed: states are taken while the machine is stopped. One judgement a state.
void settle_moments(capture::Capture& capture, PartResult& part);

} // namespace ksl::sim
