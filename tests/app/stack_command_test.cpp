// SPDX-License-Identifier: MIT
#include "tests/app/program.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace ksl {
namespace {

using ksl::testing::captures;
using ksl::testing::run;
using nlohmann::json;
using sim::testing::Scratch;
using ::testing::HasSubstr;

std::string trace(const std::string& name) {
    return captures() / "callchains/traces" / (name + ".txt");
}

TEST(StackCommand, SaysForEveryDesignWhetherATraceSurvives) {
    const auto ran = run({"stack", trace("xfs-nbd-tcp-bridge-vxlan-ipip-vlan-veth"), "--json"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    const json report = json::parse(ran.out);
    EXPECT_EQ(report["schema"], "kstacklab.stack/1");
    EXPECT_EQ(report["depth_bytes"], 7088 - 40);
    EXPECT_GE(report["designs"].size(), 10U);
    for (const json& design : report["designs"]) {
        EXPECT_EQ(design["verdict"], "fits") << design.dump();
        EXPECT_EQ(design["room_bytes"], design["usable_bytes"].get<int>() - 7048);
        EXPECT_EQ(design["reached_bytes"], 7048);
    }
}

TEST(StackCommand, NamesTheFirstFrameThatDoesNotFit) {
    const auto ran = run({"stack", trace("memcg-swap-nbd-tunnels"), "--add", "my_function=4096", "--size", "8 KiB",
                          "--design", "linux-4.9", "--json"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    const json design = json::parse(ran.out)["designs"][0];
    EXPECT_EQ(design["verdict"], "guard-kills-task");
    EXPECT_EQ(design["first_too_deep"]["function"], "my_function");
    EXPECT_EQ(design["room_bytes"], 8192 - 8 - (6648 + 4096));
    EXPECT_EQ(run({"stack", trace("memcg-swap-nbd-tunnels"), "--design", "linux-4.9", "--check"}).code, 0);
    EXPECT_EQ(run({"stack", trace("memcg-swap-nbd-tunnels"), "--add", "my_function=4096", "--size", "8 KiB", "--design",
                   "linux-4.9", "--check"})
                  .code,
              1);
}

TEST(StackCommand, TakesAPathOfOnesOwnBuild) {
    const auto ran = run({"stack", "--usage", captures() / "callchains/su", "--path", "ext4_writepages,shrink_lruvec",
                          "--design", "linux-6.1", "--frames"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("4 frames"));
    EXPECT_THAT(ran.out, HasSubstr("shrink_lruvec"));
}

TEST(StackCommand, RefusesWhatItCannotReadInOneLine) {
    const Scratch scratch;
    const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
        {{"stack"}, "stack needs a chain"},
        {{"stack", "xfs-nbd"}, "there is no call chain \"xfs-nbd\""},
        {{"stack", scratch.write("a.txt", "hello\n")}, "of no known format"},
        {{"stack", "fault", "--add", "ipip-tunel"}, "did you mean ipip-tunnel?"},
        {{"stack", "fault", "--recurse", "nobody"}, "fault does not call nobody"},
        {{"stack", "--path", "a,b"}, "--path needs --usage"},
        {{"stack", captures() / "callchains/su/mm_vmscan.su"}, "does not say who calls whom"},
        {{"stack", "fault", "--design", "linux-4.9", "--size", "5 KiB"}, "size"}};
    for (const auto& [arguments, message] : cases) {
        const auto ran = run(arguments);
        EXPECT_EQ(ran.code, 2) << message;
        EXPECT_EQ(ran.error_lines(), 1) << ran.err;
        EXPECT_THAT(ran.err, HasSubstr(message));
    }
}

} // namespace
} // namespace ksl
