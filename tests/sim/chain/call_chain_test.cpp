// SPDX-License-Identifier: MIT
#include "sim/chain/call_chain.h"
#include "sim/chain/chain_choice.h"
#include "sim/chain/chain_source.h"
#include "sim/import/read_file.h"
#include "tests/sim/import/captures.h"
#include "tests/sim/support/results.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace ksl::sim {
namespace {

using core::Bytes;
using testing::error_of;
using ::testing::HasSubstr;
using testing::value_of;

std::vector<std::filesystem::path> traces() {
    return testing::files_of(testing::capture("callchains/traces"), "", ".txt");
}

/// The depth that the tracer printed in its row 0, without our reader.
std::uint64_t printed_depth(const std::filesystem::path& file) {
    const std::string text = value_of(read_file(file));
    return std::stoull(text.substr(text.find("0)") + 2));
}

TEST(CallChain, OfATraceIsFortyBytesShallowerThanTheTracerPrinted) {
    for (const auto& file : traces()) {
        const CallChain chain = value_of(read_trace_chain(file));
        EXPECT_EQ(chain.depth().count() + 40, printed_depth(file)) << file;
        EXPECT_TRUE(chain.begins_with_entry()) << file << " begins with " << chain.frames.front().function;
    }
}

TEST(CallChain, BuiltInOnesAreTheCaptures) {
    ASSERT_GT(traces().size(), 20U);
    for (const auto& file : traces()) {
        const CallChain built_in = value_of(load_chain(Assets{}, file.stem().string()));
        EXPECT_EQ(built_in.frames, value_of(read_trace_chain(file)).frames) << file;
        EXPECT_FALSE(built_in.title.empty());
        EXPECT_FALSE(built_in.source.empty());
    }
}

bool occurs_in(const std::vector<ChainFrame>& part, const CallChain& chain) {
    return !std::ranges::search(chain.frames, part).empty();
}

TEST(ChainAddition, EachIsAPieceOfACapturedChain) {
    for (const char* name :
         {"ipip-tunnel", "vxlan", "bridge", "vlan", "reclaim", "reclaim-over-network", "page-fault"}) {
        const ChainAddition addition = value_of(load_addition(Assets{}, name));
        ASSERT_THAT(addition.source, ::testing::StartsWith("chain "));
        EXPECT_TRUE(occurs_in(addition.frames, value_of(load_chain(Assets{}, addition.source.substr(6))))) << name;
    }
}

TEST(ChainAddition, ATunnelGoesBehindTheInnermostDevice) {
    CallChain chain{
        .name = "path",
        .title = {},
        .source = {},
        .frames = {{"a", Bytes{16}}, {"send", Bytes{24}}, {"b", Bytes{32}}, {"send", Bytes{24}}, {"c", Bytes{8}}},
        .remarks = {},
        .text = {}};
    const ChainAddition tunnel{.name = "tunnel",
                               .title = {},
                               .source = {},
                               .after = "send",
                               .frames = {{"t", Bytes{40}}, {"send", Bytes{24}}}};
    ASSERT_TRUE(add_to(chain, tunnel, 2));
    std::vector<std::string> order;
    for (const ChainFrame& frame : chain.frames) order.push_back(frame.function);
    EXPECT_EQ(order, (std::vector<std::string>{"a", "send", "b", "send", "t", "send", "t", "send", "c"}));
    EXPECT_EQ(chain.depth(), Bytes{104 + 128});
}

TEST(ChainAddition, WithoutTheDeviceThereIsNoTunnel) {
    CallChain chain = value_of(load_chain(Assets{}, "fault"));
    const auto composed = compose(chain, Assets{}, std::vector<std::string>{"ipip-tunnel"}, {});
    EXPECT_THAT(error_of(composed), HasSubstr("behind a call of __dev_queue_xmit, and fault has none"));
}

TEST(CallChain, RecursionEntersThePathFromAFunctionOnOnceMore) {
    CallChain chain{.name = "path",
                    .title = {},
                    .source = {},
                    .frames = {{"a", Bytes{16}}, {"b", Bytes{24}}, {"c", Bytes{32}}},
                    .remarks = {},
                    .text = {}};
    ASSERT_TRUE(recurse(chain, "b", 3));
    EXPECT_EQ(chain.depth(), Bytes{72 + 3 * 56});
    EXPECT_EQ(chain.frames.size(), 9U);
    EXPECT_THAT(error_of(recurse(chain, "d", 1)), HasSubstr("path does not call d"));
}

TEST(CallChain, AMadeUpFrameComesOnTop) {
    CallChain chain = value_of(load_chain(Assets{}, "fault"));
    const Bytes before = chain.depth();
    ASSERT_TRUE(compose(chain, Assets{}, std::vector<std::string>{"my_function=3072", "interrupt*2"}, {}));
    EXPECT_EQ(chain.depth(), before + Bytes{3072 + 2 * 176});
    for (const char* wrong : {"=8", "f=7", "f=0", "f=999999999", "f="}) {
        EXPECT_THAT(error_of(compose(chain, Assets{}, std::vector<std::string>{wrong}, {})), HasSubstr("is no frame"));
    }
    EXPECT_THAT(error_of(compose(chain, Assets{}, std::vector<std::string>{"interupt"}, {})), HasSubstr("interrupt"));
    EXPECT_THAT(error_of(compose(chain, Assets{}, std::vector<std::string>{"vlan*0"}, {})),
                HasSubstr("how many times"));
}

/// gcc says the same sizes as the tracer, for functions of fixed size.
TEST(FrameSizes, OfABuildAreThoseThatTheTracerSaw) {
    FrameSizes sizes;
    ASSERT_TRUE(sizes.read(testing::capture("callchains/su")));
    std::size_t compared = 0;
    std::size_t equal = 0;
    for (const auto& file : traces()) {
        const CallChain chain = value_of(read_trace_chain(file));
        for (std::size_t i = 1; i + 1 < chain.frames.size(); ++i) {
            const FunctionStack* function = sizes.find(chain.frames[i].function);
            if (function == nullptr || function->kind != FrameKind::fixed) continue;
            ++compared;
            if (function->bytes == chain.frames[i].bytes) ++equal;
        }
    }
    ASSERT_GT(compared, 50U);
    EXPECT_GT(static_cast<double>(equal), 0.9 * static_cast<double>(compared));
}

TEST(FrameSizes, MakeAPathOfFunctions) {
    FrameSizes sizes;
    ASSERT_TRUE(sizes.read(testing::capture("callchains/su") / "fs_ext4_inode.su"));
    const CallChain chain = value_of(chain_from_usage(sizes, std::vector<std::string>{"ext4_writepages"}));
    ASSERT_EQ(chain.frames.size(), 3U);
    EXPECT_EQ(chain.frames.back().bytes, sizes.find("ext4_writepages")->bytes);
    EXPECT_EQ(chain.depth(), Bytes{200} + chain.frames.back().bytes);
    EXPECT_THAT(error_of(chain_from_usage(sizes, std::vector<std::string>{"ext4_writepage_s"})),
                HasSubstr("did you mean"));
}

} // namespace
} // namespace ksl::sim
