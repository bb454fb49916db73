// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/look.h"
#include "ui/theme/patterns.h"

#include <gtest/gtest.h>

#include <QImage>
#include <QPainter>
#include <cmath>
#include <set>
#include <string>

namespace ksl::ui {
namespace {

std::string bits_of(Pattern pattern, int scale) {
    std::string bits;
    for (int y = 0; y < kPatternSide * scale; ++y) {
        for (int x = 0; x < kPatternSide * scale; ++x) bits += pattern_ink(pattern, x, y, scale) ? '#' : '.';
    }
    return bits;
}

TEST(Patterns, AreAllDifferent) {
    std::set<std::string> seen;
    for (std::size_t p = 0; p < kPatterns; ++p) EXPECT_TRUE(seen.insert(bits_of(static_cast<Pattern>(p), 1)).second);
}

TEST(Patterns, AtScaleTwoEveryPixelIsExactlyFour) {
    for (std::size_t p = 0; p < kPatterns; ++p) {
        const auto pattern = static_cast<Pattern>(p);
        for (int y = 0; y < 2 * kPatternSide; ++y) {
            for (int x = 0; x < 2 * kPatternSide; ++x) {
                EXPECT_EQ(pattern_ink(pattern, x, y, 2), pattern_ink(pattern, x / 2, y / 2, 1));
            }
        }
    }
}

TEST(Patterns, TilesHaveTwoColoursAndNoBlur) {
    const QImage tile = pattern_tile(Pattern::hatch, Qt::black, Qt::white, 2);
    std::set<QRgb> colours;
    for (int y = 0; y < tile.height(); ++y) {
        for (int x = 0; x < tile.width(); ++x) colours.insert(tile.pixel(x, y));
    }
    EXPECT_EQ(colours, (std::set<QRgb>{0xff000000U, 0xffffffffU}));
}

TEST(Patterns, SparseOnesLeaveTheFillRecognisable) {
    for (std::size_t p = 0; p < kPatterns; ++p) {
        const std::string bits = bits_of(static_cast<Pattern>(p), 1);
        const auto ink = std::ranges::count(bits, '#');
        EXPECT_LE(ink, static_cast<int>(Pattern::dense_cross) == static_cast<int>(p) ? 40 : 32);
    }
}

// The vector form must show the same picture: as much ink, running the same way.
TEST(Patterns, LinesOfTheVectorFormMatchTheBitmap) {
    for (std::size_t p = 0; p < kPatterns; ++p) {
        const auto pattern = static_cast<Pattern>(p);
        QImage image(160, 160, QImage::Format_Grayscale8);
        image.fill(Qt::white);
        QPainter painter(&image);
        painter.setRenderHint(QPainter::Antialiasing);
        draw_pattern(painter, QRectF(0, 0, 160, 160), pattern, Qt::black);
        painter.end();
        double ink = 0;
        for (int y = 0; y < 160; ++y) {
            for (int x = 0; x < 160; ++x) ink += (255 - qGray(image.pixel(x, y))) / 255.0;
        }
        const std::string bits = bits_of(pattern, 1);
        const double expected = static_cast<double>(std::ranges::count(bits, '#')) / 64;
        // A diagonal of pixels is sqrt(2) denser than a line one pixel wide.
        EXPECT_NEAR(ink / (160 * 160), expected, 0.45 * expected + 0.001) << "pattern " << p;
        if (pattern == Pattern::slash) {
            EXPECT_LT(qGray(image.pixel(39, 40)), 128) << "its centre has x + y = 80, a multiple of the step";
            EXPECT_EQ(qGray(image.pixel(43, 40)), 255);
        }
    }
}

TEST(Patterns, NothingIsDrawnOutsideTheArea) {
    QImage image(60, 60, QImage::Format_Grayscale8);
    image.fill(Qt::white);
    QPainter painter(&image);
    draw_pattern(painter, QRectF(20, 20, 20, 20), Pattern::dense_cross, Qt::black);
    painter.end();
    for (int y = 0; y < 60; ++y) {
        for (int x = 0; x < 60; ++x) {
            const bool inside = x >= 20 && x < 40 && y >= 20 && y < 40;
            EXPECT_TRUE(inside || qGray(image.pixel(x, y)) == 255) << x << " " << y;
        }
    }
}

TEST(Fill, HasAPatternOnlyWherePatternsAreOnButAHoleAlways) {
    const Look plain{{.scheme = Scheme::light}};
    const Look patterned{{.scheme = Scheme::light, .patterns = true}};
    EXPECT_EQ(plain.fill(FrameClass::kernel_stack).style(), Qt::SolidPattern);
    EXPECT_EQ(patterned.fill(FrameClass::kernel_stack).style(), Qt::TexturePattern);
    EXPECT_EQ(plain.fill(FrameClass::hole).style(), Qt::TexturePattern);
    EXPECT_EQ(plain.fill_with_pattern(FrameClass::kernel_stack, 2).textureImage().width(), 2 * kPatternSide);
}

} // namespace
} // namespace ksl::ui
