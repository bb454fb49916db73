// SPDX-License-Identifier: MIT
//
// Blocks of pages that an ager holds, each until its deadline.
//
// Units:   time is a number of operations.
#pragma once

#include "core/types/address.h"
#include "core/types/ids.h"
#include "core/types/random.h"
#include "core/types/time.h"
#include "sim/queue/event_queue.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace ksl::sim {

struct HeldBlock {
    std::uint32_t pfn = 0;
    std::uint32_t order = 0;
    friend bool operator==(const HeldBlock&, const HeldBlock&) = default;
};

class HeldMemory {
public:
    void hold(HeldBlock block, std::uint64_t until) {
        frames_ += std::uint64_t{1} << block.order;
        blocks_.push(core::Cycles{until}, block);
    }
    /// For good.
    void keep(HeldBlock block) { frames_ += std::uint64_t{1} << block.order; }
    /// The block with the earliest deadline if that is not after `now`.
    std::optional<HeldBlock> take_due(std::uint64_t now) { return taken(blocks_.pop_until(core::Cycles{now})); }
    /// The block that has been held longest past, or shortest before, its deadline; deadlines from now on count from
    /// its own.
    std::optional<HeldBlock> take_next();
    /// Earliest deadline that a block may still be given.
    [[nodiscard]] std::uint64_t horizon() const { return horizon_; }
    [[nodiscard]] std::uint64_t frames() const { return frames_; }
    [[nodiscard]] std::size_t blocks() const { return blocks_.size(); }

    friend bool operator==(const HeldMemory&, const HeldMemory&) = default;

private:
    using Queue = EventQueue<HeldBlock, core::Cycles>;
    std::optional<HeldBlock> taken(const std::optional<Queue::Entry>& entry) {
        if (!entry) return std::nullopt;
        frames_ -= std::uint64_t{1} << entry->what.order;
        horizon_ = std::max<std::uint64_t>(horizon_, entry->at.count());
        return entry->what;
    }

    Queue blocks_;
    std::uint64_t frames_ = 0;
    std::uint64_t horizon_ = 0;
};

/// A lifetime with the given mean, exponentially distributed, by comparisons of uniform numbers alone (von Neumann,
/// "Various techniques used in connection with random digits", 1951), so that it is the same on every computer.
[[nodiscard]] std::uint64_t exponential(core::Random& random, std::uint64_t mean);

} // namespace ksl::sim
