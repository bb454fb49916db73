// SPDX-License-Identifier: MIT
//
// What somebody probably meant to write.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace ksl::sim {

/// Insertions, deletions, changes and swaps of neighbours that turn `a` into `b`, each position edited once (optimal
/// string alignment; Damerau 1964, Levenshtein 1966).
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate nearest to `word`, the first of several; empty if none is near (more than a third of it would have to
/// change).
[[nodiscard]] std::string nearest(std::string_view word, std::span<const std::string> candidates);
[[nodiscard]] std::string nearest(std::string_view word, std::span<const std::string_view> candidates);

/// "; did you mean NEAREST?", or "" if nothing is near. To be appended to what is wrong.
[[nodiscard]] std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

} // namespace ksl::sim
