// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/test_name.h"
#include "ui/layout/walk_layout.h"

#include <gtest/gtest.h>

#include <vector>

namespace ksl::ui {
namespace {

constexpr double kRounding = 1e-6;

struct WalkCase {
    WalkShape shape;
    double width;
    double height;

    [[nodiscard]] std::string name() const {
        const auto whole = [](double length) { return std::to_string(static_cast<int>(length)); };
        return std::to_string(shape.levels) + " levels leaf " + std::to_string(shape.leaf_level) + " in " +
               whole(width) + "x" + whole(height);
    }
};

class EveryWalk : public ::testing::TestWithParam<WalkCase> {
protected:
    [[nodiscard]] static WalkLayout layout() {
        const WalkCase& c = GetParam();
        return lay_out_walk(c.shape, {.width = c.width, .height = c.height});
    }
};

std::vector<WalkCase> every_case() {
    std::vector<WalkCase> cases;
    for (const unsigned levels : {4U, 5U}) {
        for (const unsigned leaf : {1U, 2U, 3U}) {
            for (const double width : {WalkLayout::kLeastWidth, 700.0, 1900.0}) {
                for (const double height : {180.0, 220.0, 700.0}) {
                    cases.push_back(
                        {.shape = {.levels = levels, .leaf_level = leaf}, .width = width, .height = height});
                }
            }
        }
    }
    return cases;
}
INSTANTIATE_TEST_SUITE_P(Shapes, EveryWalk, ::testing::ValuesIn(every_case()),
                         [](const auto& test) { return ksl::testing::as_test_name(test.index, test.param.name()); });

TEST_P(EveryWalk, NothingOverlapsAndNothingLeavesThePicture) {
    const WalkLayout walk = layout();
    std::vector<Rect> all{walk.tlb, walk.frame, walk.cost};
    for (const BitBox& box : walk.address) all.push_back(box.rect);
    for (const BitBox& box : walk.entry) all.push_back(box.rect);
    for (const TableBox& table : walk.tables) all.push_back(table.rect);
    const Rect picture{.x = -kRounding,
                       .y = -kRounding,
                       .width = GetParam().width + (2 * kRounding),
                       .height = GetParam().height + (2 * kRounding)};
    for (std::size_t i = 0; i < all.size(); ++i) {
        EXPECT_TRUE(picture.contains(all[i])) << "rectangle " << i;
        EXPECT_FALSE(all[i].is_empty()) << "rectangle " << i;
        for (std::size_t j = i + 1; j < all.size(); ++j) {
            Rect shrunk = all[j];
            shrunk.x += kRounding;
            shrunk.y += kRounding;
            shrunk.width -= 2 * kRounding;
            shrunk.height -= 2 * kRounding;
            EXPECT_FALSE(all[i].overlaps(shrunk)) << i << " over " << j;
        }
    }
}

TEST_P(EveryWalk, FieldsCoverAll64Bits) {
    const WalkLayout walk = layout();
    for (const auto* fields : {&walk.address, &walk.entry}) {
        unsigned above = 64;
        for (const BitBox& field : *fields) {
            EXPECT_EQ(field.low + field.width, above) << field.name;
            above = field.low;
        }
        EXPECT_EQ(above, 0U);
    }
}

TEST_P(EveryWalk, OneTableALevelFromTheRootToTheLeaf) {
    const WalkLayout walk = layout();
    const WalkShape& shape = GetParam().shape;
    ASSERT_EQ(walk.tables.size(), shape.levels - shape.leaf_level + 1);
    EXPECT_EQ(walk.tables.front().level, shape.levels);
    EXPECT_EQ(walk.tables.back().level, shape.leaf_level);
    EXPECT_EQ(walk.is_compact, GetParam().height < WalkLayout::kCompactBelow);
    EXPECT_EQ(walk.arrows.size(), walk.is_compact ? 0 : walk.tables.size());
    for (const TableBox& table : walk.tables) EXPECT_TRUE(table.rect.contains(table.entry));
}

TEST(WalkLayout, ALargeLeafHasAWiderOffset) {
    const auto offset_bits = [](unsigned leaf) {
        return lay_out_walk({.levels = 4, .leaf_level = leaf}, {.width = 900, .height = 400}).address.back().width;
    };
    EXPECT_EQ(offset_bits(1), 12U);
    EXPECT_EQ(offset_bits(2), 21U);
    EXPECT_EQ(offset_bits(3), 30U);
}

} // namespace
} // namespace ksl::ui
