// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/design_view.h"

#include "ui/format/format.h"
#include "ui/views/event_text.h"

#include <QCoreApplication>
#include <QHeaderView>

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

DesignView::DesignView(const Theme& theme, QWidget* parent) : QTreeWidget(parent), theme_(theme) {
    setColumnCount(2);
    setHeaderHidden(true);
    setRootIsDecorated(false);
    setSelectionMode(QAbstractItemView::SingleSelection);
    setUniformRowHeights(false);
    setWordWrap(true);
    setFrameShape(QFrame::NoFrame);
    setAccessibleName(tr("Design and machine"));
    header()->setSectionResizeMode(0, QHeaderView::ResizeToContents);
    header()->setStretchLastSection(true);
    connect(&theme, &Theme::changed, this, &DesignView::restyle);
    restyle();
}

QTreeWidgetItem* DesignView::add_group(const QString& title) {
    auto* group = new QTreeWidgetItem(this, {title});
    group->setFirstColumnSpanned(true);
    group->setExpanded(true);
    return group;
}

void DesignView::add_row(QTreeWidgetItem* group, const QString& name, const QString& value) {
    auto* row = new QTreeWidgetItem(group, {name, value});
    row->setToolTip(1, value);
}

void DesignView::show_nothing() {
    clear();
}

void DesignView::show_design(const sim::Scenario& scenario, std::size_t design) {
    clear();
    const sim::DesignProfile& profile = scenario.designs[design];
    const core::StackDesign& stack = profile.stack;
    QTreeWidgetItem* axes = add_group(tr("Design %1").arg(QString::fromStdString(profile.name)));
    add_row(axes, tr("stack size"), format_bytes(stack.stack_bytes()));
    add_row(axes, tr("backing"), backing_name(stack.backing));
    add_row(axes, tr("guard pages"), guard_text(stack.guard));
    add_row(axes, tr("thread_info"), thread_info_name(stack.thread_info));
    add_row(axes, tr("cached a CPU"), QString::number(stack.cache_slots));
    add_row(axes, tr("given back"), release_text(stack));
    if (stack.is_mapped()) {
        add_row(axes, tr("area search"), allocator_text(stack.area_allocator));
        add_row(axes, tr("top-level entries"), sync_text(stack.pgd_sync));
    }
    add_row(axes, tr("direct map"), page_text(stack.direct_map_page));
    add_row(axes, tr("cleared"), zeroing_text(stack.zeroing));
    add_row(axes, tr("canary"),
            stack.canary == core::CanaryCheck::off ? tr("not checked") : tr("checked at every switch"));
    QTreeWidgetItem* machine = add_group(tr("Machine"));
    add_row(machine, tr("kernel"), QString::fromStdString(profile.kernel));
    add_row(machine, tr("processor"), QString::fromStdString(scenario.machine.processor.name));
    add_row(machine, tr("CPUs"), QString::number(scenario.machine.cpus));
    add_row(machine, tr("page tables"), tr("%1 levels").arg(scenario.machine.levels));
    if (scenario.memory.start != sim::MemoryStartKind::real)
        add_row(machine, tr("memory"), format_bytes(scenario.memory.size));
    add_row(machine, tr("start"), start_text(scenario.memory.start));
    QTreeWidgetItem* about = add_group(tr("Scenario"));
    add_row(about, tr("title"), QString::fromStdString(scenario.title));
    add_row(about, tr("seed"), QString::number(scenario.seed));
    restyle();
}

void DesignView::restyle() {
    const Look& look = theme_.look();
    setPalette(look.palette());
    setFont(look.font(TextSize::small));
    const QFont bold = look.font(TextSize::small, TextWeight::bold);
    for (int i = 0; i < topLevelItemCount(); ++i) {
        QTreeWidgetItem* group = topLevelItem(i);
        group->setFont(0, bold);
        group->setExpanded(true);
        group->setFirstColumnSpanned(true);
        for (int row = 0; row < group->childCount(); ++row)
            group->child(row)->setForeground(0, look.colour(Role::muted));
    }
}

} // namespace ksl::ui
