// SPDX-License-Identifier: GPL-3.0-or-later
//
// The charts of an experiment in a lab database: how long operations took, where their cycles went, what missed the
// TLB.
#pragma once

#include "sim/store/run_store.h"
#include "ui/charts/chart.h"

#include <string>
#include <vector>

namespace ksl::ui {

struct NamedChart {
    std::string name; ///< of its file, without ending: "clone_exit-latency"
    Chart chart;
};

/// Of the runs that were begun together with `run`, or of the newest ones. Kinds without operations have no chart.
[[nodiscard]] sim::Result<std::vector<NamedChart>> charts_of(sim::RunStore& store,
                                                             std::optional<sim::RunId> run = std::nullopt);

} // namespace ksl::ui
