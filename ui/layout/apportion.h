// SPDX-License-Identifier: GPL-3.0-or-later
//
// Shares out a length: item i gets max(minimum_i, scale * weight_i), with the one scale for which everything fits
// exactly. The address rulers and the stack use it, so that a 4 KiB guard stays visible beside terabytes.
//
// Degenerate: where the minimums alone do not fit they are all shrunk by the same factor; where nothing has weight, the
//             rest is shared equally.
#pragma once

#include <span>
#include <vector>

namespace ksl::ui {

struct Share {
    double weight = 0;
    double minimum = 0;
};

/// Lengths in the order of `shares`; their sum is `total` (0 if there are none). Weights and minimums are not negative.
[[nodiscard]] std::vector<double> apportion(std::span<const Share> shares, double total);

} // namespace ksl::ui
