// SPDX-License-Identifier: MIT
#include "sim/run/figures.h"

#include "sim/run/experiment.h"
#include "sim/toml/toml_reader.h"

#include <fmt/format.h>

#include <map>

namespace ksl::sim {

namespace {

constexpr std::string_view kFile = "figures/figures.toml";

std::optional<double> bound(TomlTable& table, std::string_view key) {
    if (!table.has(key)) return std::nullopt;
    return table.number(key, {});
}

Figure read_figure(TomlTable table) {
    Figure figure;
    figure.id = table.text("id");
    figure.claim = table.text("claim");
    figure.target = table.text("target");
    figure.source = table.text("source");
    figure.scenario = table.text("scenario");
    Expectation& expectation = figure.expectation;
    expectation.metric = table.text("metric");
    expectation.design = table.text("design");
    if (table.has("difference_to")) {
        expectation.relation = Expectation::Relation::difference;
        expectation.reference = table.text("difference_to");
    } else if (table.has("ratio_to")) {
        expectation.relation = Expectation::Relation::ratio;
        expectation.reference = table.text("ratio_to");
    }
    expectation.at_least = bound(table, "at_least");
    expectation.at_most = bound(table, "at_most");
    expectation.equals = bound(table, "equals");
    return figure;
}

std::string band_of(const Expectation& expectation) {
    if (expectation.equals) return fmt::format("{:g}", *expectation.equals);
    if (expectation.at_least && expectation.at_most) {
        return fmt::format("{:g} to {:g}", *expectation.at_least, *expectation.at_most);
    }
    return expectation.at_least ? fmt::format(">= {:g}", *expectation.at_least)
                                : fmt::format("<= {:g}", expectation.at_most.value_or(0));
}

/// Figures speak of built-in scenarios, those in folders included.
Result<Scenario> read_scenario_asset(const Assets& assets, const std::string& name) {
    KSL_TRY_ASSIGN(asset, assets.find("scenarios/" + name + ".toml"));
    return read_scenario(assets, asset.text, asset.origin);
}

} // namespace

Result<std::vector<Figure>> load_figures(const Assets& assets) {
    KSL_TRY_ASSIGN(asset, assets.find(kFile));
    KSL_TRY_ASSIGN(reader, TomlReader::parse(asset.text, asset.origin));
    static_cast<void>(reader.root().text("title"));
    std::vector<Figure> figures;
    for (TomlTable& table : reader.root().tables("figure")) figures.push_back(read_figure(table));
    KSL_TRY(reader.finish());
    return figures;
}

Result<std::vector<FigureResult>> run_figures(const Assets& assets, unsigned jobs) {
    KSL_TRY_ASSIGN(figures, load_figures(assets));
    std::map<std::string, Experiment> experiments;
    std::vector<FigureResult> results;
    for (const Figure& figure : figures) {
        if (!experiments.contains(figure.scenario)) {
            KSL_TRY_ASSIGN(scenario, read_scenario_asset(assets, figure.scenario));
            KSL_TRY_ASSIGN(experiment, run_scenario(assets, scenario, {.store = nullptr, .jobs = jobs}));
            experiments.emplace(figure.scenario, std::move(experiment));
        }
        Scenario wanted;
        wanted.expectations = {figure.expectation};
        const std::vector<Verdict> verdicts = judge(wanted, experiments.at(figure.scenario).runs);
        if (verdicts.empty()) {
            return fail(std::string(kFile), 0,
                        "figure " + figure.id + ": scenario " + figure.scenario + " has no design " +
                            figure.expectation.design);
        }
        results.push_back({figure, verdicts.front()});
    }
    return results;
}

Table figure_table(const std::vector<FigureResult>& results) {
    Table table;
    table.columns = {{"id", "id", Unit::text},
                     {"holds", "", Unit::text},
                     {"simulated", "simulated", Unit::plain},
                     {"band", "band", Unit::text},
                     {"target", "published", Unit::text},
                     {"claim", "claim", Unit::text},
                     {"metric", "metric", Unit::text},
                     {"scenario", "scenario", Unit::text},
                     {"source", "source", Unit::text}};
    for (const FigureResult& result : results) {
        const Figure& figure = result.figure;
        table.rows.push_back({figure.id, std::string(result.verdict.holds ? "holds" : "FAILS"),
                              result.verdict.value ? Cell{*result.verdict.value} : Cell{}, band_of(figure.expectation),
                              figure.target, figure.claim, figure.expectation.metric, figure.scenario, figure.source});
    }
    return table;
}

} // namespace ksl::sim
