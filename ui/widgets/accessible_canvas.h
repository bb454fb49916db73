// SPDX-License-Identifier: GPL-3.0-or-later
//
// What assistive technology sees of a painted view: the canvas with its summary, and its items as children.
#pragma once

namespace ksl::ui {

/// Idempotent; every MapCanvas calls it.
void install_canvas_accessibility();

} // namespace ksl::ui
