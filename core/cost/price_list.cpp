// SPDX-License-Identifier: MIT
#include "core/cost/price_list.h"

namespace ksl::core {

PriceList::PriceList(const std::array<Price, kSteps>& prices, std::uint32_t cycles_per_instruction_milli)
    : prices_(prices), cpi_milli_(cycles_per_instruction_milli) {
    for (std::size_t step = 0; step < kSteps; ++step) {
        const std::uint64_t scaled = std::uint64_t{prices[step].instructions} * cpi_milli_;
        cycles_[step] = static_cast<std::uint32_t>((scaled + 500) / 1000) + prices[step].stall_cycles;
    }
}

} // namespace ksl::core
