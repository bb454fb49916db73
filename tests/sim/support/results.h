// SPDX-License-Identifier: MIT
//
// What a Result holds, where a test is sure which of the two it is.
#pragma once

#include "sim/base/error.h"
#include "sim/import/read_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>

namespace ksl::sim::testing {

/// The value; an error ends the test.
template <class T>
T value_of(Result<T> result) {
    if (!result) throw std::runtime_error(to_string(result.error()));
    return *std::move(result);
}

/// The line that a user would read.
template <class T>
std::string error_of(const Result<T>& result) {
    return result ? "no error" : to_string(result.error());
}

inline std::string text_of(const std::filesystem::path& path) {
    return value_of(read_file(path));
}

} // namespace ksl::sim::testing
