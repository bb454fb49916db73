// SPDX-License-Identifier: GPL-3.0-or-later
//
// One chart of each kind, with names as long as real designs have them.
#pragma once

#include "core/types/random.h"
#include "ui/charts/chart.h"

#include <cmath>
#include <utility>
#include <vector>

namespace ksl::ui::test {

inline std::vector<double> latencies(double median, double spread, double slow_share, std::uint64_t seed,
                                     std::size_t n = 20'000) {
    core::Random random{seed};
    std::vector<double> values;
    for (std::size_t i = 0; i < n; ++i) {
        // Sum of uniforms: bell-shaped on the logarithmic axis.
        double bell = -3;
        for (int k = 0; k < 6; ++k) bell += static_cast<double>(random.below(1'000'000)) / 1e6;
        const bool is_slow = static_cast<double>(random.below(1'000'000)) < slow_share * 1e6;
        values.push_back(std::floor(median * (is_slow ? 2.4 : 1) * std::exp(bell * spread)));
    }
    return values;
}

inline std::vector<Sample> three_designs() {
    return {{.name = QStringLiteral("direct map, 16 KiB, no guard, thread_info at the bottom, no cache"),
             .values = latencies(1210, 0.25, 0.01, 1)},
            {.name = QStringLiteral("vmap, 16 KiB, guard below, thread_info in task_struct, no cache"),
             .values = latencies(2690, 0.3, 0.05, 2)},
            {.name = QStringLiteral("vmap, 16 KiB, guard below, thread_info in task_struct, 2 cached stacks a CPU"),
             .values = latencies(1300, 0.22, 0.12, 3)}};
}

inline QString caption() {
    return QStringLiteral(
        "Clone latency in scenario fork_storm.toml, seed 7, kstacklab 0.1.0, digest 4f1c'22ab'90e3'7711; "
        "modelled costs of a Skylake server, 50 seeds a design.");
}

inline ChartAxis time_axis(AxisScale scale) {
    return {.label = QStringLiteral("Clone latency"), .quantity = Quantity::time_ns, .scale = scale};
}
inline ChartAxis share_axis(const char* label) {
    return {.label = QString::fromLatin1(label), .quantity = Quantity::share, .scale = AxisScale::linear};
}

inline Chart histogram_chart() {
    return {.title = QStringLiteral("Clone latency"),
            .x = time_axis(AxisScale::logarithmic),
            .y = share_axis("Share of clones"),
            .plot = histogram_of(three_designs(), AxisScale::logarithmic),
            .caption = caption()};
}
inline Chart ecdf_chart() {
    return {.title = QStringLiteral("Clone latency, cumulative"),
            .x = time_axis(AxisScale::logarithmic),
            .y = share_axis("Clones at most as slow"),
            .plot = ecdf_of(three_designs()),
            .caption = caption()};
}
inline Chart box_chart() {
    return {.title = QStringLiteral("Clone latency by design"),
            .x = time_axis(AxisScale::logarithmic),
            .y = {.label = QStringLiteral("Design")},
            .plot = boxes_of(three_designs()),
            .caption = caption()};
}
inline Chart bar_chart(BarStyle style) {
    BarPlot plot{.groups = {QStringLiteral("direct map"), QStringLiteral("vmap"), QStringLiteral("vmap + cache")},
                 .series = {{.name = QStringLiteral("frames"), .values = {16.4e6, 16.4e6, 16.9e6}},
                            {.name = QStringLiteral("page tables"), .values = {0, 2.1e6, 2.2e6}},
                            {.name = QStringLiteral("idle cache"), .values = {0, 0, 0.5e6}}},
                 .style = style};
    return {.title = QStringLiteral("Memory for 1000 tasks"),
            .x = {.label = QStringLiteral("Design")},
            .y = {.label = QStringLiteral("Memory"), .quantity = Quantity::bytes},
            .plot = std::move(plot),
            .caption = caption()};
}
inline Chart line_chart() {
    LinePlot plot;
    const auto add = [&plot](const char* name, double start) {
        LinePlot::Series series{.name = QString::fromLatin1(name), .points = {}, .intervals = {}};
        for (int i = 0; i <= 10; ++i) {
            const double x = i / 10.0;
            const double y = std::min(1.0, start * x * x);
            series.points.push_back({.x = x, .y = y});
            series.intervals.push_back({.x = std::max(0.0, y - 0.05), .y = std::min(1.0, y + 0.04)});
        }
        plot.series.push_back(std::move(series));
    };
    add("direct map, 16 KiB", 1.1);
    add("vmap, 16 KiB, guard below", 0.1);
    return {.title = QStringLiteral("Failed clones over fragmentation"),
            .x = {.label = QStringLiteral("Unusable free space index"), .quantity = Quantity::number},
            .y = share_axis("Failed clones"),
            .plot = std::move(plot),
            .caption = caption()};
}

inline std::vector<std::pair<const char*, Chart>> every_chart() {
    return {{"histogram", histogram_chart()},
            {"ecdf", ecdf_chart()},
            {"box", box_chart()},
            {"bars", bar_chart(BarStyle::grouped)},
            {"stacked", bar_chart(BarStyle::stacked)},
            {"line", line_chart()}};
}

} // namespace ksl::ui::test
