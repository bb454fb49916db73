// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/engine/run_differences.h"

#include <algorithm>

namespace ksl::ui {

bool differ(const StepRecord& a, const StepRecord& b) {
    if (RunDifference{.position = 0, .a = a, .b = b}.is_outcome()) return true;
    if (!is_operation(a.kind)) return false;
    if (a.first_misses != b.first_misses) return true;
    const core::Nanoseconds less = std::min(a.duration, b.duration);
    const core::Nanoseconds more = std::max(a.duration, b.duration);
    return (more - less).count() * 10 > less.count();
}

RunDifferences::Waiting* RunDifferences::waiting_for(StepKind kind) {
    switch (kind) {
    case StepKind::clone: return &std::get<0>(waiting_);
    case StepKind::exit: return &std::get<1>(waiting_);
    case StepKind::call: return &std::get<2>(waiting_);
    case StepKind::other:
    case StepKind::context_switch:
    case StepKind::call_return: break;
    }
    return nullptr;
}

void RunDifferences::append_a(const StepRecord& record) {
    ++position_;
    Waiting* waiting = waiting_for(record.kind);
    if (waiting == nullptr) return;
    waiting->a.push_back({.position = position_, .a = record, .b = {}});
    match(*waiting);
}

void RunDifferences::append_b(const StepRecord& record) {
    Waiting* waiting = waiting_for(record.kind);
    if (waiting == nullptr) return;
    waiting->b.push_back(record);
    match(*waiting);
}

void RunDifferences::match(Waiting& waiting) {
    while (!waiting.a.empty() && !waiting.b.empty()) {
        RunDifference pair = waiting.a.front();
        pair.b = waiting.b.front();
        waiting.a.pop_front();
        waiting.b.pop_front();
        if (!differ(pair.a, pair.b)) continue;
        // Kinds are matched apart, so that a late one may belong before the last.
        const auto place = std::ranges::upper_bound(found_, pair.position, {}, &RunDifference::position);
        found_.insert(place, pair);
        new_.push_back(pair);
    }
}

bool RunDifferences::is_at(std::uint64_t position) const {
    return std::ranges::binary_search(found_, position, {}, &RunDifference::position);
}

std::optional<std::uint64_t> RunDifferences::first_after(std::uint64_t position) const {
    const auto found = std::ranges::upper_bound(found_, position, {}, &RunDifference::position);
    return found == found_.end() ? std::nullopt : std::optional(found->position);
}

} // namespace ksl::ui
