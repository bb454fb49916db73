// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/layout/apportion.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace ksl::ui {

namespace {

std::vector<double> shrink_minimums(std::span<const Share> shares, double total, double minimums) {
    std::vector<double> lengths;
    lengths.reserve(shares.size());
    for (const Share& share : shares) lengths.push_back(share.minimum * total / minimums);
    return lengths;
}

/// The scale at which the items that are not held at their minimum fill what the others leave.
double find_scale(std::span<const Share> shares, double total) {
    // An item is held at its minimum below the scale minimum / weight. Going through these scales from the highest
    // down, items come free one after the other; the answer lies where the next one would still be held.
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < shares.size(); ++i) {
        if (shares[i].weight > 0) order.push_back(i);
    }
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
        return shares[a].minimum * shares[b].weight < shares[b].minimum * shares[a].weight;
    });
    double held = std::transform_reduce(shares.begin(), shares.end(), 0.0, std::plus<>{},
                                        [](const Share& share) { return share.minimum; });
    double weight = 0;
    double scale = 0;
    for (const std::size_t i : order) {
        if (weight > 0 && scale * shares[i].weight <= shares[i].minimum) break;
        held -= shares[i].minimum;
        weight += shares[i].weight;
        scale = (total - held) / weight;
    }
    return scale;
}

} // namespace

std::vector<double> apportion(std::span<const Share> shares, double total) {
    const double minimums = std::transform_reduce(shares.begin(), shares.end(), 0.0, std::plus<>{},
                                                  [](const Share& share) { return share.minimum; });
    if (minimums > 0 && minimums >= total) return shrink_minimums(shares, total, minimums);

    const bool has_weight = std::ranges::any_of(shares, [](const Share& share) { return share.weight > 0; });
    const double scale = has_weight ? find_scale(shares, total) : 0;
    const double extra = has_weight || shares.empty() ? 0 : (total - minimums) / static_cast<double>(shares.size());
    std::vector<double> lengths;
    lengths.reserve(shares.size());
    for (const Share& share : shares) lengths.push_back(std::max(share.minimum, scale * share.weight) + extra);
    return lengths;
}

} // namespace ksl::ui
