// SPDX-License-Identifier: MIT
//
// What is wrong with something that a user gave us: a file, a scenario, a database, a command line. One sentence that
// says what is wrong and what would be right. Never for what the simulated kernel does (that is an event), never for
// bugs of ours (KSL_ASSERT).
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace ksl::sim {

struct Error {
    std::string file;    ///< as the user named it; empty if there is none
    int line = 0;        ///< 1 is the first; 0 if the place is not a line of text
    std::string message; ///< "what is wrong; what would be right"

    friend bool operator==(const Error&, const Error&) = default;
};

/// "FILE:LINE: message", without the parts that do not exist.
[[nodiscard]] std::string to_string(const Error& error);

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(std::string file, int line, std::string message) {
    return std::unexpected(Error{std::move(file), line, std::move(message)});
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
