// SPDX-License-Identifier: GPL-3.0-or-later
//
// A page walk as a picture that is gone through step by step: the address is cut into indices, TLBs are asked, each
// table's entry is read, and a page frame or a fault is the end. What lies after the step under the cursor is pale.
//
// Steps:   0 the address · 1 TLB and paging-structure caches · one for each entry · the end.
#pragma once

#include "ui/layout/walk_layout.h"
#include "ui/machine/walk_reading.h"
#include "ui/views/text_painter.h"
#include "ui/widgets/map_canvas.h"

#include <optional>

namespace ksl::ui {

class WalkCanvas : public MapCanvas {
    Q_OBJECT

public:
    explicit WalkCanvas(const Theme& theme, QWidget* parent = nullptr);

    /// Nothing: no address was chosen. Another address starts at the first step, the same one keeps the step.
    void show_walk(std::optional<WalkReading> walk);
    [[nodiscard]] const std::optional<WalkReading>& walk() const { return walk_; }

    [[nodiscard]] int step() const { return step_; }
    [[nodiscard]] int steps() const;
    void go_to_step(int step);
    /// What happens in this step, in one or two sentences.
    [[nodiscard]] QString step_text(int step) const;

    [[nodiscard]] QString tip(QPointF widget) const override;
    [[nodiscard]] QString summary() const override;
    [[nodiscard]] QAccessible::Role accessible_role() const override { return QAccessible::Grouping; }
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;
    [[nodiscard]] const QList<WrittenText>& written() const { return written_; }

Q_SIGNALS:
    void step_changed(int step);

protected:
    [[nodiscard]] QSizeF content_size() const override { return {1, 1}; }
    void paint_content(QPainter& painter, const QRect& exposed) override;
    [[nodiscard]] QList<CanvasItem> items() const override;
    bool move_cursor(CursorStep step) override;
    void press(QPointF content) override;

private:
    struct Parts {
        QRectF picture;
        QRectF sentence;
    };
    [[nodiscard]] Parts parts() const;
    [[nodiscard]] WalkShape shape() const;
    [[nodiscard]] WalkLayout layout_in(const QRectF& at) const;
    [[nodiscard]] std::size_t entry_count() const { return walk_ ? walk_->walk.entries.size() : 0; }
    /// The entry under the cursor, or the last one read before it; nothing before the first.
    [[nodiscard]] std::optional<std::size_t> current_entry() const;
    [[nodiscard]] const sim::ExplainedEntry& current() const;
    /// The walk; there must be one.
    [[nodiscard]] const WalkReading& reading() const;
    [[nodiscard]] bool is_spared(std::size_t entry) const;

    void paint_address(QPainter& painter, TextPainter& text, const WalkLayout& layout, QPointF origin) const;
    void paint_tables(QPainter& painter, TextPainter& text, const WalkLayout& layout, QPointF origin) const;
    /// All that there is to say of a table where there is room for one line.
    void paint_table_line(TextPainter& text, std::size_t table, const QRectF& box) const;
    void paint_table_head(TextPainter& text, std::size_t table, const QRectF& box, const QRectF& row) const;
    void paint_table_entry(QPainter& painter, TextPainter& text, std::size_t table, const QRectF& row) const;
    void paint_arrow(QPainter& painter, const WalkArrow& arrow, QPointF origin) const;
    /// Where an entry leads.
    [[nodiscard]] static QString entry_target(const sim::ExplainedEntry& shown);
    void paint_end(QPainter& painter, TextPainter& text, const WalkLayout& layout, QPointF origin) const;
    void paint_bits(QPainter& painter, TextPainter& text, const WalkLayout& layout, QPointF origin) const;

    [[nodiscard]] QString bit_tip(const BitBox& field) const;
    [[nodiscard]] QString tlb_text() const;
    [[nodiscard]] QString entry_text(std::size_t entry) const;
    [[nodiscard]] QString end_text() const;
    [[nodiscard]] QString cost_text() const;

    std::optional<WalkReading> walk_;
    int step_ = 0;
    mutable QList<WrittenText> written_;
};

} // namespace ksl::ui
