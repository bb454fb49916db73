// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/command_line.h"
#include "app/gui/frame_bench.h"
#include "ui/views/lesson_view.h"
#include "ui/window/main_window.h"

#include <QApplication>
#include <QPixmap>
#include <QSettings>
#include <QStyleFactory>
#include <QTimer>
#include <clocale>
#include <cstdio>

namespace ksl::gui {

namespace {

int report(const sim::Error& error) {
    std::fprintf(stderr, "kstacklab-gui: %s\n", to_string(error).c_str());
    return sim::exit_code(error.kind);
}

bool has_display() {
    const auto is_set = [](const char* name) { return !qEnvironmentVariableIsEmpty(name); };
    return is_set("DISPLAY") || is_set("WAYLAND_DISPLAY") || is_set("QT_QPA_PLATFORM");
}

/// A picture once the run stands where it was asked to.
class Photographer {
public:
    Photographer(ui::MainWindow& window, const WindowRequest& request) : window_(window), request_(request) {
        QObject::connect(&window, &ui::MainWindow::shown, &window, [this](const ui::SnapshotPtr& snapshot) {
            const bool has_arrived = snapshot->position >= request_.steps || snapshot->is_finished;
            // A step of a lesson says itself where it leads.
            const bool is_begun = request_.lesson_step == 0 || snapshot->position != 0 || stays_at_start();
            if (snapshot->activity == ui::Activity::paused && has_arrived && is_begun) arrange();
        });
        if (request.scenario.empty())
            QObject::connect(&window, &ui::MainWindow::capture_shown, &window, [this] { arrange(); });
    }

private:
    [[nodiscard]] bool stays_at_start() const {
        const auto& lesson = window_.lesson().lesson();
        if (!lesson) return true;
        const sim::LessonPlace place = lesson->steps[window_.lesson().step()].place;
        return place == sim::LessonPlace::start || place == sim::LessonPlace::stay;
    }
    /// Views have the moment now; they get one turn of the loop to lay out.
    void arrange() {
        if (is_waiting_) return;
        is_waiting_ = true;
        constexpr int kSettle = 150; // ms: docks animate, tiles of the map are folded frame by frame
        QTimer::singleShot(kSettle, &window_, [this] { take(); });
    }
    void take() {
        const QString file = QString::fromStdString(request_.screenshot);
        if (window_.grab().save(file)) {
            QApplication::exit(kDone);
            return;
        }
        std::fprintf(stderr, "kstacklab-gui: %s: the picture cannot be written\n", request_.screenshot.c_str());
        QApplication::exit(kEnvironmentFailed);
    }

    ui::MainWindow& window_;
    const WindowRequest& request_;
    bool is_waiting_ = false;
};

void switch_workspace(ui::MainWindow& window, const std::string& workspace) {
    if (workspace == "lesson") window.actions().trigger(ui::Command::workspace_lesson);
    if (workspace == "compare") window.actions().trigger(ui::Command::workspace_compare);
    if (workspace == "trace") window.actions().trigger(ui::Command::workspace_trace);
}

void set_up_application() {
    std::setlocale(LC_NUMERIC, "C"); // NOLINT(concurrency-mt-unsafe): before any other thread exists
    QApplication::setApplicationName(QStringLiteral("kstacklab"));
    QApplication::setOrganizationName(QStringLiteral("kstacklab"));
    QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
}

/// The exit code if the request cannot be carried out.
std::optional<int> open_scenario(ui::MainWindow& window, const WindowRequest& request) {
    if (const auto error = window.open(request.scenario, request.design, request.overrides)) return report(*error);
    if (request.beside && !window.compare_with(*request.beside)) {
        std::fprintf(stderr, "kstacklab-gui: --beside %zu: the scenario has no such design\n", *request.beside + 1);
        return kWrongInput;
    }
    // A workspace for two designs chooses the second; before the run goes on, for then it would begin again.
    if (request.workspace == "compare" && !request.beside) window.actions().trigger(ui::Command::toggle_ab);
    if (request.steps != 0) window.engine()->go_to(request.steps);
    if (request.lesson_step != 0 && !window.go_to_lesson(request.lesson_step - 1)) {
        std::fprintf(stderr, "kstacklab-gui: --lesson-step %zu: the scenario's lesson has no such step\n",
                     request.lesson_step);
        return kWrongInput;
    }
    return std::nullopt;
}

/// Shows the window until it is closed, or until its picture is taken.
int run_window(ui::MainWindow& window, const WindowRequest& request) {
    const bool is_picture = !request.screenshot.empty();
    int code = kDone;
    QObject::connect(&window, &ui::MainWindow::failed, &window, [&](const sim::Error& error) {
        if (!is_picture) return; // the window shows it
        code = report(error);
        QApplication::exit(code);
    });
    std::optional<Photographer> photographer;
    if (is_picture) photographer.emplace(window, request);
    if (!request.capture.empty()) window.open_capture(request.capture);
    // A picture is of what was asked for, not of how somebody left the window.
    QSettings settings;
    if (!is_picture) window.load_settings(settings);
    window.show();
    QTimer::singleShot(0, &window, [&] {
        switch_workspace(window, request.workspace);
        if (request.page == "walk") window.actions().trigger(ui::Command::go_to);
    });
    const int result = QApplication::exec();
    if (!is_picture) window.save_settings(settings);
    return code != kDone ? code : result;
}

} // namespace

int show_window(const WindowRequest& request, int& argc, char** argv) {
    const bool is_bench = request.bench_frames != 0;
    const bool is_picture = !request.screenshot.empty();
    if ((is_picture || is_bench) && !has_display()) qputenv("QT_QPA_PLATFORM", "offscreen");
    if (!has_display()) {
        std::fprintf(stderr, "kstacklab-gui: there is no display; set DISPLAY or WAYLAND_DISPLAY, or take a picture "
                             "with --screenshot FILE\n");
        return kEnvironmentFailed;
    }
    if (is_picture && request.scenario.empty() && request.capture.empty()) {
        std::fprintf(stderr, "kstacklab-gui: --screenshot needs a scenario or a capture\n");
        return kWrongInput;
    }
    const auto assets = sim::Assets::open(request.assets);
    if (!assets) return report(assets.error());
    QApplication app(argc, argv);
    set_up_application();

    ui::MainWindow window(*assets, request.theme);
    window.resize(request.width, request.height);
    // Of something in flight a picture would say where it never is.
    if (is_picture) window.theme().set_reduced_motion(true);
    if (is_bench) return bench_frames(window, *assets, request);
    if (!request.scenario.empty()) {
        if (const auto code = open_scenario(window, request)) return *code;
    }
    return run_window(window, request);
}

} // namespace ksl::gui
