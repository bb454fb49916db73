// SPDX-License-Identifier: MIT
#include "sim/replay/page_replay_state.h"

#include "sim/replay/list_edits.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

namespace ksl::sim {

namespace {

using core::ExplicitList;
using core::MigrateType;

constexpr std::array<std::string_view, core::kMigrateTypes> kTypeNames{"unmovable", "movable", "reclaimable",
                                                                       "highatomic"};

std::int64_t signed_count(core::Pages pages) {
    return static_cast<std::int64_t>(pages.count());
}

std::vector<ExplicitList> explicit_lists(const std::vector<capture::BlockList>& from) {
    std::vector<ExplicitList> lists;
    for (const capture::BlockList& list : from) {
        if (list.pfns.empty()) continue;
        lists.push_back(
            {.order = list.order, .type = list.type, .blocks = list.pfns, .remembered = list.remembered_types});
    }
    std::ranges::stable_sort(lists, [](const ExplicitList& a, const ExplicitList& b) {
        return std::pair{a.order, a.type} < std::pair{b.order, b.type};
    });
    return lists;
}

std::int64_t pages_on(const std::vector<capture::BlockList>& lists) {
    std::uint64_t pages = 0;
    for (const capture::BlockList& list : lists) pages += list.pfns.size() << list.order.raw();
    return static_cast<std::int64_t>(pages);
}
std::int64_t pages_on(const std::vector<ExplicitList>& lists) {
    std::uint64_t pages = 0;
    for (const ExplicitList& list : lists) pages += list.blocks.size() << list.order.raw();
    return static_cast<std::int64_t>(pages);
}

core::ExplicitPageLists explicit_page_lists(const capture::PcpState& from) {
    return {.high = from.high,
            .batch = from.batch,
            .free_factor = static_cast<std::uint8_t>(from.free_factor),
            .free_pages_diff = static_cast<std::int8_t>(from.free_pages_diff),
            .lists = explicit_lists(from.lists)};
}

core::ExplicitZone explicit_zone(const capture::ZoneState& from) {
    core::ExplicitZone zone{.id = from.id,
                            .start = from.start,
                            .spanned = from.spanned,
                            .present = from.present,
                            .managed = from.managed,
                            .watermark = {},
                            .boost = signed_count(from.watermark_boost),
                            .lowmem_reserve = {},
                            .reserved_highatomic = signed_count(from.reserved_highatomic),
                            .free_pages = signed_count(from.free),
                            .free_lists = explicit_lists(from.free_lists),
                            .page_lists = {},
                            .pageblock_types = from.pageblock_types};
    std::ranges::transform(from.watermarks, zone.watermark.begin(), signed_count);
    for (std::size_t i = 0; i < core::kZones && i < from.lowmem_reserve.size(); ++i)
        zone.lowmem_reserve[i] = signed_count(from.lowmem_reserve[i]);
    for (const capture::PcpState& pcp : from.pcp) zone.page_lists.push_back(explicit_page_lists(pcp));
    // What the zone does not know yet, some CPU does; states of 4.x do not say which.
    std::int64_t known = zone.free_pages;
    for (const core::ExplicitPageLists& lists : zone.page_lists) known += lists.free_pages_diff;
    const std::int64_t unreported = pages_on(from.free_lists) - known;
    if (!zone.page_lists.empty() && unreported >= -125 && unreported <= 125)
        zone.page_lists[0].free_pages_diff = static_cast<std::int8_t>(zone.page_lists[0].free_pages_diff + unreported);
    return zone;
}

std::string text_of(const ExplicitList* list) {
    if (list == nullptr) return "empty";
    std::string text;
    for (std::size_t i = 0; i < list->blocks.size() && i < 40; ++i) {
        text += fmt::format("{}{}", text.empty() ? "" : " ", list->blocks[i].raw());
        if (!list->remembered.empty() && list->remembered[i] != list->type)
            text += fmt::format("({})", kTypeNames[static_cast<std::size_t>(list->remembered[i])]);
    }
    if (list->blocks.size() > 40) text += fmt::format(" ... {} in all", list->blocks.size());
    return text;
}

/// A block of a list and what its page remembers.
struct Entry {
    core::Pfn block;
    MigrateType remembered;
    friend bool operator==(const Entry&, const Entry&) = default;
};
std::vector<Entry> entries_of(const ExplicitList& list) {
    std::vector<Entry> entries;
    entries.reserve(list.blocks.size());
    for (std::size_t i = 0; i < list.blocks.size(); ++i)
        entries.push_back({list.blocks[i], i < list.remembered.size() ? list.remembered[i] : list.type});
    return entries;
}
std::string text_of(const Entry& entry) {
    return fmt::format("{} (for {})", entry.block.raw(), kTypeNames[static_cast<std::size_t>(entry.remembered)]);
}

class Comparer {
public:
    StateComparison run(const capture::BuddyState& recorded, const core::PageState& engine) {
        const core::ExplicitMemory ours = make_explicit(engine);
        for (const core::ExplicitZone& own : ours.zones) {
            zone_name_ = core::kZoneNames[static_cast<std::size_t>(own.id)];
            const auto zone = std::ranges::find(recorded.zones, own.id, &capture::ZoneState::id);
            if (zone == recorded.zones.end()) {
                ++result_.compared;
                add("the zone", "not there", fmt::format("{} pages", own.managed.count()));
                continue;
            }
            compare_zones(explicit_zone(*zone), own);
            compare_counts(*zone, own);
            for (std::size_t cpu = 0; cpu < std::min(zone->pcp.size(), own.page_lists.size()); ++cpu)
                compare_empty_page_lists(cpu, zone->pcp[cpu].lists, own.page_lists[cpu].lists, engine.rules);
        }
        return std::move(result_);
    }

private:
    void compare_counts(const capture::ZoneState& recorded, const core::ExplicitZone& engine) {
        for (unsigned order = 0; order < core::kOrders; ++order) {
            std::uint64_t blocks = 0;
            for (const ExplicitList& list : engine.free_lists) {
                if (list.order.raw() == order) blocks += list.blocks.size();
            }
            compare_value(fmt::format("nr_free of order {}", order), recorded.free_blocks[order], blocks);
        }
        compare_value("CPUs with page lists", recorded.pcp.size(), engine.page_lists.size());
        // The states are taken while the CPU is idle: what it has not reported yet is recorded beside it, or nothing.
        std::int64_t free = signed_count(recorded.free);
        for (const capture::PcpState& pcp : recorded.pcp) free += pcp.free_pages_diff;
        compare_value("NR_FREE_PAGES", free, pages_on(engine.free_lists));
        for (std::size_t cpu = 0; cpu < std::min(recorded.pcp.size(), engine.page_lists.size()); ++cpu) {
            std::uint64_t pages = 0;
            for (const ExplicitList& list : engine.page_lists[cpu].lists)
                pages += list.blocks.size() << list.order.raw();
            compare_value(fmt::format("count of CPU {}", cpu), std::uint64_t{recorded.pcp[cpu].count}, pages);
        }
    }

    void compare_zones(const core::ExplicitZone& recorded, const core::ExplicitZone& engine) {
        compare_lists("free list", recorded.free_lists, engine.free_lists);
        compare_value("nr_reserved_highatomic", recorded.reserved_highatomic, engine.reserved_highatomic);
        compare_value("watermark_boost", recorded.boost, engine.boost);
        for (std::size_t cpu = 0; cpu < std::min(recorded.page_lists.size(), engine.page_lists.size()); ++cpu) {
            compare_lists(fmt::format("page list of CPU {}", cpu), recorded.page_lists[cpu].lists,
                          engine.page_lists[cpu].lists);
            compare_value(fmt::format("free_factor of CPU {}", cpu), recorded.page_lists[cpu].free_factor,
                          engine.page_lists[cpu].free_factor);
        }
        if (recorded.pageblock_types.size() != engine.pageblock_types.size()) {
            compare_value("pageblocks", recorded.pageblock_types.size(), engine.pageblock_types.size());
            return;
        }
        for (std::size_t i = 0; i < engine.pageblock_types.size(); ++i) {
            const MigrateType is = recorded.pageblock_types[i];
            const MigrateType ours = engine.pageblock_types[i];
            ++result_.compared;
            if (is != ours)
                add(fmt::format("pageblock {}", i), std::string{kTypeNames[static_cast<std::size_t>(is)]},
                    std::string{kTypeNames[static_cast<std::size_t>(ours)]});
        }
    }

    void compare_lists(std::string_view kind, const std::vector<ExplicitList>& all_recorded,
                       std::vector<ExplicitList> engine) {
        const std::vector<ExplicitList> recorded = without_misplaced(kind, all_recorded, engine);
        for (unsigned order = 0; order < core::kOrders; ++order) {
            for (unsigned type = 0; type < core::kMigrateTypes; ++type) {
                const ExplicitList* is = find(recorded, order, type);
                const ExplicitList* ours = find(engine, order, type);
                if (is == nullptr && ours == nullptr) continue;
                ++result_.compared;
                if (is != nullptr && ours != nullptr && *is == *ours) continue;
                add_edits(fmt::format("{} of order {}, type {}", kind, order, kTypeNames[type]), is, ours);
            }
        }
    }

    /// One difference a wrong entry; a whole list that is missing is one.
    void add_edits(const std::string& where, const ExplicitList* recorded, const ExplicitList* engine) {
        if (recorded == nullptr || engine == nullptr) {
            add(where, text_of(recorded), text_of(engine));
            return;
        }
        const std::vector<Entry> is = entries_of(*recorded);
        const std::vector<Entry> ours = entries_of(*engine);
        const std::vector<ListEdit> edits = list_edits(is, ours);
        result_.compared += edits.size() - 1;
        for (const ListEdit& edit : edits) {
            add(fmt::format("{}, entry {}", where, edit.recorded.value_or(edit.engine.value_or(0))),
                fmt::format("{} in {}", edit.recorded ? text_of(is[*edit.recorded]) : "missing", text_of(recorded)),
                fmt::format("{} in {}", edit.engine ? text_of(ours[*edit.engine]) : "not there", text_of(engine)));
        }
    }

    static std::string name_of(std::string_view kind, const ExplicitList& list) {
        return fmt::format("{} of order {}, type {}", kind, list.order.raw(),
                           kTypeNames[static_cast<std::size_t>(list.type)]);
    }

    /// A list under another order or type than its blocks are of is one difference: it is taken out on both sides.
    std::vector<ExplicitList> without_misplaced(std::string_view kind, const std::vector<ExplicitList>& recorded,
                                                std::vector<ExplicitList>& engine) {
        std::vector<ExplicitList> rest;
        for (const ExplicitList& list : recorded) {
            const auto is_same = [&](const ExplicitList& own) {
                return own.blocks == list.blocks && std::ranges::find(recorded, own) == recorded.end();
            };
            const auto own =
                std::ranges::find(engine, list) != engine.end() ? engine.end() : std::ranges::find_if(engine, is_same);
            const bool is_misplaced = own != engine.end() && (own->order != list.order || own->type != list.type);
            if (!is_misplaced) {
                rest.push_back(list);
                continue;
            }
            ++result_.compared;
            add(name_of(kind, *own), "called " + name_of(kind, list), text_of(&*own));
            engine.erase(own);
        }
        return rest;
    }

    /// Page lists that are empty have their places as well; the others' places are compared with their pages.
    void compare_empty_page_lists(std::size_t cpu, const std::vector<capture::BlockList>& recorded,
                                  const std::vector<ExplicitList>& engine, const core::PageRules& rules) {
        for (unsigned order = 0; order < core::kOrders; ++order) {
            for (unsigned type = 0; type < core::kPcpMigrateTypes && rules.uses_pcp(order); ++type) {
                if (find(engine, order, type) != nullptr) continue;
                const bool is_there = std::ranges::any_of(recorded, [&](const capture::BlockList& list) {
                    return list.order.raw() == order && static_cast<unsigned>(list.type) == type;
                });
                ++result_.compared;
                if (!is_there)
                    add(fmt::format("page list of CPU {} of order {}, type {}", cpu, order, kTypeNames[type]),
                        "not there", "empty");
            }
        }
    }

    static const ExplicitList* find(const std::vector<ExplicitList>& lists, unsigned order, unsigned type) {
        const auto found = std::ranges::find_if(lists, [&](const ExplicitList& list) {
            return list.order.raw() == order && static_cast<unsigned>(list.type) == type;
        });
        return found == lists.end() ? nullptr : &*found;
    }

    template <class T>
    void compare_value(std::string what, T recorded, T engine) {
        ++result_.compared;
        if (recorded != engine) add(std::move(what), std::to_string(recorded), std::to_string(engine));
    }

    void add(std::string where, std::string recorded, std::string engine) {
        result_.differences.push_back({.where = fmt::format("{}: {}", zone_name_, where),
                                       .recorded = std::move(recorded),
                                       .engine = std::move(engine)});
    }

    std::string_view zone_name_;
    StateComparison result_;
};

} // namespace

PageKernel page_kernel_of(const capture::State& state) {
    if (state.buddy) {
        for (const capture::ZoneState& zone : state.buddy->zones) {
            for (const capture::PcpState& pcp : zone.pcp) {
                if (pcp.lists.size() > core::kPcpMigrateTypes) return PageKernel::linux_6_1;
            }
        }
    }
    return state.tasks.thread_info_in_task ? PageKernel::linux_4_9 : PageKernel::linux_4_7;
}

core::PageRules replay_rules(PageKernel kernel) {
    core::PageRules rules = core::PageRules::linux_6_1();
    if (kernel == PageKernel::linux_4_7) rules = core::PageRules::linux_4_7();
    if (kernel == PageKernel::linux_4_9) rules = core::PageRules::linux_4_9();
    rules.reclaim = false;
    rules.compaction = false;
    return rules;
}

core::ExplicitMemory explicit_memory(const capture::BuddyState& state) {
    core::ExplicitMemory memory;
    memory.min_free_kib = static_cast<std::uint32_t>(state.min_free_kib);
    for (const capture::ZoneState& zone : state.zones) {
        if (zone.managed != core::Pages{0}) memory.zones.push_back(explicit_zone(zone));
    }
    return memory;
}

StateComparison compare(const capture::BuddyState& recorded, const core::PageState& engine) {
    return Comparer{}.run(recorded, engine);
}

} // namespace ksl::sim
