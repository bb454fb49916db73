// SPDX-License-Identifier: MIT
#include "sim/replay/list_edits.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace ksl::sim {
namespace {

using List = std::vector<int>;

List numbers(int count) {
    List list;
    for (int i = 0; i < count; ++i) list.push_back(i);
    return list;
}

TEST(ListEdits, OfEqualListsAreNone) {
    EXPECT_TRUE(list_edits(numbers(9), numbers(9)).empty());
    EXPECT_TRUE(list_edits(List{}, List{}).empty());
}

TEST(ListEdits, NameWhatIsMissingAndWhatIsTooMuch) {
    EXPECT_EQ(list_edits(List{1, 2, 4}, List{1, 2, 3, 4}), (std::vector<ListEdit>{{std::nullopt, 2}}));
    EXPECT_EQ(list_edits(List{1, 2, 2, 3}, List{1, 2, 3}).size(), 1U);
    EXPECT_EQ(list_edits(List{}, List{7}), (std::vector<ListEdit>{{std::nullopt, 0}}));
}

TEST(ListEdits, OfEntriesInTheWrongOrderAreOne) {
    List swapped = numbers(3000);
    std::swap(swapped[4], swapped[2900]);
    EXPECT_EQ(list_edits(swapped, numbers(3000)), (std::vector<ListEdit>{{4, 4}}));
    List reversed = numbers(10);
    std::ranges::reverse(reversed);
    EXPECT_EQ(list_edits(reversed, numbers(10)), (std::vector<ListEdit>{{0, 0}}));
    List moved = numbers(10);
    std::ranges::rotate(moved.begin() + 2, moved.begin() + 3, moved.begin() + 8);
    EXPECT_EQ(list_edits(moved, numbers(10)), (std::vector<ListEdit>{{2, 2}}));
}

TEST(ListEdits, OfAnEntryMissingHereAndOneTooMuchThereAreTwo) {
    List other = numbers(200);
    other.erase(other.begin() + 20);
    other.insert(other.begin() + 150, 777);
    EXPECT_EQ(list_edits(other, numbers(200)).size(), 2U);
}

TEST(ListEdits, OfLongListsThatDifferThroughoutAreOne) {
    List other = numbers(5000);
    std::ranges::reverse(other);
    EXPECT_EQ(list_edits(other, numbers(4999)).size(), 1U);
}

RC_GTEST_PROP(ListEdits, OfReplacedEntriesAreAsMany, (const std::vector<std::size_t>& places)) {
    List wrong = numbers(400);
    std::size_t replaced = 0;
    for (std::size_t place : places) {
        int& entry = wrong[place % wrong.size()];
        replaced += entry < 1000 ? 1U : 0U;
        entry = 1000 + static_cast<int>(replaced);
    }
    if (replaced <= 64) RC_ASSERT(list_edits(wrong, numbers(400)).size() == replaced);
}

} // namespace
} // namespace ksl::sim
