// SPDX-License-Identifier: GPL-3.0-or-later
//
// `kstacklab-gui chart` and `kstacklab-gui report`: charts of a lab database as files, without a display.
#pragma once

namespace ksl::gui {

/// True if the command line asks for charts.
[[nodiscard]] bool wants_charts(int argc, char** argv);
/// Draws them; the exit code.
[[nodiscard]] int draw_charts(int argc, char** argv);

} // namespace ksl::gui
