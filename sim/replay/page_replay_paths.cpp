// SPDX-License-Identifier: MIT
#include "sim/replay/page_replay_paths.h"

#include "core/memory/memory_map.h"

#include <cstddef>
#include <unordered_set>

namespace ksl::sim {

namespace {

using capture::Event;
using capture::PagePath;

PagePath derived(PagePath recorded, PagePath otherwise) {
    return recorded == PagePath::unknown ? otherwise : recorded;
}

/// A page of the zone went to a page list, or from one to the buddy lists: a batch of frees is on its way.
bool commits(const Event& event, core::ZoneId zone) {
    if (const auto* batched = std::get_if<capture::PageFreeBatched>(&event.body))
        return core::zone_of(batched->pfn) == zone;
    const auto* drain = std::get_if<capture::PcpDrain>(&event.body);
    return drain != nullptr && core::zone_of(drain->pfn) == zone;
}

/// The zone's own lock was given back last of all, and interrupts were let in with that, under the lock of the lists.
bool lets_interrupts_in(const Event& event, core::ZoneId zone) {
    if (const auto* block = std::get_if<capture::ZoneLockedAlloc>(&event.body))
        return block->is_refill && core::zone_of(block->pfn) == zone;
    const auto* drain = std::get_if<capture::PcpDrain>(&event.body);
    return drain != nullptr && core::zone_of(drain->pfn) == zone;
}

bool takes_page(const Event& event, core::ZoneId zone) {
    const auto* page = std::get_if<capture::PageAlloc>(&event.body);
    return page != nullptr && core::zone_of(page->pfn) == zone;
}

bool frees_page(const Event& event, core::ZoneId zone) {
    const auto* page = std::get_if<capture::PageFree>(&event.body);
    return page != nullptr && core::zone_of(page->pfn) == zone;
}

/// What an interrupt frees to a zone of 6.1, by what the interrupted task did before and after.
class InterruptPaths {
public:
    explicit InterruptPaths(const capture::EventLog& log) : log_(&log) {}

    /// Called for descending positions.
    [[nodiscard]] FreedPath of(std::size_t position, core::ZoneId zone) {
        look_at(position);
        const Event& before = log_->events[before_];
        const Event& after = log_->events[after_];
        const std::uint32_t pid = log_->events[position].pid;
        const bool knows_before = before.pid == pid && !is_interrupt(before);
        const bool knows_after = after.pid == pid && !is_interrupt(after);
        if (knows_before && knows_after && commits(before, zone) && commits(after, zone))
            return {.path = PagePath::buddy_direct, .doubt = 0};
        if (knows_before && lets_interrupts_in(before, zone)) return {.path = PagePath::buddy_direct, .doubt = number_};
        const bool may_hold = (knows_before && (commits(before, zone) || frees_page(before, zone))) ||
                              (knows_after && (commits(after, zone) || takes_page(after, zone)));
        return {.path = PagePath::pcp, .doubt = may_hold ? number_ : 0};
    }

private:
    void look_at(std::size_t position) {
        if (number_ != 0 && position > before_) return; // the same interrupt
        ++number_;
        before_ = after_ = position;
        while (before_ > 0 && is_interrupt(log_->events[before_])) --before_;
        while (after_ + 1 < log_->events.size() && is_interrupt(log_->events[after_])) ++after_;
    }

    const capture::EventLog* log_;
    std::uint32_t number_ = 0;
    std::size_t before_ = 0;
    std::size_t after_ = 0;
};

} // namespace

bool is_interrupt(const Event& event) {
    return event.context.interrupt != capture::Context::Interrupt::none;
}

std::vector<FreedPath> free_paths(const capture::EventLog& log, PageKernel kernel) {
    std::vector<FreedPath> paths(log.events.size());
    const bool announces_first = kernel == PageKernel::linux_6_1;
    // Backwards: a free of 6.1 is only announced if its page is committed by a later event.
    std::unordered_set<std::uint64_t> committed_later;
    InterruptPaths interrupts{log};
    for (std::size_t i = log.events.size(); i-- > 0;) {
        const Event& event = log.events[i];
        if (const auto* batched = std::get_if<capture::PageFreeBatched>(&event.body)) {
            if (announces_first) committed_later.insert(batched->pfn.raw());
            paths[i].path = derived(batched->path, announces_first ? PagePath::pcp : PagePath::announce);
        } else if (const auto* free = std::get_if<capture::PageFree>(&event.body)) {
            const bool is_announced = committed_later.erase(free->pfn.raw()) != 0;
            paths[i].path = derived(free->path, is_announced ? PagePath::prepare : PagePath::pcp);
            const bool is_told = free->path != PagePath::unknown || is_announced;
            if (announces_first && !is_told && is_interrupt(event))
                paths[i] = interrupts.of(i, core::zone_of(free->pfn));
        }
    }
    return paths;
}

} // namespace ksl::sim
