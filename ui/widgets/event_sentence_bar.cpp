// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/event_sentence_bar.h"

#include "ui/format/wrap.h"

#include <QAccessible>
#include <QFontMetrics>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>

namespace ksl::ui {

EventSentenceBar::EventSentenceBar(const Theme& theme, QWidget* parent)
    : QWidget(parent), theme_(theme), mark_(new QLabel(QStringLiteral("▸"), this)), label_(new QLabel(this)),
      why_(new QPushButton(tr("Why"), this)) {
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(8, 4, 8, 4);
    layout->addWidget(mark_);
    layout->addWidget(label_, 1);
    layout->addWidget(why_);
    label_->setTextFormat(Qt::PlainText);
    label_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    label_->setMinimumWidth(0);
    label_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    why_->setToolTip(tr("Shows the events that led to this one."));
    why_->setEnabled(false);
    for (QWidget* part : std::initializer_list<QWidget*>{mark_, why_}) part->hide(); // until something is said
    connect(why_, &QPushButton::clicked, this, &EventSentenceBar::why_requested);

    pending_.setSingleShot(true);
    pending_.setInterval(kAnnounceEveryMs);
    connect(&pending_, &QTimer::timeout, this, [this] {
        if (sentence_ != announced_) announce();
    });
    setAccessibleName(tr("Last event"));
    connect(&theme, &Theme::changed, this, &EventSentenceBar::restyle);
    restyle();
}

void EventSentenceBar::set_sentence(const QString& sentence, bool has_reason) {
    show_sentence(sentence, has_reason, false);
}

void EventSentenceBar::set_error(const QString& sentence) {
    show_sentence(sentence, false, true);
}

void EventSentenceBar::show_sentence(const QString& sentence, bool has_reason, bool is_error) {
    sentence_ = sentence;
    if (is_error != is_error_) {
        is_error_ = is_error;
        restyle();
    }
    why_->setEnabled(has_reason);
    for (QWidget* part : std::initializer_list<QWidget*>{mark_, why_}) part->setVisible(!sentence.isEmpty());
    elide();
    // While the timer runs somebody was told less than half a second ago; when it ends the latest sentence is said.
    if (!pending_.isActive()) announce();
}

void EventSentenceBar::set_announcing(bool on) {
    is_announcing_ = on;
    if (on && !pending_.isActive() && sentence_ != announced_) announce();
}

void EventSentenceBar::set_caption(bool on) {
    is_caption_ = on;
    restyle();
}

void EventSentenceBar::announce() {
    if (!is_announcing_) return;
    announced_ = sentence_;
    setAccessibleName(sentence_); // which reports the new name
    QAccessibleEvent alert(this, QAccessible::Alert);
    QAccessible::updateAccessibility(&alert);
    pending_.start();
    Q_EMIT announced(sentence_);
}

void EventSentenceBar::restyle() {
    const Look& look = theme_.look();
    const QFont font = look.font(is_caption_ ? TextSize::caption : TextSize::body);
    for (QWidget* part : {static_cast<QWidget*>(mark_), static_cast<QWidget*>(label_)}) {
        part->setFont(font);
        QPalette colours = part->palette();
        colours.setColor(QPalette::WindowText, look.colour(Role::text));
        part->setPalette(colours);
    }
    mark_->setText(is_error_ ? QStringLiteral("\u26A0") : QStringLiteral("\u25B8"));
    mark_->setAccessibleName(is_error_ ? tr("Error") : tr("Event"));
    why_->setFont(look.font(TextSize::small));
    // In large type it takes two lines rather than lose its end.
    setMinimumHeight(((is_caption_ ? 2 : 1) * QFontMetrics(font).height()) + look.px(12));
    elide();
}

void EventSentenceBar::elide() {
    const QFontMetrics metrics(label_->font());
    QStringList lines = wrapped(sentence_, QFontMetricsF(label_->font()), label_->width());
    const bool has_two = is_caption_ && lines.size() > 1;
    const QString first = has_two ? lines.takeFirst() + u'\n' : QString();
    const QString rest = has_two ? lines.join(u' ') : sentence_;
    const QString shown = first + metrics.elidedText(rest, Qt::ElideRight, label_->width());
    label_->setText(shown);
    label_->setToolTip(!shown.endsWith(u'\u2026') ? QString() : sentence_);
}

void EventSentenceBar::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    layout()->activate();
    elide();
}

void EventSentenceBar::paintEvent(QPaintEvent* /*event*/) {
    const Look& look = theme_.look();
    QPainter painter(this);
    painter.fillRect(rect(), look.colour(Role::panel));
    painter.setPen(look.hairline());
    painter.drawLine(QPointF(0, 0.5), QPointF(width(), 0.5));
    if (is_error_) painter.fillRect(QRect(0, 0, look.px(4), height()), look.colour(Role::damage));
}

} // namespace ksl::ui
