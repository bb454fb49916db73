// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/support/scripted_source.h"
#include "ui/engine/engine_thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>

namespace ksl::ui {
namespace {

using test::ScriptedSource;
using namespace std::chrono_literals;

/// The window's side of the thread: fetches what comes until a condition holds.
class Watcher {
public:
    explicit Watcher(std::uint64_t steps = 2000)
        : engine(std::make_unique<ScriptedSource>(test::vmapped_machine(), steps), [this] { news_.release(); }) {}

    template <class Condition>
    bool wait_until(Condition condition) {
        const auto deadline = std::chrono::steady_clock::now() + 20s;
        while (std::chrono::steady_clock::now() < deadline) {
            if (last && condition(*last)) return true;
            (void)news_.try_acquire_for(50ms);
            take();
        }
        return false;
    }
    bool wait_for_position(std::uint64_t position) {
        return wait_until([&](const Snapshot& s) { return s.position == position && s.activity == Activity::paused; });
    }
    void take() {
        Delivery delivery = engine.take();
        records.insert(records.end(), delivery.records.begin(), delivery.records.end());
        if (!delivery.snapshot) return;
        EXPECT_GE(records.size(), delivery.snapshot->known_end) << "no snapshot runs ahead of its records";
        last = delivery.snapshot;
    }

private:
    std::counting_semaphore<> news_{0};

public:
    std::shared_ptr<const Snapshot> last;
    std::vector<StepRecord> records;
    EngineThread engine;
};

std::uint64_t hash_at(std::uint64_t position) {
    ScriptedSource source(test::vmapped_machine());
    while (source.position() < position) EXPECT_TRUE(source.forward());
    return source.machine().hash();
}

TEST(EngineThread, BeginsAtTheStartAndKnowsTheFirstSteps) {
    Watcher watcher;
    ASSERT_TRUE(watcher.wait_for_position(0));
    EXPECT_EQ(watcher.last->known_end, EngineThread::kLookAhead);
    EXPECT_EQ(watcher.last->machine->hash(), hash_at(0));
    EXPECT_TRUE(watcher.last->events.empty());
}

TEST(EngineThread, StepsBothWaysToTheSameMachines) {
    Watcher watcher;
    watcher.engine.step(7);
    ASSERT_TRUE(watcher.wait_for_position(7));
    EXPECT_EQ(watcher.last->machine->hash(), hash_at(7));
    EXPECT_EQ(watcher.last->last, watcher.records[6]);
    watcher.engine.step(1);
    watcher.engine.step(1);
    ASSERT_TRUE(watcher.wait_for_position(9)) << "steps ordered in quick succession add up";
    watcher.engine.step(-3);
    ASSERT_TRUE(watcher.wait_for_position(6));
    EXPECT_EQ(watcher.last->machine->hash(), hash_at(6));
    watcher.engine.step(-100);
    ASSERT_TRUE(watcher.wait_for_position(0));
}

TEST(EngineThread, ScrubbingGoesAnywhereAndBeyondTheKnownEnd) {
    Watcher watcher;
    watcher.engine.go_to(300);
    ASSERT_TRUE(watcher.wait_for_position(300));
    EXPECT_EQ(watcher.last->known_end, 300U);
    watcher.engine.go_to(41);
    ASSERT_TRUE(watcher.wait_for_position(41));
    EXPECT_EQ(watcher.last->machine->hash(), hash_at(41));
    EXPECT_EQ(watcher.last->known_end, 300U) << "going back forgets nothing";
}

TEST(EngineThread, TheNewestOrderWins) {
    Watcher watcher;
    for (std::uint64_t to = 0; to < 200; ++to) watcher.engine.go_to(to);
    watcher.engine.go_to(5);
    ASSERT_TRUE(watcher.wait_for_position(5));
    EXPECT_LE(watcher.last->known_end, 200U);
}

TEST(EngineThread, PlaysToTheEndWithoutLosingARecord) {
    Watcher watcher(500);
    watcher.engine.set_speed(EngineThread::kNoLimit);
    watcher.engine.play();
    ASSERT_TRUE(watcher.wait_for_position(500));
    EXPECT_TRUE(watcher.last->is_finished);
    EXPECT_EQ(watcher.records.size(), 500U);
    EXPECT_TRUE(std::ranges::is_sorted(watcher.records, {}, &StepRecord::at));
    EXPECT_EQ(watcher.last->machine->hash(), hash_at(500));
}

TEST(EngineThread, PlaysAtThePaceThatWasAskedFor) {
    Watcher watcher;
    watcher.engine.play(); // a step in 0.6 s or so
    std::this_thread::sleep_for(200ms);
    watcher.engine.pause();
    ASSERT_TRUE(watcher.wait_until([](const Snapshot& s) { return s.activity == Activity::paused && s.position > 0; }));
    EXPECT_LE(watcher.last->position, 6U);
}

TEST(EngineThread, PauseStopsAPlay) {
    Watcher watcher(1'000'000);
    watcher.engine.set_speed(EngineThread::kNoLimit);
    watcher.engine.play();
    ASSERT_TRUE(watcher.wait_until([](const Snapshot& s) { return s.position > 100; }));
    watcher.engine.pause();
    ASSERT_TRUE(watcher.wait_until([](const Snapshot& s) { return s.activity == Activity::paused; }));
    const std::uint64_t stopped = watcher.last->position;
    std::this_thread::sleep_for(50ms);
    watcher.take();
    EXPECT_EQ(watcher.last->position, stopped);
    watcher.engine.play(Direction::back);
    ASSERT_TRUE(watcher.wait_for_position(0));
}

TEST(EngineThread, FindsClonesBothWays) {
    Watcher watcher;
    watcher.engine.find(Landmark::clone, Direction::forward);
    ASSERT_TRUE(watcher.wait_for_position(2));
    watcher.engine.find(Landmark::clone, Direction::forward);
    ASSERT_TRUE(watcher.wait_for_position(10));
    EXPECT_EQ(watcher.last->last.kind, StepKind::clone);
    watcher.engine.go_to(600);
    ASSERT_TRUE(watcher.wait_for_position(600));
    watcher.engine.find(Landmark::clone, Direction::forward); // in what nobody has seen yet
    ASSERT_TRUE(watcher.wait_for_position(602));
    watcher.engine.find(Landmark::clone, Direction::back);
    ASSERT_TRUE(watcher.wait_for_position(594));
    watcher.engine.go_to(2);
    ASSERT_TRUE(watcher.wait_for_position(2));
    watcher.engine.find(Landmark::clone, Direction::back);
    ASSERT_TRUE(watcher.wait_for_position(0)) << "nothing before: the start";
}

TEST(EngineThread, EndsWhileItPlays) {
    for (int i = 0; i < 5; ++i) {
        Watcher watcher(1'000'000);
        watcher.engine.set_speed(EngineThread::kNoLimit);
        watcher.engine.play();
        if (i % 2 == 0) watcher.take();
    }
}

// Under the thread sanitizer this is the proof that nothing is shared but the delivery.
TEST(EngineThread, SnapshotsAreReadWhileTheEngineRuns) {
    Watcher watcher(1'000'000);
    watcher.engine.set_speed(EngineThread::kNoLimit);
    watcher.engine.play();
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(watcher.wait_until([&](const Snapshot&) { return true; }));
        const std::shared_ptr<const Snapshot> held = watcher.last;
        const std::uint64_t before = held->machine->hash();
        std::this_thread::sleep_for(15ms);
        watcher.take();
        EXPECT_EQ(held->machine->hash(), before) << "a snapshot never changes";
    }
}

} // namespace
} // namespace ksl::ui
