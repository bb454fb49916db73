// SPDX-License-Identifier: GPL-3.0-or-later
//
// The kernel half of the address space on three rulers, each a lens on the next: all regions (a logarithmic fisheye),
// the areas in the region where stacks live (zooms and pans), and the pages of one stack with their guards and frames.
#pragma once

#include "ui/layout/address_lens.h"
#include "ui/machine/space_reading.h"
#include "ui/machine/stack_reading.h"
#include "ui/views/snapshot_canvas.h"

#include <optional>
#include <vector>

namespace ksl::ui {

class AddressSpaceView : public SnapshotCanvas {
    Q_OBJECT

public:
    explicit AddressSpaceView(const Theme& theme, QWidget* parent = nullptr);

    void show_snapshot(const SnapshotPtr& snapshot) override;
    void select_stack(core::StackId stack);
    [[nodiscard]] const SpaceReading& reading() const { return space_; }
    /// Where a stack's area is drawn on the second ruler; empty if it is not in view.
    [[nodiscard]] QRectF rect_of(core::StackId stack) const;

    [[nodiscard]] QString tip(QPointF widget) const override;
    [[nodiscard]] QString summary() const override;
    bool carry_out(Command command) override;
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

Q_SIGNALS:
    void stack_clicked(core::StackId stack);
    /// Somebody clicked there, whatever is there.
    void address_picked(core::VirtAddr at);
    /// A sentence about what is under the pointer; empty when there is nothing.
    void pointed_at(const QString& sentence);

protected:
    [[nodiscard]] QSizeF content_size() const override;
    [[nodiscard]] double most_scale() const override { return 400; }
    void paint_content(QPainter& painter, const QRect& exposed) override;
    [[nodiscard]] QList<CanvasItem> items() const override;
    [[nodiscard]] QRectF cursor_rect() const override;
    bool move_cursor(CursorStep step) override;
    void hover(std::optional<QPointF> content) override;
    void press(QPointF content) override;
    [[nodiscard]] QRectF selection_rect() const override;

private:
    struct Rows {
        QRectF regions;
        QRectF first_lens; ///< between regions and areas
        QRectF caption;
        QRectF areas;
        QRectF second_lens;
        QRectF pages;
    };
    [[nodiscard]] Rows rows() const;
    /// The part of the window that the second ruler can show.
    [[nodiscard]] core::VirtRange stage() const { return stage_; }
    void set_stage();
    [[nodiscard]] double to_x(core::VirtAddr at) const;
    [[nodiscard]] core::VirtAddr to_address(double x) const;
    [[nodiscard]] core::VirtRange visible() const;
    [[nodiscard]] AddressLens region_lens(double width) const;
    [[nodiscard]] QRectF area_rect(const SpaceArea& area, const QRectF& row) const;
    [[nodiscard]] const SpaceArea* selected_area() const;
    /// What lies under a point of the third ruler; nothing where no stack is chosen.
    [[nodiscard]] std::optional<core::VirtAddr> page_at(double x) const;

    void paint_regions(QPainter& painter, TextPainter& text, const Rows& rows) const;
    void paint_areas(QPainter& painter, TextPainter& text, const Rows& rows) const;
    void paint_area(QPainter& painter, TextPainter& text, const SpaceArea& area, const QRectF& row) const;
    /// What lies in the chosen stack's area, from the left: a thread_info page or guard below, pages, a guard above.
    struct Piece {
        core::VirtRange range;
        QString text;
        bool is_page;
    };
    [[nodiscard]] std::vector<Piece> pieces() const;
    [[nodiscard]] AddressLens lens_of(const std::vector<Piece>& pieces, double width) const;
    void paint_pages(QPainter& painter, TextPainter& text, const Rows& rows) const;
    void paint_lens(QPainter& painter, Span above, Span below, const QRectF& at) const;

    /// What is there; empty where nothing is.
    [[nodiscard]] QString sentence_at(QPointF widget) const;
    [[nodiscard]] const KernelRegion* region_at(QPointF widget) const;
    [[nodiscard]] QString caption() const;
    [[nodiscard]] QString area_sentence(const SpaceArea& area) const;
    [[nodiscard]] QString window_name() const;

    SpaceReading space_;
    core::VirtRange stage_{};
    core::StackId selected_;
    std::optional<StackReading> stack_;
    std::size_t cursor_ = 0; ///< index of an area
};

} // namespace ksl::ui
