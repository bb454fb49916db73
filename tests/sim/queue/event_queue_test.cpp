// SPDX-License-Identifier: MIT
#include "core/types/random.h"
#include "sim/queue/event_queue.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <functional>
#include <queue>
#include <tuple>

namespace ksl::sim {
namespace {

using core::Nanoseconds;
using Queue = EventQueue<std::uint32_t>;

constexpr std::uint64_t kEndOfTime = std::numeric_limits<std::uint64_t>::max();

/// What the queue promises, in the obvious way: a heap of (time, number of insertion).
class Reference {
public:
    void push(std::uint64_t at) { heap_.emplace(at, pushed_++); }
    [[nodiscard]] bool empty() const { return heap_.empty(); }
    [[nodiscard]] std::uint64_t next_time() const { return std::get<0>(heap_.top()); }
    std::pair<std::uint64_t, std::uint32_t> pop() {
        const auto [at, number] = heap_.top();
        heap_.pop();
        return {at, number};
    }

private:
    using Item = std::tuple<std::uint64_t, std::uint32_t>;
    std::priority_queue<Item, std::vector<Item>, std::greater<>> heap_;
    std::uint32_t pushed_ = 0;
};

/// Distances that hurt queues which guess at a width: none, a few, clusters, the far end of time.
rc::Gen<std::uint64_t> distance() {
    return rc::gen::weightedOneOf<std::uint64_t>({
        {4, rc::gen::just<std::uint64_t>(0)},
        {6, rc::gen::inRange<std::uint64_t>(0, 5)},
        {6, rc::gen::inRange<std::uint64_t>(0, 5000)},
        {4, rc::gen::inRange<std::uint64_t>(1U << 22, (1U << 22) + 3)},
        {4, rc::gen::inRange<std::uint64_t>(0, std::uint64_t{1} << 40)},
        {1, rc::gen::just(kEndOfTime)},
    });
}

std::uint64_t later(std::uint64_t now, std::uint64_t by) {
    return by > kEndOfTime - now ? kEndOfTime : now + by;
}

RC_GTEST_PROP(EventQueue, PopsWhatAHeapOfTimeAndNumberPops, ()) {
    Queue queue;
    Reference reference;
    std::uint64_t now = 0;
    std::uint32_t pushed = 0;
    const auto steps = *rc::gen::container<std::vector<std::pair<bool, std::uint64_t>>>(
        *rc::gen::inRange<std::size_t>(0, 600), rc::gen::pair(rc::gen::arbitrary<bool>(), distance()));
    for (const auto& [pops, by] : steps) {
        if (pops && !queue.empty()) {
            RC_ASSERT(queue.next_time() == Nanoseconds{reference.next_time()});
            const auto [at, number] = reference.pop();
            RC_ASSERT(queue.pop() == (Queue::Entry{Nanoseconds{at}, number}));
            now = at;
        } else {
            queue.push(Nanoseconds{later(now, by)}, pushed++);
            reference.push(later(now, by));
        }
        RC_ASSERT(queue.empty() == reference.empty());
    }
    RC_ASSERT(queue.check_invariants() == std::string_view{});
    while (!reference.empty()) {
        const auto [at, number] = reference.pop();
        RC_ASSERT(queue.pop() == (Queue::Entry{Nanoseconds{at}, number}));
    }
    RC_ASSERT(queue.empty());
    RC_ASSERT(queue.check_invariants() == std::string_view{});
}

RC_GTEST_PROP(EventQueue, PopUntilGivesNothingAfterItsLimitAndKeepsIt, ()) {
    Queue queue;
    Reference reference;
    std::uint64_t now = 0;
    std::uint32_t pushed = 0;
    const auto steps = *rc::gen::container<std::vector<std::pair<std::uint64_t, std::uint64_t>>>(
        *rc::gen::inRange<std::size_t>(0, 200), rc::gen::pair(distance(), distance()));
    for (const auto& [by, limit_by] : steps) {
        queue.push(Nanoseconds{later(now, by)}, pushed++);
        reference.push(later(now, by));
        now = later(now, limit_by / 2);
        while (const auto event = queue.pop_until(Nanoseconds{now})) {
            const auto [at, number] = reference.pop();
            RC_ASSERT(*event == (Queue::Entry{Nanoseconds{at}, number}));
        }
        RC_ASSERT(reference.empty() || reference.next_time() > now);
        RC_ASSERT(queue.check_invariants() == std::string_view{});
    }
}

RC_GTEST_PROP(EventQueue, ACopyAndAReadBackQueueAreEqualAndPopTheSame, ()) {
    Queue queue;
    std::uint64_t now = 0;
    const auto distances =
        *rc::gen::container<std::vector<std::uint64_t>>(*rc::gen::inRange<std::size_t>(0, 100), distance());
    for (const std::uint64_t by : distances) {
        queue.push(Nanoseconds{later(now, by)}, static_cast<std::uint32_t>(by % 7));
        if (by % 3 == 0) now = queue.pop().at.count();
    }
    Queue copy = queue;
    const std::vector<std::byte> bytes = core::bytes_of_state(queue);
    core::StateReader reader{bytes};
    Queue back;
    reader(back);
    RC_ASSERT(reader.ok() && reader.at_end());
    RC_ASSERT(copy == queue && back == queue);
    RC_ASSERT(core::digest_of(back) == core::digest_of(queue));
    const std::vector<Queue::Entry> expected = queue.pending();
    for (const Queue::Entry& entry : expected) {
        RC_ASSERT(copy.pop() == entry);
        RC_ASSERT(back.pop() == entry);
    }
    RC_ASSERT(queue.pending() == expected); // popping from a copy leaves the original alone
}

TEST(EventQueue, ALongRunWithClustersPopsWhatAHeapPops) {
    Queue queue;
    Reference reference;
    core::Random random{7};
    std::uint32_t pushed = 0;
    const auto push = [&](std::uint64_t at) {
        queue.push(Nanoseconds{at}, pushed++);
        reference.push(at);
    };
    for (int i = 0; i < 20'000; ++i) push(random.below(1U << 20) & ~std::uint64_t{0x3ff});
    for (int i = 0; i < 300'000; ++i) {
        const auto [at, number] = reference.pop();
        ASSERT_EQ(queue.pop(), (Queue::Entry{Nanoseconds{at}, number}));
        const std::array<std::uint64_t, 4> distances{0, 1000, random.below(100'000),
                                                     random.below(std::uint64_t{1} << 36)};
        push(at + distances[random.below(distances.size())]);
        if (i % 50'000 == 0) {
            ASSERT_STREQ(queue.check_invariants(), "");
        }
    }
}

TEST(EventQueue, EventsOfOneTimeComeInOrderOfInsertionHowFarAwayTheyWereWhenPushed) {
    Queue queue;
    const Nanoseconds at{5'000'000'000};
    queue.push(at, 0); // lands at a high level
    queue.push(Nanoseconds{4'999'999'000}, 10);
    queue.push(at, 1);
    EXPECT_EQ(queue.pop().what, 10U);
    queue.push(at, 2); // lands lower
    queue.push(Nanoseconds{4'999'999'999}, 11);
    EXPECT_EQ(queue.pop().what, 11U);
    queue.push(at, 3);
    EXPECT_EQ(queue.pop().what, 0U);
    queue.push(at, 4); // due at once
    for (const std::uint32_t expected : {1U, 2U, 3U, 4U}) EXPECT_EQ(queue.pop().what, expected);
    EXPECT_TRUE(queue.empty());
}

/// Hold model on a quarter of a million events whose times are all alike: a structure with a pathological case for
/// clusters would need minutes here.
TEST(EventQueue, ManyEventsOfOneTimeAreAsCheapAsOthers) {
    constexpr std::uint32_t kEvents = 250'000;
    Queue queue;
    for (std::uint32_t i = 0; i < kEvents; ++i) queue.push(Nanoseconds{1'000'000}, i);
    for (std::uint32_t i = 0; i < kEvents; ++i) {
        const Queue::Entry event = queue.pop();
        ASSERT_EQ(event.what, i);
        queue.push(event.at, i);
    }
    for (std::uint32_t i = 0; i < kEvents; ++i) ASSERT_EQ(queue.pop().what, i);
}

TEST(EventQueue, TheFarEndOfTimeIsATimeLikeAnyOther) {
    Queue queue;
    queue.push(Nanoseconds{kEndOfTime}, 1);
    queue.push(Nanoseconds{kEndOfTime - 1}, 0);
    queue.push(Nanoseconds{kEndOfTime}, 2);
    EXPECT_EQ(queue.pop().what, 0U);
    EXPECT_EQ(queue.pop().what, 1U);
    EXPECT_EQ(queue.pop(), (Queue::Entry{Nanoseconds{kEndOfTime}, 2}));
}

TEST(EventQueue, MemoryOfPoppedEventsIsUsedAgain) {
    EventQueue<std::uint64_t, core::Cycles> queue;
    core::Random random{3};
    for (int i = 0; i < 1000; ++i) queue.push(core::Cycles{random.below(1'000'000)}, 0);
    for (int i = 0; i < 200'000; ++i) {
        const auto event = queue.pop();
        queue.push(event.at + core::Cycles{random.below(2'000'000)}, 0);
    }
    EXPECT_EQ(queue.size(), 1000U);
    EXPECT_STREQ(queue.check_invariants(), "");
}

TEST(EventQueue, AHostileStateIsRefused) {
    Queue queue;
    queue.push(Nanoseconds{5}, 1);
    queue.push(Nanoseconds{9}, 2);
    std::vector<std::byte> bytes = core::bytes_of_state(queue);
    bytes[16] = std::byte{200}; // the first time now lies behind the second
    core::StateReader reader{bytes};
    Queue back;
    reader(back);
    EXPECT_FALSE(reader.ok());
    EXPECT_TRUE(back.empty());
}

} // namespace
} // namespace ksl::sim
