// SPDX-License-Identifier: MIT
//
// Runs the built program as a user does.
#pragma once

#include "tests/sim/support/scratch.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace ksl::testing {

struct Ran {
    int code = -1; ///< exit code; -1 if it died of a signal
    std::string out;
    std::string err;

    [[nodiscard]] auto error_lines() const { return std::ranges::count(err, '\n'); }
};

inline std::string contents_of(const std::filesystem::path& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

/// `kstacklab ARGUMENTS...`, with its output in files of the test's own folder.
inline Ran run(std::vector<std::string> arguments) {
    const std::filesystem::path folder =
        std::filesystem::path{::testing::TempDir()} / ("ksl_run_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    const std::string out = folder / "out";
    const std::string err = folder / "err";
    arguments.insert(arguments.begin(), KSL_PROGRAM);
    const pid_t child = ::fork();
    if (child == 0) {
        std::vector<char*> argv;
        argv.reserve(arguments.size() + 1);
        for (std::string& argument : arguments) argv.push_back(argument.data());
        argv.push_back(nullptr);
        const int out_file = ::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        const int err_file = ::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (::dup2(out_file, 1) < 0 || ::dup2(err_file, 2) < 0) ::_exit(126);
        ::execv(argv[0], argv.data());
        ::_exit(127);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    Ran ran{.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1, .out = contents_of(out), .err = contents_of(err)};
    std::filesystem::remove_all(folder);
    return ran;
}

inline std::filesystem::path captures() {
    return std::filesystem::path{KSL_TEST_DATA} / "captures";
}

/// A copy of a capture that a test may spoil; it keeps its name, because the name tells the kind.
inline std::filesystem::path copy_of(const std::string& capture, const sim::testing::Scratch& scratch) {
    const std::filesystem::path from = captures() / capture;
    const std::filesystem::path to = scratch.path(from.filename().string());
    std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
    return to;
}

} // namespace ksl::testing
