// SPDX-License-Identifier: MIT
#include "sim/base/error.h"

#include <gtest/gtest.h>

namespace ksl::sim {
namespace {

TEST(Error, TextNamesWhatIsKnownOfThePlace) {
    EXPECT_EQ(to_string(Error{"", 0, "no such key"}), "no such key");
    EXPECT_EQ(to_string(Error{"a.toml", 0, "no such key"}), "a.toml: no such key");
    EXPECT_EQ(to_string(Error{"a.toml", 7, "no such key"}), "a.toml:7: no such key");
    EXPECT_EQ(to_string(Error{"a.toml", 7, "no such key", 3}), "a.toml:7:3: no such key");
}

TEST(Error, TheExitCodeSaysWhoseTurnItIs) {
    EXPECT_EQ(exit_code(fail("a", 1, "wrong").error().kind), 2);
    EXPECT_EQ(exit_code(fail_environment("a", "disk full").error().kind), 3);
}

Result<int> half(int number) {
    if (number % 2 != 0) return fail("", 0, "odd");
    return number / 2;
}
Result<int> quarter(int number) {
    KSL_TRY_ASSIGN(first, half(number));
    KSL_TRY(half(first));
    return half(first);
}

TEST(Error, TryHandsTheFirstErrorOn) {
    EXPECT_EQ(quarter(8), 2);
    EXPECT_EQ(quarter(6).error().message, "odd");
    EXPECT_EQ(quarter(5).error().message, "odd");
}

} // namespace
} // namespace ksl::sim
