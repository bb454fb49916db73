// SPDX-License-Identifier: MIT
//
// Sums over the events of a run that no operation's row has: DMA, CPUs that come and go, RCU's batches, deaths.
#pragma once

#include "core/events/event.h"
#include "core/machine/dma_request.h"
#include "sim/store/run_record.h"

#include <array>
#include <cstdint>
#include <vector>

namespace ksl::sim {

class EventTally {
public:
    void add(const core::EventBody& event);
    /// What did not occur at all is left out, but for the deaths of tasks.
    void add_to(std::vector<Metric>& metrics) const;

private:
    std::array<std::uint64_t, core::kDmaResults> dma_{};
    std::uint64_t dma_warnings_ = 0;
    std::uint64_t strange_bytes_ = 0;  ///< written by devices to memory that was not the buffer's
    std::uint64_t strange_stacks_ = 0; ///< frames of other stacks among it
    std::uint64_t unplugs_ = 0;
    std::uint64_t unplug_freed_ = 0;
    std::uint64_t unplug_kept_ = 0;
    std::uint64_t unplug_callbacks_ = 0;
    std::uint64_t batches_ = 0;
    std::uint64_t callbacks_ = 0;
    std::uint64_t largest_batch_ = 0;
    std::uint64_t killed_ = 0;
};

} // namespace ksl::sim
