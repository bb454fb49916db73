// SPDX-License-Identifier: MIT
#include "core/types/cow_array.h"
#include "core/types/random.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <thread>

namespace ksl::core {
namespace {

using Array = CowArray<std::uint32_t, 8>;

TEST(CowArray, WritesToACopyDoNotReachTheSource) {
    Array a(20, 7);
    Array b = a;
    b.mut(3) = 1;
    a.mut(19) = 2;
    EXPECT_EQ(a[3], 7U);
    EXPECT_EQ(b[3], 1U);
    EXPECT_EQ(b[19], 7U);
}

TEST(CowArray, OnlyWrittenChunksStopBeingShared) {
    Array a(40);
    for (std::size_t i = 0; i < a.size(); ++i) a.mut(i) = static_cast<std::uint32_t>(i);
    Array b = a;
    b.mut(17) = 0;
    for (std::size_t chunk = 0; chunk < a.chunk_count(); ++chunk) EXPECT_EQ(a.shares_chunk(b, chunk), chunk != 2);
}

TEST(CowArray, WhetherAChunkWasEverWrittenIsNotState) {
    Array a(20, 7);
    Array b(20, 7);
    b.mut(5) = 7;
    EXPECT_EQ(a, b);
    EXPECT_EQ(digest_of(a), digest_of(b));
}

TEST(CowArray, ShrinkingForgetsTheTail) {
    Array a(20, 7);
    for (std::size_t i = 0; i < a.size(); ++i) a.mut(i) = 1;
    a.resize(10);
    a.resize(20);
    EXPECT_EQ(a[9], 1U);
    EXPECT_EQ(a[10], 7U);
    EXPECT_EQ(a[19], 7U);
}

TEST(CowArray, RoundTripsThroughBytes) {
    Array a(100, 3);
    a.mut(50) = 9;
    const std::vector<std::byte> bytes = bytes_of_state(a);
    Array b(0, 3);
    StateReader reader{bytes};
    reader(b);
    EXPECT_TRUE(reader.ok());
    EXPECT_EQ(a, b);
}

TEST(CowArray, WhatIsReadReplacesAllThatWasThere) {
    CowArray<int, 8> saved;
    saved.resize(32);
    saved.mut(20) = 5;
    const std::vector<std::byte> bytes = bytes_of_state(saved);
    CowArray<int, 8> other;
    other.resize(40);
    for (std::size_t i = 0; i < other.size(); ++i) other.mut(i) = 9;
    const CowArray<int, 8> copy = other;
    StateReader reader{bytes};
    reader(other);
    EXPECT_TRUE(reader.ok() && reader.at_end());
    EXPECT_EQ(other, saved) << "chunks of fill values as well";
    EXPECT_EQ(copy[0], 9);
}

TEST(CowArray, AHostileSizeIsRefused) {
    std::vector<std::byte> bytes(12, std::byte{0x7f});
    Array a(0, 3);
    StateReader reader{bytes};
    reader(a);
    EXPECT_FALSE(reader.ok());
}

TEST(CowArray, SnapshotsCanDieOnOtherThreads) {
    Array live(4096);
    for (std::uint32_t round = 0; round < 200; ++round) {
        std::jthread reader([snapshot = live, round] {
            for (std::size_t i = 0; i < snapshot.size(); i += 97) {
                if (snapshot[i] > round) std::abort();
            }
        });
        for (std::size_t i = 0; i < live.size(); i += 13) live.mut(i) = round + 1;
    }
}

// Any mix of copies, writes and resizes behaves like the same mix on std::vector.
RC_GTEST_PROP(CowArrayProperty, BehavesLikeVectors, ()) {
    Random random{*rc::gen::arbitrary<std::uint64_t>()};
    std::vector<Array> arrays(1, Array(10, 7));
    std::vector<std::vector<std::uint32_t>> models(1, std::vector<std::uint32_t>(10, 7));
    for (int i = 0; i < 300; ++i) {
        const std::size_t which = random.below(arrays.size());
        const std::uint64_t what = random.below(10);
        if (what == 0 && arrays.size() < 5) {
            arrays.push_back(arrays[which]);
            models.push_back(models[which]);
        } else if (what == 1) {
            const std::size_t other = random.below(arrays.size());
            arrays[which] = arrays[other];
            models[which] = models[other];
        } else if (what == 2) {
            const std::size_t size = random.below(60);
            arrays[which].resize(size);
            models[which].resize(size, 7);
        } else if (!models[which].empty()) {
            const std::size_t at = random.below(models[which].size());
            arrays[which].mut(at) = models[which][at] = static_cast<std::uint32_t>(random.next());
        }
    }
    for (std::size_t which = 0; which < arrays.size(); ++which) {
        RC_ASSERT(arrays[which].size() == models[which].size());
        for (std::size_t i = 0; i < models[which].size(); ++i) RC_ASSERT(arrays[which][i] == models[which][i]);
    }
}

} // namespace
} // namespace ksl::core
