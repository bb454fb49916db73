// SPDX-License-Identifier: MIT
#include "core/types/recency_order.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

namespace ksl::core {
namespace {

RC_GTEST_PROP(RecencyOrder, KeepsTheOrderThatAListOfUsesWouldKeep, ()) {
    const auto count = *rc::gen::inRange(1U, RecencyOrder::kMost + 1);
    RecencyOrder order = RecencyOrder::of(count);
    std::vector<unsigned> list(count);
    for (unsigned i = 0; i < count; ++i) list[i] = i;
    const auto steps = *rc::gen::container<std::vector<std::pair<unsigned, bool>>>(
        rc::gen::pair(rc::gen::inRange(0U, count), rc::gen::arbitrary<bool>()));
    for (const auto& [which, is_retired] : steps) {
        list.erase(std::ranges::find(list, which));
        if (is_retired) {
            order.retire(which, count);
            list.push_back(which);
        } else {
            order.touch(which);
            list.insert(list.begin(), which);
        }
        RC_ASSERT(order.is_valid(count));
        for (unsigned place = 0; place < count; ++place) RC_ASSERT(order.at(place) == list[place]);
        RC_ASSERT(order.most_recent() == list.front());
    }
}

TEST(RecencyOrder, KnowsAWordThatIsNoOrder) {
    EXPECT_TRUE(RecencyOrder::of(4).is_valid(4));
    EXPECT_FALSE(RecencyOrder{0x3310}.is_valid(4));
    EXPECT_FALSE(RecencyOrder{0x4210}.is_valid(4));
}

} // namespace
} // namespace ksl::core
