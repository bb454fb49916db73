// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/page_walk_view.h"

#include "ui/format/format.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QSignalBlocker>
#include <QToolButton>
#include <QVBoxLayout>
#include <array>
#include <utility>

namespace ksl::ui {

namespace {

constexpr std::array kAccesses{
    core::Access::kernel(core::AccessKind::read),   core::Access::kernel(core::AccessKind::write),
    core::Access::kernel(core::AccessKind::fetch),  core::Access::by_user(core::AccessKind::read),
    core::Access::by_user(core::AccessKind::write), core::Access::by_user(core::AccessKind::fetch)};

} // namespace

PageWalkView::PageWalkView(const Theme& theme, QWidget* parent)
    : QWidget(parent), theme_(theme), label_(new QLabel(tr("&Address"), this)), line_(new QLineEdit(this)),
      access_(new QComboBox(this)), side_(new QComboBox(this)), back_(new QToolButton(this)),
      forward_(new QToolButton(this)), place_(new QLabel(this)), canvas_(new WalkCanvas(theme, this)) {
    setAccessibleName(tr("Page walk"));
    label_->setBuddy(line_);
    line_->setAccessibleName(tr("Address to translate"));
    line_->setPlaceholderText(tr("ffff'c900'0000'8000"));
    access_->setAccessibleName(tr("Access to try"));
    for (const core::Access& access : kAccesses) access_->addItem(QString::fromStdString(sim::name_of(access)));
    access_->setCurrentIndex(1);
    access_->setToolTip(tr("What the processor is asked to do there, and in which mode: rights are checked for it"));
    side_->setAccessibleName(tr("Whose tables are walked"));
    side_->setToolTip(tr("Whose tables are walked: a click into a picture of A or of B chooses as well"));
    side_->addItems({tr("in A"), tr("in B")});
    side_->hide();
    back_->setText(tr("\u25C0 Step"));
    back_->setToolTip(tr("One step of the walk back (left arrow in the picture)"));
    forward_->setText(tr("Step \u25B6"));
    forward_->setToolTip(tr("One step of the walk on (right arrow in the picture)"));
    place_->setTextFormat(Qt::PlainText);
    place_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    place_->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    auto* bar = new QHBoxLayout;
    bar->setContentsMargins(8, 4, 8, 4);
    bar->setSpacing(8);
    for (QWidget* part : std::initializer_list<QWidget*>{label_, line_, side_, access_, back_, forward_})
        bar->addWidget(part);
    bar->addWidget(place_, 1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(bar);
    layout->addWidget(canvas_, 1);
    connect(line_, &QLineEdit::returnPressed, this, &PageWalkView::read_address);
    connect(access_, &QComboBox::currentIndexChanged, this, &PageWalkView::refresh);
    connect(side_, &QComboBox::currentIndexChanged, this, &PageWalkView::refresh);
    connect(back_, &QToolButton::clicked, this, [this] { canvas_->go_to_step(canvas_->step() - 1); });
    connect(forward_, &QToolButton::clicked, this, [this] { canvas_->go_to_step(canvas_->step() + 1); });
    connect(canvas_, &WalkCanvas::step_changed, this, [this](int step) {
        back_->setEnabled(step > 0);
        forward_->setEnabled(step + 1 < canvas_->steps());
        place_->setText(canvas_->steps() == 0 ? QString() : tr("step %1 of %2").arg(step + 1).arg(canvas_->steps()));
    });
    connect(&theme, &Theme::changed, this, &PageWalkView::restyle);
    restyle();
    refresh();
}

core::Access PageWalkView::access() const {
    return kAccesses[static_cast<std::size_t>(access_->currentIndex())];
}

void PageWalkView::show_snapshot(const SnapshotPtr& snapshot) {
    snapshot_ = snapshot;
    const bool is_pair = snapshot != nullptr && snapshot->other != nullptr;
    side_->setVisible(is_pair && source_ == nullptr);
    if (source_ == nullptr) refresh();
}

Side PageWalkView::side() const {
    const bool is_pair = snapshot_ != nullptr && snapshot_->other != nullptr;
    return is_pair && side_->currentIndex() == 1 ? Side::b : Side::a;
}

void PageWalkView::show_side(Side side) {
    side_->setCurrentIndex(side == Side::b ? 1 : 0);
}

void PageWalkView::forget_choice() {
    is_picked_ = false;
    show_side(Side::a);
}

void PageWalkView::show_capture(std::shared_ptr<const sim::WalkSource> source) {
    source_ = std::move(source);
    refresh();
}

void PageWalkView::go_to(core::VirtAddr at, Side side) {
    is_picked_ = true;
    const QSignalBlocker blocker(side_); // one walk, of both together
    show_side(side);
    show_address(at);
}

void PageWalkView::follow(core::VirtAddr at) {
    if (!is_picked_) show_address(at);
}

void PageWalkView::show_address(core::VirtAddr at) {
    address_ = at;
    line_->setText(format_address(at));
    refresh();
}

void PageWalkView::focus_address() {
    line_->setFocus(Qt::OtherFocusReason);
    line_->selectAll();
}

void PageWalkView::read_address() {
    std::uint64_t value = 0;
    if (!parse_hex(line_->text(), value)) {
        address_.reset();
        place_->setText(tr("An address is up to 16 hexadecimal digits"));
        canvas_->show_walk(std::nullopt);
        place_->setText(tr("An address is up to 16 hexadecimal digits"));
        return;
    }
    go_to(core::VirtAddr{value}, side());
}

void PageWalkView::refresh() {
    std::optional<WalkReading> walk;
    if (address_ && source_ != nullptr) {
        walk = read_walk(*source_, *address_, access());
    } else if (address_ && snapshot_ != nullptr) {
        const Snapshot& moment = side() == Side::b ? *snapshot_->other : *snapshot_;
        walk = read_walk(*moment.machine, core::CpuId{moment.last.cpu}, *address_, access());
    }
    canvas_->show_walk(std::move(walk));
}

void PageWalkView::restyle() {
    const Look& look = theme_.look();
    setPalette(look.palette());
    for (QWidget* part : std::initializer_list<QWidget*>{label_, access_, side_, back_, forward_, place_})
        part->setFont(look.font(TextSize::small));
    line_->setFont(look.fixed_font(TextSize::small));
    line_->setFixedWidth(QFontMetrics(line_->font()).horizontalAdvance(QStringLiteral("ffff'ffff'ffff'ffff")) +
                         look.px(24));
    for (QWidget* part : std::initializer_list<QWidget*>{line_, access_, side_}) part->setMinimumHeight(look.px(26));
}

} // namespace ksl::ui
