// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/chart_command.h"
#include "app/gui/command_line.h"

int main(int argc, char** argv) {
    if (ksl::gui::wants_charts(argc, argv)) return ksl::gui::draw_charts(argc, argv);
    const auto request = ksl::gui::read_command_line(argc, argv);
    if (!request) return request.error();
    return ksl::gui::show_window(*request, argc, argv);
}
