// SPDX-License-Identifier: MIT
//
// The capture folders of a kind, for tests that hold the engine against all of them.
#pragma once

#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace ksl::testing {

/// Folders whose names begin with one of `kinds`, of all kernels, sorted.
inline std::vector<std::filesystem::path> capture_folders(std::initializer_list<std::string_view> kinds) {
    namespace fs = std::filesystem;
    std::vector<fs::path> folders;
    for (const auto& kernel : fs::directory_iterator{fs::path{KSL_TEST_DATA} / "captures"}) {
        if (!kernel.is_directory()) continue;
        for (const auto& capture : fs::directory_iterator{kernel.path()}) {
            const std::string name = capture.path().filename().string();
            const bool wanted = std::ranges::any_of(kinds, [&](auto kind) { return name.starts_with(kind); });
            if (capture.is_directory() && wanted) folders.push_back(capture.path());
        }
    }
    std::ranges::sort(folders);
    return folders;
}

} // namespace ksl::testing
