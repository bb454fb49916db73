// SPDX-License-Identifier: MIT
//
// Running a piece of a test as a user who is not root and owns nothing, so that permissions mean something.
#pragma once

#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <functional>
#include <string>

namespace ksl::sim::testing {

/// What `body` returns, run in a child process; as nobody if we are root, else as ourselves.
inline std::string as_other_user(const std::function<std::string()>& body) {
    constexpr unsigned kNobody = 65534;
    std::array<int, 2> pipe_ends{};
    if (::pipe(pipe_ends.data()) != 0) return "no pipe";
    const pid_t child = ::fork();
    if (child == 0) {
        const bool changed =
            ::geteuid() != 0 || (::setgroups(0, nullptr) == 0 && ::setgid(kNobody) == 0 && ::setuid(kNobody) == 0);
        const std::string answer = changed ? body() : "cannot become another user";
        const bool written = ::write(pipe_ends[1], answer.data(), answer.size()) == static_cast<ssize_t>(answer.size());
        ::_exit(written ? 0 : 1);
    }
    ::close(pipe_ends[1]);
    std::string answer;
    std::array<char, 512> part{};
    for (ssize_t bytes = 0; (bytes = ::read(pipe_ends[0], part.data(), part.size())) > 0;) {
        answer.append(part.data(), static_cast<std::size_t>(bytes));
    }
    ::close(pipe_ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? answer : "the child died: " + answer;
}

} // namespace ksl::sim::testing
