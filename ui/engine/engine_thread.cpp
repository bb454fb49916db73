// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/engine/engine_thread.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ksl::ui {

namespace {

bool is_landmark(const StepRecord& record, Landmark landmark) {
    if (landmark == Landmark::clone) return record.kind == StepKind::clone;
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

} // namespace

EngineThread::EngineThread(Open open, Notify notify)
    : open_(std::move(open)), notify_(std::move(notify)), thread_([this](const std::stop_token& stop) { run(stop); }) {}

EngineThread::EngineThread(std::unique_ptr<EngineSource> source, Notify notify)
    : EngineThread([made = std::move(source)](const std::stop_token&) mutable -> Opened { return std::move(made); },
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
    order(Find{landmark, direction});
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
        source_ = std::move(*opened);
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
    source_->seek(0);
    nanoseconds_a_second_ = median_gap(records_) / kSecondsAStep;
}

bool EngineThread::forward() {
    if (source_->is_finished()) return false;
    const std::uint64_t position = source_->position();
    const bool is_first_time = position == records_.size();
    const std::vector<CpuMark> before = is_first_time ? marks_of(source_->machine()) : std::vector<CpuMark>{};
    if (!source_->forward()) return false;
    has_news_ = true;
    if (!is_first_time) return true;
    StepRecord record = record_of(before, source_->machine(), source_->now(), source_->last_events());
    // Time in the log never runs backwards, whatever the CPUs' clocks say.
    if (!records_.empty()) record.at = std::max(record.at, records_.back().at);
    records_.push_back(record);
    new_records_.push_back(record);
    for (const core::Event& event : source_->last_events()) {
        new_log_.push_back({.position = position + 1, .at = record.at, .event = event});
    }
    return true;
}

bool EngineThread::back() {
    if (source_->position() == 0 || !source_->back()) return false;
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
        source_->seek(known);
        has_news_ = true;
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
    if (job.direction == Direction::back) {
        while (at > 1 && !is_landmark(records_[at - 2], job.landmark)) --at;
        job_ = GoTo{at <= 1 ? 0 : at - 1};
        return;
    }
    // What is known needs no running, only the last jump.
    while (at < records_.size() && !is_landmark(records_[at], job.landmark)) ++at;
    if (at < records_.size()) {
        job_ = GoTo{at + 1};
        return;
    }
    if (source_->position() < at) source_->seek(at);
    do {
        if (!forward() || is_landmark(records_.back(), job.landmark)) {
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
    has_news_ = false;
    published_at_ = Clock::now();

    bool notify = false;
    {
        const std::scoped_lock lock(mutex_);
        waiting_.snapshot = std::move(snapshot);
        waiting_.records.insert(waiting_.records.end(), new_records_.begin(), new_records_.end());
        waiting_.log.insert(waiting_.log.end(), new_log_.begin(), new_log_.end());
        if (waiting_.log.size() > Delivery::kMostLogged) {
            const auto old = static_cast<std::ptrdiff_t>(waiting_.log.size() - Delivery::kMostLogged);
            waiting_.log.erase(waiting_.log.begin(), waiting_.log.begin() + old);
        }
        notify = !std::exchange(is_notified_, true);
    }
    new_records_.clear();
    new_log_.clear();
    if (notify && notify_) notify_();
}

} // namespace ksl::ui
