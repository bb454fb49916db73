// SPDX-License-Identifier: GPL-3.0-or-later
//
// One kernel stack from its top down: call frames, stack pointer, deepest use, canary, thread_info, guards or whoever
// lies below, and the frame behind each page. High addresses on top, growth is down, always.
#pragma once

#include "ui/engine/overflow_log.h"
#include "ui/layout/stack_layout.h"
#include "ui/machine/stack_reading.h"
#include "ui/views/snapshot_canvas.h"
#include "ui/widgets/motion.h"

#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace ksl::ui {

class StackView : public SnapshotCanvas {
    Q_OBJECT

public:
    explicit StackView(const Theme& theme, QWidget* parent = nullptr);

    void show_snapshot(const SnapshotPtr& snapshot) override;
    /// Events of the run shown, in order; what they say of overflows stays in view.
    void append(std::span<const LoggedEvent> events) { overflows_.append(events); }
    void clear_run() { overflows_.clear(); }
    /// Of the task whose stack is shown; nothing if the stack held so far.
    [[nodiscard]] const std::optional<OverflowStory>& story() const { return story_; }
    /// The same in words, one line a step of it.
    [[nodiscard]] QStringList story_lines() const;
    /// Shows this stack from now on; none: the one that the last step ran on.
    void select_stack(core::StackId stack);
    /// Whether the next picture of the same stack is reached by motion or at once.
    void let_move(bool on) { moves_ = on; }
    [[nodiscard]] bool is_moving() const { return motion_.is_running(); }
    /// Null: nothing to show.
    [[nodiscard]] const StackReading* reading() const { return reading_.get(); }

    [[nodiscard]] QString tip(QPointF widget) const override;
    [[nodiscard]] QString summary() const override;
    bool carry_out(Command command) override;
    [[nodiscard]] QAccessible::Role accessible_role() const override { return QAccessible::List; }
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

Q_SIGNALS:
    /// The stack that is shown now.
    void stack_shown(core::StackId stack);
    /// Somebody clicked there.
    void address_picked(core::VirtAddr at);

protected:
    void paint_content(QPainter& painter, const QRect& exposed) override;
    [[nodiscard]] QList<CanvasItem> items() const override;
    [[nodiscard]] QRectF cursor_rect() const override;
    bool move_cursor(CursorStep step) override;
    void press(QPointF content) override;

private:
    struct Parts {
        QRectF head;
        bool has_addresses = true;
        QRectF addresses; ///< left of the picture
        QRectF picture;
        QRectF frames; ///< right of it
        QRectF foot;
    };
    [[nodiscard]] Parts parts() const;
    [[nodiscard]] StackLayout layout_in(const Parts& parts) const;
    [[nodiscard]] StackPicture picture() const;
    void refresh();
    void read(const core::Machine& machine);
    [[nodiscard]] static QRectF box_rect(const Parts& parts, const StackBox& box);
    /// Where an address is drawn now, in the widget.
    [[nodiscard]] double y_of(core::VirtAddr at, const Parts& parts, const StackLayout& layout) const;
    [[nodiscard]] QStringList foot_lines(double width) const;
    /// Of the glossary.
    [[nodiscard]] QLatin1StringView word_of(const StackBox& box) const;

    void paint_head(TextPainter& text, const QRectF& at) const;
    void paint_boxes(QPainter& painter, TextPainter& text, const Parts& parts,
                     const std::vector<StackBox>& boxes) const;
    void paint_label(QPainter& painter, TextPainter& text, const StackBox& box, const QRectF& at) const;
    void paint_pages(QPainter& painter, TextPainter& text, const Parts& parts, const StackLayout& layout) const;
    void paint_marks(QPainter& painter, TextPainter& text, const Parts& parts, const StackLayout& layout) const;
    void paint_foot(QPainter& painter, TextPainter& text, const QRectF& at) const;
    void set_fill(QPainter& painter, const StackBox& box) const;
    [[nodiscard]] QColor ground_of(const StackBox& box) const;

    /// The part of an address in which one stack's pages differ.
    [[nodiscard]] static QString low_digits(core::VirtAddr at);
    [[nodiscard]] QString title() const;
    [[nodiscard]] QString place() const;
    [[nodiscard]] QString box_text(const StackBox& box) const;
    [[nodiscard]] QString call_text(std::uint32_t index) const;
    [[nodiscard]] QString below_text() const;
    [[nodiscard]] QString room_text() const;

    core::StackId selected_;
    std::unique_ptr<const StackReading> reading_;
    OverflowLog overflows_;
    std::optional<OverflowStory> story_;
    bool has_hole_below_ = false; ///< no guard was asked for, but nothing is mapped there either
    QString victim_;              ///< what lies below, where something does
    int cursor_ = 0;              ///< index of a box
    bool moves_ = false;
    std::optional<StackLayout> from_; ///< what the motion began with
    Motion motion_;
};

} // namespace ksl::ui
