// SPDX-License-Identifier: MIT
//
// Verifications as text for people, JSON for programs, and a page for readers.
//
// JSON:    one capture: {"capture": NAME, "kind": ..., "path": ..., "exact": true, PART: {"exact": n, "total": n,
//          "undetermined": [{"reason", "count"}], "differences": [{"event", "where", "recorded", "engine", "around"}]},
//          ..., "measured": [{"name", "value", "unit"}], "calibration": [{"workload", "part", "step",
//          "simulated", "measured", "unexplained"}]}; several: {"schema": "kstacklab.verify/1", "captures": [...]}.
#pragma once

#include "sim/verify/verification.h"

#include <span>
#include <string>

namespace ksl::sim {

/// A table of parts, then every difference in a line or two.
[[nodiscard]] std::string to_text(std::span<const Verification> verifications);
/// One capture as JSON; no line end.
[[nodiscard]] std::string to_json(const Verification& verification);
/// All of them, schema kstacklab.verify/1; no line end.
[[nodiscard]] std::string to_json(std::span<const Verification> verifications);
/// Markdown tables, one a kind of capture.
[[nodiscard]] std::string to_markdown(std::span<const Verification> verifications);

/// "26 captures, 1,234,567 answers: all exact", "...: 3 differ"; `unreadable` more captures could not be read, and then
/// nothing is called exact that was not looked at.
[[nodiscard]] std::string summary(std::span<const Verification> verifications, std::size_t unreadable = 0);

} // namespace ksl::sim
