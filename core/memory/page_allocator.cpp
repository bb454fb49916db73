// SPDX-License-Identifier: MIT
#include "core/memory/page_allocator.h"

#include "core/memory/free_list_search.h"
#include "core/memory/slow_path.h"

#include <array>

namespace ksl::core {

namespace {

using Node = FrameTable::Node;

Node node_of(Pfn frame) {
    return static_cast<Node>(frame.raw());
}

template <class Fx>
Node first_attempt(PageState& state, const AllocRequest& request, Fx& fx, PageOwners* owners) {
    fx.charge(Step::page_alloc_entry);
    return FreeListSearch<Fx>(state, request, fx, owners).run_first();
}

/// free_pages_prepare and the look at the pageblock's type.
template <class Fx>
MigrateType prepare_free(const PageState& state, Node block, unsigned order, bool to_pcp, Fx& fx) {
    KSL_ASSERT(state.frames.state(block) != BlockState::free && state.frames.state(block) != BlockState::page_list,
               "only blocks in use are freed");
    KSL_ASSERT(state.frames.state(block) != BlockState::lru, "a page leaves the LRU list before it is freed");
    fx.charge(Step::page_check, 1U << order);
    for (Node page = block; page < block + (Node{1} << order); ++page) fx.write(fx.data().page_struct(Pfn{page}));
    fx.read(fx.data().pageblock_flags(Pfn{block}));
    const MigrateType type = state.pageblock_type(block);
    fx.report(EventLevel::fine, [&] {
        return PagesFreed{.pfn = block, .order = static_cast<std::uint8_t>(order), .type = type, .to_pcp = to_pcp};
    });
    return type;
}

/// __free_pages_ok. Not part of its caller: that would cost the common path registers.
template <class Fx>
[[gnu::noinline]] void free_to_buddy(PageState& state, Node block, unsigned order, FreePath path, Fx& fx) {
    const MigrateType type = prepare_free(state, block, order, false, fx);
    Zone& zone = state.zone(zone_of(Pfn{block}));
    [[maybe_unused]] const LockHold held = fx.hold(lock_of(zone.id));
    fx.charge(Step::zone_lock);
    fx.write(fx.data().zone_lock(zone.id));
    fx.charge(Step::buddy_free);
    Buddy<Fx>(state, zone, fx)
        .put(block, order, type, path == FreePath::buddy_tail ? std::optional{ListEnd::tail} : std::nullopt);
}

template <class Fx>
void free_to_list(PageState& state, Node block, unsigned order, MigrateType remembered, Temperature temperature,
                  Fx& fx) {
    Zone& zone = state.zone(zone_of(Pfn{block}));
    PageListOps<Fx>(state, zone, fx).put(block, order, remembered, temperature);
}

template <class Fx>
void free_block(PageState& state, Node block, unsigned order, FreePath path, Fx& fx) {
    const bool wants_list = path == FreePath::page_list || path == FreePath::page_list_cold;
    if (!wants_list || !state.rules.uses_pcp(order)) return free_to_buddy(state, block, order, path, fx);
    const MigrateType type = prepare_free(state, block, order, true, fx);
    const bool is_cold = path == FreePath::page_list_cold && state.rules.pcp_cold_end;
    free_to_list(state, block, order, type, is_cold ? Temperature::cold : Temperature::hot, fx);
}

} // namespace

std::expected<Pfn, AllocFailure> PageAllocator::allocate(const AllocRequest& request, Effects& fx, PageOwners* owners) {
    KSL_ASSERT(request.order <= kMaxOrder, "there are no larger blocks");
    Node node = FrameTable::kNoNode;
    if (fx.is_silent()) [[likely]] {
        SilentEffects silent(fx.cpu());
        node = first_attempt(state_, request, silent, owners);
    } else {
        node = first_attempt(state_, request, fx, owners);
    }
    if (node != FrameTable::kNoNode) [[likely]]
        return Pfn{node};
    return SlowPath(*this, request, fx, owners).run();
}

std::expected<std::size_t, AllocFailure> PageAllocator::allocate_bulk(const AllocRequest& request, std::span<Pfn> out,
                                                                      Effects& fx, PageOwners* owners) {
    KSL_ASSERT(request.order == Order{0}, "bulk requests are for single pages");
    if (out.empty()) return std::size_t{0};
    if (state_.rules.bulk_requests && out.size() > 1) {
        std::size_t count = 0;
        if (fx.is_silent()) {
            SilentEffects silent(fx.cpu());
            count = FreeListSearch<SilentEffects>(state_, request, silent, owners).run_bulk(out);
        } else {
            count = FreeListSearch<Effects>(state_, request, fx, owners).run_bulk(out);
        }
        if (count != 0) return count;
    }
    const std::expected<Pfn, AllocFailure> single = allocate(request, fx, owners);
    if (!single) return std::unexpected(single.error());
    out[0] = *single;
    return std::size_t{1};
}

std::optional<ZoneId> PageAllocator::zone_for(const AllocRequest& request, CpuId cpu) {
    SilentEffects fx(cpu);
    FreeListSearch<SilentEffects> search(state_, request, fx, nullptr);
    const std::optional<ZoneId> first = search.preview(search.first_flags());
    return first ? first : search.preview(slow_path_flags(request.gfp, request.order.raw(), state_.rules));
}

void PageAllocator::free(Pfn block, Order order, Effects& fx, FreePath path) {
    if (fx.is_silent()) [[likely]] {
        SilentEffects silent(fx.cpu());
        free_block(state_, node_of(block), order.raw(), path, silent);
    } else {
        free_block(state_, node_of(block), order.raw(), path, fx);
    }
}

void PageAllocator::free_batch(std::span<const Pfn> pages, Effects& fx, FreePath path) {
    // 4.x prepares and puts page by page.
    if (state_.rules.pcp_drain == PcpDrainRule::round_robin) {
        for (const Pfn page : pages) free(page, Order{0}, fx, path);
        return;
    }
    // 6.1 prepares all of them first. Freeing changes no pageblock's type, so that doing it piecewise is the same.
    constexpr std::size_t kAtOnce = 64;
    std::array<MigrateType, kAtOnce> types{};
    while (!pages.empty()) {
        const std::size_t count = std::min(pages.size(), kAtOnce);
        for (std::size_t i = 0; i < count; ++i) types[i] = prepare_free(state_, node_of(pages[i]), 0, true, fx);
        for (std::size_t i = 0; i < count; ++i) commit_free(pages[i], types[i], fx);
        pages = pages.subspan(count);
    }
}

void PageAllocator::commit_free(Pfn page, MigrateType remembered, Effects& fx) {
    free_to_list(state_, node_of(page), 0, remembered, Temperature::hot, fx);
}

void PageAllocator::drain(CpuId cpu, ZoneId zone, Effects& fx) {
    PageListOps<Effects>(state_, state_.zone(zone), cpu, fx).drain_all();
}

void PageAllocator::drain(CpuId cpu, Effects& fx) {
    for (const Zone& zone : state_.zones) {
        if (zone.is_populated()) drain(cpu, zone.id, fx);
    }
}

void PageAllocator::report_counters(CpuId cpu) {
    for (Zone& zone : state_.zones) {
        PageLists& lists = state_.lists_of(cpu, zone.id);
        zone.free_pages += std::exchange(lists.free_pages_diff, std::int8_t{0});
        zone.fair_batch += std::exchange(lists.fair_batch_diff, std::int8_t{0});
    }
}

void PageAllocator::split_block(Pfn block) {
    const Node first = node_of(block);
    KSL_ASSERT(state_.frames.state(first) == BlockState::in_use, "only a block in use is split");
    const Node top = first + (Node{1} << state_.frames.order(first));
    const MigrateType type = state_.frames.type(first);
    const FrameUse use = state_.frames.use(first);
    for (Node page = first; page < top; ++page) {
        state_.frames.set_block(page, BlockState::in_use, 0, type, use);
    }
}

void PageAllocator::set_use(Pfn block, FrameUse use) {
    state_.frames.set_use(node_of(block), use);
}

void PageAllocator::lru_add(Pfn page) {
    const Node node = node_of(page);
    FrameTable& frames = state_.frames;
    KSL_ASSERT(frames.state(node) == BlockState::in_use && frames.order(node) == 0,
               "single pages in use go on the LRU");
    frames.set_block(node, BlockState::lru, 0, frames.type(node), frames.use(node));
    frames.push_front(PageState::lru_list(zone_of(page)), node);
    ++state_.zone(zone_of(page)).lru_pages;
}

void PageAllocator::lru_remove(Pfn page) {
    const Node node = node_of(page);
    FrameTable& frames = state_.frames;
    KSL_ASSERT(frames.state(node) == BlockState::lru, "the page is on the LRU list");
    frames.unlink(node);
    frames.set_block(node, BlockState::in_use, 0, frames.type(node), frames.use(node));
    --state_.zone(zone_of(page)).lru_pages;
}

Pages PageAllocator::free_pages() const {
    std::int64_t pages = 0;
    for (const Zone& zone : state_.zones) pages += free_pages_exact(state_, zone.id);
    return Pages{static_cast<std::uint64_t>(pages)};
}

} // namespace ksl::core
