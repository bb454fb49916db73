// SPDX-License-Identifier: MIT
//
// The rules of the architecture (docs/architecture.md), as checks of the source text:
//
//   layering    app knows everything; ui knows sim and core; sim knows core; core knows the standard library and
//   itself. libraries   Qt only in ui and app; SQLite only in sim/store, with what tests it. colours     only in
//   ui/theme; views ask the theme. licences    every source file names its licence in its first lines, the one of its
//   layer. headers     every header is included once.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ksl::architecture {

struct Violation {
    std::string file; ///< relative to the root
    int line = 0;
    std::string what;
};

/// All violations in one file. `path` is relative to the root of the sources, with forward slashes.
[[nodiscard]] std::vector<Violation> check_file(std::string_view path, std::string_view contents);

/// All violations below the root of the sources.
[[nodiscard]] std::vector<Violation> check_tree(const std::filesystem::path& root);

/// Files that check_tree looks at.
[[nodiscard]] std::vector<std::string> source_files(const std::filesystem::path& root);

} // namespace ksl::architecture
