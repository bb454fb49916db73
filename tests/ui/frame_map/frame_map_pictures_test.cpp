// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/support/made_up_memory.h"
#include "tests/ui/support/pictures.h"
#include "ui/frame_map/frame_map_view.h"

#include <gtest/gtest.h>

#include <QFontMetricsF>

namespace ksl::ui {
namespace {

using test::MadeUpMemory;

class FrameMapPictures : public testing::TestWithParam<ThemeChoice> {
protected:
    FrameMapPictures() { theme_.choose(GetParam()); }
    [[nodiscard]] static QString name(const char* what) {
        return QString::fromLatin1(what) + u'_' + test::theme_name(GetParam());
    }

    Theme theme_;
    MadeUpMemory memory_{1U << 18};
};
INSTANTIATE_TEST_SUITE_P(Themes, FrameMapPictures,
                         testing::Values(ThemeChoice::light, ThemeChoice::dark, ThemeChoice::print,
                                         ThemeChoice::high_contrast),
                         [](const auto& choice) { return test::theme_name(choice.param).toStdString(); });

TEST_P(FrameMapPictures, EveryClassIsSeenInTheMapAndInTheLegend) {
    FrameMapView view(theme_);
    view.set_source(&memory_);
    const QImage image = test::picture_of(view, name("frame_map"));
    const QImage map = view.canvas().grab().toImage().convertToFormat(QImage::Format_RGB32);
    const QImage legend = view.legend().grab().toImage().convertToFormat(QImage::Format_RGB32);
    const Look& look = theme_.look();
    for (const FrameClass kind : kAllFrameClasses) {
        const QColor fill = kind == FrameClass::hole ? look.colour(Role::canvas) : look.colour(kind);
        EXPECT_GT(test::count_of(map, fill), 40) << "class " << index_of(kind);
        EXPECT_GT(test::count_of(legend, fill), 20) << "class " << index_of(kind);
    }
    EXPECT_GE(test::colours_of(image).size(), 12U);
}

TEST_P(FrameMapPictures, CloseUp) {
    FrameMapView view(theme_);
    view.set_source(&memory_);
    view.resize(test::kPictureSize);
    view.show();
    view.canvas().setFocus();
    view.canvas().zoom_by(16, QPointF(300, 300));
    view.canvas().set_cursor(view.canvas().lod().grid().frame_at({.x = 128, .y = 262}));
    view.canvas().set_selection({core::Pfn{4}, core::Pfn{5}});
    const QImage image = test::picture_of(view, name("frame_map_close"));
    EXPECT_GT(test::count_of(image, theme_.look().colour(Role::hairline)), 500) << "blocks have borders";
}

TEST_P(FrameMapPictures, FreeOrdersAndLinearLayout) {
    FrameMapView view(theme_);
    view.set_source(&memory_);
    view.canvas().set_mode(MapMode::free_order);
    (void)test::picture_of(view, name("frame_map_orders"));
    view.canvas().set_mode(MapMode::owner);
    view.canvas().set_layout(MapLayout::linear);
    const QImage image = test::picture_of(view, name("frame_map_owner_linear"));
    EXPECT_GT(test::count_of(image, theme_.look().series(0).colour), 20);
}

TEST_P(FrameMapPictures, NoTextIsClippedAtAnyUserScale) {
    for (const double scale : {0.8, 1.0, 1.5, 2.5}) {
        theme_.set_scale(scale);
        FrameMapView view(theme_);
        view.set_source(&memory_);
        // Wide enough to hold what 250 % asks for; text that does not fit even then would be a fault of ours.
        view.resize(QSize(1280, 720).expandedTo(view.minimumSizeHint()));
        view.show();
        QApplication::processEvents();
        const QFontMetricsF metrics(theme_.look().font(TextSize::small));
        for (const LegendEntry& entry : view.legend().entries()) {
            EXPECT_LE(metrics.horizontalAdvance(entry.text), entry.label.width() + 0.5) << entry.text.toStdString();
            EXPECT_TRUE(QRectF(view.legend().rect()).contains(entry.label))
                << entry.text.toStdString() << " at " << scale;
        }
        for (const auto& label : view.strip().labels()) {
            EXPECT_TRUE(QRectF(view.strip().rect()).contains(label.rect))
                << label.text.toStdString() << " at " << scale;
            if (label.text.contains(u' ')) continue; // wraps
            EXPECT_LE(metrics.horizontalAdvance(label.text), label.rect.width() + 0.5) << label.text.toStdString();
        }
    }
    theme_.set_scale(1);
}

} // namespace
} // namespace ksl::ui
