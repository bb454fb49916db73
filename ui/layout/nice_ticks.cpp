// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/layout/nice_ticks.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace ksl::ui {

namespace {

/// Numbers of ticks are integers; this keeps a bound that is a tick up to rounding inside.
constexpr double kSlack = 1e-9;

double step_for(double from, double to, unsigned most) {
    // `most` ticks enclose most - 1 steps, and a range may begin right after a tick.
    double step = nice_step((to - from) / std::max(most, 1U));
    while (std::floor((to / step) + kSlack) - std::ceil((from / step) - kSlack) + 1 > most) {
        step = nice_step(step * 1.5);
    }
    return step;
}

} // namespace

double nice_step(double step) {
    const double power = std::pow(10, std::floor(std::log10(step)));
    const double leading = step / power;
    for (const double nice : {1.0, 2.0, 5.0}) {
        if (leading <= nice * (1 + kSlack)) return nice * power;
    }
    return 10 * power;
}

std::vector<Tick> linear_ticks(double from, double to, unsigned most) {
    std::vector<Tick> ticks;
    if (!(from < to) || most == 0) return ticks;
    const double step = step_for(from, to, most);
    const auto first = static_cast<std::int64_t>(std::ceil((from / step) - kSlack));
    const auto last = static_cast<std::int64_t>(std::floor((to / step) + kSlack));
    // Multiples of the step, not repeated sums: no error builds up.
    for (std::int64_t i = first; i <= last; ++i)
        ticks.push_back({.value = static_cast<double>(i) * step, .is_major = true});
    return ticks;
}

std::vector<Tick> logarithmic_ticks(double from, double to, unsigned most) {
    std::vector<Tick> ticks;
    if (!(from > 0) || !(from < to) || most == 0) return ticks;
    const int first = static_cast<int>(std::floor(std::log10(from) + kSlack));
    const int last = static_cast<int>(std::floor(std::log10(to) + kSlack));
    const int inside = last - static_cast<int>(std::ceil(std::log10(from) - kSlack)) + 1;
    const bool few = 3 * std::log10(to / from) <= most; // three labels a decade have room
    const int every = std::max(1, (inside + static_cast<int>(most) - 1) / static_cast<int>(most));
    for (int power = first; power <= last; ++power) {
        const double decade = std::pow(10, power);
        for (int digit = 1; digit <= 9; ++digit) {
            const double value = digit * decade;
            if (value < from * (1 - kSlack) || value > to * (1 + kSlack)) continue;
            const bool is_power = digit == 1 && power % every == 0;
            const bool is_half = few && (digit == 1 || digit == 2 || digit == 5);
            ticks.push_back({.value = value, .is_major = is_power || is_half});
        }
    }
    return ticks;
}

NiceRange nice_range(double from, double to, unsigned most) {
    if (!(from < to)) return {.from = from, .to = from + 1};
    const double step = nice_step((to - from) / std::max(most, 1U));
    return {.from = std::floor((from / step) + kSlack) * step, .to = std::ceil((to / step) - kSlack) * step};
}

} // namespace ksl::ui
