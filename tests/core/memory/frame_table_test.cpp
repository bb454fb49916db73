// SPDX-License-Identifier: MIT
#include "core/memory/frame_table.h"

#include <gtest/gtest.h>

namespace ksl::core {
namespace {

constexpr ListId kFirst{0};
constexpr ListId kSecond{1};

TEST(FrameTable, IsRoundedUpToWholeLargestBlocks) {
    EXPECT_EQ(FrameTable(Pages{1}, 2).frames(), Pages{1024});
    EXPECT_EQ(FrameTable(Pages{1024}, 2).frames(), Pages{1024});
    EXPECT_EQ(FrameTable(Pages{1025}, 2).frames(), Pages{2048});
}

TEST(FrameTable, ABlockLeavesItsListWithoutKnowingWhich) {
    FrameTable frames{Pages{1024}, 2};
    frames.push_back(kFirst, 10);
    frames.push_back(kFirst, 20);
    frames.push_front(kFirst, 5);
    frames.push_back(kSecond, 30);
    EXPECT_EQ(frames.length(kFirst), 3U);
    frames.unlink(10);
    EXPECT_EQ(frames.next(5), 20U);
    EXPECT_EQ(frames.prev(20), 5U);
    frames.unlink(30);
    EXPECT_TRUE(frames.is_empty(kSecond));
    EXPECT_EQ(frames.prev(frames.sentinel(kFirst)), 20U);
}

TEST(FrameTable, ABlockCoversItsFramesAndNoOthers) {
    FrameTable frames{Pages{1024}, 1};
    frames.set_block(64, BlockState::in_use, 4, MigrateType::unmovable, FrameUse::kernel_stack);
    frames.set_block(80, BlockState::free, 0, MigrateType::movable);
    const FrameTable::Block stack{.first = Pfn{64}, .order = Order{4}, .state = BlockState::in_use};
    EXPECT_EQ(frames.block_of(Pfn{64}), stack);
    EXPECT_EQ(frames.block_of(Pfn{79}), stack);
    EXPECT_EQ(frames.block_of(Pfn{80})->order, Order{0});
    EXPECT_FALSE(frames.block_of(Pfn{81}).has_value());
    EXPECT_FALSE(frames.block_of(Pfn{63}).has_value());
    EXPECT_FALSE(frames.block_of(Pfn{5000}).has_value());
}

TEST(FrameTable, RecordsKeepStateOrderTypeAndUseApart) {
    FrameTable frames{Pages{1024}, 1};
    for (unsigned use = 0; use < kFrameUses; ++use) {
        for (unsigned type = 0; type < kMigrateTypes; ++type) {
            frames.set_block(7, BlockState::lru, 10, static_cast<MigrateType>(type), static_cast<FrameUse>(use));
            EXPECT_EQ(frames.state(7), BlockState::lru);
            EXPECT_EQ(frames.order(7), 10U);
            EXPECT_EQ(static_cast<unsigned>(frames.type(7)), type);
            EXPECT_EQ(static_cast<unsigned>(frames.use(7)), use);
        }
    }
    frames.set_use(7, FrameUse::slab);
    frames.set_type(7, MigrateType::reclaimable);
    EXPECT_EQ(frames.use(7), FrameUse::slab);
    EXPECT_EQ(frames.type(7), MigrateType::reclaimable);
}

TEST(FrameTable, AnOwnerIsForgottenWithTheBlock) {
    FrameTable frames{Pages{1024}, 1};
    frames.set_block(3, BlockState::in_use, 0, MigrateType::unmovable);
    EXPECT_EQ(frames.owner(3), FrameOwner{});
    frames.set_owner(3, {.id = 4'000'000'000U, .detail = 17});
    frames.set_use(3, FrameUse::page_table);
    EXPECT_EQ(frames.owner(3), (FrameOwner{.id = 4'000'000'000U, .detail = 17}));
    frames.set_block(3, BlockState::in_use, 0, MigrateType::unmovable);
    EXPECT_EQ(frames.owner(3), FrameOwner{});
}

TEST(FrameTable, FramesNeverTouchedCostNothing) {
    const FrameTable frames{Pages{std::uint64_t{1} << 25}, 1}; // 128 GiB
    EXPECT_LT(frames.stored_bytes().count(), (std::uint64_t{1} << 25) / 10);
}

} // namespace
} // namespace ksl::core
