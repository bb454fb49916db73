// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/empty_state.h"

#include "ui/theme/icons.h"

#include <QAction>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>
#include <utility>

namespace ksl::ui {

namespace {

constexpr int kLineLength = 460; // pixels at 100 %: about 55 letters, comfortable to read
constexpr int kLargeIcon = 48;

/// An action's text may carry its key behind a tab.
QString button_text(const QAction& action) {
    return action.text().section(u'\t', 0, 0);
}

} // namespace

EmptyState::EmptyState(const Theme& theme, QLatin1StringView icon, const QString& title, const QString& text,
                       QWidget* parent)
    : QWidget(parent), theme_(theme), icon_name_(icon), icon_(new QLabel(this)), title_(new QLabel(title, this)),
      text_(new QLabel(text, this)), buttons_(new QWidget(this)), choices_(new QWidget(this)) {
    auto* layout = new QVBoxLayout(this);
    layout->addStretch(1);
    for (QLabel* label : {icon_, title_, text_}) {
        label->setAlignment(Qt::AlignCenter);
        label->setTextFormat(Qt::PlainText);
        layout->addWidget(label, 0, Qt::AlignHCenter);
    }
    title_->setWordWrap(true);
    text_->setWordWrap(true);
    auto* row = new QHBoxLayout(buttons_);
    row->setContentsMargins(0, 8, 0, 0);
    layout->addWidget(buttons_, 0, Qt::AlignHCenter);
    auto* column = new QVBoxLayout(choices_);
    column->setContentsMargins(0, 12, 0, 0);
    column->setSpacing(2);
    layout->addWidget(choices_, 0, Qt::AlignHCenter);
    layout->addStretch(1);
    set_text(title, text);
    connect(&theme, &Theme::changed, this, &EmptyState::restyle);
    restyle();
}

void EmptyState::add_action(QAction* action) {
    auto* button = new QPushButton(button_text(*action), buttons_);
    button->setEnabled(action->isEnabled());
    button->setToolTip(action->toolTip());
    button->setDefault(all_buttons_.isEmpty());
    connect(button, &QPushButton::clicked, action, &QAction::trigger);
    connect(action, &QAction::changed, button, [button, action] {
        button->setEnabled(action->isEnabled());
        button->setText(button_text(*action));
    });
    buttons_->layout()->addWidget(button);
    all_buttons_ += button;
    restyle();
}

void EmptyState::add_choice(const QString& text, std::function<void()> chosen) {
    auto* button = new QPushButton(text, choices_);
    button->setFlat(true);
    button->setCursor(Qt::PointingHandCursor);
    connect(button, &QPushButton::clicked, this, [act = std::move(chosen)] { act(); });
    choices_->layout()->addWidget(button);
    all_choices_ += button;
    restyle();
}

void EmptyState::set_text(const QString& title, const QString& text) {
    title_->setText(title);
    text_->setText(text);
    icon_->setAccessibleName(title);
    setAccessibleName(title);
    setAccessibleDescription(text);
    restyle();
}

QString EmptyState::text() const {
    return text_->text();
}

void EmptyState::restyle() {
    const Look& look = theme_.look();
    icon_->setPixmap(icon_pixmap(icon_name_, look.colour(Role::muted), look.px(kLargeIcon), devicePixelRatioF()));
    title_->setFont(look.font(TextSize::title, TextWeight::bold));
    text_->setFont(look.font(TextSize::body));
    QPalette text = palette();
    text.setColor(QPalette::WindowText, look.colour(Role::text));
    title_->setPalette(text);
    text.setColor(QPalette::WindowText, look.colour(Role::muted));
    text_->setPalette(text);
    for (QLabel* label : {title_, text_}) {
        label->setFixedWidth(look.px(kLineLength));
        // A centred label does not tell the layout that its height follows its width.
        label->setMinimumHeight(label->heightForWidth(label->width()));
    }
    for (QPushButton* button : all_buttons_) {
        button->setFont(look.font(TextSize::body));
        button->setMinimumSize(button->sizeHint().width() + look.px(24), look.px(36));
    }
    QPalette link = look.palette();
    link.setColor(QPalette::ButtonText, look.colour(Role::focus));
    for (QPushButton* choice : all_choices_) {
        choice->setFont(look.font(TextSize::body));
        choice->setPalette(link);
        choice->setMinimumHeight(look.px(28));
    }
}

void EmptyState::paintEvent(QPaintEvent* /*event*/) {
    QPainter painter(this);
    painter.fillRect(rect(), theme_.look().colour(Role::canvas));
}

} // namespace ksl::ui
