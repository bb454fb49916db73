// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/machine_views.h"

#include "ui/frame_map/frame_map_canvas.h"
#include "ui/frame_map/frame_map_legend.h"
#include "ui/views/address_space_view.h"
#include "ui/views/compare_view.h"
#include "ui/views/cpus_view.h"
#include "ui/views/design_view.h"
#include "ui/views/events_view.h"
#include "ui/views/page_walk_view.h"
#include "ui/views/physical_memory_view.h"
#include "ui/views/stack_view.h"
#include "ui/views/timeline_view.h"
#include "ui/widgets/pair_splitter.h"

#include <QVBoxLayout>

namespace ksl::ui {

namespace {

/// The stack of the task with this PID; none if it does not live.
core::StackId stack_of_pid(const core::Machine& machine, std::uint32_t pid) {
    const core::TaskTable& tasks = machine.state().tasks;
    for (std::uint32_t index = 0; index < tasks.limit(); ++index) {
        const core::TaskId task{index};
        if (tasks.is_live(task) && tasks[task].pid == pid) return tasks[task].stack;
    }
    return core::StackId::none();
}

} // namespace

MachineViews::MachineViews(const Theme& theme, QWidget* parent)
    : QObject(parent), memory(new PhysicalMemoryView(theme, parent)), space(new AddressSpaceView(theme, parent)),
      stack(new StackView(theme, parent)), cpus(new CpusView(theme, parent)), timeline(new TimelineView(theme, parent)),
      compare(new CompareView(theme, parent)), design(new DesignView(theme, parent)),
      events(new EventsView(theme, parent)), walk(new PageWalkView(theme, parent)),
      memory_b_(new PhysicalMemoryView(theme, parent)), space_b_(new AddressSpaceView(theme, parent)),
      stack_b_(new StackView(theme, parent)), cpus_b_(new CpusView(theme, parent)) {
    memory_pair = new PairSplitter(theme, Qt::Horizontal, memory, memory_b_, parent);
    space_pair = new PairSplitter(theme, Qt::Horizontal, space, space_b_, parent);
    stack_pair = new PairSplitter(theme, Qt::Horizontal, stack, stack_b_, parent);
    cpus_pair = new PairSplitter(theme, Qt::Vertical, cpus, cpus_b_, parent);
    for (QWidget* view : std::initializer_list<QWidget*>{memory_b_, space_b_, stack_b_, cpus_b_})
        view->setObjectName(QStringLiteral("b"));
    share_map_controls(parent);
    connect_views();
}

void MachineViews::share_map_controls(QWidget* parent) {
    memory_page = new QWidget(parent);
    auto* layout = new QVBoxLayout(memory_page);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(&memory->bar());
    layout->addWidget(memory_pair, 1);
    layout->addWidget(&memory->legend());
    memory_page->setFocusProxy(memory);
    memory_b_->bar().hide();
    memory_b_->legend().hide();
    connect(&memory->canvas(), &FrameMapCanvas::mode_changed, memory_b_,
            [this] { memory_b_->canvas().set_mode(memory->canvas().mode()); });
    connect(&memory->canvas(), &FrameMapCanvas::description_changed, memory_b_, [this] {
        if (memory_b_->canvas().layout() != memory->canvas().layout())
            memory_b_->canvas().set_layout(memory->canvas().layout());
    });
}

void MachineViews::connect_views() {
    connect(stack, &StackView::stack_shown, this, [this](core::StackId shown) {
        space->select_stack(shown);
        memory->select_stack(shown);
        // Until somebody picks an address it is where this stack begins: every call goes through there.
        if (stack->reading() != nullptr) walk->follow(stack->reading()->stack.top - core::Bytes{8});
    });
    connect(stack_b_, &StackView::stack_shown, this, [this](core::StackId shown) {
        space_b_->select_stack(shown);
        memory_b_->select_stack(shown);
    });
    for (const auto* view : {space, space_b_}) {
        connect(view, &AddressSpaceView::pointed_at, view,
                [to = const_cast<AddressSpaceView*>(view)](const QString& sentence) { to->setToolTip(sentence); });
    }
    const auto choose = [this](core::StackId chosen) {
        select_stack(chosen);
        Q_EMIT stack_chosen();
    };
    connect(space, &AddressSpaceView::stack_clicked, this, choose);
    connect(cpus, &CpusView::stack_clicked, this, choose);
    connect(space_b_, &AddressSpaceView::stack_clicked, stack_b_, &StackView::select_stack);
    connect(cpus_b_, &CpusView::stack_clicked, stack_b_, &StackView::select_stack);
    connect(stack, &StackView::address_picked, this, &MachineViews::pick);
    connect(space, &AddressSpaceView::address_picked, this, &MachineViews::pick);
    connect(timeline, &TimelineView::scrubbed, this, &MachineViews::position_wanted);
    connect(events, &EventsView::position_chosen, this, &MachineViews::position_wanted);
}

void MachineViews::pick(core::VirtAddr at) {
    walk->go_to(at);
    Q_EMIT address_picked();
}

void MachineViews::clear() {
    timeline->clear();
    compare->clear_runs();
    stack->clear_run();
    stack_b_->clear_run();
    events->events().clear();
    walk->forget_choice();
    has_chosen_ = false;
    snapshot_.reset();
}

void MachineViews::show_designs(const sim::Scenario& scenario, std::size_t a, std::optional<std::size_t> b) {
    const auto name = [&](std::size_t index) { return QString::fromStdString(scenario.designs[index].name); };
    for (PairSplitter* pair : {memory_pair, space_pair, stack_pair, cpus_pair}) {
        if (b) {
            pair->show_pair(name(a), name(*b));
        } else {
            pair->show_single();
        }
    }
    if (b) {
        compare->show_names(name(a), name(*b));
        design->show_pair(scenario, a, *b);
    } else {
        design->show_design(scenario, a);
    }
}

void MachineViews::show_no_design() {
    for (PairSplitter* pair : {memory_pair, space_pair, stack_pair, cpus_pair}) pair->show_single();
    design->show_nothing();
}

void MachineViews::append(const Delivery& delivery) {
    timeline->append(delivery.records);
    timeline->append_other(delivery.other_records);
    timeline->append_differences(delivery.differences);
    compare->append(delivery.records, delivery.other_records, delivery.differences);
    events->events().append(delivery.log);
    stack->append(delivery.log);
    stack_b_->append(delivery.other_log);
}

void MachineViews::show(const SnapshotPtr& snapshot) {
    snapshot_ = snapshot;
    // The stack first: which one it is decides what the others mark.
    for (SnapshotView* view :
         std::initializer_list<SnapshotView*>{stack, memory, space, cpus, timeline, compare, events, walk})
        view->show_snapshot(snapshot);
    const SnapshotPtr other = snapshot == nullptr ? nullptr : snapshot->other;
    if (!memory_pair->is_pair()) return;
    if (has_chosen_) follow_in_b();
    for (SnapshotView* view : std::initializer_list<SnapshotView*>{stack_b_, memory_b_, space_b_, cpus_b_})
        view->show_snapshot(other);
}

void MachineViews::follow_in_b() {
    if (snapshot_ == nullptr || snapshot_->other == nullptr || stack->reading() == nullptr) return;
    stack_b_->select_stack(stack_of_pid(*snapshot_->other->machine, stack->reading()->pid));
}

void MachineViews::select_stack(core::StackId chosen) {
    has_chosen_ = !chosen.is_none();
    stack->select_stack(chosen);
    follow_in_b();
}

} // namespace ksl::ui
