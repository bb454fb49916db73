// SPDX-License-Identifier: MIT
//
// Which zone a request went to depends on counters that CPUs report to the zones now and then (see zone.h), in 4.7
// above all: there zones take turns, and how far a turn is, is such a counter. No event shows these reports. Where the
// recorded zone is not the engine's, the latest moment is looked for at which one report explains it, and the turns
// after it.
#pragma once

#include "core/memory/page_allocator.h"

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace ksl::sim {

enum class ZoneChoice : std::uint8_t {
    as_recorded, ///< the engine goes to the recorded zone
    inferred,    ///< it does after some CPU's report was assumed
    impossible,  ///< no report explains the recorded zone
};

/// One request of the record, as far as it concerns the turns.
struct TurnStep {
    core::ZoneId zone = core::ZoneId::dma; ///< recorded
    std::uint8_t order = 0;
    bool is_reported_before = false; ///< the CPU was idle before it
};

class ZoneFollower {
public:
    /// `steps` must outlive this and its copies.
    explicit ZoneFollower(const std::vector<TurnStep>* steps) : steps_(steps) {}

    /// Makes `allocator` go to the recorded zone, if that can be. Where zones take turns: one call a step, in order;
    /// without `recorded` for a record that cannot be right.
    ZoneChoice follow(core::PageAllocator& allocator, const core::AllocRequest& request,
                      std::optional<core::ZoneId> recorded);
    friend bool operator==(const ZoneFollower&, const ZoneFollower&) = default;

private:
    struct Turns {
        std::array<std::int64_t, core::kZones> left{};
        std::array<std::int8_t, core::kZones> unreported{};
        std::array<bool, core::kZones> is_used_up{};
        friend bool operator==(const Turns&, const Turns&) = default;
    };

    [[nodiscard]] static Turns turns_of(const core::PageState& state);
    static void set_turns(core::PageState& state, const Turns& turns);
    static void report(Turns& turns);
    /// What the turns become with `step`; false if they lead to another zone than the recorded one.
    [[nodiscard]] static bool advance(const core::PageState& state, Turns& turns, const TurnStep& step);
    [[nodiscard]] std::optional<std::size_t> disagreements(const core::PageState& state, Turns& turns, std::size_t from,
                                                           std::size_t end, std::size_t most) const;
    [[nodiscard]] bool explain(core::PageState& state);
    void learn(core::PageState& state, core::ZoneId chosen, core::ZoneId recorded);

    const std::vector<TurnStep>* steps_;
    std::size_t next_ = 0;
    std::deque<Turns> before_; ///< 4.7: the turns before each step, the next one's last
    bool is_known_ = false;
};

} // namespace ksl::sim
