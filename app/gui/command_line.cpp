// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/command_line.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <map>
#include <system_error>

namespace ksl::gui {

namespace {

const std::map<std::string, ui::ThemeChoice>& themes() {
    static const std::map<std::string, ui::ThemeChoice> all{{"system", ui::ThemeChoice::system},
                                                            {"light", ui::ThemeChoice::light},
                                                            {"dark", ui::ThemeChoice::dark},
                                                            {"print", ui::ThemeChoice::print},
                                                            {"high-contrast", ui::ThemeChoice::high_contrast}};
    return all;
}

/// "1920x1080"
bool read_size(const std::string& text, WindowRequest& request) {
    const char* const end = text.data() + text.size();
    const auto width = std::from_chars(text.data(), end, request.width);
    if (width.ec != std::errc{} || width.ptr == end || *width.ptr != 'x') return false;
    const auto height = std::from_chars(width.ptr + 1, end, request.height);
    constexpr int kMost = 16384;
    return height.ec == std::errc{} && height.ptr == end && request.width >= 640 && request.height >= 480 &&
           request.width <= kMost && request.height <= kMost;
}

/// Designs are chosen by their place, not by their name: a scenario may have one design twice.
const CLI::Validator& place_in_list() {
    static const CLI::Validator kPlace{[](const std::string& text) {
                                           std::size_t place = 0;
                                           const char* end = text.data() + text.size();
                                           const auto read = std::from_chars(text.data(), end, place);
                                           if (read.ec == std::errc{} && read.ptr == end && place != 0)
                                               return std::string{};
                                           return text + " is no place in the scenario's list of designs; write 1 for "
                                                         "the first";
                                       },
                                       ""};
    return kPlace;
}

} // namespace

std::expected<WindowRequest, int> read_command_line(int argc, char** argv) {
    WindowRequest request;
    std::string size;
    std::size_t design = 1;
    CLI::App app{"The window of kstacklab, a desktop laboratory for kernel stacks."};
    app.set_version_flag("--version", "kstacklab-gui " KSL_VERSION);
    app.add_option("scenario", request.scenario, "A scenario that comes with the program, or a file");
    app.add_option("--design", design, "Which of the scenario's designs, counted from 1")->check(place_in_list());
    std::size_t beside = 0;
    app.add_option("--beside", beside, "A second design beside it, step by step, counted from 1")
        ->check(place_in_list());
    app.add_option("--lesson-step", request.lesson_step, "Begins the scenario's lesson at this step, counted from 1");
    app.add_option("--capture", request.capture, "A captured system to look at: a folder, or a crash dump");
    app.add_option("--page", request.page, "memory or walk: what the middle of the window shows")
        ->check(CLI::IsMember({"memory", "walk"}));
    app.add_option("--set", request.overrides, "KEY=VALUE instead of what the scenario says");
    app.add_option("--assets", request.assets, "Folder with files that replace or join the built-in ones");
    app.add_option("--theme", request.theme, "system, light, dark, print or high-contrast")
        ->transform(CLI::CheckedTransformer(themes()).description(""));
    app.add_option("--size", size, "Of the window: WIDTHxHEIGHT, 640x480 or larger");
    app.add_option("--workspace", request.workspace, "explore, lesson, compare or trace")
        ->check(CLI::IsMember({"explore", "lesson", "compare", "trace"}));
    app.add_option("--steps", request.steps, "Steps to take at once");
    app.add_option("--bench-frames", request.bench_frames, "Times so many frames of the scenario's run and ends");
    app.add_option("--screenshot", request.screenshot, "Writes a picture of the window to this file and ends");
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& help) {
        return std::unexpected(app.exit(help));
    } catch (const CLI::ParseError& error) {
        std::fprintf(stderr, "kstacklab-gui: %s; see kstacklab-gui --help\n", error.what());
        return std::unexpected(kWrongInput);
    }
    if (!size.empty() && !read_size(size, request)) {
        std::fprintf(stderr, "kstacklab-gui: --size %s: write WIDTHxHEIGHT, 640x480 or larger\n", size.c_str());
        return std::unexpected(kWrongInput);
    }
    request.design = design - 1;
    if (beside != 0) request.beside = beside - 1;
    if (request.beside == request.design) {
        std::fprintf(stderr, "kstacklab-gui: --beside %zu: is --design as well; two designs would be right\n", beside);
        return std::unexpected(kWrongInput);
    }
    return request;
}

} // namespace ksl::gui
