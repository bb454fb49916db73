// SPDX-License-Identifier: MIT
//
// Published figures, each with the scenario, metric and band that it is compared by: assets/figures/figures.toml.
#pragma once

#include "sim/run/expectations.h"
#include "sim/text/table.h"

#include <string>
#include <vector>

namespace ksl::sim {

struct Figure {
    std::string id; ///< "F1"
    std::string claim;
    std::string target; ///< as published
    std::string source;
    std::string scenario;
    Expectation expectation;
};

struct FigureResult {
    Figure figure;
    Verdict verdict;
};

[[nodiscard]] Result<std::vector<Figure>> load_figures(const Assets& assets);
/// Runs every scenario that is needed, once.
[[nodiscard]] Result<std::vector<FigureResult>> run_figures(const Assets& assets, unsigned jobs);
[[nodiscard]] Table figure_table(const std::vector<FigureResult>& results);

} // namespace ksl::sim
