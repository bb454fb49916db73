// SPDX-License-Identifier: MIT
//
// Where the captures of the tests are.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace ksl::sim::testing {

inline std::filesystem::path capture(const std::string& name) {
    return std::filesystem::path{KSL_TEST_DATA} / "captures" / name;
}

/// Folders of captures whose name begins so, of both kernel generations, in order.
inline std::vector<std::filesystem::path> captures_of_kind(const std::string& begin) {
    std::vector<std::filesystem::path> found;
    for (const char* era : {"2016", "6.1"}) {
        for (const auto& folder : std::filesystem::directory_iterator{capture(era)}) {
            if (folder.path().filename().string().starts_with(begin)) found.push_back(folder.path());
        }
    }
    std::ranges::sort(found);
    return found;
}

inline std::vector<std::filesystem::path> replay_captures() {
    return captures_of_kind("replay-");
}

/// The files of a folder whose name begins and ends so, in order.
inline std::vector<std::filesystem::path> files_of(const std::filesystem::path& folder, const std::string& begin,
                                                   const std::string& end) {
    std::vector<std::filesystem::path> found;
    for (const auto& file : std::filesystem::directory_iterator{folder}) {
        const std::string name = file.path().filename().string();
        if (name.starts_with(begin) && name.ends_with(end)) found.push_back(file.path());
    }
    std::ranges::sort(found);
    return found;
}

} // namespace ksl::sim::testing
