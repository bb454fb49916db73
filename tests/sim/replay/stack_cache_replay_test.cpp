// SPDX-License-Identifier: MIT
#include "sim/replay/stack_cache_replay.h"

#include <gtest/gtest.h>

namespace ksl::sim {
namespace {

using core::VirtAddr;

constexpr auto kDead = StackCacheReplay::Offerer::dead_task;
constexpr auto kCallback = StackCacheReplay::Offerer::callback;
constexpr VirtAddr kNone{0};
constexpr VirtAddr kA{0xffffc90000008000};
constexpr VirtAddr kB{0xffffc90000010000};
constexpr VirtAddr kC{0xffffc90000018000};

/// The first order that explains the recorded choice; false if there is none.
bool chose(StackCacheReplay& cache, std::uint64_t event, VirtAddr recorded) {
    const auto possible = cache.possible_choices(recorded);
    if (possible.empty()) {
        cache.chose_otherwise(event, recorded);
        return false;
    }
    cache.choose_after(possible.front());
    return true;
}

StackCacheReplay cache_of(std::optional<VirtAddr> first, std::optional<VirtAddr> second) {
    return StackCacheReplay{std::vector<capture::CachedStacks>{{first, second}}};
}

TEST(StackCacheReplay, SlotZeroIsFilledAndEmptiedFirst) {
    StackSlots slots;
    EXPECT_TRUE(slots.put(kA));
    EXPECT_TRUE(slots.put(kB));
    EXPECT_FALSE(slots.put(kC));
    EXPECT_EQ(slots.take(), kA);
    EXPECT_TRUE(slots.put(kC));
    EXPECT_EQ(slots.take(), kC);
    EXPECT_EQ(slots.take(), kB);
    EXPECT_EQ(slots.take(), kNone);
}

TEST(StackCacheReplay, ChoicesAndOffersInOrderAreExact) {
    StackCacheReplay cache = cache_of(std::nullopt, kA);
    EXPECT_TRUE(chose(cache, 1, kA));
    cache.offer(2, kB, StackFate::cached, kDead);
    cache.offer(3, kA, StackFate::cached, kDead);
    cache.offer(4, kC, StackFate::released, kDead);
    EXPECT_TRUE(chose(cache, 5, kB));
    EXPECT_EQ(cache.new_tasks().exact(), 2U);
    EXPECT_EQ(cache.given_back().exact(), 3U);
    EXPECT_EQ(cache.settle(), (StackSlots{{kNone, kA}}));
}

TEST(StackCacheReplay, AChoiceThatCallbacksSeemToPrecedeMayHaveComeBeforeThem) {
    // Slots: A. A task took A, then callbacks offered B and C, and only then was the task recorded: both went in.
    StackCacheReplay cache = cache_of(kA, std::nullopt);
    cache.offer(1, kB, StackFate::cached, kCallback);
    cache.offer(2, kC, StackFate::cached, kCallback);
    const auto possible = cache.possible_choices(kA);
    ASSERT_EQ(possible, (std::vector<std::size_t>{1, 0})) << "not in the order of the trace: C would not have fitted";
    StackCacheReplay after_one = cache;
    after_one.choose_after(1);
    EXPECT_EQ(after_one.settle(), (StackSlots{{kC, kB}}));
    cache.choose_after(0);
    EXPECT_EQ(cache.settle(), (StackSlots{{kB, kC}})) << "only what comes later tells which";
    EXPECT_EQ(cache.new_tasks().total(), 0U);
    EXPECT_EQ(cache.new_tasks().undetermined().size(), 1U);
    EXPECT_EQ(cache.given_back().exact(), 2U);
    EXPECT_FALSE(cache.goes_on_like(after_one));
}

TEST(StackCacheReplay, ADeadTasksOfferIsNotMovedBehindTheChoice) {
    StackCacheReplay cache = cache_of(kA, std::nullopt);
    cache.offer(1, kB, StackFate::cached, kDead);
    cache.offer(2, kC, StackFate::cached, kDead);
    EXPECT_TRUE(cache.possible_choices(kA).empty());
    cache.chose_otherwise(3, kA);
    EXPECT_EQ(cache.new_tasks().exact(), 1U);
    EXPECT_EQ(cache.given_back().total(), 1U);
    EXPECT_EQ(cache.settle(), (StackSlots{{kNone, kB}}))
        << "C cannot have gone into a full cache: its next task will differ";
}

TEST(StackCacheReplay, WhatNoOrderExplainsIsADifference) {
    StackCacheReplay cache = cache_of(kA, kB);
    EXPECT_FALSE(chose(cache, 1, kC));
    EXPECT_EQ(cache.new_tasks().differing(), 1U);
    EXPECT_FALSE(StackCacheReplay{cache}.take_over(kC)) << "C is in no slot";
    StackCacheReplay other = cache_of(kA, kB);
    EXPECT_FALSE(chose(other, 1, kB)) << "slot 0 is first";
    StackCacheReplay taken_over = other;
    EXPECT_TRUE(taken_over.take_over(kB));
    EXPECT_EQ(taken_over.settle(), (StackSlots{{kA, kNone}}));
    EXPECT_EQ(other.settle(), (StackSlots{{kNone, kB}}));
}

TEST(StackCacheReplay, NewMemoryAlthoughAStackIsCachedIsADifference) {
    StackCacheReplay cache = cache_of(kA, std::nullopt);
    cache.chose_new_memory(1, cache.peek());
    EXPECT_EQ(cache.new_tasks().differing(), 1U);
    StackCacheReplay empty = cache_of(std::nullopt, std::nullopt);
    empty.chose_new_memory(1, empty.peek());
    EXPECT_EQ(empty.new_tasks().exact(), 1U);
    empty.offer(2, kA, StackFate::cached, kDead);
    empty.chose_new_memory(3, empty.peek());
    EXPECT_EQ(empty.new_tasks().undetermined().size(), 1U) << "the offer may have come after the choice";
}

TEST(StackCacheReplay, AStackReleasedThoughASlotWasEmptyIsADifference) {
    StackCacheReplay cache = cache_of(std::nullopt, std::nullopt);
    cache.offer(1, kA, StackFate::released, kDead);
    EXPECT_TRUE(cache.settle().is_empty()) << "what was seen later decides";
    EXPECT_EQ(cache.given_back().differing(), 1U);
    cache.offer(2, kB, StackFate::unknown, kDead);
    cache.settle();
    EXPECT_EQ(cache.given_back().undetermined().size(), 1U);
}

TEST(StackCacheReplay, WithoutACacheNothingIsJudged) {
    StackCacheReplay none{std::nullopt};
    EXPECT_FALSE(none.exists());
    none.offer(1, kA, StackFate::cached, kDead);
    none.settle();
    EXPECT_EQ(none.new_tasks().total(), 0U);
}

} // namespace
} // namespace ksl::sim
