// SPDX-License-Identifier: GPL-3.0-or-later
//
// How long a frame of the window takes: `kstacklab-gui SCENARIO --bench-frames N`. A frame is everything that the
// window's own thread does for one moment of the run: views read it, and all that is visible is painted. The engine's
// work is done before, because it has a thread of its own. Two frames in three play on, the third jumps about.
#pragma once

#include "app/gui/command_line.h"
#include "ui/window/main_window.h"

namespace ksl::gui {

/// Prints median, 95th and 99th percentile and maximum of frames, and of what each view's painting takes. Exit code.
[[nodiscard]] int bench_frames(ui::MainWindow& window, const sim::Assets& assets, const WindowRequest& request);

} // namespace ksl::gui
