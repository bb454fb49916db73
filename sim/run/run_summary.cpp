// SPDX-License-Identifier: MIT
#include "sim/run/run_summary.h"

#include "sim/store/run_tally.h"

#include <algorithm>

namespace ksl::sim {

namespace {

std::optional<double> latency_of(const Summary& latency, std::string_view name) {
    if (name == "count") return static_cast<double>(latency.count);
    if (latency.count == 0) return std::nullopt;
    if (name == "mean") return latency.mean;
    if (name == "min") return static_cast<double>(latency.min);
    if (name == "p50") return static_cast<double>(latency.p50);
    if (name == "p90") return static_cast<double>(latency.p90);
    if (name == "p99") return static_cast<double>(latency.p99);
    if (name == "p999") return static_cast<double>(latency.p999);
    if (name == "max") return static_cast<double>(latency.max);
    return std::nullopt;
}

std::optional<double> value_of(const KindSummary& kind, std::string_view name) {
    constexpr std::string_view kLatency = "latency_ns.";
    constexpr std::string_view kMean = "_mean";
    if (name == "count") return static_cast<double>(kind.latency_ns.count);
    if (name == "failures") return static_cast<double>(kind.failures);
    if (name.starts_with(kLatency)) return latency_of(kind.latency_ns, name.substr(kLatency.size()));
    if (!name.ends_with(kMean)) return std::nullopt;
    name.remove_suffix(kMean.size());
    if (std::ranges::find(kOperationCostNames, name) == kOperationCostNames.end()) return std::nullopt;
    return kind.mean(name);
}

} // namespace

double KindSummary::mean(std::string_view cost) const {
    const auto* const found = std::ranges::find(kOperationCostNames, cost);
    return found == kOperationCostNames.end() ? 0
                                              : means[static_cast<std::size_t>(found - kOperationCostNames.begin())];
}

const KindSummary* RunSummary::kind(OperationKind kind) const {
    const auto found = std::ranges::find(kinds, kind, &KindSummary::kind);
    return found == kinds.end() ? nullptr : &*found;
}

std::optional<double> RunSummary::value(std::string_view name) const {
    if (name == "stack_cache_hit_rate") return stack_cache_hit_rate;
    if (name == "failures") return static_cast<double>(failures);
    if (name == "simulated_ns") return static_cast<double>(simulated_ns);
    for (const Metric& metric : metrics) {
        if (metric.name == name) return metric.value;
    }
    const std::size_t dot = name.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    for (const KindSummary& kind : kinds) {
        if (name_of(kind.kind) == name.substr(0, dot)) return value_of(kind, name.substr(dot + 1));
    }
    return std::nullopt;
}

std::vector<KindSummary> summarise(const RunTally& tally) {
    std::vector<KindSummary> kinds;
    const auto entry = [&](OperationKind kind) -> KindSummary& {
        const auto found = std::ranges::find(kinds, kind, &KindSummary::kind);
        if (found != kinds.end()) return *found;
        kinds.push_back({.kind = kind, .latency_ns = {}});
        return kinds.back();
    };
    for (const OperationTotal& total : tally.totals()) {
        KindSummary& kind = entry(total.kind);
        if (total.outcome != Outcome::ok) {
            kind.failures += total.operations;
            continue;
        }
        for (std::size_t i = 0; i < kOperationCosts; ++i) {
            kind.means[i] = static_cast<double>(total.sums[i]) / static_cast<double>(total.operations);
        }
    }
    for (const LatencyCounts& latencies : tally.latencies()) {
        if (latencies.outcome != Outcome::ok) continue;
        std::vector<ValueCount> counts;
        counts.reserve(latencies.counts.size());
        for (const LatencyCount& count : latencies.counts) counts.push_back({count.latency_ns, count.operations});
        entry(latencies.kind).latency_ns = Distribution{std::move(counts)}.summary();
    }
    return kinds;
}

} // namespace ksl::sim
