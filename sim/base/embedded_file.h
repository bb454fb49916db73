// SPDX-License-Identifier: MIT
//
// A file whose bytes are part of the program. cmake/embed.cmake generates, for a set of files called NAME, the function
//     std::span<const EmbeddedFile> embedded_NAME();
#pragma once

#include <span>
#include <string_view>

namespace ksl::sim {

struct EmbeddedFile {
    std::string_view path; ///< relative to the set's root, "scenarios/article.toml"
    std::string_view text;
};

} // namespace ksl::sim
