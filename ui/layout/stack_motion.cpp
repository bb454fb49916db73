// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/layout/stack_motion.h"

#include <algorithm>

namespace ksl::ui {

namespace {

bool is_same(const StackBox& a, const StackBox& b) {
    return a.part == b.part && (a.part != StackPart::call || a.first_call == b.first_call);
}

const StackBox* counterpart(const std::vector<StackBox>& boxes, const StackBox& box) {
    const auto found = std::ranges::find_if(boxes, [&](const StackBox& each) { return is_same(each, box); });
    return found == boxes.end() ? nullptr : &*found;
}

/// Everything in `few` is in `all`, in the same order.
bool has_all(const std::vector<StackBox>& all, const std::vector<StackBox>& few) {
    auto next = all.begin();
    for (const StackBox& box : few) {
        next = std::find_if(next, all.end(), [&](const StackBox& each) { return is_same(each, box); });
        if (next == all.end()) return false;
    }
    return true;
}

double between(double from, double to, double at) {
    return from + ((to - from) * at);
}

} // namespace

std::vector<StackBox> boxes_between(const std::vector<StackBox>& from, const std::vector<StackBox>& to, double at) {
    if (at >= 1 || from.empty() || to.empty()) return to;
    const bool grows = has_all(to, from);
    if (!grows && !has_all(from, to)) return to;
    // Going through the picture that has all boxes, from the top down; one that the other lacks is flat there, and lies
    // where the one above it ends.
    const std::vector<StackBox>& all = grows ? to : from;
    const std::vector<StackBox>& other = grows ? from : to;
    double end_above = other.front().rect.y;
    std::vector<StackBox> boxes;
    boxes.reserve(all.size());
    for (const StackBox& box : all) {
        const StackBox* there = counterpart(other, box);
        Rect flat = box.rect;
        flat.y = end_above;
        flat.height = 0;
        const Rect in_other = there != nullptr ? there->rect : flat;
        end_above = in_other.y + in_other.height;
        const Rect& first = grows ? in_other : box.rect;
        const Rect& last = grows ? box.rect : in_other;
        StackBox moved = there != nullptr && !grows ? *there : box;
        moved.rect.y = between(first.y, last.y, at);
        moved.rect.height = between(first.height, last.height, at);
        boxes.push_back(moved);
    }
    return boxes;
}

} // namespace ksl::ui
