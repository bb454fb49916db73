// SPDX-License-Identifier: MIT
#include "sim/replay/vmap_world.h"

#include "sim/replay/vmap_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

namespace ksl::sim {

using core::VirtAddr;
using core::VirtRange;

namespace {

constexpr const char* kNoRequest = "the request was made before the first event";
constexpr const char* kOtherPurge = "a purge that somebody asked for, not the limit";
constexpr const char* kNoAnswer = "the request was not answered before the trace ends";

std::string shown(VirtRange range) {
    return fmt::format("{:#x}..{:#x}", range.lowest.raw(), range.top.raw());
}

} // namespace

VmapWorld::VmapWorld(const VmapReplayContext& context, core::VmapAllocator allocator, const capture::State& start)
    : context_(&context), allocator_(std::move(allocator)), stacks_(start.vmap.cached_stacks) {}

void VmapWorld::play(std::size_t position, Alternatives& alternatives) {
    std::visit([&](const auto& body) { on(body, position, alternatives); }, event(position).body);
}

// --- addresses -------------------------------------------------------------------------------------------------------

/// The engine's areas next to an address, and what its search goes by.
std::string VmapWorld::around(VirtAddr address) const {
    std::optional<VirtRange> below;
    std::optional<VirtRange> above;
    allocator_.for_each_area([&](core::AreaId area) {
        const VirtRange range = allocator_.range(area);
        if (range.lowest <= address) {
            below = range;
        } else if (!above) {
            above = range;
        }
    });
    std::string text =
        fmt::format("area at or below {}, area above {}, {} pages wait for a purge", below ? shown(*below) : "none",
                    above ? shown(*above) : "none", allocator_.lazy_pages().count());
    if (!allocator_.rules().has_free_tree()) {
        const core::AreaSearchCache& cache = allocator_.search_cache();
        text += fmt::format("; cached area {}, largest hole below {:#x}, alignment {:#x}",
                            cache.area.is_none() ? "none" : shown(allocator_.range(cache.area)),
                            cache.hole_size.count(), cache.align.count());
    }
    return text;
}

void VmapWorld::on(const capture::VmapRequest& asked, std::size_t position, Alternatives& /*alternatives*/) {
    const std::uint32_t pid = event(position).pid;
    if (requests_.contains(pid)) addresses_.add_undetermined(kNoAnswer);
    requests_.insert_or_assign(pid, Request{{asked.size, asked.align, asked.window}, stacks_.peek()});
}

bool VmapWorld::take_over(VirtRange recorded, std::optional<core::AreaId> own, std::size_t position,
                          const StackSlots& slots) {
    const std::uint32_t pid = event(position).pid;
    lineage_.push_back(position);
    ++taken_over_;
    if (own) allocator_.release_at_once(*own, silent_, host_);
    reserved_.insert_or_assign(pid, Reserved{recorded, slots});
    return allocator_.reserve_at(recorded, silent_, host_).has_value();
}

void VmapWorld::on(const capture::VmapResultRange& result, std::size_t position, Alternatives& alternatives) {
    const std::uint32_t pid = event(position).pid;
    const auto asked = requests_.find(pid);
    if (asked == requests_.end() || !asked->second.request.is_valid()) {
        addresses_.add_undetermined(asked == requests_.end() ? kNoRequest : "the request is not for whole pages");
        static_cast<void>(take_over(result.range, std::nullopt, position, stacks_.peek()));
        return;
    }
    const Request request = asked->second;
    requests_.erase(asked);
    const auto area = allocator_.reserve(request.request, silent_, host_);
    if (area) reserved_.insert_or_assign(pid, Reserved{allocator_.range(*area), request.slots});
    if (area && allocator_.range(*area) == result.range) [[likely]] {
        addresses_.add_exact();
        return;
    }
    addresses_.add_difference({event(position).index, "vmap_result_range", shown(result.range),
                               area ? shown(allocator_.range(*area)) : "refused",
                               fmt::format("{:#x} bytes, alignment {:#x}; {}", request.request.size.count(),
                                           request.request.align.count(), around(result.range.lowest))});
    VmapWorld other = *this;
    if (other.take_over(result.range, area ? std::optional{*area} : std::nullopt, position, request.slots)) {
        alternatives.push_back(std::move(other));
    }
}

bool VmapWorld::stays_in_use(VirtRange area, std::size_t position) const {
    for (std::size_t i = position + 1; i < context_->capture.log.events.size(); ++i) {
        const capture::EventBody& body = event(i).body;
        if (const auto* freed = std::get_if<capture::VmapLazyFree>(&body); freed != nullptr && freed->range == area)
            return true;
        const auto* reserved = std::get_if<capture::VmapResultRange>(&body);
        if (reserved != nullptr && reserved->range.lowest < area.top && area.lowest < reserved->range.top) return false;
    }
    return std::ranges::any_of(context_->capture.states.back().vmap.areas, [&](const capture::AreaState& last) {
        return last.range == area && last.user.has_value();
    });
}

unsigned VmapWorld::later_records_of(VirtRange area, std::size_t position) const {
    unsigned records = 0;
    for (std::size_t i = position + 1; i < context_->capture.log.events.size(); ++i) {
        const capture::EventBody& body = event(i).body;
        if (const auto* freed = std::get_if<capture::VmapLazyFree>(&body); freed != nullptr && freed->range == area)
            ++records;
        if (const auto* unmapped = std::get_if<capture::Vunmap>(&body);
            unmapped != nullptr && unmapped->address == area.lowest)
            ++records;
        const auto* reserved = std::get_if<capture::VmapResultRange>(&body);
        if (reserved != nullptr && reserved->range.lowest < area.top && area.lowest < reserved->range.top)
            return records;
    }
    const bool is_left = std::ranges::any_of(context_->capture.states.back().vmap.areas, [&](const auto& last) {
        return last.range == area && last.user.has_value();
    });
    return records + (is_left ? 2 : 0);
}

core::AreaId VmapWorld::area_freed(VirtRange recorded, std::optional<VirtAddr> unmapped, std::size_t position) {
    const auto in_use_at = [&](VirtAddr address) {
        const core::AreaId area = allocator_.find(address, silent_, host_);
        const bool is_busy = !area.is_none() && allocator_.kind(area) == core::AreaKind::busy;
        return is_busy ? area : core::AreaId{};
    };
    const core::AreaId named = in_use_at(recorded.lowest);
    const bool is_named = !named.is_none() && allocator_.range(named) == recorded;
    if (is_named && (!unmapped || *unmapped == recorded.lowest)) [[likely]]
        return named;
    // 4.x unmaps an area right before it frees it. Of two areas, the one that is heard of less later is freed here.
    if (unmapped && *unmapped != recorded.lowest) {
        const core::AreaId other = in_use_at(*unmapped);
        const bool is_there = !other.is_none() && allocator_.range(other).lowest == *unmapped;
        if (is_there &&
            (!is_named || later_records_of(allocator_.range(other), position) <= later_records_of(recorded, position)))
            return other;
    }
    if (is_named) return named;
    // The record is wrong somewhere. One of its ends may be right, or else its size: the area is one that is not used
    // any more.
    core::AreaId best;
    unsigned best_signs = 0;
    allocator_.for_each_area([&](core::AreaId other) {
        if (allocator_.kind(other) != core::AreaKind::busy) return;
        const VirtRange range = allocator_.range(other);
        unsigned signs = range.size() == recorded.size() ? 1 : 0;
        if (range.lowest == recorded.lowest || range.top == recorded.top) signs = 2;
        if (signs <= best_signs || stays_in_use(range, position)) return;
        best = other;
        best_signs = signs;
    });
    return best;
}

void VmapWorld::on(const capture::Vunmap& unmapped, std::size_t position, Alternatives& /*alternatives*/) {
    unmapped_.insert_or_assign(event(position).pid, unmapped.address);
}

void VmapWorld::on(const capture::VmapLazyFree& freed, std::size_t position, Alternatives& /*alternatives*/) {
    const auto announced = unmapped_.extract(event(position).pid);
    const auto unmapped = announced.empty() ? std::nullopt : std::optional{announced.mapped()};
    const core::AreaId area = area_freed(freed.range, unmapped, position);
    if (area.is_none()) {
        released_.add_difference(
            {event(position).index, "vmap_free", shown(freed.range), "no area in use", around(freed.range.lowest)});
        return;
    }
    const VirtRange range = allocator_.range(area);
    if (range == freed.range) {
        released_.add_exact();
    } else {
        released_.add_difference(
            {event(position).index, "vmap_free", shown(freed.range), shown(range), around(freed.range.lowest)});
        own_releases_.push_back({.event = event(position).index, .range = range});
    }
    if (unmapped && *unmapped == range.lowest) {
        released_.add_exact();
    } else if (unmapped) {
        released_.add_difference({event(position).index,
                                  "vunmap",
                                  fmt::format("{:#x}", unmapped->raw()),
                                  fmt::format("{:#x}, which is freed next", range.lowest.raw()),
                                  {}});
    }
    allocator_.release_lazily(area, silent_, host_);
    judge_due_purge(position);
}

// --- purges ----------------------------------------------------------------------------------------------------------

/// The next thing that this task does is a purge.
bool VmapWorld::is_purged_next(std::size_t position) const {
    const capture::Event& freeing = event(position);
    for (std::size_t i = position + 1; i < context_->capture.log.events.size(); ++i) {
        const capture::Event& next = event(i);
        if (next.pid != freeing.pid || next.context.interrupt != freeing.context.interrupt) continue;
        return std::holds_alternative<capture::VmapPurgeEnter>(next.body);
    }
    return false;
}

/// Where the freeing task itself purges, a purge that is due and does not come is a difference.
void VmapWorld::judge_due_purge(std::size_t position) {
    if (allocator_.rules().purge_context == core::PurgeContext::worker) return;
    if (!allocator_.purge_is_due() || is_purged_next(position)) return;
    purges_.add_difference({event(position).index, "vmap_lazy_free", "no purge follows",
                            fmt::format("a purge is due: {} pages wait, the limit is {}",
                                        allocator_.lazy_pages().count(), allocator_.lazy_limit().count()),
                            ""});
}

void VmapWorld::on(const capture::VmapPurgeEnter& entered, std::size_t position, Alternatives& /*alternatives*/) {
    const bool is_worker = allocator_.rules().purge_context == core::PurgeContext::worker;
    const bool is_by_limit =
        is_worker ? entered.first == UINT64_MAX && entered.second == 0 : entered.first == 0 && entered.second == 0;
    if (!is_by_limit) {
        purges_.add_undetermined(kOtherPurge);
    } else if (allocator_.purge_is_due()) {
        purges_.add_exact();
    } else {
        purges_.add_difference({event(position).index, "vmap_purge_enter", "a purge",
                                fmt::format("none is due: {} pages wait, the limit is {}",
                                            allocator_.lazy_pages().count(), allocator_.lazy_limit().count()),
                                ""});
    }
    RunningPurge purge;
    if (!is_worker)
        allocator_.for_each_pending([&](core::AreaId area) { purge.areas.push_back(allocator_.range(area)); });
    purge.flush = allocator_.purge(core::PurgeReason::limit, silent_, host_).flush;
    purge_ = std::move(purge);
}

void VmapWorld::on(const capture::TlbFlushKernel& flush, std::size_t position, Alternatives& /*alternatives*/) {
    if (!purge_ || purge_->was_flush_seen) return;
    purge_->was_flush_seen = true;
    if (purge_->flush == flush.range) {
        flushes_.add_exact();
    } else {
        flushes_.add_difference({event(position).index, "tlb_flush_kernel", shown(flush.range),
                                 purge_->flush ? shown(*purge_->flush) : "nothing to flush", ""});
    }
}

void VmapWorld::on(const capture::VmapErase& erased, std::size_t position, Alternatives& /*alternatives*/) {
    if (!purge_) { // free_vmap_area(): at once
        const core::AreaId area = allocator_.find(erased.range.lowest, silent_, host_);
        if (!area.is_none() && allocator_.kind(area) == core::AreaKind::busy) {
            allocator_.release_at_once(area, silent_, host_);
        }
        return;
    }
    const std::size_t next = purge_->left++;
    if (next < purge_->areas.size() && purge_->areas[next] == erased.range) {
        purged_.add_exact();
        return;
    }
    purged_.add_difference({event(position).index, "vmap_erase", shown(erased.range),
                            next < purge_->areas.size() ? shown(purge_->areas[next]) : "nothing is left to purge", ""});
}

void VmapWorld::on(const capture::VmapPurgeExit& /*exited*/, std::size_t position, Alternatives& /*alternatives*/) {
    if (purge_ && purge_->left < purge_->areas.size()) {
        purged_.add_difference({event(position).index, "vmap_purge_exit", fmt::format("{} areas purged", purge_->left),
                                fmt::format("{} areas purged", purge_->areas.size()), ""});
    }
    purge_.reset();
}

// --- stacks ----------------------------------------------------------------------------------------------------------

void VmapWorld::on(const capture::NewTask& task, std::size_t position, Alternatives& alternatives) {
    if (!stacks_.exists()) return;
    const std::uint64_t index = event(position).index;
    const auto found = reserved_.find(event(position).pid);
    const std::optional<Reserved> reserved = found == reserved_.end() ? std::nullopt : std::optional{found->second};
    if (reserved) reserved_.erase(found);
    if (reserved && reserved->range.lowest == task.stack) {
        stacks_.chose_new_memory(index, reserved->slots);
        return;
    }
    const std::vector<std::size_t> possible = stacks_.possible_choices(task.stack);
    if (!possible.empty()) {
        for (std::size_t i = 1; i < possible.size(); ++i) {
            alternatives.push_back(*this);
            alternatives.back().stacks_.choose_after(possible[i]);
        }
        stacks_.choose_after(possible.front());
        return;
    }
    if (reserved) {
        stacks_.chose_otherwise_than_reserved(index, task.stack, reserved->range.lowest);
    } else {
        stacks_.chose_otherwise(index, task.stack);
    }
    VmapWorld other = *this;
    ++other.taken_over_;
    if (other.stacks_.take_over(task.stack)) alternatives.push_back(std::move(other));
}

void VmapWorld::on(const capture::PutStack& put, std::size_t position, Alternatives& /*alternatives*/) {
    stacks_.offer(event(position).index, put.stack, context_->fates.of(position), StackCacheReplay::Offerer::dead_task);
}

void VmapWorld::on(const capture::StackFreeRcu& callback, std::size_t position, Alternatives& /*alternatives*/) {
    stacks_.offer(event(position).index, callback.stack, context_->fates.of(position),
                  StackCacheReplay::Offerer::callback);
}

// --- states ----------------------------------------------------------------------------------------------------------

void VmapWorld::compare_ranges(PartResult& part, std::size_t state, const std::vector<VirtRange>& recorded,
                               const std::vector<VirtRange>& engine) {
    if (recorded == engine) {
        part.add_exact();
        return;
    }
    const auto [there, here] = std::ranges::mismatch(recorded, engine);
    const auto from = [](const std::vector<VirtRange>& ranges, auto at) {
        return at == ranges.end() ? std::string{"none left"} : shown(*at);
    };
    part.add_difference({events_before(state), fmt::format("state_{:02}", state),
                         fmt::format("{} ranges; the first that differs: {}", recorded.size(), from(recorded, there)),
                         fmt::format("{} ranges; there: {}", engine.size(), from(engine, here)), ""});
}

void VmapWorld::compare_cache(std::size_t state, const core::VmapSnapshot& recorded, const core::VmapSnapshot& engine) {
    if (recorded.cache == engine.cache) {
        state_cache_.add_exact();
        return;
    }
    const auto text = [](const core::VmapSnapshot::SearchCache& cache) {
        return fmt::format("cached area {:#x}, largest hole below {:#x}, window from {:#x}, alignment {:#x}",
                           cache.area.raw(), cache.hole_size.count(), cache.vstart.raw(), cache.align.count());
    };
    state_cache_.add_difference(
        {events_before(state), fmt::format("state_{:02}", state), text(recorded.cache), text(engine.cache), ""});
}

void VmapWorld::compare_stacks(std::size_t state) {
    if (!stacks_.exists()) return;
    const StackSlots engine = stacks_.settle();
    StackCacheReplay recorded{context_->capture.states[state].vmap.cached_stacks};
    if (recorded.settle() == engine) {
        state_stacks_.add_exact();
    } else {
        state_stacks_.add_difference({events_before(state), fmt::format("state_{:02}", state),
                                      to_string(recorded.settle()), to_string(engine), ""});
    }
}

void VmapWorld::compare(std::size_t state, Alternatives& alternatives) {
    const std::uint64_t before = differences();
    const capture::State& taken = context_->capture.states[state];
    const core::VmapSnapshot recorded = snapshot_of(taken.vmap);
    const core::VmapSnapshot engine = allocator_.snapshot();
    compare_ranges(state_areas_, state, recorded.areas, engine.areas);
    compare_ranges(state_pending_, state, recorded.pending, engine.pending);
    if (allocator_.rules().has_free_tree()) {
        compare_ranges(state_free_, state, recorded.free, engine.free);
    } else {
        compare_cache(state, recorded, engine);
    }
    if (recorded.lazy_pages == engine.lazy_pages) {
        state_lazy_.add_exact();
    } else {
        state_lazy_.add_difference({events_before(state), fmt::format("state_{:02}", state),
                                    fmt::format("{} pages", recorded.lazy_pages.count()),
                                    fmt::format("{} pages", engine.lazy_pages.count()), ""});
    }
    compare_stacks(state);
    if (differences() == before) [[likely]]
        return;
    auto allocator = allocator_of("", taken);
    if (!allocator) return;
    VmapWorld other = *this;
    other.allocator_ = *allocator;
    other.lineage_.assign(1, events_before(state));
    ++other.taken_over_;
    other.stacks_.replace_slots(StackCacheReplay{taken.vmap.cached_stacks}.peek());
    alternatives.push_back(std::move(other));
}

void VmapWorld::finish() {
    for (std::size_t i = 0; i < requests_.size(); ++i) addresses_.add_undetermined(kNoAnswer);
    requests_.clear();
    if (stacks_.exists()) stacks_.settle();
}

bool VmapWorld::goes_on_like(const VmapWorld& other) const {
    return lineage_ == other.lineage_ && stacks_.goes_on_like(other.stacks_) && requests_ == other.requests_ &&
           reserved_ == other.reserved_ && unmapped_ == other.unmapped_;
}

std::uint64_t VmapWorld::differences() const {
    std::uint64_t sum = stacks_.differences() + taken_over_;
    for (const PartResult* part : {&addresses_, &released_, &purges_, &purged_, &flushes_, &state_areas_,
                                   &state_pending_, &state_free_, &state_cache_, &state_lazy_, &state_stacks_}) {
        sum += part->differing();
    }
    return sum;
}

std::vector<PartResult> VmapWorld::parts() const {
    std::vector<PartResult> all{
        addresses_,   released_,      purges_,     purged_,      flushes_,    stacks_.new_tasks(), stacks_.given_back(),
        state_areas_, state_pending_, state_free_, state_cache_, state_lazy_, state_stacks_};
    std::erase_if(all, [](const PartResult& part) { return part.total() == 0 && part.undetermined().empty(); });
    return all;
}

} // namespace ksl::sim
