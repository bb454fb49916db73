// SPDX-License-Identifier: MIT
#include "sim/replay/page_world.h"

#include "core/memory/claim.h"
#include "core/types/assert.h"
#include "sim/replay/page_replay.h"
#include "sim/replay/page_replay_gfp.h"
#include "sim/replay/page_replay_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ksl::sim {

namespace {

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

core::FrameUse use_of(MigrateType type) {
    if (type == MigrateType::movable) return core::FrameUse::anonymous;
    return type == MigrateType::reclaimable ? core::FrameUse::reclaimable : core::FrameUse::unmovable;
}

/// Blocks begin at multiples of their size.
bool is_aligned(Pfn first, core::Order order) {
    return first.raw() % order.frames() == 0;
}

/// Only single pages are asked for in bulk; a record that says otherwise is wrong.
core::Order order_of(const capture::PageAlloc& page) {
    return page.is_bulk ? core::Order{0} : page.order;
}

const capture::PageAlloc* bulk_page(const capture::Event& event) {
    const auto* page = std::get_if<capture::PageAlloc>(&event.body);
    return page != nullptr && page->is_bulk ? page : nullptr;
}

} // namespace

/// The pages of one bulk request are consecutive events, with the refills they caused in between.
std::size_t request_end(const capture::EventLog& log, std::size_t position) {
    if (bulk_page(log.events[position]) == nullptr) return position + 1;
    std::size_t end = position + 1;
    for (std::size_t i = end; i < log.events.size() && log.events[i].pid == log.events[position].pid; ++i) {
        const capture::EventBody& next = log.events[i].body;
        if (bulk_page(log.events[i]) != nullptr) {
            end = i + 1;
        } else if (!std::holds_alternative<capture::ZoneLockedAlloc>(next) &&
                   !std::holds_alternative<capture::Fallback>(next)) {
            break;
        }
    }
    return end;
}

PageWorld::PageWorld(const PageReplayContext& context, core::PageState start)
    : context_(&context), allocator_(std::move(start)), rehearsal_(allocator_), follower_(&context.turns) {}

void PageWorld::rehearse(std::size_t position) {
    const capture::Event& before = event(position);
    if (before.time - last_time_ > kIdle) rehearsal_.report_counters(kCpu);
    last_time_ = before.time;
    const auto* body = std::get_if<capture::PageAlloc>(&before.body);
    if (!allocator_.state().rules.fair_zones || body == nullptr || body->pfn == kRefused) return;
    const core::AllocRequest request = request_of(*body);
    follower_.follow(rehearsal_, request, core::zone_of(body->pfn));
    core::Effects silent;
    if (const auto page = rehearsal_.allocate(request, silent)) rehearsal_.free(*page, request.order, silent);
}

void PageWorld::begin() {
    for (core::Zone& zone : allocator_.mutable_state().zones) {
        const core::Zone& rehearsed = rehearsal_.state().zone(zone.id);
        zone.fair_batch = rehearsed.fair_batch;
        zone.is_fair_depleted = rehearsed.is_fair_depleted;
        allocator_.mutable_state().lists_of(kCpu, zone.id).fair_batch_diff =
            rehearsal_.state().lists_of(kCpu, zone.id).fair_batch_diff;
    }
    rehearsal_ = {};
}

void PageWorld::play(std::size_t position, Alternatives& alternatives) {
    const capture::Event& next = event(position);
    // What interrupted a request may be played after it.
    if (next.time > last_time_ + kIdle) allocator_.report_counters(kCpu);
    last_time_ = std::max(last_time_, next.time);
    if (!is_interrupt(next)) takes_unlikely_path_ = false;
    if (!std::holds_alternative<capture::PcpDrain>(next.body)) judge_.expect_no_more_drains(next.index);
    std::visit([&](const auto& body) { on(body, position, alternatives); }, next.body);
}

void PageWorld::on(const capture::ZoneLockedAlloc& body, std::size_t /*position*/, Alternatives& /*alternatives*/) {
    judge_.record(body);
}
void PageWorld::on(const capture::Fallback& body, std::size_t /*position*/, Alternatives& /*alternatives*/) {
    judge_.record(body);
}

PageWorld::Request PageWorld::request_at(std::size_t position) {
    const std::size_t end = request_end(context_->capture.log, position);
    Request request{.pages = {}, .request = request_of(answer(position))};
    for (std::size_t i = position; i < end; ++i) {
        const capture::EventBody& body = event(i).body;
        if (std::holds_alternative<capture::PageAlloc>(body)) request.pages.push_back(i);
        if (const auto* block = std::get_if<capture::ZoneLockedAlloc>(&body)) judge_.record(*block);
        if (const auto* fallback = std::get_if<capture::Fallback>(&body)) judge_.record(*fallback);
    }
    return request;
}

void PageWorld::on(const capture::PageAlloc& body, std::size_t position, Alternatives& alternatives) {
    const Request request = request_at(position);
    const bool is_zone_in_doubt =
        body.pfn != kRefused && allocator_.zone_for(request.request, kCpu) != core::zone_of(body.pfn);
    // Whether a pageblock is claimed follows from what is free in it (2016), or as well from what its used pages are
    // for (6.1), which nobody recorded: there the engine's count may be wrong. The other world believes the record.
    std::vector<PageWorld> believing;
    if (judge_.has_recorded_fallbacks()) believing.push_back(*this);
    if (is_zone_in_doubt) {
        PageWorld following = *this;
        following.ask(request, true, alternatives);
        alternatives.push_back(std::move(following));
    }
    judge_.note_claims();
    judge_.claim_by_rule(true);
    ask(request, !is_zone_in_doubt, alternatives);
    if (believing.empty() || !judge_.was_claim_in_doubt()) return;
    believing[0].judge_.claim_by_rule(false);
    believing[0].ask(request, !is_zone_in_doubt, alternatives);
    ++believing[0].believed_claims_;
    if (!allocator_.state().rules.steal_counts_alike_pages) believing[0].lineage_.push_back(event(position).index);
    alternatives.push_back(std::move(believing[0]));
}

void PageWorld::ask(const Request& request, bool follows_zone, Alternatives& alternatives) {
    const capture::PageAlloc& first = answer(request.pages.front());
    follow_zone(first, request.request, follows_zone);
    std::vector<Pfn> ours(request.pages.size(), kRefused);
    core::Effects fx = effects();
    if (first.is_bulk) {
        // A single page of a bulk request that got no more: free_factor is left alone as for all of them.
        core::PageLists& lists = allocator_.mutable_state().lists_of(kCpu, core::zone_of(first.pfn));
        const std::uint8_t free_factor = lists.free_factor;
        std::ignore = allocator_.allocate_bulk(request.request, ours, fx, &judge_);
        lists.free_factor = free_factor;
    } else {
        ours[0] = allocator_.allocate(request.request, fx, &judge_).value_or(kRefused);
    }
    judge_.judge_request(event(request.pages.front()).index, request.request.order);
    std::vector<std::size_t> different;
    for (std::size_t i = 0; i < ours.size(); ++i) {
        if (!judge_frame(request.pages[i], ours[i])) different.push_back(i);
    }
    if (different.empty()) return;
    PageWorld other = *this;
    for (const std::size_t i : different) own_frames_.push_back({event(request.pages[i]).index, ours[i]});
    for (const std::size_t i : different) {
        other.take_over(answer(request.pages[i]), ours[i]);
        other.lineage_.push_back(event(request.pages[i]).index);
    }
    alternatives.push_back(std::move(other));
}

PagePath PageWorld::path_of(std::size_t position) const {
    const PagePath path = context_->paths[position].path;
    if (!takes_unlikely_path_ || context_->paths[position].doubt == 0) return path;
    return path == PagePath::buddy_direct ? PagePath::pcp : PagePath::buddy_direct;
}

void PageWorld::on(const capture::PageFree& body, std::size_t position, Alternatives& alternatives) {
    const std::uint32_t doubt = context_->paths[position].doubt;
    if (doubt != 0 && doubt != last_doubt_) {
        last_doubt_ = doubt;
        takes_unlikely_path_ = false;
        PageWorld other = *this;
        other.takes_unlikely_path_ = true;
        ++other.unlikely_paths_;
        other.free_page(body, other.path_of(position));
        alternatives.push_back(std::move(other));
    }
    free_page(body, path_of(position));
}

void PageWorld::free_page(const capture::PageFree& body, PagePath path) {
    if (frames_of(body.pfn, body.order).top.raw() > allocator_.state().frames.frames().count()) return;
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
    core::Effects fx = effects();
    allocator_.free(body.pfn, body.order, fx, to);
}

void PageWorld::on(const capture::PageFreeBatched& body, std::size_t position, Alternatives& /*alternatives*/) {
    if (context_->paths[position].path == PagePath::announce) {
        cold_[body.pfn.raw()] = body.is_cold;
        return;
    }
    if (!put_in_use(body.pfn, core::Order{0})) return;
    const auto known = remembered_.extract(body.pfn.raw());
    const MigrateType type = known.empty() ? allocator_.state().pageblock_type(body.pfn.raw()) : known.mapped();
    core::Effects fx = effects();
    allocator_.commit_free(body.pfn, type, fx);
}

void PageWorld::on(const capture::PcpDrain& body, std::size_t position, Alternatives& /*alternatives*/) {
    // A drain that no free explains was asked for (drain_all_pages).
    if (!judge_.expects_drain()) {
        core::Effects fx = effects();
        allocator_.drain(kCpu, core::zone_of(body.pfn), fx);
    }
    judge_.judge_drain(event(position).index, body);
}

core::AllocRequest PageWorld::request_of(const capture::PageAlloc& body) const {
    core::Gfp gfp =
        parse_gfp(context_->capture.log.gfp_text(body.gfp)).without(core::gfp::kMovable | core::gfp::kReclaimable);
    if (body.type == MigrateType::movable) gfp |= core::gfp::kMovable;
    if (body.type == MigrateType::reclaimable) gfp |= core::gfp::kReclaimable;
    return {.order = order_of(body), .gfp = gfp, .use = use_of(body.type), .owner = {}};
}

bool PageWorld::judge_frame(std::size_t position, Pfn ours) {
    const capture::PageAlloc& body = answer(position);
    PartResult& frames = judge_.part(kPageFrames);
    if (ours == body.pfn && body.order == order_of(body)) {
        frames.add_exact();
        return true;
    }
    frames.add_difference({.event = event(position).index,
                           .where = "mm_page_alloc",
                           .recorded = fmt::format("pfn {} of order {}", body.pfn.raw(), body.order.raw()),
                           .engine = fmt::format("pfn {}", ours.raw()),
                           .around = surroundings(body)});
    return false;
}

std::string PageWorld::surroundings(const capture::PageAlloc& body) const {
    const core::Zone& zone = allocator_.state().zone(core::zone_of(body.pfn));
    const core::PageLists& lists = allocator_.state().lists_of(kCpu, zone.id);
    return fmt::format("request of type {}, {}; zone {} with {} free pages, {} of {} on page lists, free_factor {}",
                       static_cast<unsigned>(body.type), context_->capture.log.gfp_text(body.gfp),
                       core::kZoneNames[static_cast<std::size_t>(zone.id)], zone.free_pages, lists.count, lists.high,
                       lists.free_factor);
}

void PageWorld::take_over(const capture::PageAlloc& body, Pfn ours) {
    core::PageState& state = allocator_.mutable_state();
    const core::Order order = order_of(body);
    if (ours != kRefused) {
        if (state.rules.uses_pcp(order.raw()))
            unclaim_to_page_list(state, kCpu, ours, order, body.type);
        else
            unclaim_to_buddy(state, kCpu, ours, order, body.type);
    }
    const bool exists =
        is_aligned(body.pfn, order) && frames_of(body.pfn, order).top.raw() <= state.frames.frames().count();
    if (body.pfn != kRefused && exists) claim(state, body.pfn, order, body.type, use_of(body.type));
}

/// Blocks in use whose order the start did not tell, parts of larger ones, and what an earlier difference left free,
/// become the block that is freed. False if there are no such frames.
bool PageWorld::put_in_use(Pfn pfn, core::Order order) {
    const core::FrameTable& frames = allocator_.state().frames;
    if (!is_aligned(pfn, order) || frames_of(pfn, order).top.raw() > frames.frames().count()) return false;
    const core::FrameTable::Block wanted{.first = pfn, .order = order, .state = core::BlockState::in_use};
    const auto block = frames.block_of(pfn);
    if (block == wanted) return true;
    if (block && block->state == core::BlockState::in_use) allocator_.split_block(block->first);
    claim(allocator_.mutable_state(), pfn, order, allocator_.state().pageblock_type(pfn.raw()));
    return true;
}

void PageWorld::follow_zone(const capture::PageAlloc& body, const core::AllocRequest& request, bool follows_zone) {
    if (body.pfn == kRefused) return;
    const core::ZoneId recorded = core::zone_of(body.pfn);
    switch (follower_.follow(allocator_, request, follows_zone ? std::optional{recorded} : std::nullopt)) {
    case ZoneChoice::as_recorded: judge_.part(kZoneChoices).add_exact(); break;
    case ZoneChoice::inferred: judge_.part(kZoneChoices).add_undetermined("when a CPU reports its counters"); break;
    case ZoneChoice::impossible: break; // The frame will differ.
    }
}

void PageWorld::compare(std::size_t state, Alternatives& /*alternatives*/) {
    const capture::State& taken = context_->capture.states[state];
    KSL_ASSERT(taken.buddy.has_value(), "a replay of pages begins with states that have them");
    const std::uint64_t events_before = taken.events_before.value_or(0);
    judge_.expect_no_more_drains(events_before);
    judge_.judge_state(state, events_before, sim::compare(*taken.buddy, allocator_.state()));
}

bool PageWorld::goes_on_like(const PageWorld& other) const {
    return lineage_ == other.lineage_ && believed_claims_ == other.believed_claims_ &&
           takes_unlikely_path_ == other.takes_unlikely_path_ && follower_ == other.follower_ &&
           allocator_.state() == other.allocator_.state() && judge_.goes_on_like(other.judge_) &&
           remembered_ == other.remembered_ && cold_ == other.cold_;
}

} // namespace ksl::sim
