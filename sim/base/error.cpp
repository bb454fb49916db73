// SPDX-License-Identifier: MIT
#include "sim/base/error.h"

#include <fmt/format.h>

namespace ksl::sim {

std::string to_string(const Error& error) {
    if (error.file.empty()) return error.message;
    if (error.line == 0) return fmt::format("{}: {}", error.file, error.message);
    if (error.column == 0) return fmt::format("{}:{}: {}", error.file, error.line, error.message);
    return fmt::format("{}:{}:{}: {}", error.file, error.line, error.column, error.message);
}

} // namespace ksl::sim
