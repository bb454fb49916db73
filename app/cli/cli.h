// SPDX-License-Identifier: MIT
//
// The command line of kstacklab. Each command is one file, COMMAND_command.cpp, that adds itself to the parser.
//
// Exit codes: 0 done; 1 an expectation failed, something differs; 2 the input or the command line is wrong; 3 the
//             environment failed (disk, database). Data goes to standard output, all else to standard error.
#pragma once

#include "sim/base/assets.h"
#include "sim/base/error.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace ksl::cli {

inline constexpr int kDone = 0;
inline constexpr int kDiffers = 1;

/// What a command does once the whole line has been read; its exit code, or what is wrong.
using Action = std::function<sim::Result<int>()>;

/// The parser, and what all commands share.
struct CommandLine {
    CLI::App app{"A desktop laboratory for kernel stacks."};
    std::filesystem::path assets_folder; ///< --assets
    Action action;

    /// The subcommand `name`; `todo` runs when the line was read.
    CLI::App* add(const std::string& name, const std::string& summary, Action todo);
    [[nodiscard]] sim::Result<sim::Assets> assets() const { return sim::Assets::open(assets_folder); }
};

void add_gui(CommandLine& line);
void add_run(CommandLine& line);
void add_sweep(CommandLine& line);
void add_check(CommandLine& line);
void add_compare(CommandLine& line);
void add_export(CommandLine& line);
void add_db(CommandLine& line);
void add_import(CommandLine& line);
void add_list(CommandLine& line);
void add_replay(CommandLine& line);
void add_stack(CommandLine& line);
void add_verify(CommandLine& line);
void add_walk(CommandLine& line);

/// Starts the window in place of this program; returns only if that fails.
[[nodiscard]] sim::Result<int> start_window(const std::vector<std::string>& arguments);

/// One line on standard error; the exit code that fits.
int report_error(const sim::Error& error);

/// Reads the command line and does what it says.
[[nodiscard]] int run(int argc, char** argv);

} // namespace ksl::cli
