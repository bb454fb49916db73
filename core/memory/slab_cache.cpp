// SPDX-License-Identifier: MIT
#include "core/memory/slab_cache.h"

#include "core/types/assert.h"

#include <utility>

namespace ksl::core {

SlabCache::SlabCache(const SlabShape& shape, std::uint8_t number, unsigned cpus, VirtAddr direct_map)
    : shape_(shape), cpus_(cpus), direct_map_(direct_map), number_(number), per_slab_(divisor_of(shape)) {
    KSL_ASSERT(shape.objects > 0 && shape.min_objects > 0 && shape.objects < kInUse, "a slab has objects");
}

PhysAddr SlabCache::address(SlabObject object) const {
    const SlabIndex slab = slab_of(object);
    return address_of(Pfn{slabs_[slab].block}) + shape_.size * position_of(object, slab);
}

bool SlabCache::is_in_use(SlabObject object) const {
    return object.number() < links_.size() && links_[object.number()] == kInUse;
}

std::optional<SlabObject> SlabCache::object_at(std::uint32_t slab, PhysAddr at) const {
    if (slab >= slabs_.size() || slabs_[slab].place == Place::nowhere) return std::nullopt;
    const Slab& record = slabs_[slab];
    const PhysAddr start = address_of(Pfn{record.block});
    if (at < start) return std::nullopt;
    const std::uint64_t position = (at - start).count() / shape_.size.count();
    if (position >= record.objects) return std::nullopt;
    return SlabObject{slab * shape_.objects + static_cast<std::uint32_t>(position)};
}

VirtAddr SlabCache::free_pointer_of(SlabIndex slab, Link position) const {
    return direct_map_ + bytes_of(Pages{slabs_[slab].block}) + shape_.size * position + Bytes{shape_.free_pointer};
}

// Allocation.

std::expected<SlabObject, AllocFailure> SlabCache::allocate(const AllocRequest& request, SlabPages& pages,
                                                            Effects& fx) {
    fx.charge(Step::slab_alloc);
    if (fx.sees_memory()) fx.write(fx.data().slab_cpu(fx.cpu(), number_));
    if (cpu(fx).free == kEnd) [[unlikely]] {
        if (const auto refilled = refill(request, pages, fx); !refilled) return std::unexpected(refilled.error());
    }
    CpuSlab& own = cpu(fx);
    const Link position = own.free;
    if (fx.sees_memory()) fx.read(free_pointer_of(own.slab, position));
    own.free = std::exchange(links_.mut(link_at(own.slab, position)), kInUse);
    ++in_use_;
    return SlabObject{own.slab * shape_.objects + position};
}

/// ___slab_alloc: what was freed to the CPU's slab meanwhile, then partial slabs, then a new one.
std::expected<void, AllocFailure> SlabCache::refill(const AllocRequest& request, SlabPages& pages, Effects& fx) {
    fx.charge(Step::slab_alloc_slow);
    CpuSlab& own = cpu(fx);
    if (own.slab != kNoSlab) {
        if (fx.sees_memory()) fx.write(page_of(own.slab, fx));
        if (take_free_list(own)) return {};
        slabs_.mut(own.slab).place = Place::full;
        own.slab = kNoSlab;
    }
    if (take_from_cpu_partial(own, fx) || take_from_node(own, fx)) return {};
    const auto fresh = new_slab(request, pages, fx);
    if (!fresh) return std::unexpected(fresh.error());
    // The request may have waited, and others may have refilled this CPU meanwhile: then theirs gives way.
    CpuSlab& refilled = cpu(fx);
    if (refilled.slab != kNoSlab) deactivate(refilled, pages, fx);
    refilled.slab = *fresh;
    slabs_.mut(*fresh).place = Place::cpu_own;
    static_cast<void>(take_free_list(refilled));
    return {};
}

bool SlabCache::take_free_list(CpuSlab& own) {
    Slab& slab = slabs_.mut(own.slab);
    if (slab.free == kEnd) return false;
    own.free = std::exchange(slab.free, kEnd);
    slab.taken = slab.objects;
    return true;
}

bool SlabCache::take_from_cpu_partial(CpuSlab& own, Effects& fx) {
    if (own.partial == kNoSlab) return false;
    own.slab = own.partial;
    Slab& slab = slabs_.mut(own.slab);
    own.partial = std::exchange(slab.next, kNoSlab);
    --own.partial_count;
    slab.place = Place::cpu_own;
    if (fx.sees_memory()) fx.write(page_of(own.slab, fx));
    return take_free_list(own);
}

/// get_partial_node: the first partial slab; and where CPUs keep partial slabs, about half as many as they may keep.
bool SlabCache::take_from_node(CpuSlab& own, Effects& fx) {
    if (partial_first_ == kNoSlab) return false;
    own.slab = partial_first_;
    remove_partial(own.slab, fx);
    slabs_.mut(own.slab).place = Place::cpu_own;
    for (unsigned kept = 0; kept <= shape_.cpu_partial_slabs / 2U && partial_first_ != kNoSlab; ++kept) {
        if (shape_.cpu_partial_slabs == 0) break;
        const SlabIndex more = partial_first_;
        remove_partial(more, fx);
        put_on_cpu(more, fx);
    }
    return take_free_list(own);
}

/// allocate_slab: of the cache's order without any effort; else of the smallest order, with all of it.
std::expected<SlabCache::SlabIndex, AllocFailure> SlabCache::new_slab(const AllocRequest& request, SlabPages& pages,
                                                                      Effects& fx) {
    const SlabIndex index = take_record();
    AllocRequest attempt = request;
    attempt.order = shape_.order;
    attempt.gfp = (request.gfp | gfp::kNoRetry).without(gfp::kNoFail);
    if (attempt.gfp.has(gfp::kDirectReclaim) && shape_.order > shape_.min_order)
        attempt.gfp = (attempt.gfp | gfp::kNoMemalloc).without(gfp::kReclaim);
    attempt.use = FrameUse::slab;
    attempt.owner = {.id = index, .detail = number_};
    auto block = pages.take(attempt);
    if (!block) {
        attempt.order = shape_.min_order;
        attempt.gfp = request.gfp;
        block = pages.take(attempt);
    }
    Slab& slab = slabs_.mut(index);
    if (!block) {
        slab.next = std::exchange(free_slots_, index);
        return std::unexpected(block.error());
    }
    slab.block = static_cast<std::uint32_t>(block->raw());
    slab.order = static_cast<std::uint8_t>(attempt.order.raw());
    slab.objects = attempt.order == shape_.order ? shape_.objects : shape_.min_objects;
    link_all_objects(index, fx);
    fx.report(EventLevel::fine, [&] { return SlabGrew{.cache = number_, .pfn = slab.block, .order = slab.order}; });
    return index;
}

/// In the order of their addresses.
void SlabCache::link_all_objects(SlabIndex index, Effects& fx) {
    Slab& slab = slabs_.mut(index);
    slab.free = 0;
    slab.taken = 0;
    for (Link i = 0; i < slab.objects; ++i) {
        links_.mut(link_at(index, i)) = i + 1U == slab.objects ? kEnd : static_cast<Link>(i + 1);
        if (fx.sees_memory()) fx.write(free_pointer_of(index, i));
    }
    fx.charge(Step::slab_init_object, slab.objects);
    if (fx.sees_memory()) fx.write(page_of(index, fx));
}

SlabCache::SlabIndex SlabCache::take_record() {
    SlabIndex index = free_slots_;
    if (index != kNoSlab) {
        free_slots_ = slabs_[index].next;
        slabs_.mut(index) = Slab{};
        return index;
    }
    index = static_cast<SlabIndex>(slabs_.size());
    slabs_.resize(slabs_.size() + 1);
    links_.resize(slabs_.size() * shape_.objects);
    return index;
}

// Freeing.

void SlabCache::free(SlabObject object, SlabPages& pages, Effects& fx) {
    KSL_ASSERT(is_in_use(object), "an object is freed once");
    const SlabIndex index = slab_of(object);
    const Link position = position_of(object, index);
    --in_use_;
    CpuSlab& own = cpu(fx);
    if (fx.sees_memory()) {
        fx.read(fx.data().slab_cpu(fx.cpu(), number_));
        fx.write(free_pointer_of(index, position));
    }
    if (own.slab != index) {
        fx.charge(Step::slab_free_slow);
        free_to_slab(index, position, pages, fx);
        return;
    }
    fx.charge(Step::slab_free);
    if (fx.sees_memory()) fx.write(fx.data().slab_cpu(fx.cpu(), number_));
    links_.mut(object.number()) = std::exchange(own.free, position);
}

/// __slab_free
void SlabCache::free_to_slab(SlabIndex index, Link position, SlabPages& pages, Effects& fx) {
    Slab& slab = slabs_.mut(index);
    if (fx.sees_memory()) fx.write(page_of(index, fx));
    links_.mut(link_at(index, position)) = std::exchange(slab.free, position);
    --slab.taken;
    if (slab.place == Place::cpu_own || slab.place == Place::cpu_partial) return;
    const bool was_full = slab.place == Place::full;
    if (was_full && shape_.cpu_partial_slabs != 0) {
        keep_on_cpu(index, pages, fx);
    } else if (slab.taken == 0 && has_enough_partial()) {
        if (!was_full) remove_partial(index, fx);
        discard(index, pages, fx);
    } else if (was_full) {
        add_partial(index, ListEnd::tail, fx);
    }
}

/// put_cpu_partial when an object was freed: a list that is long enough goes to the node first.
void SlabCache::keep_on_cpu(SlabIndex index, SlabPages& pages, Effects& fx) {
    CpuSlab& own = cpu(fx);
    SlabIndex surplus = kNoSlab;
    if (own.partial_count >= shape_.cpu_partial_slabs) {
        surplus = std::exchange(own.partial, kNoSlab);
        own.partial_count = 0;
    }
    put_on_cpu(index, fx);
    give_up_partial(surplus, pages, fx);
}

void SlabCache::put_on_cpu(SlabIndex index, Effects& fx) {
    CpuSlab& own = cpu(fx);
    Slab& slab = slabs_.mut(index);
    slab.next = std::exchange(own.partial, index);
    slab.place = Place::cpu_partial;
    ++own.partial_count;
    if (fx.sees_memory()) fx.write(page_of(index, fx));
}

/// __unfreeze_partials: to the node's list, one after the other; those that nobody needs are given back in the end,
/// last first.
void SlabCache::give_up_partial(SlabIndex first, SlabPages& pages, Effects& fx) {
    SlabIndex unneeded = kNoSlab;
    while (first != kNoSlab) {
        Slab& slab = slabs_.mut(first);
        const SlabIndex next = std::exchange(slab.next, kNoSlab);
        if (slab.taken == 0 && has_enough_partial()) {
            slab.next = std::exchange(unneeded, first);
        } else {
            add_partial(first, ListEnd::tail, fx);
        }
        first = next;
    }
    while (unneeded != kNoSlab) discard(std::exchange(unneeded, slabs_[unneeded].next), pages, fx);
}

/// deactivate_slab
void SlabCache::deactivate(CpuSlab& own, SlabPages& pages, Effects& fx) {
    const SlabIndex index = std::exchange(own.slab, kNoSlab);
    Slab& slab = slabs_.mut(index);
    const bool had_foreign_frees = slab.free != kEnd;
    Link* last = &own.free;
    while (*last != kEnd) {
        last = &links_.mut(link_at(index, *last));
        --slab.taken;
    }
    *last = slab.free;
    slab.free = std::exchange(own.free, kEnd);
    if (slab.taken == 0 && has_enough_partial()) {
        discard(index, pages, fx);
    } else if (slab.free != kEnd) {
        add_partial(index, had_foreign_frees ? ListEnd::tail : ListEnd::head, fx);
    } else {
        slab.place = Place::full;
    }
}

void SlabCache::flush(SlabPages& pages, Effects& fx) {
    CpuSlab& own = cpu(fx);
    if (own.slab != kNoSlab) deactivate(own, pages, fx);
    own.partial_count = 0;
    give_up_partial(std::exchange(own.partial, kNoSlab), pages, fx);
}

void SlabCache::discard(SlabIndex index, SlabPages& pages, Effects& fx) {
    Slab& slab = slabs_.mut(index);
    const Pfn block{slab.block};
    const Order order{slab.order};
    fx.report(EventLevel::fine, [&] { return SlabShrank{.cache = number_, .pfn = slab.block, .order = slab.order}; });
    slab = Slab{.next = std::exchange(free_slots_, index)};
    pages.give_back(block, order);
}

// The node's list.

void SlabCache::add_partial(SlabIndex index, ListEnd end, Effects& fx) {
    Slab& slab = slabs_.mut(index);
    slab.place = Place::node_partial;
    slab.previous = end == ListEnd::tail ? partial_last_ : kNoSlab;
    slab.next = end == ListEnd::tail ? kNoSlab : partial_first_;
    (slab.previous == kNoSlab ? partial_first_ : slabs_.mut(slab.previous).next) = index;
    (slab.next == kNoSlab ? partial_last_ : slabs_.mut(slab.next).previous) = index;
    ++partial_count_;
    if (fx.sees_memory()) fx.write(fx.data().slab_node(number_));
}

void SlabCache::remove_partial(SlabIndex index, Effects& fx) {
    Slab& slab = slabs_.mut(index);
    (slab.previous == kNoSlab ? partial_first_ : slabs_.mut(slab.previous).next) = slab.next;
    (slab.next == kNoSlab ? partial_last_ : slabs_.mut(slab.next).previous) = slab.previous;
    slab.next = kNoSlab;
    slab.previous = kNoSlab;
    --partial_count_;
    if (fx.sees_memory()) fx.write(fx.data().slab_node(number_));
}

} // namespace ksl::core
