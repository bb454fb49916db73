// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/lesson_view.h"

#include "ui/commands/command_actions.h"
#include "ui/format/wrap.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QRadioButton>
#include <QStyle>
#include <QVBoxLayout>
#include <utility>

namespace ksl::ui {

namespace {

QLabel* new_text(QWidget* parent) {
    auto* label = new QLabel(parent);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    return label;
}

QString name_of(sim::LessonView view) {
    switch (view) {
    case sim::LessonView::none: break;
    case sim::LessonView::physical_memory: return LessonView::tr("physical memory");
    case sim::LessonView::address_space: return LessonView::tr("the address space");
    case sim::LessonView::page_walk: return LessonView::tr("the page walk");
    case sim::LessonView::stack: return LessonView::tr("the stack");
    case sim::LessonView::cpus: return LessonView::tr("the CPUs");
    case sim::LessonView::timeline: return LessonView::tr("the timeline");
    case sim::LessonView::events: return LessonView::tr("the events");
    case sim::LessonView::design: return LessonView::tr("the design");
    case sim::LessonView::comparison: return LessonView::tr("A against B");
    }
    return {};
}

} // namespace

LessonView::LessonView(const Theme& theme, QWidget* parent) : QScrollArea(parent), theme_(theme) {
    setWidgetResizable(true);
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setAccessibleName(tr("Lesson"));
    CommandActions::set_scope(*this, Scope::lesson);
    auto* page = new QWidget;
    title_ = new_text(page);
    place_ = new_text(page);
    text_ = new_text(page);
    question_ = new_text(page);
    verdict_ = new_text(page);
    answers_box_ = new QWidget(page);
    // NOLINTNEXTLINE(cppcoreguidelines-prefer-member-initializer): only now is there what it lays out
    answers_layout_ = new QVBoxLayout(answers_box_);
    answers_layout_->setContentsMargins(0, 0, 0, 0);
    back_ = new QPushButton(tr("Back"), page);
    next_ = new QPushButton(tr("Next"), page);
    back_->setToolTip(tr("The step before (Backspace)"));
    next_->setToolTip(tr("Takes the run to the next step's place (Space)"));
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(back_);
    buttons->addStretch(1);
    buttons->addWidget(next_);
    auto* layout = new QVBoxLayout(page);
    layout->addWidget(title_);
    layout->addWidget(place_);
    layout->addWidget(text_);
    layout->addWidget(question_);
    layout->addWidget(answers_box_);
    layout->addWidget(verdict_);
    layout->addLayout(buttons);
    layout->addStretch(1);
    setWidget(page);
    connect(back_, &QPushButton::clicked, this, &LessonView::back);
    connect(next_, &QPushButton::clicked, this, &LessonView::next);
    connect(&theme, &Theme::changed, this, &LessonView::restyle);
    show_lesson(std::nullopt);
}

void LessonView::show_lesson(std::optional<sim::Lesson> lesson) {
    lesson_ = std::move(lesson);
    step_ = 0;
    is_started_ = false;
    rebuild();
}

void LessonView::go_to(std::size_t step) {
    if (!lesson_ || step >= lesson_->steps.size()) return;
    step_ = step;
    is_started_ = true;
    rebuild();
    Q_EMIT step_shown(lesson_->steps[step_]);
}
void LessonView::next() {
    go_to(is_started_ ? step_ + 1 : 0);
}
void LessonView::back() {
    if (step_ > 0) go_to(step_ - 1);
}

void LessonView::rebuild() {
    for (QRadioButton* each : answers_) delete each;
    answers_.clear();
    verdict_->clear();
    const bool has_lesson = lesson_.has_value();
    for (QWidget* part : std::initializer_list<QWidget*>{place_, back_, next_}) part->setVisible(has_lesson);
    if (!has_lesson) {
        title_->setText(tr("No lesson"));
        text_->setText(tr("This scenario comes without one. Scenarios with a lesson say so when they are opened."));
        question_->hide();
        answers_box_->hide();
        verdict_->hide();
        restyle();
        return;
    }
    const sim::LessonStep& step = lesson_->steps[step_];
    title_->setText(QString::fromStdString(lesson_->title));
    const auto count = static_cast<int>(lesson_->steps.size());
    place_->setText(is_started_ ? tr("Step %1 of %2").arg(step_ + 1).arg(count) : tr("%n steps", nullptr, count));
    if (is_started_ && step.look_at != sim::LessonView::none)
        place_->setText(tr("%1, look at %2").arg(place_->text(), name_of(step.look_at)));
    text_->setText(is_started_ ? QString::fromStdString(step.text)
                               : tr("Each step takes the run to a place and brings up what there is to see."));
    next_->setText(is_started_ ? tr("Next") : tr("Start the lesson"));
    const bool asks = is_started_ && step.question.has_value();
    question_->setVisible(asks);
    answers_box_->setVisible(asks);
    verdict_->setVisible(asks);
    if (asks) {
        question_->setText(QString::fromStdString(step.question->text));
        for (std::size_t i = 0; i < step.question->answers.size(); ++i) {
            auto* button = new QRadioButton(answers_box_);
            button->setAccessibleName(QString::fromStdString(step.question->answers[i]));
            connect(button, &QRadioButton::clicked, this, [this, i] { answer(i); });
            answers_layout_->addWidget(button);
            answers_.push_back(button);
        }
    }
    back_->setVisible(is_started_);
    back_->setEnabled(step_ > 0);
    next_->setEnabled(!is_started_ || step_ + 1 < lesson_->steps.size());
    restyle();
}

void LessonView::answer(std::size_t index) {
    if (!lesson_ || index >= answers_.size()) return;
    const std::optional<sim::LessonQuestion>& asked = lesson_->steps[step_].question;
    if (!asked) return;
    const sim::LessonQuestion& question = *asked;
    answers_[index]->setChecked(true);
    const QString why = QString::fromStdString(question.why);
    const bool is_right = index == question.right;
    const QString right = QString::fromStdString(question.answers[question.right]);
    const QString said = is_right ? tr("\u2713 That is so.") : tr("\u2717 It is: %1.").arg(right);
    verdict_->setText(why.isEmpty() ? said : said + u' ' + why);
}

void LessonView::wrap_answers() {
    const QMargins margins = widget()->layout()->contentsMargins();
    for (QRadioButton* each : answers_) {
        const int beside = style()->pixelMetric(QStyle::PM_ExclusiveIndicatorWidth, nullptr, each) +
                           style()->pixelMetric(QStyle::PM_RadioButtonLabelSpacing, nullptr, each) + 4;
        const double room = viewport()->width() - margins.left() - margins.right() - beside;
        QString text = wrapped(each->accessibleName(), QFontMetricsF(each->font()), room).join(u'\n');
        each->setText(text.replace(u'&', QStringLiteral("&&")));
    }
}

void LessonView::resizeEvent(QResizeEvent* event) {
    QScrollArea::resizeEvent(event);
    wrap_answers();
}

QString LessonView::verdict() const {
    return verdict_->text();
}

void LessonView::restyle() {
    const Look& look = theme_.look();
    setPalette(look.palette());
    viewport()->setAutoFillBackground(true);
    title_->setFont(look.font(TextSize::body, TextWeight::bold));
    for (QWidget* part : std::initializer_list<QWidget*>{place_, back_, next_})
        part->setFont(look.font(TextSize::small));
    for (QLabel* part : {text_, verdict_}) part->setFont(look.font(TextSize::body));
    question_->setFont(look.font(TextSize::body, TextWeight::bold));
    for (QRadioButton* each : answers_) {
        each->setFont(look.font(TextSize::body));
        each->setPalette(look.indicator_palette());
    }
    wrap_answers();
    QPalette quiet = look.palette();
    quiet.setColor(QPalette::WindowText, look.colour(Role::muted));
    place_->setPalette(quiet);
    widget()->layout()->setSpacing(look.px(8));
}

} // namespace ksl::ui
