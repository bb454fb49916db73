// SPDX-License-Identifier: MIT
//
// How many entries of a recorded list are wrong: the fewest that must be replaced, added or taken out to make it the
// engine's. Where all entries are right and only their order is wrong, that is one, at the first of them.
//
// Cost:  linear where few entries differ; lists that differ throughout, and are long, count as one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace ksl::sim {

/// The place of a wrong entry in the recorded list, and in the engine's; where one of them has none, it is missing
/// there.
struct ListEdit {
    std::optional<std::size_t> recorded;
    std::optional<std::size_t> engine;

    friend bool operator==(const ListEdit&, const ListEdit&) = default;
};

namespace detail {

/// `recorded` and `engine` from `first` on, without their last `tail` entries; by dynamic programming.
template <class T>
std::vector<ListEdit> edits_between(const std::vector<T>& recorded, const std::vector<T>& engine, std::size_t first,
                                    std::size_t tail) {
    const std::size_t rows = recorded.size() - first - tail;
    const std::size_t columns = engine.size() - first - tail;
    const std::size_t width = columns + 1;
    std::vector<std::uint32_t> cost((rows + 1) * width);
    for (std::size_t j = 0; j <= columns; ++j) cost[j] = static_cast<std::uint32_t>(j);
    for (std::size_t i = 1; i <= rows; ++i) {
        cost[i * width] = static_cast<std::uint32_t>(i);
        for (std::size_t j = 1; j <= columns; ++j) {
            const std::uint32_t wrong = recorded[first + i - 1] == engine[first + j - 1] ? 0 : 1;
            cost[i * width + j] = std::min(
                {cost[(i - 1) * width + j - 1] + wrong, cost[(i - 1) * width + j] + 1, cost[i * width + j - 1] + 1});
        }
    }
    std::vector<ListEdit> edits;
    for (std::size_t i = rows, j = columns; i > 0 || j > 0;) {
        const std::uint32_t here = cost[i * width + j];
        const bool is_same = i > 0 && j > 0 && recorded[first + i - 1] == engine[first + j - 1];
        if (i > 0 && j > 0 && here == cost[(i - 1) * width + j - 1] + (is_same ? 0U : 1U)) {
            --i;
            --j;
            if (!is_same) edits.push_back({first + i, first + j});
        } else if (i > 0 && here == cost[(i - 1) * width + j] + 1) {
            edits.push_back({first + --i, std::nullopt});
        } else {
            edits.push_back({std::nullopt, first + --j});
        }
    }
    std::ranges::reverse(edits);
    return edits;
}

} // namespace detail

template <class T>
std::vector<ListEdit> list_edits(const std::vector<T>& recorded, const std::vector<T>& engine) {
    constexpr std::size_t kFew = 64;
    constexpr std::size_t kMostCells = 1'000'000;
    constexpr std::ptrdiff_t kMostReordered = 5'000; // looked for in quadratic time
    const auto [there, here] = std::ranges::mismatch(recorded, engine);
    const auto first = static_cast<std::size_t>(there - recorded.begin());
    if (there == recorded.end() && here == engine.end()) return {};
    std::size_t tail = 0;
    while (tail < std::min(recorded.size(), engine.size()) - first &&
           recorded[recorded.size() - 1 - tail] == engine[engine.size() - 1 - tail])
        ++tail;
    if (recorded.size() == engine.size()) {
        const auto ends = static_cast<std::ptrdiff_t>(recorded.size() - tail);
        const auto begins = static_cast<std::ptrdiff_t>(first);
        const bool is_order =
            ends - begins <= kMostReordered &&
            std::is_permutation(recorded.begin() + begins, recorded.begin() + ends, engine.begin() + begins);
        if (is_order) return {{first, first}};
        std::vector<ListEdit> replaced;
        for (std::size_t i = first; i < recorded.size() - tail && replaced.size() <= kFew; ++i) {
            if (!(recorded[i] == engine[i])) replaced.push_back({i, i});
        }
        const bool is_scattered = replaced.size() * 2 <= recorded.size() - first - tail;
        if (replaced.size() <= 2 || (replaced.size() <= kFew && is_scattered)) return replaced;
    }
    const std::size_t cells = (recorded.size() - first - tail + 1) * (engine.size() - first - tail + 1);
    if (cells <= kMostCells) return detail::edits_between(recorded, engine, first, tail);
    return {{there == recorded.end() ? std::nullopt : std::optional{first},
             here == engine.end() ? std::nullopt : std::optional{first}}};
}

} // namespace ksl::sim
