// SPDX-License-Identifier: GPL-3.0-or-later
//
// Runs that cannot be opened or cannot begin: one line that says why, where a person looks.
#include "ui/widgets/event_sentence_bar.h"
#include "ui/window/main_window.h"

#include <gtest/gtest.h>

#include <QTest>
#include <string>
#include <vector>

namespace ksl::ui {
namespace {

class UnusableRuns : public testing::Test {
protected:
    UnusableRuns() { window.show(); }

    MainWindow window{sim::Assets{}, ThemeChoice::light};
};

TEST_F(UnusableRuns, AMachineThatCannotBootIsOneLine) {
    const std::vector<std::string> overrides{"memory.start=booted", "memory.size=32 MiB", "machine.cpus=256"};
    ASSERT_FALSE(window.open("article", 0, overrides).has_value());
    ASSERT_TRUE(QTest::qWaitFor([&] { return !window.error().isEmpty(); }, 20'000));
    EXPECT_TRUE(window.error().contains(QStringLiteral("memory is too small"))) << window.error().toStdString();
    EXPECT_EQ(window.findChild<EventSentenceBar*>()->sentence(), window.error());
    EXPECT_FALSE(window.error().contains(u'\n'));
}

TEST_F(UnusableRuns, MemoryThatCannotBeReadIsOneLineAndTheRunStays) {
    ASSERT_FALSE(window.open("burst", 0).has_value());
    ASSERT_TRUE(QTest::qWaitFor([&] { return window.snapshot() != nullptr; }, 20'000));
    const auto error = window.open("article", 0, {"memory.start=\"/no/such/folder\""});
    ASSERT_TRUE(error.has_value());
    EXPECT_NE(to_string(*error).find("/no/such/folder: is no folder"), std::string::npos) << to_string(*error);
    EXPECT_EQ(to_string(*error).find('\n'), std::string::npos);
    EXPECT_NE(window.snapshot(), nullptr);
}

} // namespace
} // namespace ksl::ui
