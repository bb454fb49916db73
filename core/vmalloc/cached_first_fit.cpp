// SPDX-License-Identifier: MIT
#include "core/vmalloc/cached_first_fit.h"

#include "core/vmalloc/address_tree.h"

namespace ksl::core {

namespace {

constexpr std::uint64_t aligned_up(std::uint64_t address, std::uint64_t align) {
    return (address + align - 1) & ~(align - 1);
}

} // namespace

/// A descent that stops early at an area that begins at or below the address.
template <class Touch>
NodeIndex CachedFirstFit::lowest_ending_at_or_above(const AreaPool& pool, std::uint64_t address, std::uint32_t& steps,
                                                    Effects& fx, Touch touch) const {
    NodeIndex found = kNoNode;
    std::uint32_t levels = 0;
    for (NodeIndex at = root_; at != kNoNode;) {
        ++levels;
        touch.read(at);
        if (pool[at].end() < address) {
            at = pool[at].rb.right();
            continue;
        }
        found = at;
        if (pool[at].start() <= address) break;
        at = pool[at].rb.left();
    }
    fx.charge(Step::area_tree_level, levels);
    steps += levels;
    return found;
}

template <class Touch>
std::optional<CachedFirstFit::Found> CachedFirstFit::search(const AreaPool& pool, const AreaRequest& request,
                                                            Effects& fx, Touch touch) {
    const std::uint64_t size = request.size.count();
    const std::uint64_t align = request.align.count();
    const std::uint64_t vstart = request.window.lowest.raw();
    const std::uint64_t vend = request.window.top.raw();
    Found result;
    const auto wraps = [&](std::uint64_t address) { return address + size < address; };

    const bool may_fit_lower =
        request.size < cache_.hole_size || request.window.lowest < cache_.vstart || request.align < cache_.align;
    NodeIndex first = may_fit_lower || cache_.area.is_none() ? kNoNode : cache_.area.raw();
    cache_.vstart = request.window.lowest;
    cache_.align = request.align;
    std::uint64_t address = 0;
    if (first != kNoNode) {
        touch.read(first);
        address = aligned_up(pool[first].end(), align);
        if (address < vstart) first = kNoNode;
    }
    if (first == kNoNode) {
        cache_.hole_size = Bytes{0};
        cache_.area = AreaId::none();
        address = aligned_up(vstart, align);
        if (wraps(address)) return std::nullopt;
        first = lowest_ending_at_or_above(pool, address, result.steps, fx, touch);
    } else if (wraps(address)) {
        return std::nullopt;
    }

    std::uint32_t stepped = 0;
    while (first != kNoNode && address + size > pool[first].start() && address + size <= vend) {
        ++stepped;
        if (address + cache_.hole_size.count() < pool[first].start()) {
            cache_.hole_size = Bytes{pool[first].start() - address};
        }
        address = aligned_up(pool[first].end(), align);
        if (wraps(address)) break;
        first = neighbour(pool, first, Side::right);
        if (first != kNoNode) touch.read(first);
    }
    fx.charge(Step::area_list_step, stepped);
    result.steps += stepped;
    if (wraps(address) || address + size > vend) return std::nullopt;
    result.start = VirtAddr{address};
    return result;
}

std::optional<CachedFirstFit::Found> CachedFirstFit::find(const AreaPool& pool, const AreaRequest& request,
                                                          const VmapRules& rules, Effects& fx, const VmapHost& host) {
    fx.charge(Step::area_alloc_entry);
    fx.write(fx.data().vmap_lock());
    fx.write(fx.data().vmap_cache_globals());
    return with_touch(fx, host, rules.layout, pool, [&](auto touch) { return search(pool, request, fx, touch); });
}

void CachedFirstFit::insert(AreaPool& pool, NodeIndex area, const VmapRules& rules, Effects& fx, const VmapHost& host) {
    with_touch(fx, host, rules.layout, pool, [&](auto touch) {
        const TreePlace place = find_place(pool, root_, pool[area].start(), fx, touch);
        link_range(pool, root_, area, place, fx, NoSummary{}, touch);
    });
    cache_.area = AreaId{area};
}

void CachedFirstFit::erase(AreaPool& pool, NodeIndex area, const VmapRules& rules, Effects& fx, const VmapHost& host) {
    if (!cache_.area.is_none()) {
        if (pool[area].end() < cache_.vstart.raw()) {
            cache_.area = AreaId::none();
        } else if (pool[area].start() <= pool[cache_.area.raw()].start()) {
            const NodeIndex below = neighbour(pool, area, Side::left);
            cache_.area = below == kNoNode ? AreaId::none() : AreaId{below};
        }
    }
    with_touch(fx, host, rules.layout, pool,
               [&](auto touch) { unlink_range(pool, root_, area, fx, NoSummary{}, touch); });
}

} // namespace ksl::core
