// SPDX-License-Identifier: MIT
//
// Waiting for locks: nobody waits for what is free, everybody for what is held, whichever command was carried out
// first.
#include "core/effects/lock_table.h"
#include "core/types/archive.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace ksl::core {
namespace {

constexpr CpuId kFirst{0};
constexpr CpuId kSecond{1};
constexpr CpuId kThird{2};
constexpr LockId kZone = LockId::zone_normal;

TEST(LockTable, WhoAsksDuringAHoldWaitsForItsEnd) {
    LockTable locks;
    locks.release(kZone, kFirst, Cycles{100}, Cycles{160});
    EXPECT_EQ(locks.acquire(kZone, kSecond, Cycles{99}), Cycles{99}) << "before";
    EXPECT_EQ(locks.acquire(kZone, kSecond, Cycles{100}), Cycles{160});
    EXPECT_EQ(locks.acquire(kZone, kSecond, Cycles{159}), Cycles{160});
    EXPECT_EQ(locks.acquire(kZone, kSecond, Cycles{160}), Cycles{160}) << "after";
    EXPECT_EQ(locks.acquire(LockId::zone_dma32, kSecond, Cycles{120}), Cycles{120}) << "another lock";
}

TEST(LockTable, BetweenTwoHoldsItIsFree) {
    LockTable locks;
    locks.release(kZone, kFirst, Cycles{100}, Cycles{160});
    locks.release(kZone, kFirst, Cycles{5000}, Cycles{5100});
    EXPECT_EQ(locks.acquire(kZone, kSecond, Cycles{200}), Cycles{200});
}

TEST(LockTable, HoldsThatFollowEachOtherAreWaitedOutTogether) {
    LockTable locks;
    locks.release(kZone, kFirst, Cycles{100}, Cycles{160});
    locks.release(kZone, kSecond, Cycles{160}, Cycles{200});
    EXPECT_EQ(locks.acquire(kZone, kThird, Cycles{120}), Cycles{200});
}

TEST(LockTable, NobodyWaitsForItself) {
    LockTable locks;
    locks.release(kZone, kFirst, Cycles{100}, Cycles{160});
    EXPECT_EQ(locks.acquire(kZone, kFirst, Cycles{120}), Cycles{120});
}

TEST(LockTable, WhoWasServedAsIfItWereFreePaysAtItsNextLock) {
    LockTable locks;
    // The second processor's command was carried out first; the first one had the lock before it asked.
    locks.release(kZone, kSecond, Cycles{150}, Cycles{170});
    EXPECT_EQ(locks.acquire(kZone, kFirst, Cycles{100}), Cycles{100});
    locks.release(kZone, kFirst, Cycles{100}, Cycles{400});
    EXPECT_EQ(locks.acquire(kZone, kSecond, Cycles{1000}), Cycles{1250}) << "250 that it should have waited at 150";
    EXPECT_EQ(locks.acquire(kZone, kSecond, Cycles{2000}), Cycles{2000}) << "once";
}

RC_GTEST_PROP(LockTable, NobodyGetsALockThatAnotherOneHolds, ()) {
    LockTable locks;
    struct Hold {
        std::uint64_t from;
        std::uint64_t to;
        std::uint16_t cpu;
    };
    std::vector<Hold> holds;
    const auto count = *rc::gen::inRange<std::size_t>(0, LockTable::kHolds + 1);
    for (std::size_t i = 0; i < count; ++i) {
        const auto from = *rc::gen::inRange<std::uint64_t>(0, 5000);
        const auto cpu = *rc::gen::inRange<std::uint16_t>(0, 8);
        holds.push_back({from, from + *rc::gen::inRange<std::uint64_t>(1, 300), cpu});
        locks.release(kZone, CpuId{cpu}, Cycles{from}, Cycles{holds.back().to});
    }
    const CpuId mine{8};
    const auto asked = *rc::gen::inRange<std::uint64_t>(0, 6000);
    const std::uint64_t given = locks.acquire(kZone, mine, Cycles{asked}).count();
    RC_ASSERT(given >= asked);
    bool is_end = given == asked;
    for (const Hold& hold : holds) {
        RC_ASSERT(given < hold.from || given >= hold.to);
        is_end = is_end || hold.to == given;
    }
    RC_ASSERT(is_end);
}

TEST(LockTable, IsStateThatCanBeSavedAndRead) {
    LockTable locks;
    locks.release(kZone, kSecond, Cycles{150}, Cycles{170});
    locks.release(kZone, kFirst, Cycles{100}, Cycles{400});
    const auto bytes = bytes_of_state(locks);
    LockTable read;
    StateReader reader{bytes};
    reader(read);
    EXPECT_TRUE(read == locks);
    EXPECT_EQ(read.acquire(kZone, kThird, Cycles{160}), Cycles{400});
}

} // namespace
} // namespace ksl::core
