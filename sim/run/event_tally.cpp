// SPDX-License-Identifier: MIT
#include "sim/run/event_tally.h"

#include "core/kstack/overflow.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace ksl::sim {

void EventTally::add(const core::EventBody& event) {
    if (const auto* mapped = std::get_if<core::DmaMapped>(&event)) {
        ++dma_[mapped->result];
        if (mapped->warned) ++dma_warnings_;
    } else if (const auto* struck = std::get_if<core::DmaStruck>(&event)) {
        strange_bytes_ += struck->to - struck->from;
        if (static_cast<core::Victim>(struck->victim) == core::Victim::other_stack) ++strange_stacks_;
    } else if (const auto* gone = std::get_if<core::CpuUnplugged>(&event)) {
        ++unplugs_;
        unplug_freed_ += gone->stacks_freed;
        unplug_kept_ += gone->stacks_kept;
        unplug_callbacks_ += gone->callbacks_moved;
    } else if (const auto* run = std::get_if<core::CallbacksRun>(&event)) {
        ++batches_;
        callbacks_ += run->count;
        largest_batch_ = std::max<std::uint64_t>(largest_batch_, run->count);
    } else if (std::holds_alternative<core::TaskKilled>(event)) {
        ++killed_;
    }
}

void EventTally::add_to(std::vector<Metric>& metrics) const {
    const auto count = [&](std::string name, std::uint64_t value) {
        metrics.push_back({std::move(name), static_cast<double>(value), "count"});
    };
    count("tasks_killed", killed_);
    if (std::accumulate(dma_.begin(), dma_.end(), std::uint64_t{0}) != 0) {
        for (unsigned result = 0; result < core::kDmaResults; ++result) {
            count(fmt::format("dma_{}", core::name_of(static_cast<core::DmaResult>(result))), dma_[result]);
        }
        count("dma_warnings", dma_warnings_);
        metrics.push_back({"dma_strange_bytes", static_cast<double>(strange_bytes_), "bytes"});
        count("dma_strange_stacks", strange_stacks_);
    }
    if (unplugs_ != 0) {
        count("unplugs", unplugs_);
        count("unplug_stacks_freed", unplug_freed_);
        count("unplug_stacks_kept", unplug_kept_);
        count("unplug_callbacks_moved", unplug_callbacks_);
    }
    if (batches_ != 0) {
        count("rcu_batches", batches_);
        count("rcu_largest_batch", largest_batch_);
        metrics.push_back({"rcu_batch_mean", static_cast<double>(callbacks_) / static_cast<double>(batches_), "count"});
    }
}

} // namespace ksl::sim
