// SPDX-License-Identifier: MIT
//
// The slice hash against its published lists of bits, and what it is there for.
#include "core/cost/cache_model.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>
#include <tuple>
#include <vector>

namespace ksl::core {
namespace {

/// Maurice et al., RAID 2015, table of the functions: address bits of o0, o1, o2.
const std::vector<std::vector<unsigned>> kPublished{
    {6, 10, 12, 14, 16, 17, 18, 20, 22, 24, 25, 26, 27, 28, 30, 32, 33, 35, 36},
    {7, 11, 13, 15, 17, 19, 20, 21, 22, 23, 24, 26, 28, 29, 31, 33, 34, 35, 37},
    {8, 12, 13, 16, 19, 22, 23, 26, 27, 30, 31, 34, 35, 36, 37},
};

std::uint32_t published_slice(std::uint64_t at, unsigned slices) {
    std::uint32_t slice = 0;
    for (unsigned bit = 0; 1U << bit < slices; ++bit) {
        std::uint32_t one = 0;
        for (const unsigned from : kPublished[bit]) one ^= static_cast<std::uint32_t>(at >> from & 1);
        slice |= one << bit;
    }
    return slice;
}

RC_GTEST_PROP(SliceHash, IsTheExclusiveOrOfThePublishedBits, ()) {
    const std::uint64_t at = *rc::gen::inRange<std::uint64_t>(0, std::uint64_t{1} << 44);
    for (const std::uint32_t slices : {1U, 2U, 4U, 8U}) {
        RC_ASSERT((SliceHash{slices, 2048}.slice_of(PhysAddr{at})) == published_slice(at, slices));
    }
}

TEST(SliceHash, EveryLineHasAPlaceOfItsOwn) {
    for (const unsigned slices : {2U, 4U, 8U}) {
        const SliceHash hash{slices, 2048};
        const std::uint32_t sets = slices * 2048;
        std::set<std::tuple<std::uint32_t, std::uint64_t>> places;
        for (std::uint64_t line = 0; line < std::uint64_t{4} * sets; ++line) {
            const auto low = static_cast<std::uint32_t>(line % sets);
            const std::uint64_t tag = line / sets;
            const std::uint32_t set = hash.mixed(low, PhysAddr{line * 64});
            EXPECT_LT(set, sets);
            EXPECT_TRUE(places.emplace(set, tag).second) << line;
            EXPECT_EQ(hash.unmixed(set, PhysAddr{(tag * sets + set % 2048) * 64}), low);
        }
    }
}

RC_GTEST_PROP(SliceHash, FindsTheLinesOfAPageAsOneByOne, ()) {
    const auto page = PhysAddr{*rc::gen::inRange<std::uint64_t>(0, std::uint64_t{1} << 32) * kPageBytes};
    const PhysAddr first = page + Bytes{*rc::gen::inRange<std::uint64_t>(0, 64) * 64};
    for (const std::uint32_t slices : {1U, 2U, 4U, 8U}) {
        const SliceHash hash = slices == 1 ? SliceHash{} : SliceHash{slices, 2048};
        const auto low_set = [&](PhysAddr at) {
            return static_cast<std::uint32_t>(at.raw() / 64 % (std::uint64_t{slices} * 2048));
        };
        const SliceHash::Page lines{hash, low_set(first), first};
        for (std::uint32_t line = 0; line < 64; ++line) {
            const PhysAddr at = page + Bytes{std::uint64_t{line} * 64};
            const std::uint32_t one = hash.is_plain() ? low_set(at) : hash.mixed(low_set(at), at);
            RC_ASSERT(lines.set_of(line) == one);
        }
    }
}

TEST(SliceHash, RefusesWhatHasNoPublishedHash) {
    EXPECT_EQ(SliceHash::problem_with(1, 40960), "");
    EXPECT_EQ(SliceHash::problem_with(4, 8192), "");
    EXPECT_NE(SliceHash::problem_with(6, 12288), "");
    EXPECT_NE(SliceHash::problem_with(4, 4096), "");
    EXPECT_NE(SliceHash::problem_with(8, 40960), "");
}

CacheConfig desktop(std::uint8_t slices) {
    return {.caches = {{{.kib = 32, .ways = 8}, {.kib = 256, .ways = 8}, {.kib = 8192, .ways = 16}}},
            .latency = {Cycles{4}, Cycles{12}, Cycles{40}, Cycles{200}},
            .l3_slices = slices};
}

/// First lines of blocks that lie 512 KiB apart: without a hash all of them meet in one set of sixteen ways.
std::uint64_t misses_of_aligned_blocks(std::uint8_t slices) {
    CacheModel model{desktop(slices), 1};
    constexpr std::uint64_t kBlocks = 48;
    for (int round = 0; round < 4; ++round) {
        for (std::uint64_t block = 0; block < kBlocks; ++block) {
            static_cast<void>(model.access(CpuId{0}, PhysAddr{block << 19}, false));
        }
    }
    EXPECT_STREQ(model.check_invariants(), "");
    return model.counters(CpuId{0}).found[static_cast<std::size_t>(CacheLevel::memory)];
}

TEST(SliceHash, BlocksOfEqualAlignmentDoNotAllMeet) {
    EXPECT_EQ(misses_of_aligned_blocks(1), 4U * 48U);
    EXPECT_EQ(misses_of_aligned_blocks(4), 48U);
}

/// A third level of one way whose sets are kept as a plain map from place to line.
RC_GTEST_PROP(SliceHash, ACacheForgetsExactlyTheLineWhosePlaceIsTaken, ()) {
    CacheConfig config = desktop(2);
    config.caches[0] = {.kib = 8, .ways = 2};
    config.caches[1] = {.kib = 12, .ways = 3};
    config.caches[2] = {.kib = 256, .ways = 1};
    RC_ASSERT(config.check().empty());
    CacheModel model{config, 1};
    std::map<std::uint32_t, std::uint64_t> places;
    const auto lines = *rc::gen::container<std::vector<std::uint64_t>>(
        rc::gen::map(rc::gen::pair(rc::gen::inRange<std::uint64_t>(0, 3), rc::gen::inRange<std::uint64_t>(0, 40)),
                     [](const auto& parts) { return parts.first + parts.second * 2048; }));
    for (const std::uint64_t line : lines) {
        const auto place =
            static_cast<std::uint32_t>(line % 2048 + published_slice(line * 64, 2) * std::uint64_t{2048});
        const auto had = places.find(place);
        const bool is_there = had != places.end() && had->second == line;
        const CacheLevel level = model.access(CpuId{0}, PhysAddr{line * 64}, false);
        RC_ASSERT((level == CacheLevel::memory) == !is_there);
        places[place] = line;
    }
    RC_ASSERT(std::string{model.check_invariants()}.empty());
}

} // namespace
} // namespace ksl::core
