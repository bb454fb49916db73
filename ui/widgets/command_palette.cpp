// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/command_palette.h"

#include "ui/commands/fuzzy.h"

#include <QAbstractListModel>
#include <QAction>
#include <QKeyEvent>
#include <QLineEdit>
#include <QListView>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QTextLayout>
#include <QVBoxLayout>
#include <algorithm>
#include <vector>

namespace ksl::ui {

class PaletteModel : public QAbstractListModel {
public:
    static constexpr int kKeyRole = Qt::UserRole;
    static constexpr int kPositionsRole = Qt::UserRole + 1;

    PaletteModel(CommandActions& actions, QObject* parent) : QAbstractListModel(parent), actions_(actions) {}

    void set_pattern(const QString& pattern) {
        beginResetModel();
        rows_.clear();
        for (const CommandInfo& info : all_commands()) {
            if (info.id == Command::command_palette) continue;
            if (auto match = fuzzy_match(pattern, text_of(info.id))) rows_.push_back({info.id, std::move(*match)});
        }
        std::ranges::sort(rows_, [this](const Row& a, const Row& b) {
            if (is_enabled(a.command) != is_enabled(b.command)) return is_enabled(a.command);
            if (a.match.score != b.match.score) return a.match.score > b.match.score;
            return a.command < b.command;
        });
        endResetModel();
    }

    [[nodiscard]] Command command(int row) const { return rows_[static_cast<std::size_t>(row)].command; }
    [[nodiscard]] bool is_enabled(Command command) const { return actions_.action(command)->isEnabled(); }

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override {
        return parent.isValid() ? 0 : static_cast<int>(rows_.size());
    }
    [[nodiscard]] Qt::ItemFlags flags(const QModelIndex& index) const override {
        if (!index.isValid()) return Qt::NoItemFlags;
        return is_enabled(command(index.row())) ? Qt::ItemIsEnabled | Qt::ItemIsSelectable : Qt::NoItemFlags;
    }
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override {
        if (!index.isValid()) return {};
        const Row& row = rows_[static_cast<std::size_t>(index.row())];
        switch (role) {
        case Qt::DisplayRole: return text_of(row.command);
        case Qt::ToolTipRole:
        case Qt::AccessibleDescriptionRole: return help_of(row.command);
        case kKeyRole: return actions_.keys().key_text(row.command);
        case kPositionsRole: return QVariant::fromValue(row.match.positions);
        default: return {};
        }
    }

private:
    struct Row {
        Command command;
        FuzzyMatch match;
    };
    CommandActions& actions_;
    std::vector<Row> rows_;
};

namespace {

/// Name on the left with the matched letters bold, key on the right.
class PaletteDelegate : public QStyledItemDelegate {
public:
    PaletteDelegate(const Theme& theme, QObject* parent) : QStyledItemDelegate(parent), theme_(theme) {}

    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem& /*option*/, const QModelIndex& /*index*/) const override {
        const Look& look = theme_.look();
        return {look.px(200), QFontMetrics(look.font(TextSize::body)).height() + look.px(10)};
    }

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        const Look& look = theme_.look();
        const bool is_current = (option.state & QStyle::State_Selected) != 0;
        const bool is_enabled = (index.flags() & Qt::ItemIsEnabled) != 0;
        painter->save();
        painter->fillRect(option.rect, look.colour(is_current ? Role::focus : Role::canvas));
        const Role plain = is_enabled ? Role::text : Role::muted;
        const QColor ink = look.colour(is_current ? Role::on_focus : plain);
        const QRectF area = QRectF(option.rect).adjusted(look.px(10), 0, -look.px(10), 0);

        const QString key = index.data(PaletteModel::kKeyRole).toString();
        painter->setPen(is_current ? ink : look.colour(Role::muted));
        painter->setFont(look.font(TextSize::small));
        painter->drawText(area, Qt::AlignRight | Qt::AlignVCenter, key);

        QTextLayout layout(index.data().toString(), look.font(TextSize::body));
        QList<QTextLayout::FormatRange> formats;
        for (const qsizetype at : index.data(PaletteModel::kPositionsRole).value<QList<qsizetype>>()) {
            QTextCharFormat bold;
            bold.setFontWeight(QFont::Bold);
            bold.setFontUnderline(true);
            formats.append({static_cast<int>(at), 1, bold});
        }
        layout.setFormats(formats);
        layout.beginLayout();
        const QTextLine line = layout.createLine();
        layout.endLayout();
        painter->setPen(ink);
        layout.draw(painter, {area.left(), area.center().y() - (line.height() / 2)});
        painter->restore();
    }

private:
    const Theme& theme_;
};

} // namespace

CommandPalette::CommandPalette(const Theme& theme, CommandActions& actions, QWidget* parent)
    : QDialog(parent), theme_(theme), actions_(actions), model_(new PaletteModel(actions, this)),
      field_(new QLineEdit(this)), list_(new QListView(this)) {
    setWindowTitle(tr("Command palette"));
    setAccessibleName(tr("Command palette"));
    field_->setPlaceholderText(tr("Type a few letters of an action"));
    field_->setAccessibleName(tr("Search for an action"));
    field_->setClearButtonEnabled(true);
    field_->installEventFilter(this);
    list_->setModel(model_);
    list_->setItemDelegate(new PaletteDelegate(theme, list_));
    list_->setAccessibleName(tr("Actions"));
    list_->setFocusPolicy(Qt::NoFocus); // the field has it; Up and Down reach the list from there
    list_->setUniformItemSizes(true);
    list_->setFrameShape(QFrame::NoFrame);
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(field_);
    layout->addWidget(list_, 1);
    connect(field_, &QLineEdit::textChanged, this, &CommandPalette::set_pattern);
    connect(list_, &QListView::clicked, this, &CommandPalette::carry_out_current);
    connect(&theme, &Theme::changed, this, &CommandPalette::restyle);
    restyle();
    set_pattern({});
}

void CommandPalette::open_empty() {
    field_->clear();
    set_pattern({});
    show();
    raise();
    field_->setFocus();
}

void CommandPalette::set_pattern(const QString& pattern) {
    if (field_->text() != pattern) {
        field_->setText(pattern); // comes back here
        return;
    }
    model_->set_pattern(pattern);
    list_->setCurrentIndex(model_->index(0));
}

QList<Command> CommandPalette::shown() const {
    QList<Command> commands;
    for (int row = 0; row < model_->rowCount(); ++row) commands += model_->command(row);
    return commands;
}

void CommandPalette::carry_out_current() {
    const QModelIndex current = list_->currentIndex();
    if (!current.isValid() || (current.flags() & Qt::ItemIsEnabled) == 0) return;
    const Command command = model_->command(current.row());
    // Closed first, so that the action finds the focus where the user left it.
    accept();
    actions_.trigger(command);
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event) {
    const auto* key = dynamic_cast<const QKeyEvent*>(event);
    if (watched != field_ || key == nullptr || event->type() != QEvent::KeyPress)
        return QDialog::eventFilter(watched, event);
    const int rows = model_->rowCount();
    const auto move_to = [&](int row) {
        if (rows != 0) list_->setCurrentIndex(model_->index(std::clamp(row, 0, rows - 1)));
    };
    constexpr int kPage = 10;
    const int row = list_->currentIndex().row();
    switch (key->key()) {
    case Qt::Key_Down: move_to(row + 1); return true;
    case Qt::Key_Up: move_to(row - 1); return true;
    case Qt::Key_PageDown: move_to(row + kPage); return true;
    case Qt::Key_PageUp: move_to(row - kPage); return true;
    case Qt::Key_Return:
    case Qt::Key_Enter: carry_out_current(); return true;
    default: return QDialog::eventFilter(watched, event);
    }
}

void CommandPalette::paintEvent(QPaintEvent* /*event*/) {
    const Look& look = theme_.look();
    QPainter painter(this);
    painter.fillRect(rect(), look.colour(Role::panel));
    painter.setPen(look.hairline());
    painter.drawRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5));
}

void CommandPalette::restyle() {
    const Look& look = theme_.look();
    field_->setFont(look.font(TextSize::title));
    QPalette colours = look.palette();
    setPalette(colours);
    list_->setPalette(colours);
    list_->doItemsLayout();
    resize(look.px(560), look.px(420));
}

} // namespace ksl::ui
