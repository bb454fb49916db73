// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/theme/colour_vision.h"
#include "ui/theme/look.h"
#include "ui/theme/palette.h"

#include <gtest/gtest.h>

#include <QDirIterator>
#include <QFile>
#include <QRegularExpression>
#include <limits>
#include <set>
#include <string>

namespace ksl::ui {
namespace {

using test::kVisions;
using test::Lab;
using test::Vision;

struct PublishedPair {
    Lab a;
    Lab b;
    double difference;
};

// Table 1 of Sharma, Wu, Dalal 2005: pairs chosen to find mistakes in implementations.
TEST(Ciede2000, AgreesWithThePublishedPairs) {
    const std::array pairs{
        PublishedPair{{50, 2.6772, -79.7751}, {50, 0, -82.7485}, 2.0425},
        PublishedPair{{50, 3.1571, -77.2803}, {50, 0, -82.7485}, 2.8615},
        PublishedPair{{50, 2.8361, -74.0200}, {50, 0, -82.7485}, 3.4412},
        PublishedPair{{50, -1.3802, -84.2814}, {50, 0, -82.7485}, 1.0000},
        PublishedPair{{50, 0, 0}, {50, -1, 2}, 2.3669},
        PublishedPair{{50, 2.4900, -0.0010}, {50, -2.4900, 0.0009}, 7.1792},
        PublishedPair{{50, 2.5, 0}, {73, 25, -18}, 27.1492},
        PublishedPair{{50, 2.5, 0}, {61, -5, 29}, 22.8977},
        PublishedPair{{50, 2.5, 0}, {56, -27, -3}, 31.9030},
        PublishedPair{{50, 2.5, 0}, {58, 24, 15}, 19.4535},
        PublishedPair{{60.2574, -34.0099, 36.2677}, {60.4626, -34.1751, 39.4387}, 1.2644},
        PublishedPair{{90.8027, -2.0831, 1.4410}, {91.1528, -1.6435, 0.0447}, 1.4441},
        PublishedPair{{2.0776, 0.0795, -1.1350}, {0.9033, -0.0636, -0.5514}, 0.9082},
    };
    for (const PublishedPair& pair : pairs) {
        EXPECT_NEAR(test::ciede2000(pair.a, pair.b), pair.difference, 1e-4);
        EXPECT_NEAR(test::ciede2000(pair.b, pair.a), pair.difference, 1e-4);
    }
}

double smallest_difference(Scheme scheme, const Vision& vision, std::string& between) {
    double smallest = std::numeric_limits<double>::infinity();
    for (const FrameClass a : kAllFrameClasses) {
        for (const FrameClass b : kAllFrameClasses) {
            if (a >= b) continue;
            const double d = test::difference(vision, colour_of(scheme, role_of(a)), colour_of(scheme, role_of(b)));
            if (d >= smallest) continue;
            smallest = d;
            between = "classes " + std::to_string(index_of(a)) + " and " + std::to_string(index_of(b));
        }
    }
    return smallest;
}

class EveryVision : public testing::TestWithParam<Vision> {};
INSTANTIATE_TEST_SUITE_P(Kinds, EveryVision, testing::ValuesIn(kVisions),
                         [](const auto& vision) { return std::string(vision.param.name); });

TEST_P(EveryVision, AnyTwoClassesDifferByAtLeast16InLightAndDark) {
    for (const Scheme scheme : {Scheme::light, Scheme::dark}) {
        std::string between;
        const double smallest = smallest_difference(scheme, GetParam(), between);
        RecordProperty(scheme == Scheme::light ? "light" : "dark", std::to_string(smallest));
        EXPECT_GE(smallest, 16) << between << " in scheme " << static_cast<int>(scheme);
    }
}

TEST_P(EveryVision, AnyTwoChartSeriesDiffer) {
    // Lines also differ by dash and marker, so less is needed than between fills.
    for (const Scheme scheme : {Scheme::light, Scheme::dark}) {
        for (std::size_t a = 0; a < kSeries; ++a) {
            for (std::size_t b = a + 1; b < kSeries; ++b) {
                EXPECT_GE(test::difference(GetParam(), series_colour(scheme, a), series_colour(scheme, b)), 12)
                    << a << " and " << b << " in scheme " << static_cast<int>(scheme);
            }
        }
    }
}

TEST(Palette, HighContrastIsBlackAndWhiteAlone) {
    for (const Rgb colour : palette_of(Scheme::high_contrast)) {
        EXPECT_TRUE(colour == rgb(0x000000) || colour == rgb(0xFFFFFF));
    }
}

TEST(Palette, InHighContrastGroundAndPatternTogetherNameTheClass) {
    std::set<std::pair<int, Pattern>> seen;
    for (const FrameClass kind : kAllFrameClasses) {
        const Rgb ground = kind == FrameClass::hole ? colour_of(Scheme::high_contrast, Role::canvas)
                                                    : colour_of(Scheme::high_contrast, role_of(kind));
        EXPECT_TRUE(seen.emplace(ground.red, pattern_of(kind)).second) << "class " << index_of(kind);
    }
}

TEST(Palette, OnlyFreeAndMovableArePlain) {
    std::set<Pattern> seen;
    for (const FrameClass kind : kAllFrameClasses) {
        if (kind == FrameClass::free || kind == FrameClass::movable) {
            EXPECT_EQ(pattern_of(kind), Pattern::plain);
        } else {
            EXPECT_NE(pattern_of(kind), Pattern::plain);
            EXPECT_TRUE(seen.insert(pattern_of(kind)).second);
        }
    }
}

class EveryScheme : public testing::TestWithParam<Scheme> {
protected:
    Look look_{{.scheme = GetParam()}};
};
std::string scheme_name(const testing::TestParamInfo<Scheme>& test) {
    switch (test.param) {
    case Scheme::light: return "light";
    case Scheme::dark: return "dark";
    case Scheme::print: return "print";
    case Scheme::high_contrast: return "high_contrast";
    }
    return "";
}
INSTANTIATE_TEST_SUITE_P(Schemes, EveryScheme,
                         testing::Values(Scheme::light, Scheme::dark, Scheme::print, Scheme::high_contrast),
                         scheme_name);

TEST_P(EveryScheme, TextReadsOnEveryGround) {
    for (const Role ground : {Role::canvas, Role::panel}) {
        EXPECT_GE(contrast(look_.colour(Role::text), look_.colour(ground)), 4.5);
        EXPECT_GE(contrast(look_.colour(Role::muted), look_.colour(ground)), 4.5);
    }
    EXPECT_GE(contrast(look_.colour(Role::on_focus), look_.colour(Role::focus)), 4.5);
}

TEST_P(EveryScheme, LinesThatMeanSomethingAreSeenOnEveryGround) {
    for (const Role ground : {Role::canvas, Role::panel}) {
        for (const Role line : {Role::hairline, Role::focus, Role::guard}) {
            EXPECT_GE(contrast(look_.colour(line), look_.colour(ground)), 3) << static_cast<int>(line);
        }
    }
    for (std::size_t series = 0; series < kSeries; ++series) {
        EXPECT_GE(contrast(look_.series(series).colour, look_.colour(Role::canvas)), 3) << "series " << series;
    }
}

TEST_P(EveryScheme, EveryFillIsSeenOnTheCanvasOrHasAHairlineThatIs) {
    for (const FrameClass kind : kAllFrameClasses) {
        if (look_.needs_hairline(kind)) {
            EXPECT_GE(contrast(look_.colour(Role::hairline), look_.colour(Role::canvas)), 3);
        } else {
            EXPECT_GE(contrast(look_.colour(kind), look_.colour(Role::canvas)), 3);
        }
    }
}

TEST_P(EveryScheme, PatternsAreSeenOnTheirFill) {
    for (const FrameClass kind : kAllFrameClasses) {
        const QColor ground = kind == FrameClass::hole ? look_.colour(Role::canvas) : look_.colour(kind);
        EXPECT_GE(contrast(look_.ink(kind), ground), 3) << "class " << index_of(kind);
        EXPECT_GE(contrast(look_.text_on(ground), ground), 4.2) << "class " << index_of(kind);
    }
}

// What breaks dark mode for years is one colour in one view.
TEST(Palette, NoOtherFileNamesAColour) {
    const QRegularExpression raw(
        QStringLiteral("QColor\\s*[({]\\s*[0-9\"]|qRgb|\"#[0-9a-fA-F]{6}\"|0x[fF]{2}[0-9a-fA-F]{6}|"
                       "Qt::(red|green|blue|black|gray|darkGray|lightGray|yellow|cyan|magenta)\\b"));
    QDirIterator files(QStringLiteral(KSL_SOURCE_DIR "/ui"), {QStringLiteral("*.cpp"), QStringLiteral("*.h")},
                       QDir::Files, QDirIterator::Subdirectories);
    int looked_at = 0;
    while (files.hasNext()) {
        QFile file(files.next());
        if (file.fileName().contains(QStringLiteral("/ui/theme/"))) continue;
        ASSERT_TRUE(file.open(QIODevice::ReadOnly));
        const auto found = raw.match(QString::fromUtf8(file.readAll()));
        EXPECT_FALSE(found.hasMatch()) << file.fileName().toStdString() << ": " << found.captured().toStdString();
        ++looked_at;
    }
    EXPECT_GT(looked_at, 30);
}

TEST(Palette, TheSequentialRampGetsBrighterAllTheWay) {
    double last = -1;
    for (int i = 0; i <= 64; ++i) {
        const Lab lab = test::to_lab(test::seen_by(kVisions[0], sequential_colour(i / 64.0)));
        EXPECT_GT(lab.l, last);
        last = lab.l;
    }
}

} // namespace
} // namespace ksl::ui
