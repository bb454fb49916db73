// SPDX-License-Identifier: MIT
//
// Price lists from files: assets/prices/KERNEL.toml. A list may build on another one (`base`) and then names only what
// differs; together they price every step.
//
// Errors:  a step without a price, a step that does not exist, a price without source, bases that go in a circle.
#pragma once

#include "core/cost/price_list.h"
#include "sim/base/assets.h"
#include "sim/base/error.h"
#include "sim/store/run_record.h"

#include <string_view>

namespace ksl::sim {

struct Prices {
    core::PriceList list;   ///< what the engine charges
    PriceListRecord record; ///< the same with sources, as the lab database keeps it
};

/// The prices of a kernel, "linux-4.9".
[[nodiscard]] Result<Prices> load_prices(const Assets& assets, std::string_view kernel);

/// `origin` is for messages; `assets` is where its base is looked up.
[[nodiscard]] Result<Prices> read_prices(const Assets& assets, std::string_view text, std::string_view origin);

} // namespace ksl::sim
