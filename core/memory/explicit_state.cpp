// SPDX-License-Identifier: MIT
#include "core/memory/explicit_state.h"

#include <algorithm>
#include <optional>

namespace ksl::core {

namespace {

using Node = FrameTable::Node;

class StateMaker {
public:
    StateMaker(const ExplicitMemory& memory, const PageRules& rules, unsigned cpus)
        : memory_(memory), state_(map_of(memory), rules, cpus) {}

    std::expected<PageState, std::string> run() {
        state_.min_free_kib = memory_.min_free_kib;
        for (const ExplicitZone& zone : memory_.zones) {
            set_zone(zone);
            for (const ExplicitList& list : zone.free_lists) add_free_list(zone, list);
            for (std::uint16_t cpu = 0; cpu < zone.page_lists.size(); ++cpu) {
                for (const ExplicitList& list : zone.page_lists[cpu].lists) add_page_list(zone, CpuId{cpu}, list);
            }
        }
        if (problem_) return std::unexpected(*problem_);
        find_preferred_zones(state_);
        return std::move(state_);
    }

private:
    static MemoryMap map_of(const ExplicitMemory& memory) {
        MemoryMap map;
        for (const ExplicitZone& zone : memory.zones) {
            map.add({.lowest = zone.start, .top = zone.start + zone.spanned}, MemoryKind::usable);
        }
        return map;
    }

    void refuse(std::string why) {
        if (!problem_) problem_ = std::move(why);
    }

    void set_zone(const ExplicitZone& from) {
        Zone& zone = state_.zone(from.id);
        zone.start = static_cast<std::uint32_t>(from.start.raw());
        zone.spanned = static_cast<std::uint32_t>(from.spanned.count());
        zone.present = static_cast<std::uint32_t>(from.present.count());
        zone.managed = static_cast<std::uint32_t>(from.managed.count());
        zone.watermark = from.watermark;
        zone.boost = from.boost;
        zone.lowmem_reserve = from.lowmem_reserve;
        zone.reserved_highatomic = from.reserved_highatomic;
        zone.free_pages = from.free_pages;
        zone.stat_threshold = stat_threshold(zone.managed, state_.cpus);
        zone.fair_batch = turn_pages(zone);
        for (std::uint16_t cpu = 0; cpu < from.page_lists.size(); ++cpu) {
            const ExplicitPageLists& lists = from.page_lists[cpu];
            PageLists& to = state_.lists_of(CpuId{cpu}, from.id);
            to.high = lists.high;
            to.batch = lists.batch;
            to.free_factor = lists.free_factor;
            to.free_pages_diff = lists.free_pages_diff;
        }
        std::uint64_t frame = from.start.raw() & ~(kPageblockFrames - 1);
        for (const MigrateType type : from.pageblock_types) {
            if (frame >= state_.frames.frames().count())
                return refuse("there are more pageblock types than pageblocks");
            state_.set_pageblock_type(frame, type);
            frame += kPageblockFrames;
        }
    }

    bool accepts(const ExplicitZone& zone, Pfn block, Order order) {
        const FrameRange frames{.lowest = block, .top = block + Pages{order.frames()}};
        const FrameRange all{.lowest = zone.start, .top = zone.start + zone.spanned};
        if (frames.lowest < all.lowest || frames.top > all.top || block.raw() % order.frames() != 0) {
            refuse("block " + std::to_string(block.raw()) + " of order " + std::to_string(order.raw()) +
                   " does not lie in its zone");
            return false;
        }
        for (Pfn frame = frames.lowest; frame < frames.top; frame += Pages{1}) {
            if (state_.frames.block_of(frame)) {
                refuse("frame " + std::to_string(frame.raw()) + " is on two lists");
                return false;
            }
        }
        return true;
    }

    void add_free_list(const ExplicitZone& zone, const ExplicitList& list) {
        for (const Pfn block : list.blocks) {
            if (!accepts(zone, block, list.order)) return;
            const auto node = static_cast<Node>(block.raw());
            state_.frames.set_block(node, BlockState::free, list.order.raw(), list.type);
            state_.frames.push_back(PageState::free_list(zone.id, list.order.raw(), list.type), node);
            ++state_.zone(zone.id).free_blocks[list.order.raw()];
        }
    }

    void add_page_list(const ExplicitZone& zone, CpuId cpu, const ExplicitList& list) {
        if (!state_.rules.uses_pcp(list.order.raw()) || list.type == MigrateType::highatomic)
            return refuse("page lists of this kernel have no order " + std::to_string(list.order.raw()));
        PageLists& lists = state_.lists_of(cpu, zone.id);
        const std::size_t ring = lists.first_ring + state_.page_list_index(list.order.raw(), list.type);
        for (std::size_t i = 0; i < list.blocks.size(); ++i) {
            if (!accepts(zone, list.blocks[i], list.order)) return;
            const auto node = static_cast<Node>(list.blocks[i].raw());
            const MigrateType remembered = list.remembered.empty() ? list.type : list.remembered[i];
            state_.frames.set_block(node, BlockState::page_list, list.order.raw(), remembered);
            state_.page_rings.push_back(ring, node);
            lists.count += static_cast<std::uint32_t>(list.order.frames());
        }
    }

    const ExplicitMemory& memory_;
    PageState state_;
    std::optional<std::string> problem_;
};

void append(ExplicitList& list, const FrameTable& frames, Node node) {
    list.blocks.emplace_back(node);
    list.remembered.push_back(frames.type(node));
}

/// What the blocks remember says something only where it is not the list's type.
void simplify(ExplicitList& list) {
    const auto is_type = [&](MigrateType type) { return type == list.type; };
    if (std::ranges::all_of(list.remembered, is_type)) list.remembered.clear();
}

ExplicitList read_free_list(const FrameTable& frames, ListId from, unsigned order, MigrateType type) {
    ExplicitList list{.order = Order{order}, .type = type, .blocks = {}, .remembered = {}};
    for (Node node = frames.next(frames.sentinel(from)); frames.is_frame(node); node = frames.next(node))
        append(list, frames, node);
    simplify(list);
    return list;
}

ExplicitList read_page_list(const PageState& state, std::size_t ring, unsigned order, MigrateType type) {
    ExplicitList list{.order = Order{order}, .type = type, .blocks = {}, .remembered = {}};
    for (std::uint32_t i = 0; i < state.page_rings.size(ring); ++i)
        append(list, state.frames, state.page_rings.at(ring, i));
    simplify(list);
    return list;
}

ExplicitPageLists read_page_lists(const PageState& state, CpuId cpu, ZoneId zone) {
    const PageLists& from = state.lists_of(cpu, zone);
    ExplicitPageLists lists{.high = from.high,
                            .batch = from.batch,
                            .free_factor = from.free_factor,
                            .free_pages_diff = from.free_pages_diff,
                            .lists = {}};
    const unsigned of_small_orders = (state.rules.pcp_most_order + 1U) * kPcpMigrateTypes;
    for (unsigned index = 0; index < state.rules.pcp_lists(); ++index) {
        const auto type =
            static_cast<MigrateType>(index < of_small_orders ? index % kPcpMigrateTypes : index - of_small_orders);
        ExplicitList list = read_page_list(state, from.first_ring + index, state.page_list_order(index), type);
        if (!list.blocks.empty()) lists.lists.push_back(std::move(list));
    }
    return lists;
}

ExplicitZone read_zone(const PageState& state, const Zone& from) {
    ExplicitZone zone{.id = from.id,
                      .start = Pfn{from.start},
                      .spanned = Pages{from.spanned},
                      .present = Pages{from.present},
                      .managed = Pages{from.managed},
                      .watermark = from.watermark,
                      .boost = from.boost,
                      .lowmem_reserve = from.lowmem_reserve,
                      .reserved_highatomic = from.reserved_highatomic,
                      .free_pages = from.free_pages,
                      .free_lists = {},
                      .page_lists = {},
                      .pageblock_types = {}};
    for (unsigned order = 0; order < kOrders; ++order) {
        for (unsigned type = 0; type < kMigrateTypes; ++type) {
            const auto migrate_type = static_cast<MigrateType>(type);
            ExplicitList list =
                read_free_list(state.frames, PageState::free_list(from.id, order, migrate_type), order, migrate_type);
            if (!list.blocks.empty()) zone.free_lists.push_back(std::move(list));
        }
    }
    for (std::uint16_t cpu = 0; cpu < state.cpus; ++cpu) {
        zone.page_lists.push_back(read_page_lists(state, CpuId{cpu}, from.id));
    }
    for (std::uint64_t frame = from.start & ~(kPageblockFrames - 1); frame < from.top(); frame += kPageblockFrames) {
        zone.pageblock_types.push_back(state.pageblock_type(frame));
    }
    return zone;
}

/// 1 TiB: frames have 32-bit numbers, and a state that claims more would cost us memory before anything else is wrong.
constexpr std::uint64_t kMostFrames = std::uint64_t{1} << 28;
constexpr std::size_t kMostCpus = 8192;
/// What vm.percpu_pagelist_high_fraction can make of them, and more; a batch is shifted by free_factor in 32 bits.
constexpr std::uint32_t kMostOnLists = 1U << 20;
constexpr std::uint32_t kMostBatch = 1U << 11;
constexpr std::uint8_t kMostFreeFactor = 20;

/// What is wrong with sizes and counts, before anything is built from them; empty if nothing is.
std::string shape_problem(const ExplicitMemory& memory) {
    for (std::size_t i = 0; i < memory.zones.size(); ++i) {
        const ExplicitZone& zone = memory.zones[i];
        if (zone.start.raw() >= kMostFrames || zone.spanned.count() > kMostFrames - zone.start.raw()) {
            return "a zone reaches beyond 1 TiB";
        }
        if (zone.present > zone.spanned || zone.managed > zone.present) {
            return "a zone has more managed or present pages than it spans";
        }
        const FrameRange frames{.lowest = zone.start, .top = zone.start + zone.spanned};
        for (std::size_t j = 0; j < i; ++j) {
            const ExplicitZone& other = memory.zones[j];
            const FrameRange others{.lowest = other.start, .top = other.start + other.spanned};
            if (other.id == zone.id || frames.overlaps(others)) return "two zones are the same or overlap";
        }
        if (zone.page_lists.size() > kMostCpus) return "there are more CPUs than a kernel can have";
        for (const ExplicitPageLists& lists : zone.page_lists) {
            if (lists.batch == 0 || lists.batch > kMostBatch || lists.high > kMostOnLists ||
                lists.free_factor > kMostFreeFactor) {
                return "the limits of a page list cannot be";
            }
        }
    }
    return {};
}

} // namespace

std::expected<PageState, std::string> make_state(const ExplicitMemory& memory, const PageRules& rules) {
    if (std::string problem = shape_problem(memory); !problem.empty()) return std::unexpected(std::move(problem));
    std::size_t cpus = 1;
    for (const ExplicitZone& zone : memory.zones) cpus = std::max(cpus, zone.page_lists.size());
    return StateMaker(memory, rules, static_cast<unsigned>(cpus)).run();
}

ExplicitMemory make_explicit(const PageState& state) {
    ExplicitMemory memory;
    memory.min_free_kib = state.min_free_kib;
    for (const Zone& zone : state.zones) {
        if (zone.is_populated()) memory.zones.push_back(read_zone(state, zone));
    }
    return memory;
}

} // namespace ksl::core
