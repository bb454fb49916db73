// SPDX-License-Identifier: GPL-3.0-or-later
//
// One card a CPU: who runs, which stacks wait in its cache, what its data TLB holds and how often it missed, its page
// lists, and what was put off. At most kMostCards cards; the rest are one line each in words.
#pragma once

#include "core/tlb/tlb_counters.h"
#include "ui/views/snapshot_canvas.h"

namespace ksl::ui {

class CpusView : public SnapshotCanvas {
    Q_OBJECT

public:
    static constexpr std::size_t kMostCards = 16;

    explicit CpusView(const Theme& theme, QWidget* parent = nullptr);

    void show_snapshot(const SnapshotPtr& snapshot) override;

    [[nodiscard]] QString tip(QPointF widget) const override;
    bool carry_out(Command command) override;
    [[nodiscard]] QString summary() const override;
    [[nodiscard]] bool hasHeightForWidth() const override { return true; }
    [[nodiscard]] int heightForWidth(int width) const override;
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

Q_SIGNALS:
    /// A cached or current stack was clicked.
    void stack_clicked(core::StackId stack);

protected:
    void paint_content(QPainter& painter, const QRect& exposed) override;
    [[nodiscard]] QList<CanvasItem> items() const override;
    [[nodiscard]] QRectF cursor_rect() const override;
    bool move_cursor(CursorStep step) override;
    void press(QPointF content) override;

private:
    struct Card {
        QRectF rect;
        QRectF title;
        QRectF slots;
        QRectF tlb;
        QRectF misses;
        QRectF lists;
    };
    [[nodiscard]] std::size_t card_count() const;
    [[nodiscard]] std::size_t columns(double width) const;
    [[nodiscard]] double card_height() const;
    [[nodiscard]] Card card(std::size_t index) const;
    [[nodiscard]] QRectF slot_rect(const Card& card, unsigned slot) const;
    [[nodiscard]] const core::Cpu& cpu(std::size_t index) const { return snapshot_->machine->state().cpus[index]; }
    [[nodiscard]] QColor colour_of(core::AddressClass which) const;

    void paint_card(QPainter& painter, TextPainter& text, std::size_t index) const;
    void paint_legend(QPainter& painter, TextPainter& text, double top) const;
    void paint_slots(QPainter& painter, TextPainter& text, std::size_t index, const Card& card) const;
    void paint_tlb(QPainter& painter, TextPainter& text, std::size_t index, const Card& card) const;

    [[nodiscard]] QString task_text(std::size_t index) const;
    [[nodiscard]] QString tlb_text(std::size_t index) const;
    [[nodiscard]] QString list_text(std::size_t index) const;
    [[nodiscard]] QString card_sentence(std::size_t index) const;

    int cursor_ = 0;
};

} // namespace ksl::ui
