// SPDX-License-Identifier: GPL-3.0-or-later
//
// The simulation's own thread. The window tells it what to do (play, pause, step, go somewhere) and fetches the newest
// snapshot when it is ready to paint; neither ever waits for the other.
//
// Orders:    the newest order wins: a play is stopped by a step, a seek by the next seek. Steps add up.
// Pictures:  at most one snapshot in kPublishEvery; the one fetched is always the newest, complete and never changes.
//            The notify function is called on the engine's thread when there is something to fetch and the last
//            delivery has been fetched, so that an idle window costs nothing.
// Slices:    work goes in slices of kSlice, so that a pause or a stop takes effect within one, whatever is going on.
//            One seek inside the known past is one slice.
// A and B:   a second run may follow the first (follower.h): every order moves both, every snapshot has both.
// Threads:   all public functions may be called from one other thread; the source belongs to the engine's thread.
#pragma once

#include "ui/engine/engine_source.h"
#include "ui/engine/follower.h"
#include "ui/engine/run_differences.h"
#include "ui/engine/snapshot.h"

#include <chrono>
#include <concepts>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

namespace ksl::ui {

enum class Direction : std::uint8_t { forward, back };

/// What a search stops at.
enum class Landmark : std::uint8_t {
    clone,      ///< a clone, successful or not
    notable,    ///< failure, fault, overflow, purge, or a clone that missed the stack cache
    failure,    ///< something failed, faulted or overflowed
    purge,      ///< lazily freed areas were purged
    difference, ///< of A and B; without B there is none
};

/// What the engine's thread drives: one run, or two of which the second follows the first.
struct EngineRuns {
    EngineRuns() = default;
    template <std::derived_from<EngineSource> Source>
    // One run is the usual case, and is written as such. NOLINTNEXTLINE(google-explicit-constructor)
    EngineRuns(std::unique_ptr<Source> only) : source(std::move(only)) {}
    EngineRuns(std::unique_ptr<EngineSource> a, std::unique_ptr<EngineSource> b)
        : source(std::move(a)), other(std::move(b)) {}

    std::unique_ptr<EngineSource> source;
    std::unique_ptr<EngineSource> other; ///< null: only one
};

class EngineThread {
public:
    using Notify = std::function<void()>;
    using Opened = sim::Result<EngineRuns>;
    /// Makes the run, on the engine's thread: making a machine's memory old takes a while. Gives up when asked to stop.
    using Open = std::move_only_function<Opened(std::stop_token)>;
    static constexpr std::chrono::milliseconds kSlice{4};
    static constexpr std::chrono::milliseconds kPublishEvery{12};
    /// As fast as it goes.
    static constexpr double kNoLimit = std::numeric_limits<double>::infinity();
    /// How long the median step lasts on the screen at speed 1.
    static constexpr double kSecondsAStep = 0.6;
    /// Steps that are looked at in advance to know how long a step is.
    static constexpr std::uint64_t kLookAhead = 64;

    EngineThread(Open open, Notify notify);
    EngineThread(EngineRuns runs, Notify notify);
    /// Stops within one slice.
    ~EngineThread();
    EngineThread(const EngineThread&) = delete;
    EngineThread& operator=(const EngineThread&) = delete;
    EngineThread(EngineThread&&) = delete;
    EngineThread& operator=(EngineThread&&) = delete;

    void play(Direction direction = Direction::forward);
    void pause();
    /// Negative: back.
    void step(std::int64_t steps);
    /// Beyond the known end: runs on until there.
    void go_to(std::uint64_t position);
    void go_to_end() { go_to(std::numeric_limits<std::uint64_t>::max()); }
    void find(Landmark landmark, Direction direction);
    /// The n-th from the start, 1 being the first; where there are fewer, the end.
    void go_to_nth(Landmark landmark, std::uint64_t number);
    /// 1: the median step takes kSecondsAStep; kNoLimit: no waiting.
    void set_speed(double speed);

    /// The newest snapshot and everything new since the last call.
    [[nodiscard]] Delivery take();

private:
    using Clock = std::chrono::steady_clock;

    struct Nothing {};
    struct Play {
        Direction direction = Direction::forward;
    };
    struct Steps {
        std::int64_t left = 0;
    };
    struct GoTo {
        std::uint64_t position = 0;
    };
    struct Find {
        Landmark landmark = Landmark::clone;
        Direction direction = Direction::forward;
        std::optional<std::uint64_t> from; ///< the position that the search began at, once it has begun
    };
    struct FindNth {
        Landmark landmark = Landmark::clone;
        std::uint64_t left = 1;
        std::uint64_t seen = 0; ///< records looked at
    };
    using Job = std::variant<Nothing, Play, Steps, GoTo, Find, FindNth>;

    void order(Job job);

    // On the engine's thread.
    void run(const std::stop_token& stop);
    [[nodiscard]] bool open_source(const std::stop_token& stop);
    /// Waits for an order or until `wake`; false: stop.
    [[nodiscard]] bool next_order();
    void look_ahead();
    void carry_on(Nothing& job);
    void carry_on(Play& job);
    void carry_on(Steps& job);
    void carry_on(GoTo& job);
    void carry_on(Find& job);
    void carry_on(FindNth& job);
    /// Of the step to position index + 1.
    [[nodiscard]] bool is_found(std::uint64_t index, Landmark landmark) const;
    [[nodiscard]] bool forward();
    [[nodiscard]] bool back();
    [[nodiscard]] bool has_time() const { return Clock::now() < slice_end_; }
    /// To a position that is known already.
    void jump(std::uint64_t position);
    [[nodiscard]] std::shared_ptr<const Snapshot> snapshot_of_other() const;
    void start_pace();
    [[nodiscard]] bool is_idle() const { return std::holds_alternative<Nothing>(job_); }
    [[nodiscard]] Activity activity() const;
    void publish_if_due();
    void publish();

    // Shared, under the mutex.
    std::mutex mutex_;
    std::condition_variable wake_;
    std::optional<Job> ordered_;
    double ordered_speed_ = 1;
    bool stop_ = false;
    Delivery waiting_;
    bool is_notified_ = false;

    // The engine thread's own.
    Open open_;
    std::unique_ptr<EngineSource> source_;
    std::optional<Follower> follower_;
    RunDifferences differences_;
    Notify notify_;
    Job job_;
    double speed_ = 1;
    double nanoseconds_a_second_ = 0; ///< simulated, at speed 1
    std::vector<StepRecord> records_;
    std::vector<StepRecord> new_records_;
    std::vector<LoggedEvent> new_log_;
    std::size_t delivered_other_ = 0; ///< records of B
    Clock::time_point slice_end_;
    Clock::time_point published_at_;
    bool has_news_ = true;
    Clock::time_point pace_start_;
    double pace_from_ = 0; ///< simulated nanoseconds at pace_start_

    std::jthread thread_; ///< last: everything above exists while it runs
};

} // namespace ksl::ui
