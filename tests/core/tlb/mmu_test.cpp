// SPDX-License-Identifier: MIT
//
// What is cached and what is not, what misses cost, and how far each processor's TLBs reach.
#include "core/types/archive.h"
#include "tests/core/tlb/tlb_machine.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace ksl::core::testing {
namespace {

constexpr VirtAddr kPage{0xffff'c900'0000'4000};

TEST(Mmu, AbsentEntriesAreNotCached) {
    TlbMachine machine;
    machine.map(kPage, PageSize::small_4k, 0);
    EXPECT_TRUE(machine.read(kPage).faulted());
    machine.map(kPage);
    EXPECT_EQ(machine.read(kPage).outcome(), MmuOutcome::walked) << "without any invalidation";
}

TEST(Mmu, MalformedEntriesAreNotCached) {
    TlbMachine machine;
    machine.map(kPage, PageSize::small_4k, TlbMachine::kLeaf | std::uint64_t{1} << 51);
    EXPECT_TRUE(machine.read(kPage).faulted());
    EXPECT_EQ(machine.mmu.fault().error_code, 0x9U);
    machine.map(kPage);
    EXPECT_FALSE(machine.read(kPage).faulted());
}

TEST(Mmu, AnswersWhatItRemembersUntilItIsTold) {
    TlbMachine machine;
    machine.map(kPage);
    const PhysAddr before = machine.read(kPage).at();
    machine.tables.set(kPage, Level::pt, 0x1234'5000 | TlbMachine::kLeaf);
    EXPECT_EQ(machine.read(kPage).at(), before) << "a stale translation: somebody forgot to invalidate";
    machine.mmu.invlpg(kPage);
    EXPECT_EQ(machine.read(kPage).at(), PhysAddr{0x1234'5000});
}

TEST(Mmu, AStaleRefusalFaultsOnceAndThenNotAgain) {
    TlbMachine machine;
    machine.map(kPage, PageSize::small_4k, TlbMachine::kLeaf & ~Pte::kWritable.mask());
    machine.read(kPage);
    machine.map(kPage);
    EXPECT_TRUE(machine.write(kPage).faulted()) << "spurious, but allowed";
    EXPECT_EQ(machine.mmu.fault().error_code, 0x3U);
    machine.mmu.deliver_page_fault(kPage);
    EXPECT_FALSE(machine.write(kPage).faulted());
}

TEST(Mmu, AWriteToACleanPageWalksOnceMore) {
    TlbMachine machine;
    machine.map(kPage, PageSize::small_4k, TlbMachine::kLeaf & ~Pte::kDirty.mask());
    machine.read(kPage);
    EXPECT_FALSE(machine.tables.entry(kPage, Level::pt).has(Pte::kDirty));
    EXPECT_EQ(machine.write(kPage).outcome(), MmuOutcome::walked);
    EXPECT_TRUE(machine.tables.entry(kPage, Level::pt).has(Pte::kDirty));
    EXPECT_EQ(machine.write(kPage).outcome(), MmuOutcome::first_level);
    EXPECT_EQ(machine.mmu.counters().dirty_walks, 1U);
    EXPECT_EQ(machine.mmu.counters().walks(), 2U);
}

/// After the table above has been replaced without invalidation, the walk still goes through the one it remembers; so
/// the bits belong there, and nowhere else.
TEST(Mmu, AStaleWalkMarksTheEntriesThatItUsed) {
    TlbMachine machine;
    const VirtAddr neighbour = kPage + Bytes{kPageBytes};
    machine.map(kPage);
    machine.map(neighbour, PageSize::small_4k, TlbMachine::kLeaf & ~Pte::kDirty.mask());
    machine.read(kPage);
    const PhysAddr old_place = machine.tables.entry_at(neighbour, Level::pt);
    machine.tables.set(kPage, Level::pd, 0); // the table is gone, the processor does not know yet
    const PhysMemory before = machine.tables.memory();
    EXPECT_EQ(machine.write(neighbour).outcome(), MmuOutcome::walked);
    EXPECT_TRUE(Pte{machine.tables.memory().read(old_place)}.has(Pte::kDirty));
    machine.tables.memory().write(old_place, before.read(old_place));
    EXPECT_TRUE(machine.tables.memory() == before);
}

TEST(Mmu, RightsOfAllLevelsAreRememberedByCachedWalks) {
    TlbMachine machine;
    machine.map(kPage);
    machine.map(kPage + Bytes{kPageBytes});
    machine.tables.remove_bits(kPage, Level::pml4, Pte::kWritable.mask());
    machine.read(kPage);
    const MmuAnswer answer = machine.write(kPage + Bytes{kPageBytes});
    EXPECT_TRUE(answer.faulted());
    EXPECT_EQ(answer.references(), 1U);
    EXPECT_EQ(machine.mmu.fault().error_code, 0x3U);
}

TEST(Mmu, CostsWhatTheManualsExamplesCost) {
    // Haswell: second level 8 cycles extra, walk overhead 8, L1 4, L2 12 cycles.
    const auto stall = [](TlbMachine& machine, VirtAddr at, std::uint32_t latency) {
        FlatMemory hooks;
        hooks.latency = latency;
        return machine.mmu.access(at, Access::kernel(AccessKind::read), machine.tables.memory(), hooks).stall();
    };
    TlbMachine machine{"haswell"};
    for (std::uint64_t i = 0; i < 4; ++i) machine.map(kPage + Bytes{i * kPageBytes});
    EXPECT_EQ(stall(machine, kPage, 12), Cycles{64}) << "nothing cached: four references";
    EXPECT_EQ(stall(machine, kPage, 12), Cycles{0});
    EXPECT_EQ(stall(machine, kPage + Bytes{kPageBytes}, 12), Cycles{28}) << "PDE cached, PTE in L2";
    EXPECT_EQ(stall(machine, kPage + Bytes{2 * kPageBytes}, 4), Cycles{20}) << "PTE in L1: the measured value";
    const VirtAddr next_region = kPage + Bytes{std::uint64_t{2} << 20};
    machine.map(next_region);
    EXPECT_EQ(stall(machine, next_region, 12), Cycles{40}) << "PDPTE cached";
    TlbMachine large{"haswell"};
    large.map(VirtAddr{std::uint64_t{2} << 20}, PageSize::large_2m);
    EXPECT_EQ(stall(large, VirtAddr{std::uint64_t{2} << 20}, 12), Cycles{52}) << "three references";
}

/// Walks and first-level misses of the second of two rounds through `count` pages in a row.
struct Round {
    std::uint64_t first_misses = 0;
    std::uint64_t walks = 0;
};
Round second_round(std::string_view id, PageSize size, std::uint64_t count) {
    TlbMachine machine{id};
    const VirtAddr first{std::uint64_t{1} << 40};
    for (std::uint64_t i = 0; i < count; ++i) machine.map(first + bytes_of(size) * i, size);
    Round round;
    for (int i = 0; i < 2; ++i) {
        machine.mmu.reset_counters();
        for (std::uint64_t k = 0; k < count; ++k) EXPECT_FALSE(machine.read(first + bytes_of(size) * k).faulted());
        round = {.first_misses = 0, .walks = machine.mmu.counters().walks()};
        for (std::uint64_t one : machine.mmu.counters().first_misses) round.first_misses += one;
    }
    return round;
}

struct Reach {
    std::string_view id;
    PageSize size;
    std::uint64_t first;  ///< pages in a row that the first level holds
    std::uint64_t second; ///< that do not need a walk
};

TEST(Mmu, ReachesAsFarAsItsManualSays) {
    constexpr PageSize k4K = PageSize::small_4k;
    constexpr PageSize k2M = PageSize::large_2m;
    constexpr PageSize k1G = PageSize::huge_1g;
    constexpr Reach kReaches[] = {
        {"nehalem", k4K, 64, 512},     {"nehalem", k2M, 32, 32},   {"sandybridge", k4K, 64, 512},
        {"sandybridge", k2M, 32, 32},  {"sandybridge", k1G, 4, 4}, {"haswell", k4K, 64, 1024},
        {"haswell", k2M, 32, 1024},    {"haswell", k1G, 4, 4},     {"skylake", k4K, 64, 1536},
        {"skylake", k2M, 32, 1536},    {"skylake", k1G, 4, 16},    {"icelake", k4K, 64, 2048},
        {"icelake", k2M, 32, 1024},    {"icelake", k1G, 8, 1024},  {"goldencove", k4K, 96, 2048},
        {"goldencove", k2M, 32, 2048}, {"zen1", k4K, 64, 1536},    {"zen1", k2M, 64, 1536},
        {"zen2", k4K, 64, 2048},       {"zen3", k4K, 64, 2048},    {"zen4", k4K, 72, 3072},
        {"zen4", k2M, 72, 3072},
    };
    for (const Reach& reach : kReaches) {
        SCOPED_TRACE(std::string{reach.id} + " " + std::string{name_of(reach.size)});
        EXPECT_EQ(second_round(reach.id, reach.size, reach.first).first_misses, 0U);
        EXPECT_GT(second_round(reach.id, reach.size, reach.first + 1).first_misses, 0U);
        EXPECT_EQ(second_round(reach.id, reach.size, reach.second).walks, 0U);
        EXPECT_GT(second_round(reach.id, reach.size, reach.second + 1).walks, 0U);
    }
}

struct Counting : NoHooks {
    std::uint64_t* events = nullptr;
    [[nodiscard]] static constexpr bool wants_events() { return true; }
    template <class Event>
    void report(const Event& /*event*/) const {
        ++*events;
    }
};

TEST(Mmu, AnswersTheSameWithAndWithoutEvents) {
    TlbMachine silent;
    for (std::uint64_t i = 0; i < 400; ++i) silent.map(kPage + Bytes{i * kPageBytes});
    TlbMachine loud = silent;
    std::uint64_t events = 0;
    Counting hooks;
    hooks.events = &events;
    Random random{4};
    for (int i = 0; i < 5000; ++i) {
        const VirtAddr at = kPage + Bytes{random.below(410) * kPageBytes};
        const MmuAnswer ours = silent.read(at);
        const MmuAnswer theirs = loud.mmu.access(at, Access::kernel(AccessKind::read), loud.tables.memory(), hooks);
        ASSERT_EQ(ours.outcome(), theirs.outcome());
        ASSERT_EQ(ours.at(), theirs.at());
    }
    EXPECT_TRUE(silent.mmu == loud.mmu);
    EXPECT_GT(events, 5000U);
}

TEST(Mmu, IsAValue) {
    TlbMachine machine;
    for (std::uint64_t i = 0; i < 100; ++i) machine.map(kPage + Bytes{i * kPageBytes});
    for (std::uint64_t i = 0; i < 100; ++i) machine.read(kPage + Bytes{i * kPageBytes});
    Mmu copy = machine.mmu;
    EXPECT_TRUE(copy.shares_state(machine.mmu));
    EXPECT_TRUE(copy == machine.mmu);
    EXPECT_EQ(digest_of(copy), digest_of(machine.mmu));
    copy.invlpg(kPage);
    EXPECT_FALSE(copy == machine.mmu);
    EXPECT_TRUE(machine.is_cached(kPage)) << "the other one is not touched";
}

/// Against one that comes back from a file before each access and so remembers nothing but its state.
TEST(Mmu, RememberingThePageOfTheLastAccessChangesNothing) {
    for (const char* id : {"skylake", "zen3", "goldencove"}) {
        TlbMachine machine{id};
        Random random{5};
        const auto page = [](std::uint64_t number) { return kPage + Bytes{number * 64 * kPageBytes}; }; // one set
        for (std::uint64_t i = 0; i < 40; ++i) machine.map(page(i));
        Mmu forgetful = machine.mmu;
        std::array<std::uint64_t, 3> before{};
        for (int i = 0; i < 2000; ++i) {
            const std::uint64_t choice = random.below(4);
            const std::uint64_t number = choice < 3 ? before[choice] : random.below(40);
            before = {number, before[0], before[1]};
            const VirtAddr at = page(number) + Bytes{random.below(512) * 8};
            const std::vector<std::byte> file = bytes_of_state(forgetful);
            StateReader reader{file};
            reader(forgetful);
            ASSERT_TRUE(reader.ok());
            const Access access = Access::kernel(random.chance(1, 2) ? AccessKind::write : AccessKind::read);
            const MmuAnswer expected = forgetful.access(at, access, machine.tables.memory());
            const MmuAnswer answer = machine.mmu.access(at, access, machine.tables.memory());
            ASSERT_EQ(answer.at(), expected.at());
            ASSERT_EQ(answer.outcome(), expected.outcome());
        }
        EXPECT_EQ(digest_of(machine.mmu), digest_of(forgetful)) << id;
    }
}

TEST(Mmu, ComesBackFromAFileAndRefusesAForgedOne) {
    TlbMachine machine;
    Random random{9};
    for (std::uint64_t i = 0; i < 100; ++i) machine.map(kPage + Bytes{i * kPageBytes});
    for (std::uint64_t i = 0; i < 300; ++i) machine.read(kPage + Bytes{random.below(100) * kPageBytes});
    const std::vector<std::byte> file = bytes_of_state(machine.mmu);
    Mmu back{processor("skylake").mmu(true), AddressClasses{KernelLayout{}}};
    StateReader reader{file};
    reader(back);
    ASSERT_TRUE(reader.ok());
    EXPECT_TRUE(back == machine.mmu);
    for (int i = 0; i < 2000; ++i) {
        std::vector<std::byte> forged = file;
        forged[random.below(forged.size())] ^= static_cast<std::byte>(1 + random.below(255));
        Mmu victim{processor("skylake").mmu(true), AddressClasses{KernelLayout{}}};
        StateReader forged_reader{forged};
        forged_reader(victim);
        EXPECT_STREQ(victim.check_invariants(), "");
        if (!forged_reader.ok()) continue;
        for (std::uint64_t k = 0; k < 20; ++k)
            static_cast<void>(victim.access(kPage + Bytes{k * kPageBytes}, Access::kernel(AccessKind::read),
                                            machine.tables.memory()));
    }
}

} // namespace
} // namespace ksl::core::testing
