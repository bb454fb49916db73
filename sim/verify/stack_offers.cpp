// SPDX-License-Identifier: MIT
#include "sim/verify/stack_offers.h"

#include "sim/replay/page_replay.h"
#include "sim/replay/stack_block_replay.h"
#include "sim/replay/vmap_replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace ksl::sim {

namespace {

using core::VirtAddr;

/// Stacks of the tasks that live, as far as no record contradicts another.
class Owners {
public:
    explicit Owners(const capture::State& start) : has_cache_(start.vmap.cached_stacks.has_value()) {
        for (const capture::TaskState& task : start.tasks.tasks) give(task.pid, task.stack.lowest);
        if (!has_cache_) return;
        for (const capture::CachedStacks& cpu : *start.vmap.cached_stacks) {
            for (const auto& stack : cpu) {
                if (stack) free_.insert(stack->raw());
            }
        }
    }

    void play(const capture::Event& event) {
        if (const auto* range = std::get_if<capture::VmapResultRange>(&event.body)) {
            reserved_[event.pid] = range->range.lowest;
        } else if (const auto* freed = std::get_if<capture::VmapLazyFree>(&event.body)) {
            free_.erase(freed->range.lowest.raw());
        } else if (const auto* exited = std::get_if<capture::TaskExited>(&event.body)) {
            exited_.insert(exited->pid);
        } else if (const auto* task = std::get_if<capture::NewTask>(&event.body)) {
            // What its parent reserved for it, or what a dead task left; anything else is judged elsewhere.
            const auto reserved = reserved_.find(event.pid);
            const bool is_reserved = reserved != reserved_.end() && reserved->second == task->stack;
            if (reserved != reserved_.end()) reserved_.erase(reserved);
            exited_.erase(task->pid);
            if (!has_cache_) { // a block of its own, which is judged elsewhere
                take(task->pid, task->stack);
                give(task->pid, task->stack);
                return;
            }
            if (free_.erase(task->stack.raw()) != 0 || is_reserved) give(task->pid, task->stack);
        }
    }
    /// The task is dead, and this was its stack.
    void take(std::uint32_t pid, VirtAddr stack) {
        free_.insert(stack.raw());
        const auto found = stack_.find(pid);
        if (found == stack_.end()) return;
        owner_.erase(found->second.raw());
        stack_.erase(found);
    }
    [[nodiscard]] std::optional<VirtAddr> stack_of(std::uint32_t pid) const {
        const auto found = stack_.find(pid);
        return found == stack_.end() ? std::nullopt : std::optional{found->second};
    }
    [[nodiscard]] std::optional<std::uint32_t> owner_of(VirtAddr stack) const {
        const auto found = owner_.find(stack.raw());
        return found == owner_.end() ? std::nullopt : std::optional{found->second};
    }
    [[nodiscard]] bool has_exited(std::uint32_t pid) const { return exited_.contains(pid); }

private:
    void give(std::uint32_t pid, VirtAddr stack) {
        if (const auto other = owner_of(stack)) { // one of the two is wrong
            stack_.erase(*other);
            owner_.erase(stack.raw());
            return;
        }
        owner_[stack.raw()] = pid;
        stack_[pid] = stack;
    }

    bool has_cache_ = false;
    std::unordered_map<std::uint64_t, std::uint32_t> owner_;
    std::unordered_map<std::uint32_t, VirtAddr> stack_;
    std::unordered_map<std::uint32_t, VirtAddr> reserved_; ///< by the task that asked, until its new task
    std::unordered_set<std::uint32_t> exited_;
    std::unordered_set<std::uint64_t> free_; ///< offered, and neither used nor freed since
};

/// Where each stack is heard of, in order.
class Mentions {
public:
    explicit Mentions(const capture::EventLog& log) {
        for (std::size_t i = 0; i < log.events.size(); ++i) {
            const capture::EventBody& body = log.events[i].body;
            if (const auto* task = std::get_if<capture::NewTask>(&body)) add(task->stack, i, Kind::other);
            if (const auto* put = std::get_if<capture::PutStack>(&body)) add(put->stack, i, Kind::other);
            if (const auto* freed = std::get_if<capture::VmapLazyFree>(&body)) add(freed->range.lowest, i, Kind::freed);
            if (const auto* callback = std::get_if<capture::StackFreeRcu>(&body))
                add(callback->stack, i, Kind::callback);
        }
    }
    /// After that place the stack is freed next, without another callback.
    [[nodiscard]] bool is_freed_next(VirtAddr stack, std::size_t after) const {
        const auto found = places_.find(stack.raw());
        if (found == places_.end()) return false;
        const auto next = std::ranges::upper_bound(found->second, after, {}, &Place::position);
        return next != found->second.end() && next->kind == Kind::freed;
    }

private:
    enum class Kind : std::uint8_t { callback, freed, other };
    struct Place {
        std::size_t position = 0;
        Kind kind = Kind::other;
    };
    void add(VirtAddr stack, std::size_t position, Kind kind) { places_[stack.raw()].push_back({position, kind}); }

    std::unordered_map<std::uint64_t, std::vector<Place>> places_;
};

} // namespace

namespace {

/// 6.1: a callback offers a stack that a dead task offered before. Where it names another, the one that is freed
/// without ever having had its callback is meant.
void settle_cached(capture::Capture& capture, PartResult& part) {
    std::vector<VirtAddr> offered; // and not seen since, oldest first
    const std::uint64_t start = capture.states.front().events_before.value_or(0);
    std::optional<Mentions> mentions; // only where something is wrong
    for (std::size_t i = 0; i < capture.log.events.size(); ++i) {
        capture::Event& event = capture.log.events[i];
        if (const auto* put = std::get_if<capture::PutStack>(&event.body)) offered.push_back(put->stack);
        if (const auto* task = std::get_if<capture::NewTask>(&event.body)) std::erase(offered, task->stack);
        auto* callback = std::get_if<capture::StackFreeRcu>(&event.body);
        if (callback == nullptr) continue;
        if (std::erase(offered, callback->stack) != 0) continue;
        if (event.index < start) continue;
        if (!mentions) mentions.emplace(capture.log);
        const auto meant =
            std::ranges::find_if(offered, [&](VirtAddr stack) { return mentions->is_freed_next(stack, i); });
        if (meant == offered.end()) continue;
        part.add_difference({.event = event.index,
                             .where = "stack_free_rcu",
                             .recorded = fmt::format("{:#x}", callback->stack.raw()),
                             .engine = fmt::format("{:#x}, which waits for its callback", meant->raw()),
                             .around = {}});
        callback->stack = *meant;
        offered.erase(meant);
    }
}

/// Without a cache every stack gets a callback, and callbacks of a CPU run in the order in which they were asked for:
/// one by one, these are the stacks that were given back, but for a few whose callbacks are not in the trace.
void settle_in_order(capture::Capture& capture, PartResult& part) {
    constexpr std::size_t kReach = 3;
    std::vector<VirtAddr> offered;
    std::vector<std::size_t> callbacks;
    for (std::size_t i = 0; i < capture.log.events.size(); ++i) {
        const capture::EventBody& body = capture.log.events[i].body;
        if (const auto* put = std::get_if<capture::PutStack>(&body)) offered.push_back(put->stack);
        if (std::holds_alternative<capture::StackFreeRcu>(body)) callbacks.push_back(i);
    }
    const auto named = [&](std::size_t callback) -> capture::StackFreeRcu& {
        return std::get<capture::StackFreeRcu>(capture.log.events[callbacks[callback]].body);
    };
    const auto same = [&](std::size_t callback, std::size_t offer) {
        return callback < callbacks.size() && offer < offered.size() && named(callback).stack == offered[offer];
    };
    const std::uint64_t start = capture.states.front().events_before.value_or(0);
    std::size_t at = 0;
    std::size_t offer = 0;
    while (at < callbacks.size() && offer < offered.size()) {
        std::size_t wrong = 0; // as many in a row, and then both go on alike
        while (wrong <= kReach && !same(at + wrong, offer + wrong)) ++wrong;
        if (wrong > kReach) {
            // One that was given back before the trace, or one without a callback in it.
            const bool is_older = same(at + 1, offer) && same(at + 2, offer + 1);
            ++(is_older ? at : offer);
            continue;
        }
        for (; wrong > 0; --wrong, ++at, ++offer) {
            const capture::Event& event = capture.log.events[callbacks[at]];
            if (event.index < start) continue;
            part.add_difference({.event = event.index,
                                 .where = "stack_free_rcu",
                                 .recorded = fmt::format("{:#x}", named(at).stack.raw()),
                                 .engine = fmt::format("{:#x}, whose turn it is", offered[offer].raw()),
                                 .around = {}});
            named(at).stack = offered[offer];
        }
        if (capture.log.events[callbacks[at]].index >= start) part.add_exact();
        ++at;
        ++offer;
    }
}

} // namespace

void settle_callbacks(capture::Capture& capture, PartResult& part) {
    if (capture.states.front().vmap.cached_stacks)
        settle_cached(capture, part);
    else
        settle_in_order(capture, part);
}

namespace {

/// A record of a dead task's stack that contradicts what its task was given.
struct WrongOffer {
    std::size_t position = 0;
    capture::PutStack right;
};

/// `unsound`: events of new tasks whose stacks are not believed.
std::vector<WrongOffer> wrong_offers(const capture::Capture& capture, const std::set<std::uint64_t>& unsound) {
    std::vector<WrongOffer> wrong;
    Owners owners{capture.states.front()};
    const std::uint64_t start = capture.states.front().events_before.value_or(0);
    for (std::size_t i = 0; i < capture.log.events.size(); ++i) {
        const capture::Event& event = capture.log.events[i];
        if (event.index < start || unsound.contains(event.index)) continue;
        owners.play(event);
        const auto* put = std::get_if<capture::PutStack>(&event.body);
        if (put == nullptr || put->stack == VirtAddr{0}) continue;
        const auto own = owners.stack_of(put->pid);
        const auto owner = owners.owner_of(put->stack);
        capture::PutStack right = *put;
        if (own ? *own != put->stack : owner.has_value()) {
            // The pid is the wrong one if that task lives on, and the stack's owner does not.
            const bool is_others = owner && owners.has_exited(*owner) && !owners.has_exited(put->pid);
            right = {.pid = is_others || !own ? owner.value_or(put->pid) : put->pid,
                     .stack = is_others ? put->stack : own.value_or(put->stack)};
            wrong.push_back({i, right});
        }
        owners.take(right.pid, right.stack);
    }
    return wrong;
}

} // namespace

Result<void> settle_offers(capture::Capture& capture, PartResult& part) {
    if (wrong_offers(capture, {}).empty()) return {};
    // Something is wrong: what new tasks were given is judged by the replay.
    std::set<std::uint64_t> unsound;
    const auto add = [&](const PartResult* tasks) {
        if (tasks == nullptr) return;
        for (const Difference& difference : tasks->differences()) unsound.insert(difference.event);
    };
    if (capture.states.front().vmap.cached_stacks) {
        KSL_TRY_ASSIGN(replay, replay_vmap(capture));
        add(replay.part("stacks of new tasks"));
    } else {
        KSL_TRY_ASSIGN(pages, replay_pages(capture));
        const ReplayResult blocks = replay_stack_blocks(capture, pages.own_frames);
        add(blocks.part(kStackBlocks));
    }
    for (const WrongOffer& offer : wrong_offers(capture, unsound)) {
        capture::Event& event = capture.log.events[offer.position];
        const auto& put = std::get<capture::PutStack>(event.body);
        part.add_difference({.event = event.index,
                             .where = "put_stack",
                             .recorded = fmt::format("{:#x} of pid {}", put.stack.raw(), put.pid),
                             .engine = fmt::format("{:#x} of pid {}", offer.right.stack.raw(), offer.right.pid),
                             .around = {}});
        event.body = offer.right;
    }
    return {};
}

} // namespace ksl::sim
