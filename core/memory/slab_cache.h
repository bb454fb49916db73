// SPDX-License-Identifier: MIT
//
// One slab cache: objects of one size in blocks of pages ("slabs"). A CPU allocates from a slab of its own, in the
// order of its free list, and frees to it without a lock; objects of other slabs are freed to their slab, which then
// waits on a list until a CPU needs objects. Slabs that became empty are given back when enough others are partly free.
//
// Lists:    a slab is a CPU's own, on a CPU's list of partial slabs (6.1), on the node's list of partial slabs, or full
//           and on no list.
// Objects:  known by number: slab times objects a slab, plus position. The address follows from it.
// Memory:   2 bytes an object (the link to the next free one, or that it is in use), 20 bytes a slab.
// Source:   ___slab_alloc, __slab_free, get_freelist, acquire_slab, get_partial_node, deactivate_slab, put_cpu_partial,
//           __unfreeze_partials, allocate_slab (mm/slub.c of 4.7, 4.9, 6.1).
// Exactness: pages taken and given back are those of the real kernels, block for block; see sim/replay/slab_replay.h.
// Fidelity: one node, no debugging, no randomised free lists, no merging of caches, no memory control groups.
// Threads:  none.
#pragma once

#include "core/effects/effects.h"
#include "core/memory/slab_pages.h"
#include "core/memory/slab_rules.h"
#include "core/types/cow_array.h"
#include "core/types/divisor.h"

#include <algorithm>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace ksl::core {

/// An object of a slab cache, by its number in the cache.
class SlabObject {
public:
    constexpr SlabObject() = default;
    constexpr explicit SlabObject(std::uint32_t number) : number_(number) {}
    [[nodiscard]] constexpr std::uint32_t number() const { return number_; }
    friend constexpr auto operator<=>(SlabObject, SlabObject) = default;

private:
    std::uint32_t number_ = 0;
};

/// What slabinfo says of a cache.
struct SlabCounts {
    std::uint32_t slabs = 0;
    std::uint32_t objects = 0; ///< in all slabs, free ones included
    /// Not counted as free are the free objects of slabs that CPUs hold, as in slabinfo.
    std::uint32_t active = 0;
    friend bool operator==(const SlabCounts&, const SlabCounts&) = default;
};

class SlabCache {
public:
    SlabCache() = default;
    /// `number`: names the cache in events, in the owners of its frames and in the kernel's data. `direct_map`: where
    /// physical address 0 is mapped.
    SlabCache(const SlabShape& shape, std::uint8_t number, unsigned cpus, VirtAddr direct_map);

    /// One object for the CPU of `fx`; nothing else about `request` than flags and the task's state is used.
    [[nodiscard]] std::expected<SlabObject, AllocFailure> allocate(const AllocRequest& request, SlabPages& pages,
                                                                   Effects& fx);
    void free(SlabObject object, SlabPages& pages, Effects& fx);
    /// The CPU gives its slabs up (flush_slab, unfreeze_partials): before it goes away.
    void flush(SlabPages& pages, Effects& fx);

    [[nodiscard]] const SlabShape& shape() const { return shape_; }
    [[nodiscard]] PhysAddr address(SlabObject object) const;
    [[nodiscard]] VirtAddr kernel_address(SlabObject object) const {
        return direct_map_ + (address(object) - PhysAddr{0});
    }
    [[nodiscard]] bool is_in_use(SlabObject object) const;
    /// The object of slab `slab` (FrameOwner::id of its frames) at `at`; nothing behind the last one.
    [[nodiscard]] std::optional<SlabObject> object_at(std::uint32_t slab, PhysAddr at) const;

    [[nodiscard]] SlabCounts counts() const;
    /// Objects given out and not freed.
    [[nodiscard]] std::uint32_t in_use() const { return in_use_; }
    [[nodiscard]] unsigned partial_slabs() const { return partial_count_; }

    /// Empty, or the first invariant that is broken.
    [[nodiscard]] std::string check_invariants() const;
    /// The same for what the page allocator has to say of the slabs' pages.
    [[nodiscard]] std::string check_pages(const PageAllocator& pages) const;

    template <class Archive>
    void describe(Archive& archive) {
        archive(shape_, slabs_, links_, cpus_, partial_first_, partial_last_, partial_count_, free_slots_, in_use_,
                direct_map_, number_);
        if constexpr (Archive::kReads) per_slab_ = divisor_of(shape_);
    }
    friend bool operator==(const SlabCache&, const SlabCache&) = default;

private:
    using SlabIndex = std::uint32_t;
    using Link = std::uint16_t; ///< of an object: the next free one of its slab by position, or one of these two
    static constexpr SlabIndex kNoSlab = 0xffffffffU;
    static constexpr Link kEnd = 0xffffU;
    static constexpr Link kInUse = 0xfffeU;

    enum class Place : std::uint8_t { nowhere, full, node_partial, cpu_own, cpu_partial };

    struct Slab {
        std::uint32_t block = 0;      ///< its first frame
        SlabIndex next = kNoSlab;     ///< on the node's or a CPU's list; of a free record: the next free one
        SlabIndex previous = kNoSlab; ///< on the node's list
        Link free = kEnd;             ///< first of its free objects, without those that its CPU took over
        std::uint16_t taken = 0;      ///< objects that are not on that list
        std::uint16_t objects = 0;
        std::uint8_t order = 0;
        Place place = Place::nowhere;
        friend bool operator==(const Slab&, const Slab&) = default;
    };
    static_assert(sizeof(Slab) == 20);

    struct CpuSlab {
        SlabIndex slab = kNoSlab;
        SlabIndex partial = kNoSlab; ///< newest first
        Link free = kEnd;            ///< first free object of `slab`
        std::uint16_t partial_count = 0;
        friend bool operator==(const CpuSlab&, const CpuSlab&) = default;
    };

    /// A hostile file may say that there are no objects in a slab.
    [[nodiscard]] static Divisor divisor_of(const SlabShape& shape) {
        return Divisor{std::max<std::uint32_t>(shape.objects, 1)};
    }
    [[nodiscard]] SlabIndex slab_of(SlabObject object) const { return per_slab_.quotient(object.number()); }
    [[nodiscard]] Link position_of(SlabObject object, SlabIndex slab) const {
        return static_cast<Link>(object.number() - slab * shape_.objects);
    }
    [[nodiscard]] std::size_t link_at(SlabIndex slab, Link position) const {
        return std::size_t{slab} * shape_.objects + position;
    }
    [[nodiscard]] VirtAddr free_pointer_of(SlabIndex slab, Link position) const;
    [[nodiscard]] VirtAddr page_of(SlabIndex slab, const Effects& fx) const {
        return fx.data().page_struct(Pfn{slabs_[slab].block});
    }
    [[nodiscard]] CpuSlab& cpu(const Effects& fx) { return cpus_[fx.cpu().raw()]; }

    // Allocation.
    /// Makes the CPU's free list non-empty.
    [[nodiscard]] std::expected<void, AllocFailure> refill(const AllocRequest& request, SlabPages& pages, Effects& fx);
    /// All free objects of the CPU's own slab become the CPU's; false if it has none.
    [[nodiscard]] bool take_free_list(CpuSlab& own);
    [[nodiscard]] bool take_from_cpu_partial(CpuSlab& own, Effects& fx);
    [[nodiscard]] bool take_from_node(CpuSlab& own, Effects& fx);
    [[nodiscard]] std::expected<SlabIndex, AllocFailure> new_slab(const AllocRequest& request, SlabPages& pages,
                                                                  Effects& fx);
    void link_all_objects(SlabIndex index, Effects& fx);

    // Freeing.
    void free_to_slab(SlabIndex index, Link position, SlabPages& pages, Effects& fx);
    void keep_on_cpu(SlabIndex index, SlabPages& pages, Effects& fx);
    void put_on_cpu(SlabIndex index, Effects& fx);
    void give_up_partial(SlabIndex first, SlabPages& pages, Effects& fx);
    void deactivate(CpuSlab& own, SlabPages& pages, Effects& fx);
    void discard(SlabIndex index, SlabPages& pages, Effects& fx);

    // The node's list.
    void add_partial(SlabIndex index, ListEnd end, Effects& fx);
    void remove_partial(SlabIndex index, Effects& fx);
    [[nodiscard]] bool has_enough_partial() const { return partial_count_ >= shape_.min_partial; }

    [[nodiscard]] SlabIndex take_record();
    [[nodiscard]] std::string check_slab(SlabIndex index) const;
    [[nodiscard]] std::string check_lists() const;
    [[nodiscard]] std::string check_node_list() const;
    [[nodiscard]] std::string check_cpu(const CpuSlab& cpu) const;
    [[nodiscard]] std::string check_free_records() const;
    [[nodiscard]] bool is_record(SlabIndex index) const { return index < slabs_.size(); }
    [[nodiscard]] std::uint32_t free_list_length(SlabIndex slab, Link first) const;

    SlabShape shape_;
    CowArray<Slab, 256> slabs_;
    CowArray<Link, 2048> links_;
    std::vector<CpuSlab> cpus_;
    SlabIndex partial_first_ = kNoSlab;
    SlabIndex partial_last_ = kNoSlab;
    std::uint32_t partial_count_ = 0;
    SlabIndex free_slots_ = kNoSlab; ///< records of slabs that were given back
    std::uint32_t in_use_ = 0;
    VirtAddr direct_map_;
    std::uint8_t number_ = 0;
    Divisor per_slab_; ///< by shape_.objects
};

} // namespace ksl::core
