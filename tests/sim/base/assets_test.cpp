// SPDX-License-Identifier: MIT
#include "sim/base/assets.h"
#include "tests/sim/support/scratch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <tuple>

namespace ksl::sim {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;

class AssetsTest : public ::testing::Test {
protected:
    AssetsTest() {
        fs::create_directories(scratch_.path("mine/scenarios"));
        mine_ = scratch_.path("mine");
        std::ignore = scratch_.write("mine/scenarios/own.toml", "x = 1\n");
    }
    void TearDown() override { unsetenv("KSTACKLAB_ASSETS"); } // NOLINT(concurrency-mt-unsafe)

    testing::Scratch scratch_;
    fs::path mine_;
};

TEST_F(AssetsTest, AFileInTheUsersFolderIsFoundAndNamedByItsPlaceOnDisk) {
    const auto assets = Assets::open(mine_);
    ASSERT_TRUE(assets);
    const auto own = assets->find("scenarios/own.toml");
    ASSERT_TRUE(own);
    EXPECT_EQ(own->text, "x = 1\n");
    EXPECT_EQ(own->origin, (mine_ / "scenarios/own.toml").string());
    EXPECT_THAT(assets->list("scenarios"), Contains("scenarios/own.toml"));
    EXPECT_THAT(assets->list(""), Contains("scenarios/own.toml"));
    EXPECT_THAT(Assets{}.list("scenarios"), ::testing::Not(Contains("scenarios/own.toml")));
}

TEST_F(AssetsTest, TheEnvironmentNamesAFolderAndTheOptionWinsOverIt) {
    fs::create_directories(scratch_.path("other"));
    setenv("KSTACKLAB_ASSETS", mine_.c_str(), 1); // NOLINT(concurrency-mt-unsafe)
    EXPECT_TRUE(Assets::open()->find("scenarios/own.toml"));
    EXPECT_FALSE(Assets::open(scratch_.path("other"))->find("scenarios/own.toml"));
}

TEST_F(AssetsTest, AMissingFolderIsTheUsersError) {
    const auto assets = Assets::open(scratch_.path("none"));
    ASSERT_FALSE(assets);
    EXPECT_EQ(assets.error().message, "--assets must name a folder");
    setenv("KSTACKLAB_ASSETS", "/none/such", 1); // NOLINT(concurrency-mt-unsafe)
    EXPECT_EQ(to_string(Assets::open().error()), "/none/such: KSTACKLAB_ASSETS must name a folder");
}

TEST_F(AssetsTest, AMisspeltNameIsAnsweredWithTheNearestOne) {
    EXPECT_EQ(to_string(Assets::open(mine_)->find("scenarios/won.toml").error()),
              "scenarios/won.toml: there is no such asset; did you mean scenarios/own.toml?");
}

TEST_F(AssetsTest, APathThatLeavesTheFolderIsNotAnAsset) {
    const auto secret = scratch_.write("secret", "s");
    const auto assets = Assets::open(mine_);
    for (const std::string& path : {std::string{"../secret"}, secret.string(), std::string{"scenarios/../../secret"}}) {
        EXPECT_THAT(assets->find(path).error().message, HasSubstr("not the name of an asset")) << path;
    }
    EXPECT_TRUE(assets->list("..").empty());
}

} // namespace
} // namespace ksl::sim
