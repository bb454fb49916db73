// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/layout/stack_layout.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>

namespace ksl::ui {
namespace {

using core::Bytes;
using core::VirtAddr;

constexpr VirtAddr kLowest{0xffff'c900'000d'8000};
constexpr VirtAddr kTop = kLowest + Bytes{16384};

StackPicture vmap_stack(std::vector<Bytes> calls) {
    return {.stack = {kLowest, kTop},
            .guard_above = Bytes{0},
            .guard_below = Bytes{4096},
            .calls = std::move(calls),
            .thread_info = {},
            .canary = kLowest};
}

StackPicture some_picture() {
    StackPicture picture = vmap_stack({});
    picture.guard_above = Bytes{*rc::gen::element<std::uint64_t>(0, 4096)};
    picture.guard_below = Bytes{*rc::gen::element<std::uint64_t>(0, 4096, 8192)};
    for (const auto bytes : *rc::gen::container<std::vector<std::uint64_t>>(rc::gen::inRange<std::uint64_t>(1, 220))) {
        picture.calls.emplace_back(bytes * 8);
    }
    switch (*rc::gen::inRange(0, 3)) {
    case 0: picture.thread_info = core::VirtRange{kLowest, kLowest + Bytes{104}}; break;
    case 1: picture.thread_info = core::VirtRange{kTop - Bytes{104}, kTop}; break;
    default: break;
    }
    picture.canary = picture.thread_info && picture.thread_info->lowest == kLowest ? picture.thread_info->top : kLowest;
    return picture;
}

StackMetrics metrics(double height) {
    return {.width = 200, .height = height};
}

RC_GTEST_PROP(StackLayout, BoxesFillTheHeightInOrderOfAddressWithoutGaps, ()) {
    const StackPicture picture = some_picture();
    const double height = *rc::gen::inRange(200, 2000);
    const StackLayout layout{picture, metrics(height)};
    const auto& boxes = layout.boxes();
    RC_ASSERT(boxes.front().range.top == picture.stack.top + picture.guard_above);
    RC_ASSERT(std::abs(boxes.back().rect.bottom() - height) < 1e-6);
    for (std::size_t i = 1; i < boxes.size(); ++i) {
        RC_ASSERT(boxes[i].range.top == boxes[i - 1].range.lowest);
        RC_ASSERT(std::abs(boxes[i].rect.y - boxes[i - 1].rect.bottom()) < 1e-6);
    }
}

RC_GTEST_PROP(StackLayout, EveryCallIsInExactlyOneBox, ()) {
    StackPicture picture = some_picture();
    const StackLayout layout{picture, metrics(*rc::gen::inRange(200, 2000))};
    std::uint32_t next = 0;
    for (const StackBox& box : layout.boxes()) {
        if (box.part != StackPart::call && box.part != StackPart::calls) continue;
        RC_ASSERT(box.first_call == next);
        RC_ASSERT(box.call_count >= 1U);
        next += box.call_count;
    }
    // Calls that lie wholly below the stack have no box.
    const auto on_stack = static_cast<std::uint32_t>(picture.calls.size());
    RC_ASSERT((layout.stack_pointer() < kLowest ? next <= on_stack : next == on_stack));
}

RC_GTEST_PROP(StackLayout, AddressesRunUpwardsAndComeBack, ()) {
    const StackLayout layout{some_picture(), metrics(900)};
    const VirtAddr a = kLowest - Bytes{4096} + Bytes{*rc::gen::inRange<std::uint64_t>(0, 24576)};
    const VirtAddr b = kLowest - Bytes{4096} + Bytes{*rc::gen::inRange<std::uint64_t>(0, 24576)};
    RC_ASSERT((a <= b ? layout.to_y(a) >= layout.to_y(b) : layout.to_y(a) <= layout.to_y(b)));
    const VirtAddr inside = std::clamp(a, layout.boxes().back().range.lowest, layout.boxes().front().range.top);
    const VirtAddr back = layout.to_address(layout.to_y(inside));
    RC_ASSERT((back > inside ? back - inside : inside - back) <= Bytes{1});
}

TEST(StackLayout, LargerCallsAreHigherAndSmallOnesStayVisible) {
    const StackLayout layout{vmap_stack({Bytes{96}, Bytes{312}, Bytes{904}, Bytes{1420}, Bytes{16}}), metrics(800)};
    const auto height_of_call = [&](std::uint32_t call) {
        const auto box = std::ranges::find_if(
            layout.boxes(), [&](const StackBox& b) { return b.part == StackPart::call && b.first_call == call; });
        return box->rect.height;
    };
    EXPECT_DOUBLE_EQ(height_of_call(4), 10);
    EXPECT_LT(height_of_call(2), height_of_call(3));
    EXPECT_NEAR(height_of_call(3) / height_of_call(2), 1420.0 / 904, 1e-6);
}

TEST(StackLayout, ADeepCallChainCollapsesItsOutermostCalls) {
    const StackLayout layout{vmap_stack(std::vector<Bytes>(100, Bytes{64})), metrics(400)};
    EXPECT_EQ(layout.boxes().front().part, StackPart::calls);
    EXPECT_GT(layout.boxes().front().call_count, 60U);
    for (const StackBox& box : layout.boxes()) {
        if (box.part != StackPart::call) continue;
        EXPECT_GE(box.rect.height, 10 - 1e-9);
    }
    const auto last_call = std::ranges::find_if(layout.boxes(), [](const StackBox& b) {
        return b.part == StackPart::call && b.first_call + b.call_count == 100;
    });
    EXPECT_NE(last_call, layout.boxes().end()) << "the innermost call is what the user looks at";
}

TEST(StackLayout, AnOverflowReachesIntoTheGuard) {
    const StackLayout layout{vmap_stack({Bytes{16000}, Bytes{1420}}), metrics(600)};
    EXPECT_EQ(layout.stack_pointer(), kTop - Bytes{17420});
    const Rect damage = layout.band({layout.stack_pointer(), kLowest});
    const StackBox* guard = layout.box_at(damage.y + 1);
    ASSERT_NE(guard, nullptr);
    EXPECT_EQ(guard->part, StackPart::guard_below);
}

TEST(StackLayout, WithoutAGuardTheNeighbourIsWhatLiesBelow) {
    StackPicture picture = vmap_stack({Bytes{96}});
    picture.guard_below = Bytes{0};
    const StackLayout layout{picture, metrics(600)};
    EXPECT_EQ(layout.boxes().back().part, StackPart::neighbour);
    EXPECT_DOUBLE_EQ(layout.boxes().back().rect.height, 28);
}

TEST(StackLayout, ThreadInfoAtTheBottomLiesBelowTheCanary) {
    StackPicture picture = vmap_stack({Bytes{96}});
    picture.thread_info = core::VirtRange{kLowest, kLowest + Bytes{104}};
    picture.canary = picture.thread_info->top;
    const StackLayout layout{picture, metrics(600)};
    std::vector<StackPart> parts;
    for (const StackBox& box : layout.boxes()) parts.push_back(box.part);
    EXPECT_EQ(parts, (std::vector{StackPart::call, StackPart::unused, StackPart::canary, StackPart::thread_info,
                                  StackPart::guard_below}));
}

} // namespace
} // namespace ksl::ui
