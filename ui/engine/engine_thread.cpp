// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/engine/engine_thread.h"

#include "core/types/assert.h"
#include "ui/engine/overflow_log.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ksl::ui {

namespace {

bool is_landmark(const StepRecord& record, Landmark landmark) {
    if (landmark == Landmark::clone) return record.kind == StepKind::clone;
    if (landmark == Landmark::purge) return record.has(StepRecord::kPurge);
    if (landmark == Landmark::failure) return record.has(StepRecord::kFailed | StepRecord::kFault);
    return record.is_notable() || (record.kind == StepKind::clone && !record.has(StepRecord::kFromCache));
}

/// Simulated nanoseconds between two steps, in the middle of what was seen.
double median_gap(const std::vector<StepRecord>& records) {
    constexpr double kUnknown = 2000;
    std::vector<std::uint64_t> gaps;
    for (std::size_t i = 1; i < records.size(); ++i) {
        const std::uint64_t gap = (records[i].at - records[i - 1].at).count();
        if (gap != 0) gaps.push_back(gap);
    }
    if (gaps.empty()) return kUnknown;
    const auto middle = gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() / 2);
    std::ranges::nth_element(gaps, middle);
    return static_cast<double>(*middle);
}

/// The newest events, and of the older ones those of overflows, whose consequences last.
void shorten(std::vector<LoggedEvent>& log) {
    if (log.size() <= Delivery::kMostLogged) return;
    const auto old = log.end() - static_cast<std::ptrdiff_t>(Delivery::kMostLogged);
    const auto kept = std::remove_if(
        log.begin(), old, [](const LoggedEvent& logged) { return !OverflowLog::is_about_overflow(logged.event.body); });
    log.erase(kept, old);
}

} // namespace

EngineThread::EngineThread(Open open, Notify notify)
    : open_(std::move(open)), notify_(std::move(notify)), thread_([this](const std::stop_token& stop) { run(stop); }) {}

EngineThread::EngineThread(EngineRuns runs, Notify notify)
    : EngineThread([made = std::move(runs)](const std::stop_token&) mutable -> Opened { return std::move(made); },
                   std::move(notify)) {}

EngineThread::~EngineThread() {
    {
        const std::scoped_lock lock(mutex_);
        stop_ = true;
    }
    thread_.request_stop();
    wake_.notify_one();
}

void EngineThread::order(Job job) {
    {
        const std::scoped_lock lock(mutex_);
        // Steps that have not been looked at yet add up: a key pressed twice is two steps.
        auto* steps = std::get_if<Steps>(&job);
        if (steps != nullptr && ordered_) {
            if (const auto* before = std::get_if<Steps>(&*ordered_)) steps->left += before->left;
        }
        ordered_ = job;
    }
    wake_.notify_one();
}

void EngineThread::play(Direction direction) {
    order(Play{direction});
}
void EngineThread::pause() {
    order(Nothing{});
}
void EngineThread::step(std::int64_t steps) {
    order(Steps{steps});
}
void EngineThread::go_to(std::uint64_t position) {
    order(GoTo{position});
}
void EngineThread::find(Landmark landmark, Direction direction) {
    order(Find{.landmark = landmark, .direction = direction, .from = {}});
}
void EngineThread::go_to_nth(Landmark landmark, std::uint64_t number) {
    order(FindNth{.landmark = landmark, .left = number, .seen = 0});
}
void EngineThread::set_speed(double speed) {
    {
        const std::scoped_lock lock(mutex_);
        ordered_speed_ = speed;
    }
    wake_.notify_one();
}

Delivery EngineThread::take() {
    const std::scoped_lock lock(mutex_);
    is_notified_ = false;
    return std::exchange(waiting_, {});
}

bool EngineThread::open_source(const std::stop_token& stop) {
    Opened opened = open_(stop);
    if (opened) {
        source_ = std::move(opened->source);
        if (opened->other != nullptr) follower_.emplace(std::move(opened->other));
        return true;
    }
    {
        const std::scoped_lock lock(mutex_);
        waiting_.error = std::move(opened.error());
        is_notified_ = true;
    }
    if (notify_ && !stop.stop_requested()) notify_();
    return false;
}

void EngineThread::run(const std::stop_token& stop) {
    if (!open_source(stop)) return;
    look_ahead();
    publish();
    while (next_order()) {
        slice_end_ = Clock::now() + kSlice;
        std::visit([this](auto& job) { carry_on(job); }, job_);
        publish_if_due();
    }
}

bool EngineThread::next_order() {
    std::unique_lock lock(mutex_);
    const auto is_called = [this] { return stop_ || ordered_ || ordered_speed_ != speed_; };
    if (is_idle()) {
        wake_.wait(lock, is_called);
    } else if (std::holds_alternative<Play>(job_) && speed_ != kNoLimit) {
        // Ahead of its time: the next step is not due yet.
        wake_.wait_until(lock, slice_end_ + kSlice, is_called);
    }
    if (stop_) return false;
    const bool is_new_speed = std::exchange(speed_, ordered_speed_) != ordered_speed_;
    std::optional<Job> ordered = std::exchange(ordered_, std::nullopt);
    lock.unlock();
    if (ordered) {
        auto* more = std::get_if<Steps>(&*ordered);
        if (const auto* running = std::get_if<Steps>(&job_); more != nullptr && running != nullptr)
            more->left += running->left;
        job_ = *ordered;
        has_news_ = true;
    }
    if (ordered || is_new_speed) start_pace();
    return true;
}

void EngineThread::look_ahead() {
    for (std::uint64_t i = 0; i < kLookAhead && forward(); ++i) {
    }
    jump(0);
    nanoseconds_a_second_ = median_gap(records_) / kSecondsAStep;
}

bool EngineThread::forward() {
    if (source_->is_finished()) return false;
    const std::uint64_t position = source_->position();
    const bool is_first_time = position == records_.size();
    const std::vector<CpuMark> before = is_first_time ? marks_of(source_->machine()) : std::vector<CpuMark>{};
    if (!source_->forward()) return false;
    has_news_ = true;
    if (!is_first_time) {
        if (follower_) follower_->seek(position + 1);
        return true;
    }
    StepRecord record = record_of(before, source_->machine(), source_->now(), source_->last_events());
    // Time in the log never runs backwards, whatever the CPUs' clocks say.
    if (!records_.empty()) record.at = std::max(record.at, records_.back().at);
    records_.push_back(record);
    new_records_.push_back(record);
    for (const core::Event& event : source_->last_events()) {
        new_log_.push_back({.position = position + 1, .at = record.at, .event = event});
    }
    if (follower_) {
        const std::size_t known = follower_->records().size();
        follower_->follow(is_operation(record.kind));
        differences_.append_a(record);
        for (const StepRecord& other : follower_->records().subspan(known)) differences_.append_b(other);
    }
    return true;
}

void EngineThread::jump(std::uint64_t position) {
    source_->seek(position);
    if (follower_) follower_->seek(position);
    has_news_ = true;
}

bool EngineThread::back() {
    if (source_->position() == 0 || !source_->back()) return false;
    if (follower_) follower_->seek(source_->position());
    has_news_ = true;
    return true;
}

void EngineThread::start_pace() {
    pace_start_ = Clock::now();
    pace_from_ = static_cast<double>(source_->now().count());
}

void EngineThread::carry_on(Nothing& /*job*/) {}

void EngineThread::carry_on(Play& job) {
    const bool is_forward = job.direction == Direction::forward;
    const std::chrono::duration<double> played = Clock::now() - pace_start_;
    const double simulated = played.count() * speed_ * nanoseconds_a_second_;
    do {
        const auto now = static_cast<double>(source_->now().count());
        const bool is_due = is_forward ? now <= pace_from_ + simulated : now >= pace_from_ - simulated;
        if (speed_ != kNoLimit && !is_due) return;
        if (!(is_forward ? forward() : back())) {
            job_ = Nothing{};
            has_news_ = true;
            return;
        }
    } while (has_time());
}

void EngineThread::carry_on(Steps& job) {
    do {
        const bool moved = job.left > 0 ? forward() : job.left < 0 && back();
        job.left = moved ? job.left - (job.left > 0 ? 1 : -1) : 0;
        if (job.left == 0) {
            job_ = Nothing{};
            return;
        }
    } while (has_time());
}

void EngineThread::carry_on(GoTo& job) {
    const std::uint64_t known = std::min(job.position, source_->known_end());
    if (source_->position() < known || job.position < source_->position()) {
        jump(known);
    }
    while (source_->position() < job.position) {
        if (!forward()) job.position = source_->position();
        if (!has_time()) return;
    }
    job_ = Nothing{};
    has_news_ = true;
}

void EngineThread::carry_on(Find& job) {
    std::uint64_t at = source_->position();
    if (!job.from) job.from = at;
    if (job.direction == Direction::back) {
        while (at > 1 && !is_found(at - 2, job.landmark)) --at;
        job_ = GoTo{at <= 1 ? 0 : at - 1};
        return;
    }
    // What is known needs no running, only the last jump.
    while (at < records_.size() && !is_found(at, job.landmark)) ++at;
    if (at < records_.size()) {
        job_ = GoTo{at + 1};
        return;
    }
    if (source_->position() < at) jump(at);
    do {
        // What differs is known once both have done it: it may be a step that was taken already.
        const std::uint64_t last_known = records_.size();
        const bool moved = forward();
        if (moved && job.landmark == Landmark::difference) {
            const auto found = differences_.first_after(*job.from);
            if (!found) continue;
            job_ = GoTo{*found};
            return;
        }
        if (!moved || is_found(last_known, job.landmark)) {
            job_ = Nothing{};
            has_news_ = true;
            return;
        }
    } while (has_time());
}

bool EngineThread::is_found(std::uint64_t index, Landmark landmark) const {
    if (landmark == Landmark::difference) return differences_.is_at(index + 1);
    return is_landmark(records_[index], landmark);
}

void EngineThread::carry_on(FindNth& job) {
    do {
        while (job.seen < records_.size()) {
            const bool is_one = is_found(job.seen, job.landmark);
            ++job.seen;
            if (!is_one || --job.left != 0) continue;
            job_ = GoTo{job.seen};
            return;
        }
        if (source_->position() < records_.size()) jump(records_.size());
        if (!forward()) {
            job_ = Nothing{};
            has_news_ = true;
            return;
        }
    } while (has_time());
}

Activity EngineThread::activity() const {
    if (is_idle()) return Activity::paused;
    const auto* play = std::get_if<Play>(&job_);
    if (play == nullptr) return Activity::going;
    return play->direction == Direction::forward ? Activity::playing : Activity::playing_back;
}

std::shared_ptr<const Snapshot> EngineThread::snapshot_of_other() const {
    KSL_ASSERT(follower_.has_value(), "there is a second design");
    auto snapshot = std::make_shared<Snapshot>();
    const EngineSource& source = follower_->source();
    snapshot->machine = std::make_shared<const core::Machine>(source.machine());
    snapshot->position = source.position();
    snapshot->known_end = source.known_end();
    snapshot->is_finished = source.is_finished();
    snapshot->activity = activity();
    const auto events = follower_->events();
    snapshot->events.assign(events.begin(), events.end());
    if (snapshot->position != 0) {
        snapshot->last = follower_->records()[snapshot->position - 1];
        snapshot->now = snapshot->last.at;
    }
    return snapshot;
}

void EngineThread::publish_if_due() {
    if (!has_news_) return;
    if (!is_idle() && Clock::now() - published_at_ < kPublishEvery) return;
    publish();
}

void EngineThread::publish() {
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->machine = std::make_shared<const core::Machine>(source_->machine());
    snapshot->position = source_->position();
    snapshot->known_end = source_->known_end();
    snapshot->is_finished = source_->is_finished();
    snapshot->activity = activity();
    const auto events = source_->last_events();
    snapshot->events.assign(events.begin(), events.end());
    if (snapshot->position != 0) {
        snapshot->last = records_[snapshot->position - 1];
        snapshot->now = snapshot->last.at; // as the timeline draws it
    }
    if (follower_) snapshot->other = snapshot_of_other();
    has_news_ = false;
    published_at_ = Clock::now();

    bool notify = false;
    {
        const std::scoped_lock lock(mutex_);
        waiting_.snapshot = std::move(snapshot);
        waiting_.records.insert(waiting_.records.end(), new_records_.begin(), new_records_.end());
        waiting_.log.insert(waiting_.log.end(), new_log_.begin(), new_log_.end());
        if (follower_) {
            const auto others = follower_->records().subspan(delivered_other_);
            waiting_.other_records.insert(waiting_.other_records.end(), others.begin(), others.end());
            delivered_other_ += others.size();
            const std::vector<RunDifference> found = differences_.take_new();
            waiting_.differences.insert(waiting_.differences.end(), found.begin(), found.end());
        }
        if (follower_) {
            const std::vector<LoggedEvent> log = follower_->take_log();
            waiting_.other_log.insert(waiting_.other_log.end(), log.begin(), log.end());
            shorten(waiting_.other_log);
        }
        shorten(waiting_.log);
        notify = !std::exchange(is_notified_, true);
    }
    new_records_.clear();
    new_log_.clear();
    if (notify && notify_) notify_();
}

} // namespace ksl::ui
