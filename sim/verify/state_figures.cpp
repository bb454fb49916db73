// SPDX-License-Identifier: MIT
#include "sim/verify/state_figures.h"

#include "core/memory/memory_map.h"
#include "core/types/address.h"
#include "sim/verify/area_figures.h"
#include "sim/verify/state_constants.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ksl::sim {

namespace {

/// What most say; none if less than half do.
template <class T>
std::optional<T> most_of(const std::vector<T>& values) {
    std::map<T, std::size_t> count;
    for (const T& value : values) ++count[value];
    const auto best = std::ranges::max_element(count, {}, [](const auto& entry) { return entry.second; });
    if (best == count.end() || best->second * 2 <= values.size()) return std::nullopt;
    return best->first;
}

class StateJudge {
public:
    StateJudge(std::string name, PartResult& part) : name_(std::move(name)), part_(part) {}

    void judge(std::string_view what, std::uint64_t recorded, std::uint64_t wanted) {
        if (recorded == wanted) {
            part_.add_exact();
            return;
        }
        differ(what, fmt::format("{:#x}", recorded), fmt::format("{:#x}", wanted));
    }
    void differ(std::string_view what, std::string recorded, std::string wanted) {
        part_.add_difference({.event = 0,
                              .where = fmt::format("{}: {}", name_, what),
                              .recorded = std::move(recorded),
                              .engine = std::move(wanted),
                              .around = {}});
    }

    /// What the tasks' stacks tell of the design.
    void settle_design(capture::State& state) {
        std::vector<std::uint64_t> sizes;
        std::vector<std::uint64_t> bases;
        std::vector<bool> in_task;
        for (const capture::TaskState& task : state.tasks.tasks) {
            sizes.push_back(task.stack.top.raw() - task.stack.lowest.raw());
            if (task.first_pfn) bases.push_back(task.stack.lowest.raw() - core::address_of(*task.first_pfn).raw());
            in_task.push_back(task.thread_info.address == task.task_struct);
        }
        if (const auto size = most_of(sizes)) {
            judge("thread_size", state.tasks.thread_size.count(), *size);
            state.tasks.thread_size = core::Bytes{*size};
        }
        if (const auto base = most_of(bases)) {
            judge("page_offset_base", state.vmap.direct_map_base.raw(), *base);
            state.vmap.direct_map_base = core::VirtAddr{*base};
        }
        if (const auto is_in_task = most_of(in_task)) {
            judge("thread_info_in_task", state.tasks.thread_info_in_task ? 1 : 0, *is_in_task ? 1 : 0);
            state.tasks.thread_info_in_task = *is_in_task;
        }
    }

    /// An area's ends and its user's address and size are the same; of two that differ, the one is believed that fits
    /// the rest.
    void settle_areas(capture::VmapState& vmap) {
        for (capture::AreaState& area : vmap.areas) {
            if (!area.user) {
                if (!vmap.has_free_tree()) settle_freed(area, vmap);
                continue;
            }
            const capture::VmUser& user = *area.user;
            const core::VirtAddr end = user.address + user.size;
            core::VirtRange right = area.range;
            if (user.address != area.range.lowest && end == area.range.top) {
                right.lowest = user.address; // and the size is the user's
            } else if (user.address == area.range.lowest && end != area.range.top) {
                const bool has_its_pages = user.size.count() == (user.page_count + std::uint64_t{1}) * core::kPageBytes;
                if (has_its_pages || begins_at(vmap, end)) right.top = end;
            }
            if (right == area.range || right.lowest >= right.top) continue;
            differ("ends of an area", fmt::format("{:#x}..{:#x}", area.range.lowest.raw(), area.range.top.raw()),
                   fmt::format("{:#x}..{:#x}", right.lowest.raw(), right.top.raw()));
            area.range = right;
        }
    }

    /// A list under another order than its blocks are of: the counts by order tell.
    void settle_lists(capture::BuddyState& buddy) {
        for (capture::ZoneState& zone : buddy.zones) {
            for (capture::BlockList& list : zone.free_lists) {
                const auto off = [&](unsigned order) {
                    std::int64_t blocks = 0;
                    for (const capture::BlockList& any : zone.free_lists)
                        if (any.order.raw() == order) blocks += static_cast<std::int64_t>(any.pfns.size());
                    return blocks - static_cast<std::int64_t>(zone.free_blocks[order]);
                };
                const auto size = static_cast<std::int64_t>(list.pfns.size());
                if (size == 0 || off(list.order.raw()) != size) continue;
                for (unsigned order = 0; order < core::kOrders; ++order) {
                    if (off(order) != -size) continue;
                    differ("order of a free list", std::to_string(list.order.raw()), std::to_string(order));
                    list.order = core::Order{order};
                    break;
                }
            }
            for (capture::PcpState& pcp : zone.pcp) settle_places(pcp);
        }
    }

    void judge_buddy(const capture::BuddyState& buddy) {
        for (const capture::ZoneState& zone : buddy.zones) {
            const std::string zone_name{core::kZoneNames[static_cast<std::size_t>(zone.id)]};
            std::uint64_t pages = 0;
            for (unsigned order = 0; order < core::kOrders; ++order) {
                std::uint64_t blocks = 0;
                for (const capture::BlockList& list : zone.free_lists)
                    if (list.order.raw() == order) blocks += list.pfns.size();
                judge(fmt::format("{}: nr_free of order {}", zone_name, order), zone.free_blocks[order], blocks);
                pages += blocks << order;
            }
            for (const capture::PcpState& pcp : zone.pcp) {
                std::uint64_t listed = 0;
                for (const capture::BlockList& list : pcp.lists) listed += list.pfns.size() << list.order.raw();
                judge(fmt::format("{}: count of CPU {}", zone_name, pcp.cpu.raw()), pcp.count, listed);
            }
            judge_free(zone, zone_name, pages);
            judge_blocks(zone, zone_name);
        }
    }

    void judge_areas_of(const capture::VmapState& vmap) {
        const std::uint64_t before = part_.differing();
        if (vmap.has_free_tree())
            judge_seams(vmap);
        else
            judge_tree(vmap);
        // A range that is wrong has the wrong size as well.
        if (part_.differing() != before) return;
        std::uint64_t waiting = 0;
        for (const core::VirtRange& range : vmap.purge_pending) waiting += range.size().count() / core::kPageBytes;
        judge("vmap_lazy_nr_pages", vmap.lazy_pages.count(), waiting);
    }

private:
    /// 4.x: an area that was freed is in the tree and waits for a purge; where one of its ends differs, what overlaps
    /// no other area is believed.
    void settle_freed(capture::AreaState& area, capture::VmapState& vmap) {
        std::vector<core::VirtRange>& waiting = vmap.purge_pending;
        if (std::ranges::find(waiting, area.range) != waiting.end()) return;
        const auto meant = std::ranges::find_if(waiting, [&](const core::VirtRange& range) {
            return range.lowest == area.range.lowest || range.top == area.range.top;
        });
        if (meant == waiting.end()) return;
        differ("ends of an area that waits for a purge",
               fmt::format("{:#x}..{:#x}", area.range.lowest.raw(), area.range.top.raw()),
               fmt::format("{:#x}..{:#x}", meant->lowest.raw(), meant->top.raw()));
        std::uint64_t pages = 0;
        for (const core::VirtRange& range : waiting) pages += range.size().count() / core::kPageBytes;
        if (pages == vmap.lazy_pages.count())
            area.range = *meant;
        else
            *meant = area.range;
    }

    static bool begins_at(const capture::VmapState& vmap, core::VirtAddr address) {
        const auto begins = [&](const core::VirtRange& range) { return range.lowest == address; };
        return std::ranges::any_of(vmap.free, begins) || std::ranges::any_of(vmap.purge_pending, begins) ||
               std::ranges::any_of(vmap.areas, [&](const capture::AreaState& area) { return begins(area.range); });
    }
    /// Page lists stand in the order of their arrays: by order, then by type.
    void settle_places(capture::PcpState& pcp) {
        for (std::size_t i = 0; i < pcp.lists.size(); ++i) {
            capture::BlockList& list = pcp.lists[i];
            const core::Order order{static_cast<unsigned>(i / core::kPcpMigrateTypes)};
            const auto type = static_cast<core::MigrateType>(i % core::kPcpMigrateTypes);
            if (pcp.lists.size() % core::kPcpMigrateTypes != 0 || order.raw() >= core::kOrders) return;
            if (list.order == order && list.type == type) {
                part_.add_exact();
                continue;
            }
            differ("place of a page list",
                   fmt::format("order {}, type {}", list.order.raw(), static_cast<unsigned>(list.type)),
                   fmt::format("order {}, type {}", order.raw(), static_cast<unsigned>(type)));
            list.order = order;
            list.type = type;
        }
    }

    /// What CPUs have not reported yet is recorded beside it (6.1), or nowhere (2016).
    void judge_free(const capture::ZoneState& zone, const std::string& zone_name, std::uint64_t listed) {
        std::int64_t free = static_cast<std::int64_t>(zone.free.count());
        for (const capture::PcpState& pcp : zone.pcp) free += pcp.free_pages_diff;
        constexpr std::int64_t kMostUnreported = 125; // of a CPU
        const bool is_exact_kernel =
            std::ranges::any_of(zone.pcp, [](const capture::PcpState& pcp) { return pcp.lists.size() > 3; });
        const std::int64_t slack = is_exact_kernel ? 0 : kMostUnreported * static_cast<std::int64_t>(zone.pcp.size());
        const std::int64_t off = free - static_cast<std::int64_t>(listed);
        judge(zone_name + ": NR_FREE_PAGES", static_cast<std::uint64_t>(free),
              off <= slack && -off <= slack ? static_cast<std::uint64_t>(free) : listed);
    }

    struct Block {
        std::uint64_t first = 0;
        unsigned order = 0;
    };
    /// Aligned, in the zone, and over no other block.
    void judge_blocks(const capture::ZoneState& zone, const std::string& zone_name) {
        std::vector<Block> blocks;
        const auto add = [&](const capture::BlockList& list) {
            for (const core::Pfn pfn : list.pfns) blocks.push_back({pfn.raw(), list.order.raw()});
        };
        for (const capture::BlockList& list : zone.free_lists) add(list);
        for (const capture::PcpState& pcp : zone.pcp)
            for (const capture::BlockList& list : pcp.lists) add(list);
        std::ranges::sort(blocks, {}, [](const Block& block) { return std::pair{block.first, block.order}; });
        std::uint64_t end = 0;
        for (const Block& block : blocks) {
            const std::uint64_t size = std::uint64_t{1} << block.order;
            const bool is_sound = block.first % size == 0 && block.first >= zone.start.raw() &&
                                  block.first + size <= zone.start.raw() + zone.spanned.count() && block.first >= end;
            if (is_sound) {
                part_.add_exact();
                end = block.first + size;
            } else {
                differ(zone_name + ": free block", fmt::format("{} of order {}", block.first, block.order),
                       "not aligned, outside of the zone, or part of another one");
            }
        }
    }

    void judge_seams(const capture::VmapState& vmap) {
        std::vector<core::VirtRange> ranges = vmap.free;
        ranges.insert(ranges.end(), vmap.purge_pending.begin(), vmap.purge_pending.end());
        for (const capture::AreaState& area : vmap.areas) ranges.push_back(area.range);
        if (ranges.empty()) return;
        std::vector<core::VirtAddr> begins;
        std::vector<core::VirtAddr> ends;
        for (const core::VirtRange& range : ranges) {
            begins.push_back(range.lowest);
            ends.push_back(range.top);
        }
        // The first begins where nothing ends, and the last ends where nothing begins.
        std::ranges::sort(begins);
        std::ranges::sort(ends);
        begins.erase(begins.begin());
        ends.pop_back();
        std::vector<core::VirtAddr> open;
        std::vector<core::VirtAddr> hanging;
        std::ranges::set_difference(begins, ends, std::back_inserter(open));
        std::ranges::set_difference(ends, begins, std::back_inserter(hanging));
        const std::size_t wrong = std::max(open.size(), hanging.size());
        part_.add_exact(begins.size() - std::min(begins.size(), wrong));
        for (std::size_t i = 0; i < wrong; ++i) {
            differ("where ranges meet",
                   i < open.size() ? fmt::format("one begins at {:#x}", open[i].raw()) : "none begins",
                   i < hanging.size() ? fmt::format("one ends at {:#x}", hanging[i].raw()) : "none ends there");
        }
    }
    /// 4.x: what waits for a purge is in the tree, and nobody's.
    void judge_tree(const capture::VmapState& vmap) {
        for (std::size_t i = 1; i < vmap.areas.size(); ++i) {
            const bool is_above = vmap.areas[i - 1].range.top <= vmap.areas[i].range.lowest;
            if (is_above)
                part_.add_exact();
            else
                differ("areas", fmt::format("{:#x}", vmap.areas[i].range.lowest.raw()), "above the area before it");
        }
        for (const core::VirtRange& range : vmap.purge_pending) {
            const bool is_there = std::ranges::any_of(vmap.areas, [&](const capture::AreaState& area) {
                return area.range == range && !area.user.has_value();
            });
            if (is_there)
                part_.add_exact();
            else
                differ("waiting for a purge", fmt::format("{:#x}..{:#x}", range.lowest.raw(), range.top.raw()),
                       "no area that was freed");
        }
    }

    std::string name_;
    PartResult& part_;
};

} // namespace

void settle_moments_of(std::vector<NamedState>& moments, PartResult& part) {
    for (NamedState& moment : moments) {
        StateJudge judge{moment.name, part};
        judge.settle_design(moment.state);
        judge.settle_areas(moment.state.vmap);
        if (moment.state.buddy) judge.settle_lists(*moment.state.buddy);
    }
    if (moments.size() < 3) return; // of two, nothing says which is right
    std::vector<capture::State> states;
    std::vector<std::string> names;
    for (NamedState& moment : moments) {
        states.push_back(std::move(moment.state));
        names.push_back(moment.name);
    }
    settle_constants(states, part, names);
    for (std::size_t i = 0; i < moments.size(); ++i) moments[i].state = std::move(states[i]);
}

void judge_state_figures(const NamedState& moment, PartResult& part, PartResult& areas) {
    StateJudge judge{moment.name, part};
    if (moment.state.buddy) judge.judge_buddy(*moment.state.buddy);
    judge.judge_areas_of(moment.state.vmap);
    capture::Capture alone;
    alone.states.push_back(moment.state);
    PartResult found{areas.name()};
    judge_areas(alone, {.own_frames = {}, .addresses = nullptr}, found);
    areas.add_exact(found.exact());
    constexpr std::string_view kFirst = "state_00";
    for (Difference difference : found.differences()) {
        if (difference.where.starts_with(kFirst)) difference.where.replace(0, kFirst.size(), moment.name);
        areas.add_difference(std::move(difference));
    }
}

} // namespace ksl::sim
