// SPDX-License-Identifier: GPL-3.0-or-later
//
// The boxes of a stack on the way from one picture to the next: a pushed call grows out of the stack pointer, a popped
// one shrinks into it, all others slide.
//
// Promises:  boxes touch each other at every moment if they do in both pictures; at 0 the heights are those of `from`,
//            at 1 the boxes are those of `to`.
#pragma once

#include "ui/layout/stack_layout.h"

#include <vector>

namespace ksl::ui {

/// `at` 0..1. Where boxes both came and went the picture is `to` at once.
[[nodiscard]] std::vector<StackBox> boxes_between(const std::vector<StackBox>& from, const std::vector<StackBox>& to,
                                                  double at);

} // namespace ksl::ui
