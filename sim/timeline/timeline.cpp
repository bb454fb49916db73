// SPDX-License-Identifier: MIT
#include "sim/timeline/timeline.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ksl::sim {

namespace {

class Listener final : public core::EventSink {
public:
    explicit Listener(std::vector<core::Event>& events) : events_(events) {}
    void on_event(const core::Event& event) override { events_.push_back(event); }

private:
    std::vector<core::Event>& events_;
};

} // namespace

Timeline::Timeline(Simulation start, core::EventLevel level)
    : present_(std::move(start)), level_(level), known_end_(present_.steps()) {
    checkpoints_.emplace(present_.steps(), present_);
}

bool Timeline::forward() {
    std::vector<core::Event> events;
    Listener listener{events};
    if (!present_.step(&listener, level_)) return false;
    last_events_ = std::move(events);
    remember();
    return true;
}

bool Timeline::back() {
    if (position() == checkpoints_.begin()->first) return false;
    seek(position() - 1);
    return true;
}

void Timeline::seek(std::uint64_t position) {
    if (position == this->position()) return;
    const auto after = checkpoints_.upper_bound(position == 0 ? 0 : position - 1);
    const auto nearest = after == checkpoints_.begin() ? after : std::prev(after);
    if (position < this->position() || nearest->first > this->position()) present_ = nearest->second;
    last_events_.clear();
    // The last step is taken with somebody listening, so that the position has its events.
    if (position == 0 || position <= present_.steps()) return;
    run_to(position - 1);
    forward();
}

void Timeline::run_to(std::uint64_t position) {
    while (present_.steps() < position && present_.step()) remember();
}

void Timeline::remember() {
    const std::uint64_t here = present_.steps();
    known_end_ = std::max(known_end_, here);
    if (here % distance_ != 0 || checkpoints_.contains(here)) return;
    checkpoints_.emplace(here, present_);
    if (checkpoints_.size() <= kMostCheckpoints) return;
    distance_ *= 2;
    std::erase_if(checkpoints_, [&](const auto& checkpoint) { return checkpoint.first % distance_ != 0; });
}

} // namespace ksl::sim
