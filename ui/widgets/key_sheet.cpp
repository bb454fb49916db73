// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/key_sheet.h"

#include <QDialogButtonBox>
#include <QHeaderView>
#include <QTreeWidget>
#include <QVBoxLayout>
#include <optional>

namespace ksl::ui {

std::vector<KeySheetRow> key_sheet_rows(const KeyMap& keys, Scope scope) {
    std::vector<KeySheetRow> rows;
    for (const Scope at : scope_chain(scope)) {
        for (const CommandInfo& info : all_commands()) {
            if (info.scope != at) continue;
            QStringList reaching;
            for (const QKeySequence& key : keys.keys(info.id)) {
                if (keys.find(key, scope) == info.id) reaching += key.toString(QKeySequence::NativeText);
            }
            if (reaching.isEmpty()) continue;
            rows.push_back({.command = info.id, .scope = at, .keys = reaching.join(QStringLiteral("  "))});
        }
    }
    return rows;
}

KeySheet::KeySheet(const Theme& theme, QWidget* parent) : QDialog(parent), theme_(theme), tree_(new QTreeWidget(this)) {
    setWindowTitle(tr("Keys"));
    tree_->setColumnCount(3);
    tree_->setHeaderLabels({tr("Keys"), tr("Action"), tr("What it does")});
    tree_->setRootIsDecorated(false);
    tree_->setIndentation(0);
    tree_->setUniformRowHeights(false);
    tree_->setWordWrap(true);
    tree_->setSelectionMode(QAbstractItemView::SingleSelection);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(tree_, 1);
    layout->addWidget(buttons);
    connect(&theme, &Theme::changed, this, &KeySheet::restyle);
    restyle();
}

void KeySheet::show_for(const KeyMap& keys, Scope scope) {
    tree_->clear();
    //: %1 = name of a view
    tree_->setAccessibleName(tr("Keys of %1").arg(name_of(scope)));
    std::optional<Scope> last;
    QTreeWidgetItem* group = nullptr;
    for (const KeySheetRow& row : key_sheet_rows(keys, scope)) {
        if (last != row.scope) {
            group = new QTreeWidgetItem(tree_, {name_of(row.scope)});
            group->setFirstColumnSpanned(true);
            group->setExpanded(true);
            QFont bold = theme_.look().font(TextSize::body, TextWeight::bold);
            group->setFont(0, bold);
            last = row.scope;
        }
        new QTreeWidgetItem(group, {row.keys, text_of(row.command), help_of(row.command)});
    }
    tree_->expandAll();
    tree_->resizeColumnToContents(0);
    tree_->resizeColumnToContents(1);
    show();
    raise();
    tree_->setFocus();
}

void KeySheet::restyle() {
    const Look& look = theme_.look();
    setPalette(look.palette());
    tree_->setFont(look.font(TextSize::small));
    tree_->header()->setFont(look.font(TextSize::small));
    resize(look.px(820), look.px(560));
}

} // namespace ksl::ui
