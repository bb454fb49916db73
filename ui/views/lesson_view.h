// SPDX-License-Identifier: GPL-3.0-or-later
//
// A scenario's lesson, step by step: a text, sometimes a question, back and next. The view says which step is shown;
// the window goes to its place in the run and brings up what there is to look at.
#pragma once

#include "sim/scenario/lesson.h"
#include "ui/theme/theme.h"

#include <QScrollArea>
#include <optional>
#include <vector>

class QLabel;
class QPushButton;
class QRadioButton;
class QVBoxLayout;

namespace ksl::ui {

class LessonView : public QScrollArea {
    Q_OBJECT

public:
    explicit LessonView(const Theme& theme, QWidget* parent = nullptr);

    /// Nothing: the scenario has no lesson. Nothing moves before the first step is asked for with next().
    void show_lesson(std::optional<sim::Lesson> lesson);
    [[nodiscard]] const std::optional<sim::Lesson>& lesson() const { return lesson_; }
    [[nodiscard]] std::size_t step() const { return step_; }
    [[nodiscard]] bool is_started() const { return is_started_; }

    void go_to(std::size_t step);
    void next();
    void back();
    /// As if the answer had been clicked, counted from 0.
    void answer(std::size_t index);
    /// What the view says to an answer; empty before there is one.
    [[nodiscard]] QString verdict() const;

Q_SIGNALS:
    void step_shown(const ksl::sim::LessonStep& step);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void rebuild();
    void restyle();
    /// A button's text does not wrap of itself.
    void wrap_answers();

    const Theme& theme_;
    std::optional<sim::Lesson> lesson_;
    std::size_t step_ = 0;
    bool is_started_ = false;
    QLabel* title_ = nullptr;
    QLabel* place_ = nullptr;
    QLabel* text_ = nullptr;
    QLabel* question_ = nullptr;
    QLabel* verdict_ = nullptr;
    QWidget* answers_box_ = nullptr;
    QVBoxLayout* answers_layout_ = nullptr;
    std::vector<QRadioButton*> answers_;
    QPushButton* back_ = nullptr;
    QPushButton* next_ = nullptr;
};

} // namespace ksl::ui
