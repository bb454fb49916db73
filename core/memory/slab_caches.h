// SPDX-License-Identifier: MIT
//
// The slab caches of the kernel, as far as tasks and stacks need them: which object comes from which cache.
//
// Sharing:  kinds of the same kmalloc size share one cache, and so may find their objects side by side.
// Numbers:  an object is named by its kind and a number that is unique in its cache.
#pragma once

#include "core/memory/slab_cache.h"

#include <array>
#include <string>
#include <vector>

namespace ksl::core {

class SlabCaches {
public:
    SlabCaches() = default;
    /// `direct_map`: where physical address 0 is mapped.
    SlabCaches(const SlabSizes& sizes, unsigned cpus, VirtAddr direct_map);

    /// kmem_cache_alloc / kmalloc. Flags and the state of the task are those of `request`; a SlabPages that kills tasks
    /// and tries again leaves no_memory only.
    [[nodiscard]] std::expected<SlabObject, AllocFailure> allocate(SlabCacheId kind, const AllocRequest& request,
                                                                   SlabPages& pages, Effects& fx) {
        return caches_[cache_of(kind)].allocate(request, pages, fx);
    }
    void free(SlabCacheId kind, SlabObject object, SlabPages& pages, Effects& fx) {
        caches_[cache_of(kind)].free(object, pages, fx);
    }

    /// All caches of the CPU of `fx` give their slabs up: before the CPU goes away.
    void flush(SlabPages& pages, Effects& fx) {
        for (SlabCache& cache : caches_) cache.flush(pages, fx);
    }

    [[nodiscard]] PhysAddr address(SlabCacheId kind, SlabObject object) const {
        return caches_[cache_of(kind)].address(object);
    }
    /// In the direct map.
    [[nodiscard]] VirtAddr kernel_address(SlabCacheId kind, SlabObject object) const {
        return caches_[cache_of(kind)].kernel_address(object);
    }

    /// What lies at a physical address.
    struct Found {
        unsigned cache = 0;
        SlabObject object;
        bool is_in_use = false;
        PhysRange range; ///< of the object
        friend bool operator==(const Found&, const Found&) = default;
    };
    /// Nothing if no slab of these caches is there, or the address is behind its last object.
    [[nodiscard]] std::optional<Found> object_at(PhysAddr at, const PageAllocator& pages) const;

    [[nodiscard]] unsigned cache_of(SlabCacheId kind) const { return cache_of_kind_[static_cast<std::size_t>(kind)]; }
    [[nodiscard]] unsigned count() const { return static_cast<unsigned>(caches_.size()); }
    [[nodiscard]] const SlabCache& operator[](unsigned cache) const { return caches_[cache]; }
    /// "task_struct", "kmalloc-64", ...
    [[nodiscard]] std::string name(unsigned cache) const;

    /// Empty, or the first invariant that is broken, with the cache's name.
    [[nodiscard]] std::string check_invariants(const PageAllocator& pages) const;

    template <class Archive>
    void describe(Archive& archive) {
        archive(caches_, cache_of_kind_, is_kmalloc_);
    }
    friend bool operator==(const SlabCaches&, const SlabCaches&) = default;

private:
    /// The cache of that kmalloc size; count() if there is none yet.
    [[nodiscard]] std::size_t kmalloc_cache(Bytes size) const;

    std::vector<SlabCache> caches_;
    std::array<std::uint8_t, kSlabCacheIds> cache_of_kind_{};
    std::vector<std::uint8_t> is_kmalloc_; ///< by cache
};

} // namespace ksl::core
