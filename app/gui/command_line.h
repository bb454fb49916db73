// SPDX-License-Identifier: GPL-3.0-or-later
//
// What kstacklab-gui was asked to do. Read before there is an application, because a picture needs no display.
//
// Exit codes: as kstacklab: 0 done; 2 the input or the command line is wrong; 3 the environment failed.
#pragma once

#include "ui/theme/theme.h"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace ksl::gui {

inline constexpr int kDone = 0;
inline constexpr int kWrongInput = 2;
inline constexpr int kEnvironmentFailed = 3;

struct WindowRequest {
    std::string scenario; ///< name or file; empty: none
    std::size_t design = 0;
    std::optional<std::size_t> beside; ///< B
    std::string capture;               ///< of a real system; empty: none
    std::string page;                  ///< of the centre: memory or walk; empty: as it is
    std::size_t lesson_step = 0;       ///< counted from 1; 0: the lesson is not begun
    std::vector<std::string> overrides;
    std::string assets;
    ui::ThemeChoice theme = ui::ThemeChoice::system;
    int width = 1280;
    int height = 720;
    std::uint64_t steps = 0;
    std::string workspace = "explore";
    std::size_t bench_frames = 0; ///< to be timed; 0: none
    std::string screenshot;       ///< file; empty: the window stays
};

/// The request, or the exit code after help or an error was printed.
[[nodiscard]] std::expected<WindowRequest, int> read_command_line(int argc, char** argv);

/// Opens the window, or takes its picture. The exit code.
[[nodiscard]] int show_window(const WindowRequest& request, int& argc, char** argv);

} // namespace ksl::gui
