// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/test_name.h"
#include "tests/ui/support/made_up_memory.h"
#include "ui/frame_map/frame_raster.h"
#include "ui/theme/patterns.h"

#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <set>

namespace ksl::ui {
namespace {

using core::Pages;
using core::Pfn;
using test::MadeUpMemory;

constexpr int kWidth = 300;
constexpr int kHeight = 200;
constexpr std::uint64_t kFrames = 1U << 16; // 256 x 256 cells

struct Drawing {
    std::vector<Pixel> pixels = std::vector<Pixel>(std::size_t{kWidth} * kHeight, 0x12345678);

    [[nodiscard]] PixelBuffer buffer() {
        return {.pixels = pixels.data(), .stride = kWidth, .width = kWidth, .height = kHeight};
    }
    [[nodiscard]] Pixel at(int x, int y) const {
        return pixels[(static_cast<std::size_t>(y) * kWidth) + static_cast<std::size_t>(x)];
    }
};

FrameLod lod_of(const MadeUpMemory& memory, MapLayout layout = MapLayout::hilbert) {
    FrameLod lod{FrameGrid{memory.frames(), layout}};
    lod.refold_all(memory.frame_bytes());
    return lod;
}

Drawing draw(const MapImage& image) {
    Drawing drawing;
    draw_frame_map(image, drawing.buffer(), {.x = 0, .y = 0, .width = kWidth, .height = kHeight});
    return drawing;
}

/// The cell under a pixel's centre, if it is on the map.
std::optional<CellPoint> cell_at(const MapImage& image, unsigned level, int x, int y) {
    const double cx = std::floor(image.camera.to_cell_x(x + 0.5) / (1U << level));
    const double cy = std::floor(image.camera.to_cell_y(y + 0.5) / (1U << level));
    if (cx < 0 || cy < 0 || cx >= image.lod.width(level) || cy >= image.lod.height(level)) return std::nullopt;
    return CellPoint{.x = static_cast<std::uint32_t>(cx), .y = static_cast<std::uint32_t>(cy)};
}

struct RasterCase {
    double scale;
    double x;
    double y;
};
class EveryZoom : public ::testing::TestWithParam<RasterCase> {};
INSTANTIATE_TEST_SUITE_P(Cameras, EveryZoom,
                         ::testing::Values(RasterCase{0.7, 0, 0}, RasterCase{0.3, -80.5, 12.25}, RasterCase{0.05, 0, 0},
                                           RasterCase{1, 3, 5}, RasterCase{2, 40.5, 10.25}, RasterCase{1.37, 200, 150},
                                           RasterCase{2.9, 100, 100}),
                         [](const auto& test) {
                             return ksl::testing::as_test_name(test.index, "scale " + std::to_string(test.param.scale));
                         });

// The raster is written for speed; this is what it must equal, pixel by pixel.
TEST_P(EveryZoom, EveryPixelHasTheColourOfItsCell) {
    const MadeUpMemory memory{kFrames};
    const FrameLod lod = lod_of(memory);
    const MapPaints paints;
    const auto [scale, x0, y0] = GetParam();
    const MapImage image{.lod = lod, .values = nullptr, .paints = paints, .camera = {.x = x0, .y = y0, .scale = scale}};
    const Drawing drawing = draw(image);
    const Pixel hatch = Look{}.ink(FrameClass::hole).rgb();
    const unsigned level = level_for(lod, scale);
    std::size_t ticks = 0;
    for (int y = 0; y < kHeight; ++y) {
        for (int x = 0; x < kWidth; ++x) {
            const auto cell = cell_at(image, level, x, y);
            Pixel expected = paints.canvas();
            if (cell && level == 0) expected = paints.flat()[paints.of_frame(lod.frame_row(cell->y)[cell->x])];
            if (cell && level > 0) expected = paints.flat()[paints.of_cell(lod.cell(level, *cell))];
            if (cell && lod.cell(level, *cell).dominant == FrameClass::hole && drawing.at(x, y) == hatch) continue;
            const bool is_tick =
                cell && level > 0 &&
                ((drawing.at(x, y) == paints.stack_tick() && lod.cell(level, *cell).has(LodCell::kHasStack)) ||
                 (drawing.at(x, y) == paints.damage_tick() && lod.cell(level, *cell).has(LodCell::kHasDamage)));
            if (is_tick && drawing.at(x, y) != expected) {
                ++ticks;
                continue;
            }
            ASSERT_EQ(drawing.at(x, y), expected) << x << ' ' << y;
        }
    }
    EXPECT_LE(ticks, std::size_t{kWidth} * kHeight / 4) << "never more than one pixel in four cells";
}

TEST(FrameRaster, TheLevelIsTheOneWhoseCellsAreOneToTwoPixels) {
    const FrameLod lod{FrameGrid{Pages{1U << 22}, MapLayout::hilbert}};
    for (const double scale : {0.44, 0.3, 0.9, 0.01, 0.5}) {
        const double cell = std::ldexp(scale, static_cast<int>(level_for(lod, scale)));
        EXPECT_GE(cell, 1);
        EXPECT_LT(cell, 2);
    }
    EXPECT_EQ(level_for(lod, 1), 0U);
    EXPECT_EQ(level_for(lod, 24), 0U);
}

TEST(FrameRaster, DrawingAPartGivesThePixelsOfTheWhole) {
    const MadeUpMemory memory{kFrames};
    const FrameLod lod = lod_of(memory);
    for (const bool patterns : {false, true}) {
        const MapPaints paints{Look{{.patterns = patterns}}, MapMode::frame_class, 1};
        for (const double scale : {0.7, 1.3, 7.7}) {
            const MapImage image{
                .lod = lod, .values = nullptr, .paints = paints, .camera = {.x = 11.3, .y = 20.7, .scale = scale}};
            const Drawing whole = draw(image);
            Drawing parts;
            for (int y = -7; y < kHeight; y += 53) {
                for (int x = -3; x < kWidth; x += 71) {
                    draw_frame_map(image, parts.buffer(), {.x = x, .y = y, .width = 71, .height = 53});
                }
            }
            ASSERT_EQ(parts.pixels, whole.pixels) << "scale " << scale << " patterns " << patterns;
        }
    }
}

TEST(FrameRaster, ALoneStackAndALoneDamagedFrameSurviveEveryZoom) {
    MadeUpMemory memory{kFrames};
    memory.set_block(0, 16, FrameClass::movable);
    memory.set_block(12'345, 0, FrameClass::kernel_stack);
    memory.set_block(50'000, 0, FrameClass::damage);
    const FrameLod lod = lod_of(memory);
    const MapPaints paints;
    for (const double scale : {0.75, 0.5, 0.4, 0.2, 0.1, 0.05}) {
        const Drawing drawing =
            draw({.lod = lod, .values = nullptr, .paints = paints, .camera = {.x = 0, .y = 0, .scale = scale}});
        EXPECT_EQ(std::ranges::count(drawing.pixels, paints.stack_tick()), 1) << scale;
        EXPECT_EQ(std::ranges::count(drawing.pixels, paints.damage_tick()), 1) << scale;
    }
}

TEST(FrameRaster, ClassColoursAreNeverMixed) {
    const MadeUpMemory memory{kFrames};
    const FrameLod lod = lod_of(memory);
    const MapPaints paints;
    std::set<Pixel> legend(paints.flat().begin(), paints.flat().end());
    legend.insert(Look{}.ink(FrameClass::hole).rgb());
    for (const double scale : {0.7, 0.33, 0.11}) {
        const Drawing drawing =
            draw({.lod = lod, .values = nullptr, .paints = paints, .camera = {.x = 0, .y = 0, .scale = scale}});
        for (const Pixel pixel : drawing.pixels) EXPECT_TRUE(legend.contains(pixel));
    }
}

TEST(FrameRaster, BordersRunAlongEveryBlockOnce) {
    MadeUpMemory memory{kFrames};
    memory.set_block(0, 16, FrameClass::free);
    for (std::uint64_t pfn = 0; pfn < kFrames; pfn += 4) memory.set_block(pfn, 2, FrameClass::free);
    const FrameLod lod = lod_of(memory);
    const MapPaints paints;
    const Drawing drawing =
        draw({.lod = lod, .values = nullptr, .paints = paints, .camera = {.x = 0, .y = 0, .scale = 5}});
    const Pixel border = paints.border(frame_byte(FrameClass::free, 2));
    for (int y = 0; y < kHeight; ++y) {
        for (int x = 0; x < kWidth; ++x) {
            // Order-2 blocks are 2 x 2 cells of 5 pixels, each with a line on its left and upper side.
            EXPECT_EQ(drawing.at(x, y) == border, x % 10 == 0 || y % 10 == 0) << x << ' ' << y;
        }
    }
}

TEST(FrameRaster, PatternsAreThoseOfTheThemeAndMoveWithTheMap) {
    MadeUpMemory memory{kFrames};
    memory.set_block(0, 16, FrameClass::reclaimable);
    const FrameLod lod = lod_of(memory);
    const Look look{{.patterns = true}};
    for (const int scale : {1, 2}) {
        const MapPaints paints{look, MapMode::frame_class, scale};
        const Pixel ink = look.ink(FrameClass::reclaimable).rgb();
        for (const double shift : {0.0, 3.0, 5.0}) {
            const Drawing drawing =
                draw({.lod = lod, .values = nullptr, .paints = paints, .camera = {.x = shift, .y = 0, .scale = 1}});
            for (int y = 0; y < 40; ++y) {
                for (int x = 0; x < 40; ++x) {
                    const bool expected = pattern_ink(Pattern::slash, x + static_cast<int>(shift), y, scale);
                    EXPECT_EQ(drawing.at(x, y) == ink, expected) << x << ' ' << y;
                }
            }
        }
    }
}

TEST(FrameRaster, HolesAreHatchedEvenWherePatternsAreOff) {
    MadeUpMemory memory{kFrames};
    memory.set_block(0, 16, FrameClass::movable);
    memory.set_block(0, 12, FrameClass::hole);
    const FrameLod lod = lod_of(memory);
    const MapPaints paints;
    const Drawing drawing =
        draw({.lod = lod, .values = nullptr, .paints = paints, .camera = {.x = 0, .y = 0, .scale = 1}});
    const Pixel ink = Look{}.ink(FrameClass::hole).rgb();
    for (int y = 0; y < 64; ++y) {
        for (int x = 0; x < 128; ++x) {
            EXPECT_EQ(drawing.at(x, y) == ink, x < 64 && pattern_ink(Pattern::hatch, x, y)) << x << ' ' << y;
        }
    }
}

TEST(FrameRaster, TheFreeOrderModeDarkensWithTheOrder) {
    const Look look;
    const MapPaints paints{look, MapMode::free_order, 1};
    float last = 2;
    for (unsigned order = 0; order < core::kOrders; ++order) {
        const QColor colour = QColor::fromRgb(paints.flat()[paints.of_frame(frame_byte(FrameClass::free, order))]);
        EXPECT_LT(colour.lightnessF(), last);
        last = colour.lightnessF();
        const LodCell cell{.dominant = FrameClass::movable, .free_order_plus1 = static_cast<std::uint8_t>(order + 1)};
        EXPECT_EQ(paints.of_cell(cell), paints.of_frame(frame_byte(FrameClass::free, order)));
    }
}

TEST(FrameRaster, ValuesShowTheLargestOfACell) {
    const FrameGrid grid{Pages{kFrames}, MapLayout::hilbert};
    std::vector<std::uint8_t> ages(kFrames, 10);
    ages[40'000] = 255;
    ValueLod values{grid};
    values.refold_all(grid, ages);
    CellPoint at = grid.cell_of(Pfn{40'000});
    for (unsigned level = 0; level <= 8; ++level) {
        EXPECT_EQ(values.row(level, at.y >> level)[at.x >> level], 255);
        if (level == 8) continue;
        EXPECT_EQ(values.row(level, (at.y >> level) ^ 1U)[at.x >> level], 10);
    }
}

} // namespace
} // namespace ksl::ui
