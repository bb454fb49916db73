// SPDX-License-Identifier: MIT
#include "core/memory/slab_caches.h"
#include "core/types/random.h"
#include "tests/core/memory/memory_fixtures.h"

#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>

namespace ksl::core {
namespace {

using namespace testing;

constexpr VirtAddr kDirectMap{0xffff888000000000};
constexpr auto kTask = SlabCacheId::task_struct;

/// A memory with the caches of one kernel, used from any of its CPUs.
struct SlabMachine {
    explicit SlabMachine(const SlabSizes& sizes, unsigned cpus = 1)
        : pages(booted(MemoryMap::pc(64_MiB), PageRules::linux_4_7(), cpus)), slabs(sizes, cpus, kDirectMap) {}

    SlabObject take(SlabCacheId kind = kTask, CpuId cpu = CpuId{0}) {
        Effects fx{nullptr, nullptr, &log, EventLevel::fine, cpu, Cycles{0}, {}};
        AllocatorPages source{pages, fx};
        const auto object = slabs.allocate(kind, {}, source, fx);
        EXPECT_TRUE(object.has_value());
        return object.value_or(SlabObject{});
    }
    std::vector<SlabObject> take_many(std::size_t count, SlabCacheId kind = kTask) {
        std::vector<SlabObject> objects(count);
        for (SlabObject& object : objects) object = take(kind);
        return objects;
    }
    void give(SlabObject object, SlabCacheId kind = kTask, CpuId cpu = CpuId{0}) {
        Effects fx{nullptr, nullptr, &log, EventLevel::fine, cpu, Cycles{0}, {}};
        AllocatorPages source{pages, fx};
        slabs.free(kind, object, source, fx);
    }
    [[nodiscard]] const SlabCache& cache(SlabCacheId kind = kTask) const { return slabs[slabs.cache_of(kind)]; }
    [[nodiscard]] PhysAddr address(SlabObject object, SlabCacheId kind = kTask) const {
        return slabs.address(kind, object);
    }
    [[nodiscard]] std::string broken() const { return slabs.check_invariants(pages); }

    PageAllocator pages;
    SlabCaches slabs;
    EventLog log;
};

TEST(Slab, HandsOutAFreshSlabInTheOrderOfAddresses) {
    SlabMachine machine(SlabSizes::linux_4_7(1));
    const std::vector<SlabObject> tasks = machine.take_many(12);
    for (std::size_t i = 1; i < tasks.size(); ++i)
        EXPECT_EQ(machine.address(tasks[i]) - machine.address(tasks[i - 1]), Bytes{2560});
    EXPECT_TRUE(is_aligned(machine.address(tasks[0]), Bytes{32768})) << "a slab is a block of order 3";
    const auto grown = machine.log.all<SlabGrew>();
    ASSERT_EQ(grown.size(), 1U);
    EXPECT_EQ(grown[0].order, 3);
    machine.take();
    EXPECT_EQ(machine.log.all<SlabGrew>().size(), 2U) << "the thirteenth needs another";
    EXPECT_EQ(machine.broken(), "");
}

TEST(Slab, HandsTheLastFreedObjectOutFirst) {
    SlabMachine machine(SlabSizes::linux_4_7(1));
    const std::vector<SlabObject> tasks = machine.take_many(5);
    machine.give(tasks[1]);
    machine.give(tasks[3]);
    EXPECT_EQ(machine.take(), tasks[3]);
    EXPECT_EQ(machine.take(), tasks[1]);
}

TEST(Slab, UsesPartialSlabsOfTheNodeOldestFirst) {
    SlabMachine machine(SlabSizes::linux_4_7(1));
    const std::vector<SlabObject> tasks = machine.take_many(36);
    machine.give(tasks[13]); // second slab, now partial
    machine.give(tasks[0]);  // first slab, behind it
    machine.give(tasks[14]);
    EXPECT_EQ(machine.cache().partial_slabs(), 2U);
    EXPECT_EQ(machine.take(), tasks[14]) << "the third slab, the CPU's own, is full";
    EXPECT_EQ(machine.take(), tasks[13]);
    EXPECT_EQ(machine.take(), tasks[0]);
    EXPECT_EQ(machine.log.all<SlabGrew>().size(), 3U);
    EXPECT_EQ(machine.broken(), "");
}

TEST(Slab, GivesAnEmptySlabBackIfFiveWithItArePartlyFree) {
    SlabMachine machine(SlabSizes::linux_4_7(1));
    const std::uint64_t free_before = machine.pages.free_pages().count();
    const std::vector<SlabObject> tasks = machine.take_many(std::size_t{12} * 8);
    for (const SlabObject task : tasks) machine.give(task);
    // Slabs empty one after the other: four stay, the next ones are the fifth, the last is the CPU's own.
    EXPECT_EQ(machine.cache().counts(), (SlabCounts{.slabs = 5, .objects = 60, .active = 12}));
    EXPECT_EQ(machine.log.all<SlabShrank>().size(), 3U);
    EXPECT_EQ(free_before - machine.pages.free_pages().count(), 5U * 8);
    EXPECT_EQ(machine.cache().in_use(), 0U);
    EXPECT_EQ(machine.broken(), "");
}

TEST(Slab, KeepsFreedSlabsOnTheCpuFirstInLinux61) {
    SlabMachine machine(SlabSizes::linux_6_1(1));
    const std::vector<SlabObject> tasks = machine.take_many(std::size_t{11} * 8);
    for (std::size_t slab = 0; slab < 5; ++slab) machine.give(tasks[slab * 11]);
    EXPECT_EQ(machine.cache().partial_slabs(), 0U) << "five on the CPU's list";
    machine.give(tasks[5 * 11]);
    EXPECT_EQ(machine.cache().partial_slabs(), 5U) << "the sixth pushed them to the node";
    EXPECT_EQ(machine.take(), tasks[5 * 11]) << "the CPU's own slab is full, its list is next";
    EXPECT_EQ(machine.take(), tasks[4 * 11]) << "then the node's list, which the newest of the CPU came to first";
    EXPECT_EQ(machine.cache().partial_slabs(), 1U) << "with three more for the CPU's list";
    EXPECT_EQ(machine.broken(), "");
}

TEST(Slab, TakesWhatOthersFreedToItsSlabWhenItsOwnListIsEmpty) {
    SlabMachine machine(SlabSizes::linux_4_7(2), 2);
    const std::vector<SlabObject> tasks = machine.take_many(12);
    machine.give(tasks[4], kTask, CpuId{1});
    machine.give(tasks[7], kTask, CpuId{1});
    EXPECT_EQ(machine.cache().partial_slabs(), 0U) << "the slab is still CPU 0's own";
    EXPECT_EQ(machine.take(), tasks[7]);
    EXPECT_EQ(machine.take(), tasks[4]);
    EXPECT_EQ(machine.broken(), "");
}

TEST(Slab, EachCpuAllocatesFromItsOwnSlab) {
    SlabMachine machine(SlabSizes::linux_4_7(2), 2);
    const SlabObject a = machine.take(kTask, CpuId{0});
    const SlabObject b = machine.take(kTask, CpuId{1});
    EXPECT_NE(align_down(machine.address(a), Bytes{32768}), align_down(machine.address(b), Bytes{32768}));
}

TEST(Slab, FallsBackToSinglePagesWhenNoBlockIsLeft) {
    SlabMachine machine(SlabSizes::linux_4_7(1));
    // No free block larger than a page: every second page of all memory is in use.
    std::vector<Pfn> all;
    Effects fx;
    while (true) {
        const auto page = machine.pages.allocate({.gfp = gfp::kKernel | gfp::kMemalloc}, fx);
        if (!page) break;
        all.push_back(*page);
    }
    for (const Pfn page : all) {
        if (page.raw() % 2 == 0) give(machine.pages, page, 0);
    }
    const SlabObject task = machine.take();
    const auto grown = machine.log.all<SlabGrew>();
    ASSERT_EQ(grown.size(), 1U);
    EXPECT_EQ(grown[0].order, 0);
    EXPECT_NE(machine.take(), task) << "one object of 2560 bytes fits into a page";
    EXPECT_EQ(machine.log.all<SlabGrew>().size(), 2U);
    EXPECT_EQ(machine.broken(), "");
}

TEST(Slab, RefusesWhenThereIsNoPage) {
    SlabMachine machine(SlabSizes::linux_4_7(1));
    Effects fx;
    while (machine.pages.allocate({.gfp = gfp::kKernel | gfp::kMemalloc}, fx)) {
    }
    AllocatorPages source{machine.pages, fx};
    const auto task = machine.slabs.allocate(kTask, {}, source, fx);
    ASSERT_FALSE(task.has_value());
    EXPECT_EQ(task.error(), AllocFailure::would_oom);
    EXPECT_EQ(machine.broken(), "");
    EXPECT_EQ(machine.cache().counts(), SlabCounts{});
}

TEST(SlabCaches, ShareTheCacheOfOneKmallocSize) {
    SlabSizes sizes = SlabSizes::linux_4_9(1);
    sizes[SlabCacheId::page_array].size = Bytes{64}; // stacks of eight pages
    const SlabCaches slabs{sizes, 1, kDirectMap};
    EXPECT_EQ(slabs.cache_of(SlabCacheId::page_array), slabs.cache_of(SlabCacheId::vm_struct));
    EXPECT_EQ(slabs.count(), 3U);
    EXPECT_EQ(slabs.name(slabs.cache_of(SlabCacheId::page_array)), "kmalloc-64");
    EXPECT_EQ(slabs.name(slabs.cache_of(SlabCacheId::vmap_area)), "kmalloc-96");
    EXPECT_EQ(slabs.name(slabs.cache_of(kTask)), "task_struct");
    const SlabCaches newer{SlabSizes::linux_6_1(1), 1, kDirectMap};
    EXPECT_EQ(newer.name(newer.cache_of(SlabCacheId::vmap_area)), "vmap_area");
    EXPECT_NE(newer.cache_of(SlabCacheId::vmap_area), newer.cache_of(SlabCacheId::vm_struct));
}

TEST(SlabCaches, KnowWhatLiesAtAnAddress) {
    SlabMachine machine(SlabSizes::linux_4_7(1));
    const SlabObject first = machine.take();
    const SlabObject second = machine.take();
    machine.give(second);
    const PhysAddr inside = machine.address(first) + Bytes{2559};
    const auto found = machine.slabs.object_at(inside, machine.pages);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->object, first);
    EXPECT_TRUE(found->is_in_use);
    EXPECT_EQ(found->range.size(), Bytes{2560});
    const auto behind = machine.slabs.object_at(inside + Bytes{1}, machine.pages);
    ASSERT_TRUE(behind.has_value());
    EXPECT_EQ(behind->object, second);
    EXPECT_FALSE(behind->is_in_use);
    // 12 objects leave 2048 bytes of the slab unused.
    EXPECT_FALSE(machine.slabs.object_at(machine.address(first) + Bytes{32767}, machine.pages).has_value());
    EXPECT_FALSE(machine.slabs.object_at(machine.address(first) + Bytes{32768}, machine.pages).has_value());
    EXPECT_EQ(machine.slabs.kernel_address(kTask, first), kDirectMap + (machine.address(first) - PhysAddr{0}));
}

class CountingPort final : public MemoryPort {
public:
    void access(VirtAddr at, bool is_write, Ledger& /*ledger*/) override { accesses.emplace_back(at, is_write); }
    std::vector<std::pair<VirtAddr, bool>> accesses;
};

TEST(Slab, ChargesTheFastAndTheSlowSteps) {
    SlabMachine machine(SlabSizes::linux_4_7(1));
    const PriceList prices;
    CountingPort port;
    Effects fx{&prices, &port, nullptr, EventLevel::none, CpuId{0}, Cycles{0}, KernelData{}};
    const auto times = [&](Step step) { return fx.ledger().times[static_cast<std::size_t>(step)]; };
    AllocatorPages source{machine.pages, fx};
    const auto first = machine.slabs.allocate(kTask, {}, source, fx);
    EXPECT_EQ(times(Step::slab_alloc), 1U);
    EXPECT_EQ(times(Step::slab_alloc_slow), 1U);
    EXPECT_EQ(times(Step::slab_init_object), 12U);
    EXPECT_EQ(times(Step::page_alloc_entry), 1U);
    port.accesses.clear();
    const auto second = machine.slabs.allocate(kTask, {}, source, fx);
    EXPECT_EQ(times(Step::slab_alloc), 2U);
    EXPECT_EQ(times(Step::slab_alloc_slow), 1U);
    const VirtAddr object = machine.slabs.kernel_address(kTask, *second);
    const std::vector<std::pair<VirtAddr, bool>> expected{{fx.data().slab_cpu(CpuId{0}, 0), true}, {object, false}};
    EXPECT_EQ(port.accesses, expected) << "its own line and the object's link";
    machine.slabs.free(kTask, *second, source, fx);
    EXPECT_EQ(times(Step::slab_free), 1U);
    for (int i = 0; i < 12; ++i) std::ignore = machine.slabs.allocate(kTask, {}, source, fx);
    machine.slabs.free(kTask, *first, source, fx);
    EXPECT_EQ(times(Step::slab_free_slow), 1U) << "the object's slab is no longer the CPU's";
}

TEST(Slab, SurvivesWritingAndReading) {
    SlabMachine machine(SlabSizes::linux_6_1(2), 2);
    const std::vector<SlabObject> tasks = machine.take_many(100);
    for (std::size_t i = 0; i < tasks.size(); i += 3) machine.give(tasks[i]);
    StateWriter writer;
    machine.slabs.describe(writer);
    const std::vector<std::byte> bytes = writer.take();
    SlabCaches read;
    StateReader reader{bytes};
    read.describe(reader);
    EXPECT_TRUE(reader.ok());
    EXPECT_EQ(read, machine.slabs);
    EXPECT_EQ(read.check_invariants(machine.pages), "");
}

/// Random use from several CPUs against a map of what is given out.
RC_GTEST_PROP(SlabProperty, ObjectsAreDisjointAndSlabsAreWhatTheyShouldBe, (std::uint64_t seed)) {
    Random random{seed};
    const auto cpus = static_cast<unsigned>(1 + random.below(3));
    SlabSizes sizes = random.chance(1, 2) ? SlabSizes::linux_4_9(cpus) : SlabSizes::linux_6_1(cpus);
    sizes[kTask].size = Bytes{8 * (1 + random.below(600))};
    SlabMachine machine(sizes, cpus);
    std::map<std::uint64_t, std::pair<SlabCacheId, SlabObject>> given; // by address
    const auto steps = 200 + random.below(1500);
    const auto grows = 1 + random.below(5);
    for (std::uint64_t step = 0; step < steps; ++step) {
        const CpuId cpu{static_cast<std::uint16_t>(random.below(cpus))};
        const std::uint64_t what = random.below(given.empty() ? grows : grows + 3);
        if (random.chance(1, 300)) {
            Effects fx{nullptr, nullptr, nullptr, EventLevel::none, cpu, Cycles{0}, {}};
            AllocatorPages source{machine.pages, fx};
            machine.slabs.flush(source, fx);
        } else if (what < grows) {
            const auto kind = static_cast<SlabCacheId>(random.below(kSlabCacheIds));
            const SlabObject object = machine.take(kind, cpu);
            RC_ASSERT(given.emplace(machine.address(object, kind).raw(), std::pair{kind, object}).second);
        } else {
            auto it = given.lower_bound(random.below(std::uint64_t{64} << 20));
            if (it == given.end()) it = given.begin();
            machine.give(it->second.second, it->second.first, cpu);
            given.erase(it);
        }
        if (step % 128 == 0) RC_ASSERT(machine.broken() == "");
    }
    RC_ASSERT(machine.broken() == "");
    PhysAddr free_from{0};
    for (const auto& [address, object] : given) {
        RC_ASSERT(PhysAddr{address} >= free_from);
        const auto found = machine.slabs.object_at(PhysAddr{address}, machine.pages);
        RC_ASSERT(found.has_value());
        RC_ASSERT(found->object == object.second && found->is_in_use);
        RC_ASSERT(found->cache == machine.slabs.cache_of(object.first));
        free_from = found->range.top;
    }
    for (const auto& [address, object] : given) machine.give(object.second, object.first);
    RC_ASSERT(machine.broken() == "");
    for (unsigned cache = 0; cache < machine.slabs.count(); ++cache) {
        const SlabCache& empty = machine.slabs[cache];
        RC_ASSERT(empty.in_use() == 0U);
        // Partial slabs of the node, each CPU's own and each CPU's list.
        const SlabShape& shape = empty.shape();
        RC_ASSERT(empty.partial_slabs() <= shape.min_partial + cpus * (shape.cpu_partial_slabs + 1U));
    }
}

} // namespace
} // namespace ksl::core
