// SPDX-License-Identifier: MIT
#include "core/memory/slab_rules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace ksl::core {
namespace {

std::vector<std::filesystem::path> recorded_slabinfos() {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(KSL_TEST_DATA "/captures")) {
        if (entry.path().filename().string().ends_with(".slabinfo.txt")) found.push_back(entry.path());
    }
    std::ranges::sort(found);
    return found;
}

struct SlabInfoLine {
    std::string name;
    std::uint64_t size = 0;
    unsigned objects_per_slab = 0;
    unsigned pages_per_slab = 0;
};

std::vector<SlabInfoLine> read_slabinfo(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::vector<SlabInfoLine> lines;
    for (std::string text; std::getline(file, text);) {
        if (text.starts_with("#") || text.starts_with("slabinfo")) continue;
        std::istringstream fields(text);
        SlabInfoLine line;
        unsigned active = 0;
        unsigned objects = 0;
        fields >> line.name >> active >> objects >> line.size >> line.objects_per_slab >> line.pages_per_slab;
        EXPECT_TRUE(fields) << path << ": " << text;
        lines.push_back(line);
    }
    return lines;
}

TEST(SlabShape, IsThatOfEveryCacheInEveryRecordedSlabinfo) {
    std::size_t caches = 0;
    for (const auto& path : recorded_slabinfos()) {
        const bool has_two_cpus = path.string().find("2cpu") != std::string::npos;
        for (const SlabInfoLine& line : read_slabinfo(path)) {
            const SlabShape shape = shape_of(Bytes{line.size}, {.cpus = has_two_cpus ? 2U : 1U});
            EXPECT_EQ(shape.objects, line.objects_per_slab) << path << " " << line.name;
            EXPECT_EQ(shape.order.frames(), line.pages_per_slab) << path << " " << line.name;
            ++caches;
        }
    }
    EXPECT_GT(caches, 1000U);
}

TEST(SlabShape, GrowsWithTheNumberOfProcessors) {
    const Bytes half_page{2048};
    EXPECT_EQ(shape_of(half_page, {.cpus = 1}).objects, 8);
    EXPECT_EQ(shape_of(half_page, {.cpus = 2}).objects, 16);
    EXPECT_EQ(shape_of(half_page, {.cpus = 64}).objects, 16) << "a slab is never larger than order 3 for that";
    EXPECT_EQ(shape_of(Bytes{64}, {.cpus = 64}).order, Order{0}) << "32 objects of 64 bytes fit into a page";
}

TEST(SlabShape, FallsBackToTheSmallestBlockThatHoldsAnObject) {
    const SlabShape task = shape_of(Bytes{2560}, {.cpus = 1});
    EXPECT_EQ(task.order, Order{3});
    EXPECT_EQ(task.min_order, Order{0});
    EXPECT_EQ(task.min_objects, 1);
    EXPECT_EQ(shape_of(Bytes{8192}, {.cpus = 1}).min_order, Order{1});
}

TEST(SlabShape, KeepsFiveToTenPartialSlabs) {
    EXPECT_EQ(shape_of(Bytes{32}, {}).min_partial, 5);
    EXPECT_EQ(shape_of(Bytes{2560}, {}).min_partial, 5);
    EXPECT_EQ(shape_of(Bytes{4096}, {}).min_partial, 6);
    EXPECT_EQ(shape_of(Bytes{1 << 22}, {}).min_partial, 10);
}

TEST(SlabShape, GivesCpusPartialSlabsForAboutTwiceTheObjectsTheyMayKeep) {
    const SlabRules with_partial{.cpus = 1, .has_cpu_partial = true};
    EXPECT_EQ(shape_of(Bytes{2944}, with_partial).cpu_partial_slabs, 5); // 2 * 24 in slabs of 11
    EXPECT_EQ(shape_of(Bytes{64}, with_partial).cpu_partial_slabs, 4);   // 2 * 120 in slabs of 64
    EXPECT_EQ(shape_of(Bytes{2944}, {.cpus = 1}).cpu_partial_slabs, 0);
}

TEST(KmallocSize, IsTheNextPowerOfTwoOr96Or192) {
    EXPECT_EQ(kmalloc_size(Bytes{1}), Bytes{8});
    EXPECT_EQ(kmalloc_size(Bytes{32}), Bytes{32});
    EXPECT_EQ(kmalloc_size(Bytes{65}), Bytes{96});
    EXPECT_EQ(kmalloc_size(Bytes{97}), Bytes{128});
    EXPECT_EQ(kmalloc_size(Bytes{129}), Bytes{192});
    EXPECT_EQ(kmalloc_size(Bytes{193}), Bytes{256});
    EXPECT_EQ(kmalloc_size(Bytes{8192}), Bytes{8192});
}

} // namespace
} // namespace ksl::core
