// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/support/moments.h"
#include "ui/views/event_text.h"

#include <gtest/gtest.h>

namespace ksl::ui {
namespace {

using test::Moments;

TEST(EventText, ACloneSaysWhoGotWhichStackFromWhere) {
    Moments moments(test::vmapped_machine());
    moments.forward(2);
    const std::string text = sentence_of(*moments.now()).toStdString();
    EXPECT_TRUE(text.starts_with("Init created task 3 on a 16\u202fKiB stack at ffff'")) << text;
    EXPECT_NE(text.find("freshly mapped in the vmalloc area"), std::string::npos) << text;
    EXPECT_NE(text.find("(cpu 0, "), std::string::npos) << text;
}

TEST(EventText, TheMostTellingEventOfAStepIsTold) {
    Moments moments(test::vmapped_machine());
    std::string all;
    for (int i = 0; i < 32; ++i) {
        moments.forward(1);
        all += sentence_of(*moments.now()).toStdString() + '\n';
    }
    EXPECT_NE(all.find("called a function with a frame of 904"), std::string::npos) << all;
    EXPECT_NE(all.find("waits in the stack cache of its CPU"), std::string::npos) << all;
    EXPECT_NE(all.find("from the stack cache of its CPU"), std::string::npos) << all;
}

TEST(EventText, TheStartIsAMomentToo) {
    EXPECT_FALSE(sentence_of(*Moments(test::vmapped_machine()).now()).isEmpty());
}

TEST(EventText, AFailureSaysItsReason) {
    core::Machine machine = test::booted(test::vmapped_machine(1));
    const core::Event event{.at = {}, .cpu = core::CpuId{0}, .body = core::CloneFailed{.parent = 0, .errno_value = 12}};
    EXPECT_NE(sentence_of(event, machine).indexOf(QStringLiteral("ENOMEM")), -1);
    EXPECT_EQ(kind_name(event.body), QStringLiteral("failed clone"));
}

} // namespace
} // namespace ksl::ui
