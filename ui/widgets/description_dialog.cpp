// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/description_dialog.h"

#include <QApplication>
#include <QClipboard>
#include <QDialogButtonBox>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QVBoxLayout>

namespace ksl::ui {

DescriptionDialog::DescriptionDialog(const Theme& theme, QWidget* parent)
    : QDialog(parent), theme_(theme), text_(new QPlainTextEdit(this)) {
    setWindowTitle(tr("Description"));
    text_->setReadOnly(true);
    text_->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    text_->setAccessibleName(tr("Description of the view"));
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    QPushButton* copy = buttons->addButton(tr("Copy"), QDialogButtonBox::ActionRole);
    connect(copy, &QPushButton::clicked, this, [this] { QApplication::clipboard()->setText(text()); });
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(text_, 1);
    layout->addWidget(buttons);
    connect(&theme, &Theme::changed, this, &DescriptionDialog::restyle);
    restyle();
}

void DescriptionDialog::show_for(MapCanvas& canvas) {
    if (canvas_ != nullptr) disconnect(canvas_, nullptr, this, nullptr);
    canvas_ = &canvas;
    connect(&canvas, &MapCanvas::description_changed, this, &DescriptionDialog::refresh);
    refresh();
    show();
    raise();
    text_->setFocus();
}

QString DescriptionDialog::text() const {
    return text_->toPlainText();
}

void DescriptionDialog::refresh() {
    if (canvas_ == nullptr) return;
    const QString now = canvas_->description();
    // A text that did not change keeps the reader's place in it.
    if (now != text_->toPlainText()) text_->setPlainText(now);
}

void DescriptionDialog::restyle() {
    const Look& look = theme_.look();
    setPalette(look.palette());
    text_->setFont(look.font(TextSize::body));
    resize(look.px(560), look.px(360));
}

} // namespace ksl::ui
