// SPDX-License-Identifier: MIT
#include "core/memory/slab_rules.h"

#include "core/types/assert.h"

#include <algorithm>
#include <bit>

namespace ksl::core {

namespace {

/// PAGE_ALLOC_COSTLY_ORDER: larger slabs only for objects that fit no smaller one.
constexpr unsigned kMaxSlabOrder = 3;
/// Objects in a slab are counted in 15 bits.
constexpr std::uint64_t kMostObjects = 32767;
constexpr unsigned kMinPartial = 5;
constexpr unsigned kMaxPartial = 10;

/// get_order()
unsigned order_for(std::uint64_t bytes) {
    const std::uint64_t pages = (bytes + kPageBytes - 1) / kPageBytes;
    return static_cast<unsigned>(std::bit_width(pages - 1));
}

std::uint64_t objects_in(unsigned order, std::uint64_t size) {
    return (kPageBytes << order) / size;
}

/// The first order that holds `objects` and wastes no more than a `1/fraction` of the slab; may exceed `max_order`.
unsigned order_that_wastes_little(std::uint64_t size, std::uint64_t objects, unsigned max_order, unsigned fraction) {
    if (objects_in(0, size) > kMostObjects) return order_for(size * kMostObjects) - 1;
    unsigned order = order_for(objects * size);
    for (; order <= max_order; ++order) {
        const std::uint64_t bytes = kPageBytes << order;
        if (bytes % size <= bytes / fraction) break;
    }
    return order;
}

unsigned slab_order(std::uint64_t size, unsigned cpus) {
    std::uint64_t objects = std::uint64_t{4} * (std::bit_width(cpus) + 1U);
    objects = std::min(objects, objects_in(kMaxSlabOrder, size));
    for (; objects > 1; --objects) {
        for (unsigned fraction = 16; fraction >= 4; fraction /= 2) {
            const unsigned order = order_that_wastes_little(size, objects, kMaxSlabOrder, fraction);
            if (order <= kMaxSlabOrder) return order;
        }
    }
    return order_that_wastes_little(size, 1, kMaxOrder.raw(), 1);
}

/// Free objects that a CPU may keep on its partial slabs, doubled because such slabs are half full on average.
unsigned cpu_partial_slabs(std::uint64_t size, unsigned objects_per_slab) {
    const unsigned objects = size >= kPageBytes ? 6 : size >= 1024 ? 24 : size >= 256 ? 52 : 120;
    return (2 * objects + objects_per_slab - 1) / objects_per_slab;
}

SlabSizes sizes_of_2016(unsigned cpus) {
    SlabSizes sizes;
    sizes[SlabCacheId::task_struct] = {.size = Bytes{2560}, .has_own_cache = true};
    sizes[SlabCacheId::vm_struct] = {.size = Bytes{64}};
    sizes[SlabCacheId::vmap_area] = {.size = Bytes{96}};
    sizes[SlabCacheId::page_array] = {.size = Bytes{4 * 8}};
    sizes.rules = {.cpus = cpus, .has_cpu_partial = false, .links_in_the_middle = false};
    return sizes;
}

} // namespace

SlabShape shape_of(Bytes size, const SlabRules& rules) {
    const std::uint64_t bytes = size.count();
    KSL_ASSERT(bytes >= 8 && bytes % 8 == 0 && bytes <= kPageBytes << kMaxOrder.raw(), "objects fit into blocks");
    const unsigned order = slab_order(bytes, rules.cpus);
    const unsigned min_order = order_for(bytes);
    const auto half_of_log = static_cast<unsigned>(std::bit_width(bytes) - 1) / 2;
    SlabShape shape;
    shape.size = size;
    shape.order = Order{order};
    shape.min_order = Order{min_order};
    shape.objects = static_cast<std::uint16_t>(objects_in(order, bytes));
    shape.min_objects = static_cast<std::uint16_t>(objects_in(min_order, bytes));
    shape.min_partial = static_cast<std::uint8_t>(std::clamp(half_of_log, kMinPartial, kMaxPartial));
    if (rules.has_cpu_partial)
        shape.cpu_partial_slabs = static_cast<std::uint8_t>(cpu_partial_slabs(bytes, shape.objects));
    if (rules.links_in_the_middle) shape.free_pointer = static_cast<std::uint16_t>(bytes / 2 / 8 * 8);
    return shape;
}

Bytes kmalloc_size(Bytes size) {
    KSL_ASSERT(size.count() > 0 && size.count() <= 8192, "larger requests go to the page allocator");
    if (size.count() > 64 && size.count() <= 96) return Bytes{96};
    if (size.count() > 128 && size.count() <= 192) return Bytes{192};
    return Bytes{std::max(std::uint64_t{8}, std::bit_ceil(size.count()))};
}

SlabSizes SlabSizes::linux_4_7(unsigned cpus) {
    return sizes_of_2016(cpus);
}
SlabSizes SlabSizes::linux_4_9(unsigned cpus) {
    return sizes_of_2016(cpus);
}
SlabSizes SlabSizes::linux_6_1(unsigned cpus) {
    SlabSizes sizes = sizes_of_2016(cpus);
    sizes[SlabCacheId::task_struct].size = Bytes{2944};
    sizes[SlabCacheId::vmap_area] = {.size = Bytes{64}, .has_own_cache = true};
    sizes.rules.has_cpu_partial = true;
    sizes.rules.links_in_the_middle = true;
    return sizes;
}

} // namespace ksl::core
