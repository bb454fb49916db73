// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/run_charts.h"

#include "sim/stats/distribution.h"

#include <algorithm>
#include <array>

namespace ksl::ui {

namespace {

using sim::OperationKind;

QString qt(std::string_view text) {
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

/// One run with what its charts are drawn from.
struct RunData {
    sim::RunInfo info;
    std::vector<sim::OperationTotal> totals;
};

/// Runs begun together have the same baseline.
sim::Result<std::vector<RunData>> runs_begun_with(sim::RunStore& store, std::optional<sim::RunId> wanted) {
    KSL_TRY_ASSIGN(all, store.runs());
    if (all.empty())
        return sim::fail("", 0, "the lab database has no runs; kstacklab run SCENARIO --db FILE makes some");
    const auto chosen = wanted ? std::ranges::find(all, *wanted, &sim::RunInfo::id) : std::prev(all.end());
    if (chosen == all.end()) {
        return sim::fail(
            "", 0, "there is no run " + std::to_string(wanted ? wanted->raw() : 0) + "; kstacklab db runs lists them");
    }
    const sim::RunId baseline = chosen->baseline.value_or(chosen->id);
    std::vector<RunData> runs;
    for (const sim::RunInfo& info : all) {
        if (info.baseline.value_or(info.id) != baseline) continue;
        KSL_TRY_ASSIGN(totals, store.totals(info.id));
        runs.push_back({info, std::move(totals)});
    }
    return runs;
}

std::size_t cost_index(std::string_view name) {
    return static_cast<std::size_t>(std::ranges::find(sim::kOperationCostNames, name) -
                                    sim::kOperationCostNames.begin());
}

double mean(const RunData& run, OperationKind kind, std::string_view cost) {
    for (const sim::OperationTotal& total : run.totals) {
        if (total.kind != kind || total.outcome != sim::Outcome::ok || total.operations == 0) continue;
        return static_cast<double>(total.sums[cost_index(cost)]) / static_cast<double>(total.operations);
    }
    return 0;
}

bool has(const std::vector<RunData>& runs, OperationKind kind) {
    return std::ranges::any_of(runs, [&](const RunData& run) {
        return std::ranges::any_of(run.totals, [&](const sim::OperationTotal& total) {
            return total.kind == kind && total.outcome == sim::Outcome::ok && total.operations != 0;
        });
    });
}

QString caption(const std::vector<RunData>& runs) {
    const sim::RunInfo& info = runs.front().info;
    return QStringLiteral("Scenario %1, seed %2, processor %3, runs %4 to %5, %6. Simulated, not measured.")
        .arg(qt(info.scenario))
        .arg(info.seed)
        .arg(qt(info.processor))
        .arg(info.id.raw())
        .arg(runs.back().info.id.raw())
        .arg(qt(info.engine));
}

Summary summary_of(const sim::Distribution& latencies) {
    const auto at = [&](std::uint64_t part, std::uint64_t of) {
        return static_cast<double>(latencies.percentile({part, of}));
    };
    return {.n = latencies.count(),
            .min = static_cast<double>(latencies.min()),
            .p5 = at(5, 100),
            .q1 = at(1, 4),
            .median = at(1, 2),
            .q3 = at(3, 4),
            .p95 = at(95, 100),
            .p99 = at(99, 100),
            .max = static_cast<double>(latencies.max()),
            .mean = latencies.mean()};
}

sim::Result<Chart> latency_chart(sim::RunStore& store, const std::vector<RunData>& runs, OperationKind kind,
                                 const QString& what) {
    constexpr std::size_t kMostSteps = 1000;
    EcdfPlot plot;
    for (const RunData& run : runs) {
        KSL_TRY_ASSIGN(counts, store.latencies(run.info.id, kind));
        std::vector<sim::ValueCount> values;
        values.reserve(counts.size());
        for (const sim::LatencyCount& count : counts) values.push_back({count.latency_ns, count.operations});
        const sim::Distribution latencies{std::move(values)};
        if (latencies.empty()) continue;
        EcdfPlot::Series series{.name = qt(run.info.design), .points = {}, .summary = summary_of(latencies)};
        for (const sim::CumulativePoint& point : latencies.cumulative(kMostSteps)) {
            series.points.push_back({static_cast<double>(point.value), point.share});
        }
        plot.series.push_back(std::move(series));
    }
    return Chart{.title = QStringLiteral("How long %1 took").arg(what),
                 .x = {QStringLiteral("latency"), Quantity::time_ns, AxisScale::logarithmic},
                 .y = {QStringLiteral("share of operations"), Quantity::share, AxisScale::linear},
                 .plot = std::move(plot),
                 .caption = caption(runs)};
}

struct Part {
    std::string_view cost;
    const char* name;
};

Chart bar_chart(const std::vector<RunData>& runs, OperationKind kind, std::span<const Part> parts, BarStyle style) {
    BarPlot plot;
    plot.style = style;
    for (const RunData& run : runs) plot.groups.push_back(qt(run.info.design));
    for (const Part& part : parts) {
        BarPlot::Series series{.name = QString::fromUtf8(part.name), .values = {}};
        for (const RunData& run : runs) series.values.push_back(mean(run, kind, part.cost));
        plot.series.push_back(std::move(series));
    }
    return Chart{.title = {}, .x = {}, .y = {}, .plot = std::move(plot), .caption = caption(runs)};
}

Chart cause_chart(const std::vector<RunData>& runs, OperationKind kind, const QString& what) {
    constexpr std::array kCauses{Part{"step_cycles", "instructions"}, Part{"memory_cycles", "cache misses"},
                                 Part{"tlb_cycles", "TLB misses"}, Part{"lock_cycles", "locks"}};
    Chart chart = bar_chart(runs, kind, kCauses, BarStyle::stacked);
    chart.title = QStringLiteral("Where the cycles of %1 went").arg(what);
    chart.x = {QStringLiteral("design"), Quantity::number, AxisScale::linear};
    chart.y = {QStringLiteral("mean cycles"), Quantity::number, AxisScale::linear};
    return chart;
}

Chart tlb_chart(const std::vector<RunData>& runs, OperationKind kind, const QString& what) {
    constexpr std::array kLevels{Part{"l1_dtlb_misses", "first level"}, Part{"stlb_misses", "second level"}};
    Chart chart = bar_chart(runs, kind, kLevels, BarStyle::grouped);
    chart.title = QStringLiteral("TLB misses of %1").arg(what);
    chart.x = {QStringLiteral("design"), Quantity::number, AxisScale::linear};
    chart.y = {QStringLiteral("mean misses"), Quantity::number, AxisScale::linear};
    return chart;
}

struct Subject {
    OperationKind kind;
    const char* file;
    const char* what;
};
constexpr std::array kSubjects{
    Subject{OperationKind::life, "clone_exit", "a thread's life"}, Subject{OperationKind::clone, "clone", "clone()"},
    Subject{OperationKind::fork, "fork", "fork()"}, Subject{OperationKind::call, "call", "kernel function calls"}};

} // namespace

sim::Result<std::vector<NamedChart>> charts_of(sim::RunStore& store, std::optional<sim::RunId> run) {
    KSL_TRY_ASSIGN(runs, runs_begun_with(store, run));
    std::vector<NamedChart> charts;
    for (const Subject& subject : kSubjects) {
        if (!has(runs, subject.kind)) continue;
        const QString what = QString::fromUtf8(subject.what);
        const std::string file = subject.file;
        KSL_TRY_ASSIGN(latency, latency_chart(store, runs, subject.kind, what));
        charts.push_back({file + "-latency", std::move(latency)});
        // The parts of a whole life that were put off are known as sums alone; see the schema.
        if (subject.kind == OperationKind::life) continue;
        charts.push_back({file + "-causes", cause_chart(runs, subject.kind, what)});
        charts.push_back({file + "-tlb", tlb_chart(runs, subject.kind, what)});
    }
    return charts;
}

} // namespace ksl::ui
