// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/open_scenario_dialog.h"

#include "sim/scenario/scenario.h"

#include <QDialogButtonBox>
#include <QFileDialog>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QVBoxLayout>

namespace ksl::ui {

namespace {

constexpr int kNameRole = Qt::UserRole;
constexpr int kSummaryRole = Qt::UserRole + 1;

/// "scenarios/article.toml" is called "article".
QString name_of_asset(const std::string& path) {
    QString name = QString::fromStdString(path);
    name.remove(0, name.lastIndexOf(u'/') + 1);
    return name.endsWith(QStringLiteral(".toml")) ? name.chopped(5) : name;
}

} // namespace

OpenScenarioDialog::OpenScenarioDialog(const Theme& theme, const sim::Assets& assets, QWidget* parent)
    : QDialog(parent), theme_(theme), list_(new QListWidget(this)), summary_(new QLabel(this)) {
    setWindowTitle(tr("Open a scenario"));
    list_->setAccessibleName(tr("Scenarios"));
    summary_->setWordWrap(true);
    summary_->setTextFormat(Qt::PlainText);
    summary_->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    for (const std::string& path : assets.list("scenarios")) {
        const QString name = name_of_asset(path);
        auto* item = new QListWidgetItem(name, list_);
        item->setData(kNameRole, name);
        const auto scenario = sim::load_scenario(assets, name.toStdString());
        if (scenario) {
            const QString title = QString::fromStdString(scenario->title);
            item->setText(scenario->lesson ? tr("%1 (with a lesson)").arg(title) : title);
            item->setData(kSummaryRole, QString::fromStdString(scenario->summary));
        } else {
            // A user's own file may be wrong; that is no reason to hide it.
            item->setData(kSummaryRole, QString::fromStdString(to_string(scenario.error())));
        }
    }
    auto* buttons = new QDialogButtonBox(this);
    open_ = buttons->addButton(tr("Open"), QDialogButtonBox::AcceptRole);
    QPushButton* file = buttons->addButton(tr("From a file…"), QDialogButtonBox::ActionRole);
    buttons->addButton(QDialogButtonBox::Cancel);
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(list_, 2);
    layout->addWidget(summary_, 1);
    layout->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::accepted, this, &OpenScenarioDialog::choose_current);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(file, &QPushButton::clicked, this, &OpenScenarioDialog::choose_file);
    connect(list_, &QListWidget::itemActivated, this, &OpenScenarioDialog::choose_current);
    connect(list_, &QListWidget::currentRowChanged, this, &OpenScenarioDialog::show_summary);
    connect(&theme, &Theme::changed, this, &OpenScenarioDialog::restyle);
    restyle();
    list_->setCurrentRow(0);
    show_summary();
}

int OpenScenarioDialog::count() const {
    return list_->count();
}

void OpenScenarioDialog::choose_current() {
    const QListWidgetItem* item = list_->currentItem();
    if (item == nullptr) return;
    chosen_ = item->data(kNameRole).toString();
    accept();
}

void OpenScenarioDialog::choose_file() {
    const QString file = QFileDialog::getOpenFileName(this, tr("Open a scenario"), {}, tr("Scenarios (*.toml)"));
    if (file.isEmpty()) return;
    chosen_ = file;
    accept();
}

void OpenScenarioDialog::show_summary() {
    const QListWidgetItem* item = list_->currentItem();
    summary_->setText(item == nullptr ? QString() : item->data(kSummaryRole).toString());
    open_->setEnabled(item != nullptr);
}

void OpenScenarioDialog::restyle() {
    const Look& look = theme_.look();
    setPalette(look.palette());
    setFont(look.font(TextSize::small));
    for (QWidget* child : findChildren<QWidget*>()) child->setFont(look.font(TextSize::small));
    resize(look.px(620), look.px(420));
}

} // namespace ksl::ui
