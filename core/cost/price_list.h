// SPDX-License-Identifier: MIT
//
// What each step costs on one kernel and one processor.
//
// Units:   cycles. A price has two parts: instructions, as measured on a real kernel, times cycles per instruction; and
//          stall cycles of instructions that are slow in themselves (locked operations, interrupt flag changes,
//          INVLPG).
// Source:  every entry of assets/prices names its own; see docs/cost-model.md.
#pragma once

#include "core/cost/step.h"
#include "core/types/time.h"

#include <array>
#include <cstdint>

namespace ksl::core {

struct Price {
    std::uint32_t instructions = 0;
    std::uint32_t stall_cycles = 0;
    friend bool operator==(const Price&, const Price&) = default;
};

class PriceList {
public:
    PriceList() = default;
    /// `cycles_per_instruction_milli`: 1000 = one cycle an instruction.
    PriceList(const std::array<Price, kSteps>& prices, std::uint32_t cycles_per_instruction_milli);

    [[nodiscard]] Cycles operator[](Step step) const { return Cycles{cycles_[static_cast<std::size_t>(step)]}; }
    [[nodiscard]] const Price& price(Step step) const { return prices_[static_cast<std::size_t>(step)]; }
    [[nodiscard]] std::uint32_t cycles_per_instruction_milli() const { return cpi_milli_; }

    template <class Archive>
    void describe(Archive& archive) {
        archive(prices_, cycles_, cpi_milli_);
    }
    friend bool operator==(const PriceList&, const PriceList&) = default;

private:
    std::array<Price, kSteps> prices_{};
    std::array<std::uint32_t, kSteps> cycles_{};
    std::uint32_t cpi_milli_ = 1000;
};

} // namespace ksl::core
