// SPDX-License-Identifier: MIT
//
// `kstacklab gui`, `chart`, `report`, and kstacklab without arguments: starts the window, kstacklab-gui, that stands
// beside this program.
#include "app/cli/cli.h"

#include <unistd.h>

#include <memory>
#include <system_error>
#include <vector>

namespace ksl::cli {

namespace {

std::filesystem::path window_program() {
    std::error_code no_proc;
    const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", no_proc);
    return no_proc ? std::filesystem::path("kstacklab-gui") : self.parent_path() / "kstacklab-gui";
}

} // namespace

sim::Result<int> start_window(const std::vector<std::string>& arguments) {
    const std::filesystem::path program = window_program();
    std::vector<std::string> texts{program.string()};
    texts.insert(texts.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    argv.reserve(texts.size() + 1);
    for (std::string& text : texts) argv.push_back(text.data());
    argv.push_back(nullptr);
    execvp(argv[0], argv.data());
    const std::error_code why(errno, std::generic_category());
    return sim::fail_environment(program.string(), "the window cannot be started: " + why.message() +
                                                       "; kstacklab --help lists what works without it");
}

namespace {

/// A command that the window's program carries out, off screen; it reads the options itself.
void add_drawing(CommandLine& line, const std::string& name, const std::string& summary) {
    CLI::App* command = line.app.add_subcommand(name, summary);
    command->prefix_command();
    command->set_help_flag();
    command->callback([&line, command, name] {
        std::vector<std::string> arguments{name};
        for (const std::string& rest : command->remaining()) arguments.push_back(rest);
        line.action = [arguments] { return start_window(arguments); };
    });
}

} // namespace

void add_gui(CommandLine& line) {
    add_drawing(line, "chart", "Draws charts of a lab database: --db FILE --out FOLDER --format png|svg|pdf|csv");
    add_drawing(line, "report", "Writes a lab database's newest experiment as one HTML page: --db FILE --out FILE");
    auto arguments = std::make_shared<std::vector<std::string>>();
    CLI::App* command = line.add("gui", "Opens the window", [arguments] { return start_window(*arguments); });
    command->add_option("arguments", *arguments, "A scenario or capture to open, and options of the window");
    command->prefix_command();
    command->callback([&line, command, arguments] {
        for (const std::string& rest : command->remaining()) arguments->push_back(rest);
        line.action = [arguments] { return start_window(*arguments); };
    });
}

} // namespace ksl::cli
