// SPDX-License-Identifier: GPL-3.0-or-later
//
// Round numbers for axes: 1, 2 or 5 times a power of ten, so that a tick can be read out loud.
#pragma once

#include <vector>

namespace ksl::ui {

struct Tick {
    double value = 0;
    bool is_major = true; ///< carries a label
};

/// The smallest of 1, 2, 5 times a power of ten that is at least `step` (> 0).
[[nodiscard]] double nice_step(double step);

/// At most `most` major ticks inside [from, to]; at least two wherever the range is not empty and `most` allows it.
[[nodiscard]] std::vector<Tick> linear_ticks(double from, double to, unsigned most);

/// Powers of ten (every n-th where there are more than `most`) as major ticks, 2..9 times these as minor ones; where
/// less than two powers of ten lie inside, 2 and 5 times these are major too. `from` > 0.
[[nodiscard]] std::vector<Tick> logarithmic_ticks(double from, double to, unsigned most);

/// The range grown outwards to steps of linear_ticks().
struct NiceRange {
    double from = 0;
    double to = 1;
};
[[nodiscard]] NiceRange nice_range(double from, double to, unsigned most);

} // namespace ksl::ui
