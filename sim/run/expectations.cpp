// SPDX-License-Identifier: MIT
#include "sim/run/expectations.h"

#include <fmt/format.h>

#include <algorithm>

namespace ksl::sim {

namespace {

const RunSummary* run_of(std::span<const RunSummary> runs, std::string_view design) {
    const auto found = std::ranges::find(runs, design, &RunSummary::design);
    return found == runs.end() ? nullptr : &*found;
}

std::optional<double> value_of(const Expectation& expectation, const RunSummary& run,
                               std::span<const RunSummary> runs) {
    const auto mine = run.value(expectation.metric);
    if (!mine || expectation.relation == Expectation::Relation::none) return mine;
    const RunSummary* reference = run_of(runs, expectation.reference);
    const auto theirs = reference == nullptr ? std::nullopt : reference->value(expectation.metric);
    if (!theirs) return std::nullopt;
    if (expectation.relation == Expectation::Relation::difference) return *mine - *theirs;
    if (*theirs == 0) return std::nullopt;
    return *mine / *theirs;
}

bool holds(const Expectation& expectation, double value) {
    return (!expectation.at_least || value >= *expectation.at_least) &&
           (!expectation.at_most || value <= *expectation.at_most) &&
           (!expectation.equals || value == *expectation.equals);
}

std::string bounds_of(const Expectation& expectation) {
    std::string text;
    const auto add = [&](std::string_view what, const std::optional<double>& bound) {
        if (bound) text += fmt::format("{}{} {:g}", text.empty() ? "" : ", ", what, *bound);
    };
    add("at least", expectation.at_least);
    add("at most", expectation.at_most);
    add("exactly", expectation.equals);
    return text;
}

Verdict judge(const Expectation& expectation, const RunSummary& run, std::span<const RunSummary> runs) {
    Verdict verdict;
    verdict.expectation = expectation;
    verdict.design = run.design;
    verdict.value = value_of(expectation, run, runs);
    verdict.holds = verdict.value && holds(expectation, *verdict.value);
    std::string what = expectation.metric;
    if (expectation.relation == Expectation::Relation::difference) what += " - that of " + expectation.reference;
    if (expectation.relation == Expectation::Relation::ratio) what += " / that of " + expectation.reference;
    const std::string value = verdict.value ? fmt::format("{:.6g}", *verdict.value) : "nothing: no such result";
    verdict.text = fmt::format("{}: {} = {}; {} expected", run.design, what, value, bounds_of(expectation));
    return verdict;
}

} // namespace

std::vector<Verdict> judge(const Scenario& scenario, std::span<const RunSummary> runs) {
    std::vector<Verdict> verdicts;
    for (const Expectation& expectation : scenario.expectations) {
        for (const RunSummary& run : runs) {
            if (!expectation.design.empty() && expectation.design != run.design) continue;
            // A design is not compared with itself.
            if (expectation.design.empty() && expectation.reference == run.design) continue;
            verdicts.push_back(judge(expectation, run, runs));
        }
    }
    return verdicts;
}

} // namespace ksl::sim
