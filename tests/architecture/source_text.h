// SPDX-License-Identifier: MIT
//
// C++ source, taken apart as far as the rules need it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ksl::architecture {

struct Include {
    int line = 0;
    std::string path;
    bool is_quoted = false; ///< "path" rather than <path>
};

/// Every #include, those inside comments and literals left out.
[[nodiscard]] std::vector<Include> includes_of(std::string_view source);

/// The source with comments blanked out, and literals too unless they are to be kept; lines stay where they are.
enum class Literals : bool { blank, keep };
[[nodiscard]] std::string code_of(std::string_view source, Literals literals);

[[nodiscard]] std::vector<std::string> lines_of(std::string_view text);

} // namespace ksl::architecture
