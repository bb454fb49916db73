// SPDX-License-Identifier: MIT
#include "sim/run/run_report.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

namespace ksl::sim {

namespace {

using Json = nlohmann::ordered_json;

/// The kinds that a comparison shows, in this order.
constexpr std::array kShown{OperationKind::life, OperationKind::clone, OperationKind::fork, OperationKind::exit,
                            OperationKind::call};

Json latency_json(const Summary& latency) {
    if (latency.count == 0) return nullptr;
    return {{"mean", latency.mean}, {"p50", latency.p50}, {"p90", latency.p90}, {"p99", latency.p99},
            {"p999", latency.p999}, {"max", latency.max}, {"min", latency.min}, {"deviation", latency.deviation}};
}

Json kind_json(const KindSummary* kind) {
    if (kind == nullptr) return {{"count", 0}, {"failures", 0}, {"latency_ns", nullptr}};
    Json json{{"count", kind->latency_ns.count},
              {"failures", kind->failures},
              {"latency_ns", latency_json(kind->latency_ns)}};
    // TLB columns under the names that most readers look for.
    json["dtlb_misses_mean"] = kind->mean("l1_dtlb_misses");
    for (std::size_t i = 0; i < kOperationCosts; ++i) {
        json[std::string(kOperationCostNames[i]) + "_mean"] = kind->means[i];
    }
    return json;
}

Json overflow_json(const OverflowStory& story) {
    return {{"pid", story.pid},
            {"bytes", story.bytes},
            {"lowest", fmt::format("{:#x}", story.lowest)},
            {"overwritten", story.overwritten},
            {"noticed_by", story.noticed_by.empty() ? Json(nullptr) : Json(story.noticed_by)},
            {"noticed_after_ns", story.noticed_after_ns ? Json(*story.noticed_after_ns) : Json(nullptr)},
            {"address_limit", story.address_limit ? Json(fmt::format("{:#x}", *story.address_limit)) : Json(nullptr)}};
}

Json run_json(const RunSummary& run) {
    Json json;
    json["run_id"] = run.run_id ? Json(run.run_id->raw()) : Json(nullptr);
    json["design"] = run.design;
    json["seed"] = run.seed;
    json["status"] = name_of(run.status);
    json["simulated_ns"] = run.simulated_ns;
    json["state_digest"] = run.state_digest;
    json["clone_exit"] = kind_json(run.kind(OperationKind::life));
    json["clone"] = kind_json(run.kind(OperationKind::clone));
    for (const KindSummary& kind : run.kinds) {
        const bool is_there = kind.kind == OperationKind::life || kind.kind == OperationKind::clone;
        if (!is_there) json[std::string(name_of(kind.kind))] = kind_json(&kind);
    }
    json["stack_cache_hit_rate"] = run.stack_cache_hit_rate ? Json(*run.stack_cache_hit_rate) : Json(nullptr);
    json["failures"] = run.failures;
    for (const Metric& metric : run.metrics) json["metrics"][metric.name] = metric.value;
    for (const OverflowStory& story : run.overflows) json["overflows"].push_back(overflow_json(story));
    return json;
}

Json verdict_json(const Verdict& verdict) {
    return {{"design", verdict.design},
            {"metric", verdict.expectation.metric},
            {"value", verdict.value ? Json(*verdict.value) : Json(nullptr)},
            {"holds", verdict.holds},
            {"text", verdict.text},
            {"why", verdict.expectation.why}};
}

Cell ratio(double mine, const KindSummary* base) {
    if (base == nullptr || base->latency_ns.count == 0 || base->latency_ns.mean == 0) return {};
    return mine / base->latency_ns.mean;
}

/// The value, or an empty cell.
template <class T>
void add_if_there(std::vector<Cell>& row, const std::optional<T>& value) {
    if (value) {
        row.emplace_back(*value);
    } else {
        row.emplace_back();
    }
}

std::vector<Cell> row_of(const RunSummary& run, const KindSummary& kind, const KindSummary* base) {
    const Summary& latency = kind.latency_ns;
    if (latency.count == 0) {
        return {run.design, std::uint64_t{0}, kind.failures, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
    }
    const bool has_base = base != nullptr && base->latency_ns.count != 0;
    return {run.design,
            latency.count,
            kind.failures,
            latency.mean,
            latency.p50,
            latency.p90,
            latency.p99,
            latency.p999,
            latency.max,
            ratio(latency.mean, base),
            has_base ? Cell{latency.mean - base->latency_ns.mean} : Cell{},
            kind.mean("l1_dtlb_misses"),
            kind.mean("stlb_misses")};
}

} // namespace

Table comparison_table(std::span<const RunSummary> runs, std::size_t baseline) {
    Table table;
    table.columns = {{"operation", "operation", Unit::text},
                     {"design", "design", Unit::text},
                     {"count", "count", Unit::count},
                     {"failures", "failed", Unit::count},
                     {"mean_ns", "mean", Unit::nanoseconds},
                     {"p50_ns", "p50", Unit::nanoseconds},
                     {"p90_ns", "p90", Unit::nanoseconds},
                     {"p99_ns", "p99", Unit::nanoseconds},
                     {"p999_ns", "p99.9", Unit::nanoseconds},
                     {"max_ns", "max", Unit::nanoseconds},
                     {"mean_ratio", "ratio", Unit::ratio},
                     {"mean_difference_ns", "difference", Unit::nanoseconds},
                     {"dtlb_misses_mean", "dTLB misses", Unit::plain},
                     {"stlb_misses_mean", "STLB misses", Unit::plain}};
    for (const OperationKind shown : kShown) {
        const KindSummary* base = baseline < runs.size() ? runs[baseline].kind(shown) : nullptr;
        for (const RunSummary& run : runs) {
            const KindSummary* kind = run.kind(shown);
            if (kind == nullptr) continue;
            std::vector<Cell> row = row_of(run, *kind, base);
            row.insert(row.begin(), std::string(name_of(shown)));
            table.rows.push_back(std::move(row));
        }
    }
    return table;
}

Table result_table(std::span<const RunSummary> runs) {
    constexpr std::array kNames{"failures", "oom_kills", "purges", "first_purge_at", "grace_periods"};
    Table table;
    table.columns = {{"design", "design", Unit::text}, {"stack_cache_hit_rate", "cache hits", Unit::share}};
    for (const char* name : kNames) table.columns.push_back({name, name, Unit::count});
    for (const RunSummary& run : runs) {
        std::vector<Cell> row{run.design};
        add_if_there(row, run.stack_cache_hit_rate);
        for (const char* name : kNames) {
            const auto value = run.value(name);
            add_if_there(row, value ? std::optional{static_cast<std::uint64_t>(*value)} : std::nullopt);
        }
        table.rows.push_back(std::move(row));
    }
    return table;
}

std::string run_json(std::span<const RunSummary> runs, std::size_t baseline, std::span<const Verdict> verdicts) {
    Json json{{"schema", "kstacklab.run/1"}, {"runs", Json::array()}};
    for (const RunSummary& run : runs) json["runs"].push_back(run_json(run));
    if (baseline < runs.size()) json["baseline"] = runs[baseline].design;
    json["expectations"] = Json::array();
    for (const Verdict& verdict : verdicts) json["expectations"].push_back(verdict_json(verdict));
    return json.dump(2);
}

} // namespace ksl::sim
