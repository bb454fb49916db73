// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/layout/stack_layout.h"

#include "ui/layout/apportion.h"

#include <algorithm>
#include <cmath>

namespace ksl::ui {

using core::Bytes;
using core::VirtAddr;

namespace {

constexpr Bytes kCanaryBytes{8};

double least_height(const StackBox& box, const StackMetrics& metrics) {
    switch (box.part) {
    case StackPart::guard_above:
    case StackPart::guard_below:
    case StackPart::neighbour: return metrics.guard_height;
    case StackPart::call: return metrics.least_call;
    case StackPart::calls:
    case StackPart::thread_info:
    case StackPart::canary:
    case StackPart::unused: return metrics.line_height;
    }
    return metrics.line_height;
}

double weight(const StackBox& box) {
    const bool is_outside =
        box.part == StackPart::guard_above || box.part == StackPart::guard_below || box.part == StackPart::neighbour;
    return is_outside ? 0 : static_cast<double>(box.range.size().count());
}

} // namespace

StackLayout::StackLayout(const StackPicture& picture, const StackMetrics& metrics)
    : frame_{.x = 0, .y = 0, .width = metrics.width, .height = metrics.height} {
    collect(picture);
    collapse_calls(metrics);
    place(metrics);
}

void StackLayout::push(StackPart part, VirtAddr lowest, VirtAddr top) {
    if (!(lowest < top)) return;
    StackBox& box = boxes_.emplace_back();
    box.part = part;
    box.range = {lowest, top};
}

void StackLayout::collect(const StackPicture& picture) {
    const auto [lowest, top] = picture.stack;
    push(StackPart::guard_above, top, top + picture.guard_above);

    const bool has_info_on_top = picture.thread_info && picture.thread_info->top == top;
    const VirtAddr first_call = has_info_on_top ? picture.thread_info->lowest : top;
    push(StackPart::thread_info, first_call, top);
    collect_calls(picture, first_call);

    const bool has_info_below = picture.thread_info && picture.thread_info->lowest == lowest && !has_info_on_top;
    const VirtAddr info_top = has_info_below ? picture.thread_info->top : lowest;
    const VirtAddr canary = picture.canary.value_or(info_top);
    const VirtAddr canary_top = picture.canary ? canary + kCanaryBytes : info_top;
    // What calls have overrun is theirs: the boxes below them start at the stack pointer at the earliest.
    const VirtAddr free_top = std::max(stack_pointer_, lowest);
    push(StackPart::unused, std::min(canary_top, free_top), free_top);
    push(StackPart::canary, std::min(canary, free_top), std::min(canary_top, free_top));
    push(StackPart::thread_info, lowest, std::min(info_top, free_top));
    if (picture.guard_below > Bytes{0}) {
        push(StackPart::guard_below, lowest - picture.guard_below, lowest);
    } else {
        push(StackPart::neighbour, lowest - Bytes{core::kPageBytes}, lowest);
    }
}

void StackLayout::collect_calls(const StackPicture& picture, VirtAddr from) {
    for (std::uint32_t call = 0; call < picture.calls.size(); ++call) {
        const VirtAddr end = from - picture.calls[call];
        push(StackPart::call, std::max(end, picture.stack.lowest), std::max(from, picture.stack.lowest));
        if (!boxes_.empty() && boxes_.back().part == StackPart::call && boxes_.back().call_count == 0) {
            boxes_.back().first_call = call;
            boxes_.back().call_count = 1;
        }
        from = end;
    }
    stack_pointer_ = from;
}

void StackLayout::collapse_calls(const StackMetrics& metrics) {
    double needed = 0;
    for (const StackBox& box : boxes_) needed += least_height(box, metrics);
    const auto first = std::ranges::find(boxes_, StackPart::call, &StackBox::part);
    if (needed <= metrics.height || first == boxes_.end()) return;

    // Outermost calls go into one box, one by one, until the rest fits; the innermost one always stays.
    auto last = first;
    needed += metrics.line_height;
    while (needed > metrics.height && last + 1 != boxes_.end() && (last + 1)->part == StackPart::call) {
        needed -= metrics.least_call;
        ++last;
    }
    if (last - first < 2) return;
    first->part = StackPart::calls;
    first->range.lowest = (last - 1)->range.lowest;
    first->call_count = static_cast<std::uint32_t>(last - first);
    boxes_.erase(first + 1, last);
}

void StackLayout::place(const StackMetrics& metrics) {
    std::vector<Share> shares;
    shares.reserve(boxes_.size());
    for (const StackBox& box : boxes_) shares.push_back({.weight = weight(box), .minimum = least_height(box, metrics)});
    const std::vector<double> heights = apportion(shares, metrics.height);
    double y = 0;
    for (std::size_t i = 0; i < boxes_.size(); ++i) {
        boxes_[i].rect = {.x = 0, .y = y, .width = metrics.width, .height = heights[i]};
        y += heights[i];
    }
}

double StackLayout::to_y(VirtAddr at) const {
    for (const StackBox& box : boxes_) {
        if (at >= box.range.top) return box.rect.y;
        if (at < box.range.lowest) continue;
        const auto above = static_cast<double>((box.range.top - at).count());
        return box.rect.y + (box.rect.height * above / static_cast<double>(box.range.size().count()));
    }
    return frame_.height;
}

VirtAddr StackLayout::to_address(double y) const {
    for (const StackBox& box : boxes_) {
        if (y < box.rect.y) return box.range.top;
        if (y >= box.rect.bottom() || box.rect.height <= 0) continue;
        const double above = static_cast<double>(box.range.size().count()) * (y - box.rect.y) / box.rect.height;
        return box.range.top - Bytes{static_cast<std::uint64_t>(std::llround(above))};
    }
    return boxes_.empty() ? VirtAddr{} : boxes_.back().range.lowest;
}

Rect StackLayout::band(core::VirtRange range, double least) const {
    const double from = to_y(range.top);
    const double height = std::min(std::max(to_y(range.lowest) - from, least), frame_.height);
    return {.x = 0, .y = std::min(from, frame_.height - height), .width = frame_.width, .height = height};
}

const StackBox* StackLayout::box_at(double y) const {
    const auto box =
        std::ranges::find_if(boxes_, [&](const StackBox& b) { return b.rect.y <= y && y < b.rect.bottom(); });
    return box == boxes_.end() ? nullptr : &*box;
}

} // namespace ksl::ui
