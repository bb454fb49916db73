// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/glossary_dialog.h"

#include "ui/format/glossary.h"

#include <QDialogButtonBox>
#include <QLineEdit>
#include <QTextBrowser>
#include <QVBoxLayout>

namespace ksl::ui {

GlossaryDialog::GlossaryDialog(const Theme& theme, QWidget* parent)
    : QDialog(parent), theme_(theme), line_(new QLineEdit(this)), text_(new QTextBrowser(this)) {
    setWindowTitle(tr("Words used here"));
    line_->setPlaceholderText(tr("Find a word"));
    line_->setAccessibleName(tr("Find a word"));
    line_->setClearButtonEnabled(true);
    text_->setAccessibleName(tr("Words and what they mean"));
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(line_, &QLineEdit::textChanged, this, &GlossaryDialog::filter);
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(line_);
    layout->addWidget(text_, 1);
    layout->addWidget(buttons);
    connect(&theme, &Theme::changed, this, &GlossaryDialog::restyle);
    restyle();
    filter({});
}

void GlossaryDialog::show_all() {
    line_->clear();
    show();
    raise();
    line_->setFocus();
}

void GlossaryDialog::filter(const QString& text) {
    count_ = 0;
    QString page;
    for (const Word& each : all_words()) {
        const QString word = QString::fromLatin1(each.word);
        const QString meaning = meaning_of(QLatin1StringView(each.word));
        if (!word.contains(text, Qt::CaseInsensitive) && !meaning.contains(text, Qt::CaseInsensitive)) continue;
        ++count_;
        page += QStringLiteral("<p><b>%1</b>&emsp;%2</p>").arg(word.toHtmlEscaped(), meaning.toHtmlEscaped());
    }
    text_->setHtml(count_ != 0 ? page : tr("No word has that in it."));
}

void GlossaryDialog::restyle() {
    const Look& look = theme_.look();
    setPalette(look.palette());
    for (QWidget* part : std::initializer_list<QWidget*>{line_, text_}) part->setFont(look.font(TextSize::small));
    resize(look.px(640), look.px(520));
}

} // namespace ksl::ui
