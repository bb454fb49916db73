// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/layout/stack_motion.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace ksl::ui {
namespace {

using core::Bytes;
using core::VirtAddr;

constexpr VirtAddr kLowest{0xffff'c900'000d'8000};
constexpr VirtAddr kTop = kLowest + Bytes{16384};

std::vector<StackBox> boxes_of(std::vector<Bytes> calls) {
    const StackPicture picture{.stack = {kLowest, kTop},
                               .guard_above = Bytes{0},
                               .guard_below = Bytes{4096},
                               .calls = std::move(calls),
                               .thread_info = {},
                               .canary = kLowest};
    return StackLayout(picture, {.width = 200, .height = 500}).boxes();
}

std::vector<Bytes> some_calls() {
    std::vector<Bytes> calls;
    for (const auto bytes : *rc::gen::container<std::vector<std::uint64_t>>(rc::gen::inRange<std::uint64_t>(8, 900)))
        calls.emplace_back(bytes);
    if (calls.size() > 12) calls.resize(12);
    return calls;
}

RC_GTEST_PROP(StackMotion, BoxesTouchAllTheWayOfAPushAndOfAPop, ()) {
    const std::vector<Bytes> few = some_calls();
    std::vector<Bytes> many = few;
    many.emplace_back(*rc::gen::inRange<std::uint64_t>(8, 2000));
    const bool is_push = *rc::gen::arbitrary<bool>();
    const std::vector<StackBox> from = boxes_of(is_push ? few : many);
    const std::vector<StackBox> to = boxes_of(is_push ? many : few);
    const double at = *rc::gen::inRange(0, 1001) / 1000.0;
    const std::vector<StackBox> boxes = boxes_between(from, to, at);
    RC_ASSERT(!boxes.empty());
    for (std::size_t i = 0; i + 1 < boxes.size(); ++i) {
        RC_ASSERT(boxes[i].rect.height >= 0);
        RC_ASSERT(std::abs(boxes[i].rect.bottom() - boxes[i + 1].rect.y) < 1e-6);
    }
    RC_ASSERT(std::abs(boxes.front().rect.y - to.front().rect.y) < 1e-6);
    RC_ASSERT(std::abs(boxes.back().rect.bottom() - to.back().rect.bottom()) < 1e-6);
}

TEST(StackMotion, APushedCallGrowsOutOfTheStackPointer) {
    const auto from = boxes_of({Bytes{168}});
    const auto to = boxes_of({Bytes{168}, Bytes{1024}});
    const auto call_of = [](const std::vector<StackBox>& boxes) {
        for (const StackBox& box : boxes)
            if (box.part == StackPart::call && box.first_call == 1) return box.rect;
        return Rect{};
    };
    const Rect start = call_of(boxes_between(from, to, 0));
    const Rect half = call_of(boxes_between(from, to, 0.5));
    const Rect end = call_of(boxes_between(from, to, 1));
    EXPECT_DOUBLE_EQ(start.height, 0);
    EXPECT_DOUBLE_EQ(start.y, from.front().rect.bottom()) << "where the stack ended";
    EXPECT_NEAR(half.height, end.height / 2, 1e-9);
    EXPECT_GT(end.height, 0);
    EXPECT_EQ(boxes_between(from, to, 1).size(), to.size());
}

TEST(StackMotion, APoppedCallIsGoneAtTheEnd) {
    const auto from = boxes_of({Bytes{168}, Bytes{1024}});
    const auto to = boxes_of({Bytes{168}});
    EXPECT_EQ(boxes_between(from, to, 0.5).size(), from.size()) << "still on its way out";
    EXPECT_EQ(boxes_between(from, to, 1).size(), to.size());
}

} // namespace
} // namespace ksl::ui
