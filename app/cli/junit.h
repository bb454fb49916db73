// SPDX-License-Identifier: MIT
//
// Results as JUnit XML, which continuous integration reads.
#pragma once

#include "sim/base/error.h"

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace ksl::cli {

struct JunitCase {
    std::string name;
    bool passed = false;
    std::string text; ///< what was found and expected
};
struct JunitSuite {
    std::string name;
    std::vector<JunitCase> cases;
};

[[nodiscard]] sim::Result<void> write_junit(const std::filesystem::path& file, std::span<const JunitSuite> suites);

} // namespace ksl::cli
