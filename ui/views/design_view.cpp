// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/design_view.h"

#include "ui/format/format.h"
#include "ui/views/event_text.h"

#include <QCoreApplication>
#include <QFormLayout>
#include <QLabel>

namespace ksl::ui {

namespace {

class DesignText {
    Q_DECLARE_TR_FUNCTIONS(DesignText)
};

QString guard_text(core::GuardPages guard) {
    if (guard.below == 0 && guard.above == 0) return DesignText::tr("none");
    if (guard.below == 0) return DesignText::tr("%1 above").arg(guard.above);
    if (guard.above == 0) return DesignText::tr("%1 below").arg(guard.below);
    return DesignText::tr("%1 below, %2 above").arg(guard.below).arg(guard.above);
}
QString release_text(const core::StackDesign& design) {
    if (design.release == core::Release::after_rcu) return DesignText::tr("after a grace period");
    return design.cache_overflow == core::CacheOverflow::free_now
               ? DesignText::tr("at death")
               : DesignText::tr("at death; where no slot is free, after a grace period");
}
QString allocator_text(core::AreaAllocator allocator) {
    switch (allocator) {
    case core::AreaAllocator::linux_4_x: return DesignText::tr("first fit with a cached hole (4.x)");
    case core::AreaAllocator::linux_5_2: return DesignText::tr("free tree (5.2)");
    case core::AreaAllocator::linux_6_9: return DesignText::tr("free tree, pools by node (6.9)");
    }
    return {};
}
QString sync_text(core::PgdSync sync) {
    switch (sync) {
    case core::PgdSync::lazy_fault: return DesignText::tr("by page fault");
    case core::PgdSync::touch_before_switch: return DesignText::tr("touched before a switch");
    case core::PgdSync::synced_at_allocation: return DesignText::tr("at allocation");
    case core::PgdSync::preallocated: return DesignText::tr("entries exist from boot on");
    }
    return {};
}
QString zeroing_text(core::Zeroing zeroing) {
    switch (zeroing) {
    case core::Zeroing::none: return DesignText::tr("none");
    case core::Zeroing::fresh_only: return DesignText::tr("fresh stacks");
    case core::Zeroing::fresh_and_cached: return DesignText::tr("fresh and cached stacks");
    }
    return {};
}
QString page_text(core::DirectMapPage page) {
    switch (page) {
    case core::DirectMapPage::small_4k: return DesignText::tr("4 KiB pages");
    case core::DirectMapPage::large_2m: return DesignText::tr("up to 2 MiB pages");
    case core::DirectMapPage::huge_1g: return DesignText::tr("up to 1 GiB pages");
    }
    return {};
}
QString start_text(sim::MemoryStartKind start) {
    switch (start) {
    case sim::MemoryStartKind::booted: return DesignText::tr("freshly booted");
    case sim::MemoryStartKind::aged: return DesignText::tr("aged");
    case sim::MemoryStartKind::real: return DesignText::tr("as a real machine's /proc shows it");
    }
    return {};
}

} // namespace

DesignView::DesignView(const Theme& theme, QWidget* parent) : QScrollArea(parent), theme_(theme) {
    setWidgetResizable(true);
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setAccessibleName(tr("Design and machine"));
    connect(&theme, &Theme::changed, this, &DesignView::restyle);
    show_nothing();
}

void DesignView::begin() {
    titles_.clear();
    names_.clear();
    values_.clear();
    auto* page = new QWidget; // the scroll area deletes the page that it replaces
    form_ = new QFormLayout(page);
    form_->setLabelAlignment(Qt::AlignLeft | Qt::AlignTop);
    form_->setRowWrapPolicy(QFormLayout::DontWrapRows);
    setWidget(page);
}

void DesignView::add_title(const QString& title) {
    auto* label = new QLabel(title, widget());
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    titles_ += label;
    form_->addRow(label);
}

void DesignView::add_row(const QString& name, const QString& value) {
    auto* name_label = new QLabel(name, widget());
    auto* value_label = new QLabel(value, widget());
    for (QLabel* label : {name_label, value_label}) label->setTextFormat(Qt::PlainText);
    value_label->setWordWrap(true);
    value_label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    value_label->setAccessibleName(QStringLiteral("%1: %2").arg(name, value));
    names_ += name_label;
    values_ += value_label;
    form_->addRow(name_label, value_label);
}

QStringList DesignView::lines() const {
    QStringList all;
    for (const QLabel* value : values_) all += value->accessibleName();
    return all;
}

void DesignView::show_nothing() {
    begin();
    add_title(tr("No design yet"));
    restyle();
}

QList<DesignView::Axis> DesignView::axes_of(const sim::DesignProfile& profile) {
    const core::StackDesign& stack = profile.stack;
    const QString none = tr("does not apply");
    return {{tr("kernel"), QString::fromStdString(profile.kernel)},
            {tr("stack size"), format_bytes(stack.stack_bytes())},
            {tr("backing"), backing_name(stack.backing)},
            {tr("guard pages"), guard_text(stack.guard)},
            {tr("thread_info"), thread_info_name(stack.thread_info)},
            {tr("cached a CPU"), QString::number(stack.cache_slots)},
            {tr("given back"), release_text(stack)},
            {tr("area search"), stack.is_mapped() ? allocator_text(stack.area_allocator) : none},
            {tr("top entries"), stack.is_mapped() ? sync_text(stack.pgd_sync) : none},
            {tr("direct map"), page_text(stack.direct_map_page)},
            {tr("cleared"), zeroing_text(stack.zeroing)},
            {tr("canary"), stack.canary == core::CanaryCheck::off ? tr("not checked") : tr("checked at every switch")}};
}

void DesignView::add_machine(const sim::Scenario& scenario) {
    add_title(tr("Machine"));
    add_row(tr("processor"), QString::fromStdString(scenario.machine.processor.name));
    add_row(tr("CPUs"), QString::number(scenario.machine.cpus));
    add_row(tr("page tables"), tr("%1 levels").arg(scenario.machine.levels));
    if (scenario.memory.start != sim::MemoryStartKind::real) add_row(tr("memory"), format_bytes(scenario.memory.size));
    add_row(tr("start"), start_text(scenario.memory.start));
    add_title(tr("Scenario"));
    add_row(tr("title"), QString::fromStdString(scenario.title));
    add_row(tr("seed"), QString::number(scenario.seed));
}

void DesignView::show_design(const sim::Scenario& scenario, std::size_t design) {
    const sim::DesignProfile& profile = scenario.designs[design];
    begin();
    add_title(tr("Design %1").arg(QString::fromStdString(profile.name)));
    for (const Axis& axis : axes_of(profile)) add_row(axis.name, axis.value);
    add_machine(scenario);
    restyle();
}

void DesignView::show_pair(const sim::Scenario& scenario, std::size_t a, std::size_t b) {
    const QList<Axis> of_a = axes_of(scenario.designs[a]);
    const QList<Axis> of_b = axes_of(scenario.designs[b]);
    begin();
    add_title(
        tr("A %1, B %2")
            .arg(QString::fromStdString(scenario.designs[a].name), QString::fromStdString(scenario.designs[b].name)));
    for (qsizetype i = 0; i < of_a.size(); ++i) {
        if (of_a[i].value != of_b[i].value) add_row(of_a[i].name, tr("A: %1\nB: %2").arg(of_a[i].value, of_b[i].value));
    }
    add_title(tr("The same in both"));
    for (qsizetype i = 0; i < of_a.size(); ++i) {
        if (of_a[i].value == of_b[i].value) add_row(of_a[i].name, of_a[i].value);
    }
    add_machine(scenario);
    restyle();
}

void DesignView::restyle() {
    const Look& look = theme_.look();
    setPalette(look.palette());
    viewport()->setAutoFillBackground(true);
    const double gap = look.px(4);
    form_->setVerticalSpacing(static_cast<int>(gap));
    form_->setHorizontalSpacing(look.px(12));
    QPalette quiet = look.palette();
    quiet.setColor(QPalette::WindowText, look.colour(Role::muted));
    for (QLabel* label : titles_) label->setFont(look.font(TextSize::small, TextWeight::bold));
    for (QLabel* label : names_) {
        label->setFont(look.font(TextSize::small));
        label->setPalette(quiet);
    }
    for (QLabel* label : values_) label->setFont(look.font(TextSize::small));
}

} // namespace ksl::ui
