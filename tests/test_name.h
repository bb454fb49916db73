// SPDX-License-Identifier: MIT
//
// Names of parametrised tests, so that a list of tests reads as a list of claims and is the same on every run.
#pragma once

#include <cctype>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace ksl::testing {

/// `words` with every run of what GoogleTest forbids in a name as one underscore: "6.1/mmu-y-4G" as "6_1_mmu_y_4G".
inline std::string as_test_name(std::string_view words) {
    std::string name;
    for (const char letter : words) {
        const bool allowed = std::isalnum(static_cast<unsigned char>(letter)) != 0;
        if (allowed) name += letter;
        if (!allowed && !name.empty() && name.back() != '_') name += '_';
    }
    while (name.ends_with('_')) name.pop_back();
    return name;
}

/// "6_1_mmu_y_4G" for the folder of a capture.
inline std::string name_of_capture(const std::filesystem::path& folder) {
    return as_test_name((folder.parent_path().filename() / folder.filename()).string());
}

/// Of cases whose words need not differ: the place in the list is in front.
inline std::string as_test_name(std::size_t index, std::string_view words) {
    return as_test_name(std::to_string(index) + "_" + std::string{words});
}

} // namespace ksl::testing
