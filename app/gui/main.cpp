// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/chart_command.h"
#include "app/gui/command_line.h"

#include <QString>
#include <cstdio>
#include <exception>
#include <new>

namespace {

/// What the platform has to say about itself when it draws without a display is no message of this program.
void keep_quiet(QtMsgType type, const QMessageLogContext& /*context*/, const QString& text) {
    const bool is_of_the_platform = text.startsWith(QStringLiteral("This plugin does not support")) ||
                                    text.startsWith(QStringLiteral("QStandardPaths:"));
    if (type == QtDebugMsg || type == QtInfoMsg || is_of_the_platform) return;
    std::fprintf(stderr, "kstacklab-gui: %s\n", text.toLocal8Bit().constData());
}

int read_and_act(int argc, char** argv) {
    qInstallMessageHandler(keep_quiet);
    if (ksl::gui::wants_charts(argc, argv)) return ksl::gui::draw_charts(argc, argv);
    const auto request = ksl::gui::read_command_line(argc, argv);
    if (!request) return request.error();
    return ksl::gui::show_window(*request, argc, argv);
}

} // namespace

int main(int argc, char** argv) {
    try {
        return read_and_act(argc, argv);
    } catch (const std::bad_alloc&) {
        std::fputs("kstacklab-gui: not enough memory on this computer for what was asked\n", stderr);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "kstacklab-gui: stopped by an error of its own: %s\n", error.what());
    }
    return ksl::gui::kEnvironmentFailed;
}
