// SPDX-License-Identifier: MIT
//
// What is wrong with something that a user gave us: a file, a scenario, a database, a command line. One sentence that
// says what is wrong and what would be right. Never for what the simulated kernel does (that is an event), never for
// bugs of ours (KSL_ASSERT).
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace ksl::sim {

/// Whose turn it is: the user who wrote the input, or whoever looks after the computer.
enum class ErrorKind : std::uint8_t { input, environment };

struct Error {
    std::string file;    ///< as the user named it; empty if there is none
    int line = 0;        ///< 1 is the first; 0 if the place is not a line of text
    std::string message; ///< "what is wrong; what would be right"
    int column = 0;      ///< 1 is the first; 0 if unknown
    ErrorKind kind = ErrorKind::input;

    friend bool operator==(const Error&, const Error&) = default;
};

/// "FILE:LINE:COLUMN: message", without the parts that do not exist.
[[nodiscard]] std::string to_string(const Error& error);

/// 2 = the input or the command line is wrong; 3 = the environment failed (disk, database).
[[nodiscard]] constexpr int exit_code(ErrorKind kind) {
    return kind == ErrorKind::input ? 2 : 3;
}

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(std::string file, int line, std::string message) {
    return std::unexpected(Error{std::move(file), line, std::move(message)});
}
[[nodiscard]] inline std::unexpected<Error> fail_environment(std::string file, std::string message) {
    return std::unexpected(Error{std::move(file), 0, std::move(message), 0, ErrorKind::environment});
}

} // namespace ksl::sim

// KSL_TRY_ASSIGN(name, expression): `name` becomes the value of the Result, or the function returns its error.
// KSL_TRY(expression): the same for a Result whose value is not needed.
#define KSL_TRY_ASSIGN(name, expression)                                                                               \
    auto name##_or_error = (expression);                                                                               \
    if (!name##_or_error) return std::unexpected(std::move(name##_or_error).error());                                  \
    auto& name = *name##_or_error
#define KSL_TRY(expression)                                                                                            \
    do {                                                                                                               \
        auto result_or_error = (expression);                                                                           \
        if (!result_or_error) return std::unexpected(std::move(result_or_error).error());                              \
    } while (false)
