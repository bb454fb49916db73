// SPDX-License-Identifier: MIT
#include "sim/text/similar.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <array>

namespace ksl::sim {
namespace {

TEST(Similar, CountsInsertionsDeletionsChangesAndSwaps) {
    EXPECT_EQ(edit_distance("guard", "guard"), 0U);
    EXPECT_EQ(edit_distance("gaurd", "guard"), 1U);
    EXPECT_EQ(edit_distance("cpu", "cpus"), 1U);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
    EXPECT_EQ(edit_distance("", "abc"), 3U);
}

RC_GTEST_PROP(Similar, DistanceIsSymmetricAndBoundedByLength, (const std::string& a, const std::string& b)) {
    RC_ASSERT(edit_distance(a, b) == edit_distance(b, a));
    RC_ASSERT(edit_distance(a, b) <= std::max(a.size(), b.size()));
    RC_ASSERT(edit_distance(a, b) >= std::max(a.size(), b.size()) - std::min(a.size(), b.size()));
    RC_ASSERT((edit_distance(a, b) == 0) == (a == b));
}

TEST(Similar, NamesTheNearestWordOrNone) {
    const std::array<std::string, 3> words{"backing", "guard", "guard_pages"};
    EXPECT_EQ(did_you_mean("gaurd", words), "; did you mean guard?");
    EXPECT_EQ(did_you_mean("guard_page", words), "; did you mean guard_pages?");
    EXPECT_EQ(did_you_mean("zeroing", words), "");
}

} // namespace
} // namespace ksl::sim
