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
// Threads:   all public functions may be called from one other thread; the source belongs to the engine's thread.
#pragma once

#include "ui/engine/engine_source.h"
#include "ui/engine/snapshot.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <variant>
#include <vector>

namespace ksl::ui {

enum class Direction : std::uint8_t { forward, back };

/// What a search stops at.
enum class Landmark : std::uint8_t {
    clone,   ///< a clone, successful or not
    notable, ///< failure, fault, overflow, purge, or a clone that missed the stack cache
};

class EngineThread {
public:
    using Notify = std::function<void()>;
    using Opened = sim::Result<std::unique_ptr<EngineSource>>;
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
    EngineThread(std::unique_ptr<EngineSource> source, Notify notify);
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
    };
    using Job = std::variant<Nothing, Play, Steps, GoTo, Find>;

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
    [[nodiscard]] bool forward();
    [[nodiscard]] bool back();
    [[nodiscard]] bool has_time() const { return Clock::now() < slice_end_; }
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
    Notify notify_;
    Job job_;
    double speed_ = 1;
    double nanoseconds_a_second_ = 0; ///< simulated, at speed 1
    std::vector<StepRecord> records_;
    std::vector<StepRecord> new_records_;
    std::vector<LoggedEvent> new_log_;
    Clock::time_point slice_end_;
    Clock::time_point published_at_;
    bool has_news_ = true;
    Clock::time_point pace_start_;
    double pace_from_ = 0; ///< simulated nanoseconds at pace_start_

    std::jthread thread_; ///< last: everything above exists while it runs
};

} // namespace ksl::ui
