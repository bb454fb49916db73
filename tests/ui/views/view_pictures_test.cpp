// SPDX-License-Identifier: GPL-3.0-or-later
//
// Every view with a real machine in every theme: that it draws, and that no text is written over another or out of the
// widget.
#include "tests/ui/support/moments.h"
#include "tests/ui/support/pictures.h"
#include "ui/views/address_space_view.h"
#include "ui/views/cpus_view.h"
#include "ui/views/physical_memory_view.h"
#include "ui/views/stack_view.h"
#include "ui/views/timeline_view.h"

#include <gtest/gtest.h>

namespace ksl::ui {
namespace {

using test::Moments;

void expect_tidy(const QList<WrittenText>& written, const QWidget& widget) {
    const QRectF window = QRectF(widget.rect()).adjusted(-0.5, -0.5, 0.5, 0.5);
    QList<WrittenText> shown;
    for (const WrittenText& text : written) {
        if (text.shown.isEmpty()) continue;
        EXPECT_TRUE(window.contains(text.rect))
            << text.text.toStdString() << " leaves the view: its bottom right is at " << text.rect.right() << ", "
            << text.rect.bottom() << " of " << widget.width() << " x " << widget.height();
        for (const WrittenText& other : shown) {
            // Line boxes of neighbouring lines may touch; ink may not.
            const QRectF overlap = text.rect & other.rect;
            EXPECT_TRUE(overlap.isEmpty() || overlap.height() < text.rect.height() / 4)
                << text.text.toStdString() << " over " << other.text.toStdString();
        }
        shown += text;
    }
    EXPECT_FALSE(shown.isEmpty());
}

class ViewPictures : public testing::TestWithParam<ThemeChoice> {
protected:
    ViewPictures() {
        theme.choose(GetParam());
        moments.forward(206);
        snapshot = moments.now();
    }
    [[nodiscard]] static QString name(const char* what) {
        return QString::fromLatin1(what) + u'_' + test::theme_name(GetParam());
    }
    [[nodiscard]] core::StackId running() const { return interesting_stack(*snapshot->machine, core::CpuId{0}); }
    Theme theme;
    Moments moments{test::vmapped_machine()};
    std::shared_ptr<const Snapshot> snapshot;
};
INSTANTIATE_TEST_SUITE_P(Themes, ViewPictures,
                         testing::Values(ThemeChoice::light, ThemeChoice::dark, ThemeChoice::print,
                                         ThemeChoice::high_contrast),
                         [](const auto& choice) { return test::theme_name(choice.param).toStdString(); });

TEST_P(ViewPictures, PhysicalMemory) {
    PhysicalMemoryView view(theme);
    view.show_snapshot(snapshot);
    moments.forward(4);
    view.show_snapshot(moments.now());
    view.select_stack(running());
    const QImage image = test::picture_of(view, name("physical_memory"), {820, 420});
    EXPECT_GT(test::count_of(image, theme.look().outline(Outline::selected).color()), 10) << "the stack is marked";
}

TEST_P(ViewPictures, Stack) {
    StackView view(theme);
    view.show_snapshot(snapshot);
    const QImage image = test::picture_of(view, name("stack"), {380, 460});
    EXPECT_GT(test::count_of(image, theme.look().colour(FrameClass::kernel_stack)), 500);
    expect_tidy(view.written(), view);
}

TEST_P(ViewPictures, StackThatIsContiguous) {
    Moments contiguous(test::contiguous_machine());
    contiguous.forward(206);
    StackView view(theme);
    view.show_snapshot(contiguous.now());
    (void)test::picture_of(view, name("stack_contiguous"), {380, 460});
    expect_tidy(view.written(), view);
    EXPECT_TRUE(view.summary().contains(QStringLiteral("below: "))) << view.summary().toStdString();
}

TEST_P(ViewPictures, Cpus) {
    CpusView view(theme);
    view.show_snapshot(snapshot);
    (void)test::picture_of(view, name("cpus"), {380, 420});
    expect_tidy(view.written(), view);
}

TEST_P(ViewPictures, AddressSpace) {
    AddressSpaceView view(theme);
    view.show_snapshot(snapshot);
    view.select_stack(running());
    (void)test::picture_of(view, name("address_space"), {860, 200});
    expect_tidy(view.written(), view);
}

TEST_P(ViewPictures, Timeline) {
    TimelineView view(theme);
    view.append(moments.records);
    moments.source.seek(160);
    view.show_snapshot(moments.now());
    const QImage image = test::picture_of(view, name("timeline"), {860, 170});
    EXPECT_GT(test::count_of(image, theme.look().colour(Role::focus)), 100) << "the playhead";
    expect_tidy(view.written(), view);
}

TEST_P(ViewPictures, NothingIsWrittenOverAnythingAtAnyUserScale) {
    for (const double scale : {0.8, 1.5, 2.5}) {
        theme.set_scale(scale);
        StackView stack(theme);
        CpusView cpus(theme);
        AddressSpaceView space(theme);
        TimelineView timeline(theme);
        timeline.append(moments.records);
        space.select_stack(running());
        const auto check = [&](auto& view) {
            view.show_snapshot(snapshot);
            QSize size = QSize(400, 400).expandedTo(view.minimumSizeHint());
            if (view.hasHeightForWidth()) size.setHeight(view.heightForWidth(size.width())); // as in a scroll area
            view.resize(size);
            view.show();
            (void)view.grab();
            expect_tidy(view.written(), view);
        };
        check(stack);
        check(cpus);
        check(space);
        check(timeline);
    }
    theme.set_scale(1);
}

} // namespace
} // namespace ksl::ui
