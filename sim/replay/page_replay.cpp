// SPDX-License-Identifier: MIT
#include "sim/replay/page_replay.h"

#include "core/memory/claim.h"
#include "sim/replay/page_replay_gfp.h"
#include "sim/replay/page_replay_judge.h"
#include "sim/replay/page_replay_paths.h"
#include "sim/replay/page_replay_state.h"
#include "sim/replay/page_replay_zones.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <unordered_map>

namespace ksl::sim {

namespace {

using capture::EventLog;
using capture::PagePath;
using core::FrameRange;
using core::MigrateType;
using core::Pfn;

constexpr core::CpuId kCpu{0};

/// After two ticks (HZ=100) without an event the CPU was idle and had stopped its tick; quiet_vmstat() then reports its
/// counters.
constexpr core::Nanoseconds kIdle{20'000'000};

/// mm_page_alloc of a request that was refused.
constexpr Pfn kRefused{0};

FrameRange frames_of(Pfn first, core::Order order) {
    return {.lowest = first, .top = first + core::Pages{order.frames()}};
}

bool is_on_a_list(const capture::BuddyState& state, FrameRange block) {
    const auto is_on = [&](const std::vector<capture::BlockList>& lists) {
        return std::ranges::any_of(lists, [&](const capture::BlockList& list) {
            return std::ranges::any_of(list.pfns, [&](Pfn pfn) { return block.overlaps(frames_of(pfn, list.order)); });
        });
    };
    return std::ranges::any_of(state.zones, [&](const capture::ZoneState& zone) {
        return is_on(zone.free_lists) ||
               std::ranges::any_of(zone.pcp, [&](const capture::PcpState& pcp) { return is_on(pcp.lists); });
    });
}

core::FrameUse use_of(MigrateType type) {
    if (type == MigrateType::movable) return core::FrameUse::anonymous;
    return type == MigrateType::reclaimable ? core::FrameUse::reclaimable : core::FrameUse::unmovable;
}

/// Requests whose zone is followed: one a request, a bulk request as one.
std::vector<TurnStep> turn_steps(const EventLog& log) {
    std::vector<TurnStep> steps;
    core::Nanoseconds last_time;
    bool was_idle = false;
    for (const capture::Event& event : log.events) {
        was_idle = was_idle || event.time - last_time > kIdle;
        last_time = event.time;
        const auto* body = std::get_if<capture::PageAlloc>(&event.body);
        if (body == nullptr || body->pfn == kRefused || body->is_bulk) continue;
        steps.push_back({.zone = core::zone_of(body->pfn),
                         .order = static_cast<std::uint8_t>(body->order.raw()),
                         .is_reported_before = std::exchange(was_idle, false)});
    }
    return steps;
}

class PageReplay {
public:
    PageReplay(const capture::Capture& capture, core::PageState start)
        : log_(capture.log), states_(capture.states), paths_(free_paths(log_, page_kernel_of(states_.front()))),
          allocator_(std::move(start)), rehearsal_(allocator_),
          fx_(nullptr, nullptr, &judge_, core::EventLevel::micro, kCpu, core::Cycles{0}, {}),
          follower_(turn_steps(log_)) {
        result_.capture = capture.folder;
    }

    ReplayResult run() {
        const std::uint64_t start = states_[0].events_before.value_or(0);
        bool has_started = false;
        for (at_ = 0; at_ < log_.events.size(); ++at_) {
            const capture::Event& event = log_.events[at_];
            if (event.index < start) {
                rehearse(event);
                continue;
            }
            if (!std::exchange(has_started, true)) adopt_turns();
            compare_states_up_to(event.index);
            if (event.time - last_time_ > kIdle) allocator_.report_counters(kCpu);
            last_time_ = event.time;
            if (!std::holds_alternative<capture::PcpDrain>(event.body)) judge_.expect_no_more_drains(event.index);
            std::visit([&](const auto& body) { play(event, body); }, event.body);
            ++result_.events;
        }
        compare_states_up_to(~std::uint64_t{0});
        result_.parts = judge_.take_parts();
        return std::move(result_);
    }

private:
    // Events that say nothing about pages.
    template <class Other>
    void play(const capture::Event& /*event*/, const Other& /*body*/) {}

    void play(const capture::Event& /*event*/, const capture::ZoneLockedAlloc& body) { judge_.record(body); }
    void play(const capture::Event& /*event*/, const capture::Fallback& body) { judge_.record(body); }

    void play(const capture::Event& event, const capture::PageAlloc& body) {
        if (body.is_bulk) return play_bulk(event, body);
        const core::AllocRequest request = request_of(body);
        follow_zone(body, request);
        const Pfn answer = allocator_.allocate(request, fx_, &judge_).value_or(kRefused);
        judge_.judge_request(event.index);
        judge_frame(event, body, answer);
    }

    /// The pages of one bulk request are consecutive events, with the refills they caused in between.
    void play_bulk(const capture::Event& event, const capture::PageAlloc& body) {
        std::vector<std::size_t> pages{at_};
        std::size_t last = at_;
        for (std::size_t i = at_ + 1; i < log_.events.size() && log_.events[i].pid == event.pid; ++i) {
            const capture::EventBody& next = log_.events[i].body;
            const auto* page = std::get_if<capture::PageAlloc>(&next);
            if (page != nullptr && page->is_bulk) {
                pages.push_back(i);
                last = i;
            } else if (!std::holds_alternative<capture::ZoneLockedAlloc>(next) &&
                       !std::holds_alternative<capture::Fallback>(next)) {
                break;
            }
        }
        for (std::size_t i = at_ + 1; i <= last; ++i) {
            if (const auto* block = std::get_if<capture::ZoneLockedAlloc>(&log_.events[i].body)) judge_.record(*block);
            if (const auto* fallback = std::get_if<capture::Fallback>(&log_.events[i].body)) judge_.record(*fallback);
        }
        const core::AllocRequest request = request_of(body);
        follow_zone(body, request);
        std::vector<Pfn> answers(pages.size(), kRefused);
        // A single page of a bulk request that got no more: free_factor is left alone as for all of them.
        core::PageLists& lists = allocator_.mutable_state().lists_of(kCpu, core::zone_of(body.pfn));
        const std::uint8_t free_factor = lists.free_factor;
        std::ignore = allocator_.allocate_bulk(request, answers, fx_, &judge_);
        lists.free_factor = free_factor;
        judge_.judge_request(event.index);
        for (std::size_t i = 0; i < pages.size(); ++i) {
            at_ = pages[i];
            const capture::Event& one = log_.events[at_];
            judge_frame(one, std::get<capture::PageAlloc>(one.body), answers[i]);
        }
        result_.events += last - pages[0];
        at_ = last;
    }

    void play(const capture::Event& /*event*/, const capture::PageFree& body) {
        const PagePath path = paths_[at_];
        if (path == PagePath::prepare) {
            // The type is looked up now; the page goes to its list later.
            remembered_[body.pfn.raw()] = allocator_.state().pageblock_type(body.pfn.raw());
            return;
        }
        const auto announced = cold_.extract(body.pfn.raw());
        const bool is_cold = (!announced.empty() && announced.mapped()) || path == PagePath::pcp_tail;
        if (!put_in_use(body.pfn, body.order)) return;
        core::FreePath to = is_cold ? core::FreePath::page_list_cold : core::FreePath::page_list;
        if (path == PagePath::buddy || path == PagePath::buddy_direct) to = core::FreePath::buddy;
        allocator_.free(body.pfn, body.order, fx_, to);
    }

    void play(const capture::Event& /*event*/, const capture::PageFreeBatched& body) {
        if (paths_[at_] == PagePath::announce) {
            cold_[body.pfn.raw()] = body.is_cold;
            return;
        }
        if (!put_in_use(body.pfn, core::Order{0})) return;
        const auto known = remembered_.extract(body.pfn.raw());
        const MigrateType type = known.empty() ? allocator_.state().pageblock_type(body.pfn.raw()) : known.mapped();
        allocator_.commit_free(body.pfn, type, fx_);
    }

    void play(const capture::Event& event, const capture::PcpDrain& body) {
        // A drain that no free explains was asked for (drain_all_pages).
        if (!judge_.expects_drain()) allocator_.drain(kCpu, core::zone_of(body.pfn), fx_);
        judge_.judge_drain(event.index, body);
    }

    [[nodiscard]] core::AllocRequest request_of(const capture::PageAlloc& body) const {
        core::Gfp gfp = parse_gfp(log_.gfp_text(body.gfp)).without(core::gfp::kMovable | core::gfp::kReclaimable);
        if (body.type == MigrateType::movable) gfp |= core::gfp::kMovable;
        if (body.type == MigrateType::reclaimable) gfp |= core::gfp::kReclaimable;
        return {.order = body.order, .gfp = gfp, .use = use_of(body.type), .owner = {}};
    }

    void judge_frame(const capture::Event& event, const capture::PageAlloc& body, Pfn answer) {
        PartResult& frames = judge_.part(kPageFrames);
        if (answer == body.pfn) return frames.add_exact();
        const bool keeps = answer != kRefused && body.pfn != kRefused && is_in_use_later(frames_of(answer, body.order));
        frames.add_difference({.event = event.index,
                               .where = "mm_page_alloc",
                               .recorded = fmt::format("pfn {} of order {}", body.pfn.raw(), body.order.raw()),
                               .engine = fmt::format("pfn {}", answer.raw()),
                               .around = surroundings(body, keeps)});
        if (!keeps) take_over(body, answer);
    }

    [[nodiscard]] std::string surroundings(const capture::PageAlloc& body, bool keeps) const {
        const core::Zone& zone = allocator_.state().zone(core::zone_of(body.pfn));
        const core::PageLists& lists = allocator_.state().lists_of(kCpu, zone.id);
        return fmt::format(
            "request of type {}, {}; zone {} with {} free pages, {} of {} on page lists, free_factor {}{}",
            static_cast<unsigned>(body.type), log_.gfp_text(body.gfp),
            core::kZoneNames[static_cast<std::size_t>(zone.id)], zone.free_pages, lists.count, lists.high,
            lists.free_factor, keeps ? "; the record itself has the engine's frame in use later" : "");
    }

    /// The recorded block can have been given out: it was free, and the record itself has it in use afterwards.
    [[nodiscard]] bool is_borne_out(const capture::PageAlloc& body) const {
        const auto block = allocator_.state().frames.block_of(body.pfn);
        const bool was_free =
            block && (block->state == core::BlockState::free || block->state == core::BlockState::page_list);
        return was_free && is_in_use_later(frames_of(body.pfn, body.order));
    }

    /// What the record says next of a block: in use if it is freed or on no list, free if it is given out.
    [[nodiscard]] bool is_in_use_later(FrameRange block) const {
        const auto meets = [&](const auto* body) {
            return body != nullptr && block.overlaps(frames_of(body->pfn, body->order));
        };
        for (std::size_t i = at_ + 1; i < log_.events.size(); ++i) {
            const capture::Event& event = log_.events[i];
            if (next_state_ < states_.size() && states_[next_state_].events_before.value_or(0) <= event.index) break;
            if (meets(std::get_if<capture::PageFree>(&event.body))) return true;
            if (meets(std::get_if<capture::PageAlloc>(&event.body)) ||
                meets(std::get_if<capture::ZoneLockedAlloc>(&event.body)) ||
                meets(std::get_if<capture::PcpDrain>(&event.body)))
                return false;
        }
        return next_state_ < states_.size() && !is_on_a_list(*states_[next_state_].buddy, block);
    }

    void take_over(const capture::PageAlloc& body, Pfn answer) {
        core::PageState& state = allocator_.mutable_state();
        if (answer != kRefused) {
            if (state.rules.uses_pcp(body.order.raw()))
                unclaim_to_page_list(state, kCpu, answer, body.order, body.type);
            else
                unclaim_to_buddy(state, kCpu, answer, body.order, body.type);
        }
        const bool exists = frames_of(body.pfn, body.order).top.raw() <= state.frames.frames().count();
        if (body.pfn != kRefused && exists) claim(state, body.pfn, body.order, body.type, use_of(body.type));
    }

    /// Blocks in use whose order the start did not tell, parts of larger ones, and what an earlier difference left
    /// free, become the block that is freed. False if there are no such frames.
    bool put_in_use(Pfn pfn, core::Order order) {
        const core::FrameTable& frames = allocator_.state().frames;
        if (frames_of(pfn, order).top.raw() > frames.frames().count()) return false;
        const FrameTableBlock wanted{.first = pfn, .order = order, .state = core::BlockState::in_use};
        const auto block = frames.block_of(pfn);
        if (block == wanted) return true;
        if (block && block->state == core::BlockState::in_use) allocator_.split_block(block->first);
        claim(allocator_.mutable_state(), pfn, order, allocator_.state().pageblock_type(pfn.raw()));
        return true;
    }

    void follow_zone(const capture::PageAlloc& body, const core::AllocRequest& request) {
        if (body.pfn == kRefused) return;
        const core::ZoneId recorded = core::zone_of(body.pfn);
        const bool differs = allocator_.zone_for(request, kCpu) != recorded;
        const bool can_be = !differs || is_borne_out(body);
        switch (follower_.follow(allocator_, request, can_be ? std::optional{recorded} : std::nullopt)) {
        case ZoneChoice::as_recorded: judge_.part(kZoneChoices).add_exact(); break;
        case ZoneChoice::inferred: judge_.part(kZoneChoices).add_undetermined("when a CPU reports its counters"); break;
        case ZoneChoice::impossible: break; // The frame will differ.
        }
    }

    /// Requests before the first state tell how far the zones' turns are (4.7): they are made, and undone, on a copy.
    void rehearse(const capture::Event& event) {
        if (event.time - last_time_ > kIdle) rehearsal_.report_counters(kCpu);
        last_time_ = event.time;
        const auto* body = std::get_if<capture::PageAlloc>(&event.body);
        if (!allocator_.state().rules.fair_zones || body == nullptr || body->pfn == kRefused) return;
        const core::AllocRequest request = request_of(*body);
        follower_.follow(rehearsal_, request, core::zone_of(body->pfn));
        core::Effects silent;
        if (const auto page = rehearsal_.allocate(request, silent)) rehearsal_.free(*page, request.order, silent);
    }

    void adopt_turns() {
        for (core::Zone& zone : allocator_.mutable_state().zones) {
            const core::Zone& rehearsed = rehearsal_.state().zone(zone.id);
            zone.fair_batch = rehearsed.fair_batch;
            zone.is_fair_depleted = rehearsed.is_fair_depleted;
            allocator_.mutable_state().lists_of(kCpu, zone.id).fair_batch_diff =
                rehearsal_.state().lists_of(kCpu, zone.id).fair_batch_diff;
        }
        rehearsal_ = {};
    }

    void compare_states_up_to(std::uint64_t index) {
        while (next_state_ < states_.size() && states_[next_state_].events_before.value_or(0) <= index) {
            const capture::State& state = states_[next_state_];
            judge_.expect_no_more_drains(state.events_before.value_or(0));
            judge_.judge_state(next_state_, state.events_before.value_or(0), compare(*state.buddy, allocator_.state()));
            ++next_state_;
            ++result_.states;
        }
    }

    using FrameTableBlock = core::FrameTable::Block;

    const EventLog& log_;
    std::span<const capture::State> states_;
    std::vector<PagePath> paths_;
    core::PageAllocator allocator_;
    core::PageAllocator rehearsal_;
    PageJudge judge_;
    core::Effects fx_;
    ZoneFollower follower_;
    ReplayResult result_;
    std::unordered_map<std::uint64_t, MigrateType> remembered_; ///< of pages whose free was announced
    std::unordered_map<std::uint64_t, bool> cold_;              ///< the same for 4.x
    std::size_t at_ = 0;
    std::size_t next_state_ = 1;
    core::Nanoseconds last_time_;
};

} // namespace

Result<ReplayResult> replay_pages(const capture::Capture& capture) {
    for (const capture::State& state : capture.states) {
        if (!state.buddy) return fail(capture.folder, 0, "a state has no page allocator in it; \"buddy\" is needed");
    }
    const capture::State& first = capture.states.front();
    core::PageRules rules = replay_rules(page_kernel_of(first));
    if (first.buddy->watermark_boost_factor)
        rules.watermark_boost_factor = static_cast<std::uint32_t>(*first.buddy->watermark_boost_factor);
    auto start = make_state(explicit_memory(*first.buddy), rules);
    if (!start) return fail(capture.folder, 0, "the first state cannot be: " + start.error());
    return PageReplay(capture, std::move(*start)).run();
}

} // namespace ksl::sim
