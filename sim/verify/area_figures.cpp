// SPDX-License-Identifier: MIT
#include "sim/verify/area_figures.h"

#include "sim/verify/votes.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

namespace ksl::sim {

namespace {

using core::Pfn;
using core::VirtRange;

/// struct vmap_area of 4.x: VM_VM_AREA, somebody uses it.
constexpr std::uint64_t kVmVmArea = 0x4;

using Ends = std::pair<std::uint64_t, std::uint64_t>;

Ends ends_of(VirtRange range) {
    return {range.lowest.raw(), range.top.raw()};
}
std::string shown(const Ends& ends) {
    return fmt::format("{:#x}..{:#x}", ends.first, ends.second);
}

/// One use of a range: from the choice of the address on.
struct Use {
    std::uint64_t made = 0; ///< event; 0: before the trace
    std::vector<Pfn> frames;
    bool is_complete = false; ///< all its frames are known
};

/// What the trace says about areas up to an event.
class Uses {
public:
    Uses(const capture::EventLog& log, const std::vector<OwnFrame>& own_frames, const PartResult* addresses)
        : log_(&log) {
        if (addresses != nullptr) {
            for (const Difference& difference : addresses->differences()) unsound_.insert(difference.event);
        }
        for (const OwnFrame& own : own_frames) corrected_.emplace(own.event, own.frame);
    }
    void play_until(std::uint64_t index) {
        for (; next_ < log_->events.size() && log_->events[next_].index < index; ++next_) play(log_->events[next_]);
    }
    [[nodiscard]] const Use* find(const Ends& ends) const {
        const auto found = uses_.find(ends);
        return found == uses_.end() ? nullptr : &found->second;
    }
    [[nodiscard]] bool is_stack(std::uint64_t lowest) const { return stacks_.contains(lowest); }

private:
    void play(const capture::Event& event) {
        if (event.context.interrupt != capture::Context::Interrupt::none) return;
        if (const auto* made = std::get_if<capture::VmapResultRange>(&event.body)) {
            filling_.erase(event.pid);
            if (unsound_.contains(event.index)) return;
            uses_[ends_of(made->range)] = {.made = event.index, .frames = {}, .is_complete = false};
            filling_[event.pid] = ends_of(made->range);
        } else if (const auto* freed = std::get_if<capture::VmapLazyFree>(&event.body)) {
            uses_.erase(ends_of(freed->range));
        } else if (const auto* page = std::get_if<capture::PageAlloc>(&event.body)) {
            add_page(event, *page);
        } else if (const auto* task = std::get_if<capture::NewTask>(&event.body)) {
            stacks_.insert(task->stack.raw());
            filling_.erase(event.pid);
        } else if (std::holds_alternative<capture::VmapRequest>(event.body)) {
            filling_.erase(event.pid);
        }
    }
    void add_page(const capture::Event& event, const capture::PageAlloc& page) {
        const auto filling = filling_.find(event.pid);
        if (filling == filling_.end() || page.order != core::Order{0}) return;
        if (!capture::has_gfp_flag(log_->gfp_text(page.gfp), "__GFP_HIGHMEM")) return;
        const auto own = corrected_.find(event.index);
        Use& use = uses_[filling->second];
        use.frames.push_back(own == corrected_.end() ? page.pfn : own->second);
        const std::uint64_t bytes = filling->second.second - filling->second.first;
        if ((use.frames.size() + 1) * core::kPageBytes != bytes) return; // the last page is the guard
        use.is_complete = true;
        filling_.erase(filling);
    }

    const capture::EventLog* log_;
    std::size_t next_ = 0;
    std::unordered_map<std::uint64_t, Pfn> corrected_; ///< by event
    std::set<std::uint64_t> unsound_;                  ///< events of addresses that are not believed
    std::map<Ends, Use> uses_;
    std::map<std::uint32_t, Ends> filling_; ///< by pid
    std::set<std::uint64_t> stacks_;
};

class AreaJudge {
public:
    AreaJudge(const capture::Capture& capture, const Believed& believed, PartResult& part)
        : capture_(capture), uses_(capture.log, believed.own_frames, believed.addresses), part_(part) {
        for (const capture::State& state : capture.states) {
            for (const capture::AreaState& area : state.vmap.areas) ++listed_[ends_of(area.range)];
        }
    }

    void run() {
        for (std::size_t i = 0; i < capture_.states.size(); ++i) {
            const capture::State& state = capture_.states[i];
            event_ = state.events_before.value_or(0);
            uses_.play_until(event_);
            stacks_of_state_.clear();
            for (const capture::TaskState& task : state.tasks.tasks)
                if (task.area) stacks_of_state_.insert(task.stack.lowest.raw());
            for (const capture::AreaState& area : state.vmap.areas) {
                where_ = fmt::format("state_{:02}: area {}", i, shown(ends_of(area.range)));
                judge_area(area);
            }
            for (const capture::TaskState& task : state.tasks.tasks) {
                where_ = fmt::format("state_{:02}: area of pid {} ({})", i, task.pid, task.comm);
                if (task.area) judge_frames(ends_of_stack(task), task.area->pages);
            }
        }
        votes_.judge(part_);
    }

private:
    static Ends ends_of_user(const capture::VmUser& user) {
        return {user.address.raw(), user.address.raw() + user.size.count()};
    }
    /// Of a task's area. Where its address and the task's stack disagree, which is judged with the stack, it is the one
    /// that the frames are of, or else the stack's.
    [[nodiscard]] Ends ends_of_stack(const capture::TaskState& task) const {
        const capture::VmUser& area = *task.area;
        const Ends said = ends_of_user(area);
        const Ends own{task.stack.lowest.raw(), task.stack.lowest.raw() + area.size.count()};
        if (said == own || !is_known(own)) return said;
        if (said.second == task.stack.top.raw() + core::kPageBytes) return said; // the guard lies above the stack
        const Use* use = uses_.find(said);
        const bool has_its_frames = use != nullptr && use->is_complete && use->frames == area.pages;
        return has_its_frames ? said : own;
    }
    [[nodiscard]] bool is_known(const Ends& ends) const {
        const auto listed = listed_.find(ends);
        const std::size_t least = std::min<std::size_t>(2, capture_.states.size());
        return uses_.find(ends) != nullptr || (listed != listed_.end() && listed->second >= least);
    }

    void judge_area(const capture::AreaState& area) {
        const bool is_used = area.user.has_value();
        if (area.is_busy) {
            judge("status", *area.is_busy ? "busy" : "not busy", is_used ? "busy" : "not busy");
            judge("flags", fmt::format("{:#x}", area.flags), is_used ? fmt::format("{:#x}", kVmVmArea) : "0x0");
        }
        if (!is_used) return;
        const capture::VmUser& user = *area.user;
        Ends ends = ends_of(area.range);
        const Ends said = ends_of_user(user);
        if (ends != said && !is_known(ends) && is_known(said)) ends = said; // the list is wrong, and judged
        judge("vm_addr", fmt::format("{:#x}", user.address.raw()), fmt::format("{:#x}", ends.first));
        judge("vm_size", std::to_string(user.size.count()), std::to_string(ends.second - ends.first));
        const Use* use = uses_.find(ends);
        const bool is_stack = (uses_.is_stack(ends.first) && use != nullptr) || stacks_of_state_.contains(ends.first);
        const std::string group = is_stack ? "stacks" : name_of(ends, use);
        add("caller", group, user.caller);
        add("vm_flags", group, fmt::format("{:#x}", user.flags));
        add("phys", group, fmt::format("{:#x}", user.phys.raw()));
        const unsigned signs = ((user.flags & capture::kVmAlloc) != 0 ? 1U : 0U) + (user.page_count != 0 ? 1U : 0U) +
                               (user.pages.empty() ? 0U : 1U);
        if (is_stack || signs >= 2) {
            const std::uint64_t pages = (ends.second - ends.first) / core::kPageBytes - 1;
            judge("nr_pages", std::to_string(user.page_count), std::to_string(pages));
            judge("number of page_pfns", std::to_string(user.pages.size()), std::to_string(pages));
        } else {
            judge("nr_pages", std::to_string(user.page_count), "0");
            judge("number of page_pfns", std::to_string(user.pages.size()), "0");
        }
        judge_frames(ends, user.pages);
    }

    /// A list of another length is judged by its length.
    void judge_frames(const Ends& ends, const std::vector<Pfn>& recorded) {
        const Use* use = uses_.find(ends);
        const std::uint64_t pages = (ends.second - ends.first) / core::kPageBytes - 1;
        if (recorded.size() != pages) return;
        for (std::size_t i = 0; i < recorded.size(); ++i) {
            const std::string what = fmt::format("frame {}", i);
            if (use != nullptr && use->is_complete)
                judge(what, std::to_string(recorded[i].raw()), std::to_string(use->frames[i].raw()));
            else
                add(what, name_of(ends, use), std::to_string(recorded[i].raw()));
        }
    }

    static std::string name_of(const Ends& ends, const Use* use) {
        return fmt::format("{} since event {}", shown(ends), use == nullptr ? 0 : use->made);
    }
    void add(std::string_view what, const std::string& group, std::string value) {
        votes_.add(fmt::format("{} of {}", what, group), std::move(value), event_, where_);
    }
    void judge(std::string_view what, std::string recorded, std::string wanted) {
        if (recorded == wanted) {
            part_.add_exact();
            return;
        }
        part_.add_difference({.event = event_,
                              .where = fmt::format("{}: {}", where_, what),
                              .recorded = std::move(recorded),
                              .engine = std::move(wanted),
                              .around = {}});
    }

    const capture::Capture& capture_;
    Uses uses_;
    PartResult& part_;
    std::map<Ends, std::size_t> listed_;      ///< in how many states
    std::set<std::uint64_t> stacks_of_state_; ///< lowest addresses
    Votes votes_;
    std::string where_;
    std::uint64_t event_ = 0;
};

} // namespace

void judge_areas(const capture::Capture& capture, const Believed& believed, PartResult& part) {
    AreaJudge{capture, believed, part}.run();
}

} // namespace ksl::sim
