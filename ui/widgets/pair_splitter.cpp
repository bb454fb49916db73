// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/pair_splitter.h"

#include <QVBoxLayout>

namespace ksl::ui {

PairSplitter::PairSplitter(const Theme& theme, Qt::Orientation orientation, QWidget* a, QWidget* b, QWidget* parent)
    : QSplitter(orientation, parent), theme_(theme), captions_{new QLabel(this), new QLabel(this)} {
    setChildrenCollapsible(false);
    sides_ = {framed(a, captions_[0]), framed(b, captions_[1])};
    for (QWidget* side : sides_) addWidget(side);
    setFocusProxy(a);
    QSizePolicy policy = sizePolicy();
    policy.setHeightForWidth(orientation == Qt::Vertical);
    setSizePolicy(policy);
    connect(&theme, &Theme::changed, this, &PairSplitter::restyle);
    restyle();
    show_single();
}

QWidget* PairSplitter::framed(QWidget* view, QLabel* caption) {
    auto* side = new QWidget(this);
    auto* layout = new QVBoxLayout(side);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    caption->setTextFormat(Qt::PlainText);
    // A long name is cut rather than making the window wider.
    caption->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    layout->addWidget(caption);
    layout->addWidget(view, 1);
    return side;
}

void PairSplitter::show_pair(const QString& a, const QString& b) {
    captions_[0]->setText(tr("A  %1").arg(a));
    captions_[1]->setText(tr("B  %1").arg(b));
    for (QLabel* caption : captions_) caption->setToolTip(caption->text());
    is_pair_ = true;
    captions_[0]->show();
    captions_[1]->show();
    sides_[1]->show();
    const int half = (orientation() == Qt::Horizontal ? width() : height()) / 2;
    setSizes({half, half});
}

void PairSplitter::show_single() {
    is_pair_ = false;
    captions_[0]->hide();
    sides_[1]->hide();
}

int PairSplitter::heightForWidth(int width) const {
    if (orientation() != Qt::Vertical) return QSplitter::heightForWidth(width);
    int high = is_pair_ ? handleWidth() : 0;
    for (std::size_t i = 0; i < (is_pair_ ? 2U : 1U); ++i) high += sides_[i]->layout()->heightForWidth(width);
    return high;
}

void PairSplitter::restyle() {
    const Look& look = theme_.look();
    setPalette(look.palette());
    for (QLabel* caption : captions_) {
        caption->setFont(look.font(TextSize::small, TextWeight::bold));
        caption->setMargin(look.px(3));
    }
}

} // namespace ksl::ui
