// SPDX-License-Identifier: MIT
#include "app/cli/cli.h"

#include <cstdio>
#include <exception>
#include <utility>

namespace ksl::cli {

namespace {

constexpr int kWrongCommandLine = 2;
constexpr int kEnvironmentFailed = 3;

int parse(CommandLine& line, int argc, char** argv) {
    try {
        line.app.parse(argc, argv);
    } catch (const CLI::Success& help) {
        return line.app.exit(help);
    } catch (const CLI::ParseError& error) {
        std::fprintf(stderr, "kstacklab: %s; see kstacklab --help\n", error.what());
        return kWrongCommandLine;
    }
    return kDone;
}

int act(const CommandLine& line) {
    const auto code = line.action();
    if (!code) return report_error(code.error());
    // Output that could not be written is not done, whatever the command thinks.
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
        return report_error(sim::Error{"standard output", 0, "cannot be written", 0, sim::ErrorKind::environment});
    }
    return *code;
}

void add_commands(CommandLine& line) {
    line.app.set_version_flag("--version", "kstacklab " KSL_VERSION);
    line.app.add_option("--assets", line.assets_folder, "Folder with files that replace or join the built-in ones");
    line.app.require_subcommand(0, 1);
    add_run(line);
    add_sweep(line);
    add_check(line);
    add_compare(line);
    add_export(line);
    add_db(line);
    add_list(line);
    add_import(line);
    add_walk(line);
    add_stack(line);
    add_replay(line);
    add_verify(line);
    add_gui(line);
}

/// Reads the command line and does what it says.
int read_and_act(int argc, char** argv) {
    CommandLine line;
    add_commands(line);
    if (argc < 2) {
        line.action = [] { return start_window({}); };
    } else {
        const int code = parse(line, argc, argv);
        if (code != kDone || !line.action) return code;
    }
    return act(line);
}

} // namespace

CLI::App* CommandLine::add(const std::string& name, const std::string& summary, Action todo) {
    CLI::App* command = app.add_subcommand(name, summary);
    command->callback([this, todo = std::move(todo)] { action = todo; });
    return command;
}

int run(int argc, char** argv) {
    try {
        return read_and_act(argc, argv);
    } catch (const std::bad_alloc&) {
        std::fprintf(stderr, "kstacklab: not enough memory on this computer for what was asked\n");
    } catch (const std::exception& error) {
        std::fprintf(stderr, "kstacklab: stopped by an error of its own: %s\n", error.what());
    }
    return kEnvironmentFailed;
}

} // namespace ksl::cli
