// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/engine/follower.h"

#include <algorithm>
#include <utility>

namespace ksl::ui {

Follower::Follower(std::unique_ptr<EngineSource> source) : source_(std::move(source)) {}

void Follower::forward() {
    const std::vector<CpuMark> before = marks_of(source_->machine());
    if (!source_->forward()) return;
    const auto events = source_->last_events();
    StepRecord record = record_of(before, source_->machine(), source_->now(), events);
    if (!records_.empty()) record.at = std::max(record.at, records_.back().at);
    records_.push_back(record);
    events_.insert(events_.end(), events.begin(), events.end());
    for (const core::Event& event : events)
        log_.push_back({.position = source_->position(), .at = record.at, .event = event});
    if (is_operation(record.kind)) ++operations_;
}

void Follower::follow(bool is_operation) {
    if (source_->position() != places_.back()) source_->seek(places_.back());
    events_.clear();
    if (is_operation) ++operations_of_a_;
    // One step for one step, unless B would get two operations ahead.
    if (operations_ <= operations_of_a_) forward();
    while (operations_ < operations_of_a_ && !source_->is_finished()) forward();
    places_.push_back(source_->position());
}

void Follower::seek(std::uint64_t position) {
    const std::uint64_t there = places_[position];
    const std::uint64_t before = position == 0 ? 0 : places_[position - 1];
    events_.clear();
    // The steps that belong to A's last one are taken again for what they report.
    source_->seek(before);
    while (source_->position() < there && source_->forward()) {
        const auto events = source_->last_events();
        events_.insert(events_.end(), events.begin(), events.end());
    }
}

} // namespace ksl::ui
