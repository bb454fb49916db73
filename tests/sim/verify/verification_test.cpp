// SPDX-License-Identifier: MIT
#include "sim/verify/verification.h"
#include "sim/verify/verification_report.h"
#include "tests/sim/verify/spoiled_capture.h"

#include <gtest/gtest.h>

namespace ksl::sim {
namespace {

namespace fs = std::filesystem;

const fs::path kAll = fs::path{KSL_TEST_DATA} / "captures";

TEST(Verification, EveryCaptureIsExactAndEveryKindIsJudged) {
    const auto folders = find_captures(kAll);
    ASSERT_TRUE(folders) << to_string(folders.error());
    ASSERT_EQ(folders->size(), 35U);
    for (const auto& result : verify_captures(*folders, 2)) {
        ASSERT_TRUE(result) << to_string(result.error());
        EXPECT_TRUE(result->is_exact()) << result->capture << ": " << testing::differing_parts(*result);
        if (result->kind == CaptureKind::replay) {
            EXPECT_GT(result->part("allocations")->total(), 9000U);
            EXPECT_GT(result->part("drains")->total(), 4000U);
            EXPECT_GT(result->part("states")->total(), 800U);
            EXPECT_EQ(result->part("stack_cache")->total() > 0, result->capture.contains("vmap-y"));
        }
        if (result->kind == CaptureKind::mmu) {
            EXPECT_GT(result->part("walks")->total(), 2000U);
            EXPECT_GT(result->part("leaves")->total(), 5000U);
        }
        if (result->kind == CaptureKind::mmu || result->kind == CaptureKind::snapshot) {
            EXPECT_GT(result->part("dump")->total(), 70U);
            EXPECT_GT(result->part("stacks")->total(), 30U);
        }
    }
}

TEST(Verification, TheOrderOfResultsDoesNotDependOnTheNumberOfWorkers) {
    const auto folders = find_captures(kAll / "2016");
    ASSERT_TRUE(folders);
    EXPECT_TRUE(verify_captures(*folders, 1) == verify_captures(*folders, 3));
}

TEST(CaptureKind, IsToldByTheNameAndElseByTheContents) {
    EXPECT_EQ(kind_of("x/replay-4.7-512M"), CaptureKind::replay);
    EXPECT_EQ(kind_of("x/lkdtm-vmap-n/"), CaptureKind::overflow);
    EXPECT_EQ(kind_of("x/anything"), std::nullopt);
    const testing::Scratch scratch;
    fs::copy(testing::capture("6.1/mmu-y-4G"), scratch.path("mine"));
    EXPECT_EQ(kind_of(scratch.path("mine")), CaptureKind::mmu);
    EXPECT_TRUE(verify_capture(scratch.path("mine"))->is_exact());
}

TEST(CaptureKind, AFolderWithoutCapturesIsAnError) {
    const testing::Scratch scratch;
    fs::create_directories(scratch.path("a/b"));
    const auto found = find_captures(scratch.path("a"));
    ASSERT_FALSE(found);
    EXPECT_NE(found.error().message.find("holds no capture"), std::string::npos);
    EXPECT_FALSE(find_captures(scratch.path("nothing")));
}

TEST(VerificationReport, JsonHasTheFiguresOfEachPart) {
    Verification verification;
    verification.capture = "replay-x";
    verification.parts.emplace_back("allocations").add_exact(7);
    verification.parts.back().add_difference({4, "mm_page_alloc", "pfn 1", "pfn 2", ""});
    verification.parts.back().add_undetermined("why", 2);
    const std::string json = to_json(std::span{&verification, 1});
    for (const char* piece : {R"("capture": "replay-x")", "\"exact\": 7", "\"total\": 8", R"("recorded": "pfn 1")",
                              R"("reason": "why")", "\"is_exact\": false"}) {
        EXPECT_NE(json.find(piece), std::string::npos) << piece << "\n" << json;
    }
    EXPECT_EQ(summary(std::span{&verification, 1}), "1 capture, 8 answers: 1 differ");
}

} // namespace
} // namespace ksl::sim
