// SPDX-License-Identifier: MIT
#include "core/memory/slab_caches.h"

#include <algorithm>

namespace ksl::core {

namespace {

constexpr std::array<const char*, kSlabCacheIds> kNames{"task_struct", "vm_struct", "vmap_area", "page_array"};

} // namespace

SlabCaches::SlabCaches(const SlabSizes& sizes, unsigned cpus, VirtAddr direct_map) {
    for (std::size_t kind = 0; kind < kSlabCacheIds; ++kind) {
        const auto [size, has_own_cache] = sizes.kinds[kind];
        const Bytes object = has_own_cache ? size : kmalloc_size(size);
        const std::size_t cache = has_own_cache ? caches_.size() : kmalloc_cache(object);
        cache_of_kind_[kind] = static_cast<std::uint8_t>(cache);
        if (cache < caches_.size()) continue;
        caches_.emplace_back(shape_of(object, sizes.rules), static_cast<std::uint8_t>(cache), cpus, direct_map);
        is_kmalloc_.push_back(has_own_cache ? 0 : 1);
    }
}

std::size_t SlabCaches::kmalloc_cache(Bytes size) const {
    std::size_t cache = 0;
    while (cache < caches_.size() && (is_kmalloc_[cache] == 0 || caches_[cache].shape().size != size)) ++cache;
    return cache;
}

std::optional<SlabCaches::Found> SlabCaches::object_at(PhysAddr at, const PageAllocator& pages) const {
    const FrameTable& frames = pages.state().frames;
    if (frame_of(at).raw() >= frames.frames().count()) return std::nullopt;
    const auto block = frames.block_of(frame_of(at));
    if (!block || block->state != BlockState::in_use) return std::nullopt;
    const auto node = static_cast<FrameTable::Node>(block->first.raw());
    const FrameOwner owner = frames.owner(node);
    if (frames.use(node) != FrameUse::slab || owner.detail >= caches_.size()) return std::nullopt;
    const SlabCache& cache = caches_[owner.detail];
    const auto object = cache.object_at(owner.id, at);
    if (!object || cache.address(*object) > at || at >= cache.address(*object) + cache.shape().size)
        return std::nullopt;
    return Found{.cache = owner.detail,
                 .object = *object,
                 .is_in_use = cache.is_in_use(*object),
                 .range = {.lowest = cache.address(*object), .top = cache.address(*object) + cache.shape().size}};
}

std::string SlabCaches::name(unsigned cache) const {
    if (is_kmalloc_[cache] != 0) return "kmalloc-" + std::to_string(caches_[cache].shape().size.count());
    return kNames[static_cast<std::size_t>(std::ranges::find(cache_of_kind_, cache) - cache_of_kind_.begin())];
}

std::string SlabCaches::check_invariants(const PageAllocator& pages) const {
    for (unsigned cache = 0; cache < count(); ++cache) {
        std::string broken = caches_[cache].check_invariants();
        if (broken.empty()) broken = caches_[cache].check_pages(pages);
        if (!broken.empty()) return name(cache) + ", " + broken;
    }
    return "";
}

} // namespace ksl::core
