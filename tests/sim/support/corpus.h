// SPDX-License-Identifier: MIT
//
// Files of a user that must be refused, each with exactly the message that its first line expects: "# expects:
// MESSAGE". Lines "# --set KEY=VALUE" after it give overrides.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ksl::sim::testing {

struct CorpusFile {
    std::string file; ///< its name
    std::string text;
    std::string expected; ///< empty: it is to be accepted
    std::vector<std::string> overrides;
};

inline CorpusFile read_corpus_file(const std::filesystem::path& path) {
    constexpr std::string_view kExpects = "# expects: ";
    constexpr std::string_view kSet = "# --set ";
    std::ostringstream text;
    text << std::ifstream{path, std::ios::binary}.rdbuf();
    CorpusFile out{.file = path.filename().string(), .text = std::move(text).str(), .expected = {}, .overrides = {}};
    std::istringstream lines{out.text};
    for (std::string line; std::getline(lines, line) && line.starts_with("#");) {
        if (line.starts_with(kExpects)) out.expected = line.substr(kExpects.size());
        if (line.starts_with(kSet)) out.overrides.push_back(line.substr(kSet.size()));
    }
    return out;
}

/// All files of a folder, by name.
inline std::vector<CorpusFile> read_corpus(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator{folder}) paths.push_back(entry.path());
    std::ranges::sort(paths);
    std::vector<CorpusFile> all;
    for (const auto& path : paths) all.push_back(read_corpus_file(path));
    return all;
}

} // namespace ksl::sim::testing
