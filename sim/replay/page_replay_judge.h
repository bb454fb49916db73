// SPDX-License-Identifier: MIT
//
// Holds what the engine did against what the record says it should have done, for the steps inside requests and frees.
// Listens to the engine's events; answers the one question that only the record can answer.
#pragma once

#include "core/effects/effects.h"
#include "core/memory/page_owners.h"
#include "sim/import/capture_events.h"
#include "sim/replay/page_replay_state.h"
#include "sim/replay/replay_result.h"

#include <deque>
#include <string_view>
#include <vector>

namespace ksl::sim {

class PageJudge final : public core::EventSink, public core::PageOwners {
public:
    PageJudge();

    [[nodiscard]] PartResult& part(std::string_view name);
    [[nodiscard]] const std::vector<PartResult>& parts() const { return parts_; }
    [[nodiscard]] std::uint64_t differences() const;
    /// Nothing that is left to judge tells them apart.
    [[nodiscard]] bool goes_on_like(const PageJudge& other) const;

    // What the record says about the request that comes next.
    void record(const capture::ZoneLockedAlloc& body) { recorded_blocks_.push_back(body); }
    void record(const capture::Fallback& body) { recorded_fallbacks_.push_back(body); }
    [[nodiscard]] bool has_recorded_fallbacks() const { return !recorded_fallbacks_.empty(); }
    /// From now on was_claim_in_doubt() tells whether record and engine disagreed about a pageblock.
    void note_claims() { was_claim_in_doubt_ = false; }
    [[nodiscard]] bool was_claim_in_doubt() const { return was_claim_in_doubt_; }
    /// The engine's own count decides about pageblocks, not the record.
    void claim_by_rule(bool by_rule) { claims_by_rule_ = by_rule; }
    /// The request, of this order, was made: judges the blocks and fallbacks on its way.
    void judge_request(std::uint64_t event, core::Order order);

    [[nodiscard]] bool expects_drain() const { return !drains_.empty(); }
    void judge_drain(std::uint64_t event, const capture::PcpDrain& recorded);
    /// What the engine drained beyond the record.
    void expect_no_more_drains(std::uint64_t event);

    void judge_state(std::size_t number, std::uint64_t events_before, const StateComparison& comparison);

    void on_event(const core::Event& event) override;
    bool claims_pageblock(core::Pfn block, core::MigrateType wanted, bool by_rule) override;

private:
    void judge_blocks(std::uint64_t event);
    void judge_fallbacks(std::uint64_t event);

    std::vector<PartResult> parts_;
    std::vector<capture::ZoneLockedAlloc> recorded_blocks_;
    std::vector<capture::Fallback> recorded_fallbacks_;
    std::vector<core::BlockRemoved> blocks_;
    std::vector<core::FallbackTaken> fallbacks_;
    std::deque<core::PcpDrained> drains_;
    bool was_claim_in_doubt_ = false;
    bool claims_by_rule_ = false;
};

} // namespace ksl::sim
