// SPDX-License-Identifier: MIT
#include "sim/verify/votes.h"

#include <gtest/gtest.h>

namespace ksl::sim {
namespace {

PartResult judged(const std::vector<std::string>& values) {
    Votes votes;
    for (std::size_t i = 0; i < values.size(); ++i) votes.add("caller", values[i], i, "state " + std::to_string(i));
    PartResult part{"areas"};
    votes.judge(part);
    return part;
}

TEST(Votes, WhatMostRecordsSayIsBelieved) {
    const PartResult part = judged({"fork", "clone", "fork", "fork"});
    EXPECT_EQ(part.exact(), 3U);
    ASSERT_EQ(part.differing(), 1U);
    EXPECT_EQ(part.differences()[0].where, "state 1: caller");
    EXPECT_EQ(part.differences()[0].recorded, "clone");
    EXPECT_EQ(part.differences()[0].engine, "fork");
}

TEST(Votes, OfTwoThatDifferTheEarlierIsBelieved) {
    const PartResult part = judged({"fork", "clone"});
    ASSERT_EQ(part.differing(), 1U);
    EXPECT_EQ(part.differences()[0].where, "state 1: caller");
}

TEST(Votes, OneRecordAloneSaysNothing) {
    EXPECT_EQ(judged({"fork"}).total(), 0U);
}

} // namespace
} // namespace ksl::sim
