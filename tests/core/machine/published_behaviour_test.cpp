// SPDX-License-Identifier: MIT
//
// Behaviour that must come out of the engine, as the kernels' sources and the discussion of 2016 state it.
#include "tests/core/machine/test_machines.h"
#include "tests/test_name.h"

#include <gtest/gtest.h>

namespace ksl::core {
namespace {

using namespace testing;

constexpr CpuId kCpu0{0};

Machine running(const MachineConfig& config) {
    auto machine = Machine::boot(config);
    if (!machine) throw std::runtime_error(machine.error());
    machine->apply(Switch{kCpu0, kInitTask});
    return std::move(*machine);
}

StackSource one_life(Machine& machine) {
    const Outcome clone = machine.apply(Spawn{kCpu0, TaskKind::thread});
    machine.apply(Switch{kCpu0, TaskId{clone.value}});
    machine.apply(Exit{kCpu0});
    machine.apply(Switch{kCpu0, kInitTask});
    return clone.stack_source;
}

struct PurgeCase {
    unsigned cpus;
    std::uint64_t first_purge_at;
};

class LazyLimit : public ::testing::TestWithParam<PurgeCase> {};

/// fls(cpus) * 32 MiB of lazily freed areas, 5 pages a stack; the free that first exceeds it purges.
TEST_P(LazyLimit, IsFirstExceededByExactlyThisFree) {
    StackDesign design = vmapped_4_9();
    design.cache_slots = 0;
    Machine machine =
        running(small_machine(design, KernelFacts::linux_4_9(), GetParam().cpus, Bytes{std::uint64_t{512} << 20}));
    const std::uint64_t limit = GetParam().first_purge_at;
    for (std::uint64_t life = 1; life <= limit; ++life) {
        ASSERT_EQ(machine.state().counters.purges, 0U) << "before life " << life;
        one_life(machine);
        // Dead tasks' records must not pile up to max_threads.
        if (life % 256 == 0) {
            for (std::uint16_t cpu = 0; cpu < GetParam().cpus; ++cpu) machine.apply(Tick{CpuId{cpu}});
        }
    }
    EXPECT_EQ(machine.state().counters.purges, 1U);
    EXPECT_EQ(machine.state().counters.first_purge_at, limit);
}

INSTANTIATE_TEST_SUITE_P(Processors, LazyLimit,
                         ::testing::Values(PurgeCase{1, 1639}, PurgeCase{2, 3277}, PurgeCase{4, 4916},
                                           PurgeCase{8, 6554}, PurgeCase{16, 8193}, PurgeCase{64, 11469}),
                         [](const auto& test) {
                             return ksl::testing::as_test_name(std::to_string(test.param.cpus) + " CPUs");
                         });

TEST(StackCacheTest, IsUselessWhenStacksAreFreedAfterAGracePeriod) {
    StackDesign design = vmapped_4_9();
    design.release = Release::after_rcu;
    Machine machine = running(small_machine(design, KernelFacts::linux_4_9(), 1));
    int hits = 0;
    for (int life = 1; life <= 1000; ++life) {
        hits += one_life(machine) == StackSource::stack_cache;
        if (life % 200 == 0) {
            machine.apply(Tick{kCpu0});
            machine.apply(RunWork{kCpu0});
        }
    }
    EXPECT_LT(hits, 50);
}

TEST(StackCacheTest, AnswersNearlyAlwaysWhenStacksAreFreedAtDeath) {
    Machine machine = running(small_machine(vmapped_4_9(), KernelFacts::linux_4_9(), 1));
    int hits = 0;
    for (int life = 0; life < 1000; ++life) {
        hits += one_life(machine) == StackSource::stack_cache;
        if (life % 200 == 0) machine.apply(Tick{kCpu0});
    }
    EXPECT_EQ(hits, 999);
}

/// Every second frame of all free memory is taken for good: no block of order 2 is left, and nothing can be moved.
void fragment(Machine& machine) {
    std::vector<Pfn> pages;
    for (;;) {
        const Outcome page = machine.apply(AllocPages{kCpu0, Order{0}, PageUse::unmovable});
        if (!page.is_done() || page.oom_kills != 0) break;
        pages.emplace_back(page.value);
        if (machine.state().memory.pages.free_pages().count() < 600) break;
    }
    for (const Pfn page : pages) {
        if (page.raw() % 2 == 0) machine.apply(FreePages{kCpu0, page});
    }
}

TEST(FragmentationTest, RefusesContiguousStacksWhereMappedOnesSucceed) {
    Machine contiguous_machine = running(small_machine(contiguous(), KernelFacts::linux_4_9(), 1));
    Machine mapped_machine = running(small_machine(vmapped_4_9(), KernelFacts::linux_4_9(), 1));
    fragment(contiguous_machine);
    fragment(mapped_machine);
    ASSERT_GT(mapped_machine.state().memory.pages.free_pages().count(), 2000U);
    bool contiguous_suffers = false;
    bool mapped_suffers = false;
    for (int i = 0; i < 250; ++i) {
        const Outcome a = contiguous_machine.apply(Spawn{kCpu0, TaskKind::thread});
        const Outcome b = mapped_machine.apply(Spawn{kCpu0, TaskKind::thread});
        contiguous_suffers |= !a.is_done() || a.oom_kills != 0 || a.ledger.count(Step::compact_entry) != 0;
        mapped_suffers |= !b.is_done() || b.oom_kills != 0 || b.ledger.count(Step::compact_entry) != 0;
        ASSERT_FALSE(mapped_suffers) << i << " status " << static_cast<int>(b.status) << " kills " << b.oom_kills
                                     << " free " << mapped_machine.state().memory.pages.free_pages().count();
    }
    EXPECT_TRUE(contiguous_suffers);
    EXPECT_FALSE(mapped_suffers);
}

} // namespace
} // namespace ksl::core
