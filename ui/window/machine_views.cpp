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
#include "ui/widgets/camera_link.h"
#include "ui/widgets/pair_splitter.h"

#include <QCheckBox>
#include <QEvent>
#include <QVBoxLayout>
#include <utility>
#include <variant>

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
      flights(new PageFlights(theme, parent)), memory_b_(new PhysicalMemoryView(theme, parent)),
      space_b_(new AddressSpaceView(theme, parent)), stack_b_(new StackView(theme, parent)),
      cpus_b_(new CpusView(theme, parent)) {
    memory_pair = new PairSplitter(theme, Qt::Horizontal, memory, memory_b_, parent);
    space_pair = new PairSplitter(theme, Qt::Horizontal, space, space_b_, parent);
    stack_pair = new PairSplitter(theme, Qt::Horizontal, stack, stack_b_, parent);
    cpus_pair = new PairSplitter(theme, Qt::Vertical, cpus, cpus_b_, parent);
    for (QWidget* view : std::initializer_list<QWidget*>{memory_b_, space_b_, stack_b_, cpus_b_})
        view->setObjectName(QStringLiteral("b"));
    share_map_controls(theme, parent);
    // NOLINTBEGIN(cppcoreguidelines-prefer-member-initializer): links come after the controls that the maps share
    memory_link_ = new CameraLink(memory->canvas(), memory_b_->canvas(), this);
    space_link_ = new CameraLink(*space, *space_b_, this);
    // NOLINTEND(cppcoreguidelines-prefer-member-initializer)
    connect_views();
}

void MachineViews::share_map_controls(const Theme& theme, QWidget* parent) {
    memory_page = new QWidget(parent);
    auto* layout = new QVBoxLayout(memory_page);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(&memory->bar());
    layout->addWidget(memory_pair, 1);
    layout->addWidget(&memory->legend());
    memory_page->setFocusProxy(memory);
    memory_page->installEventFilter(this);
    link_button_ = new QCheckBox(&memory->bar());
    link_button_->setText(tr("Link A and B"));
    link_button_->setChecked(are_linked_);
    link_button_->setToolTip(tr("Zooming or panning one side moves the other with it (Shift+L)"));
    link_button_->hide();
    memory->bar().layout()->addWidget(link_button_);
    connect(link_button_, &QCheckBox::clicked, this, &MachineViews::link_wanted);
    const auto restyle = [this, &theme] {
        link_button_->setFont(theme.look().font(TextSize::small));
        link_button_->setPalette(theme.look().indicator_palette());
    };
    connect(&theme, &Theme::changed, link_button_, restyle);
    restyle();
    memory_b_->bar().hide();
    memory_b_->legend().hide();
    connect(&memory->canvas(), &FrameMapCanvas::mode_changed, memory_b_,
            [this] { memory_b_->canvas().set_mode(memory->canvas().mode()); });
    connect(&memory->canvas(), &FrameMapCanvas::description_changed, memory_b_, [this] {
        if (memory_b_->canvas().layout() != memory->canvas().layout())
            memory_b_->canvas().set_layout(memory->canvas().layout());
    });
}

bool MachineViews::eventFilter(QObject* watched, QEvent* event) {
    if (watched == memory_page && event->type() == QEvent::Resize) {
        // In a very low window the map needs the room more than its legend.
        FrameMapLegend& legend = memory->legend();
        const int bar = memory->bar().isHidden() ? 0 : memory->bar().sizeHint().height();
        const int others = bar + legend.heightForWidth(memory_page->width());
        legend.setVisible(memory_page->height() - others >= memory->canvas().minimumHeight());
    }
    return QObject::eventFilter(watched, event);
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
    const auto choose = [this](core::StackId chosen) {
        select_stack(chosen);
        Q_EMIT stack_chosen();
    };
    connect(space, &AddressSpaceView::stack_clicked, this, choose);
    connect(cpus, &CpusView::stack_clicked, this, choose);
    connect(space_b_, &AddressSpaceView::stack_clicked, stack_b_, &StackView::select_stack);
    connect(cpus_b_, &CpusView::stack_clicked, stack_b_, &StackView::select_stack);
    // Whoever inspects a frame of a stack means the stack.
    connect(&memory->canvas(), &FrameMapCanvas::inspected, this, [this] {
        if (snapshot_ == nullptr) return;
        if (const auto found = stack_of_frame(*snapshot_->machine, memory->canvas().cursor())) {
            select_stack(*found);
            Q_EMIT stack_chosen();
        }
    });
    const auto pick_in = [this](Side side) { return [this, side](core::VirtAddr at) { pick(at, side); }; };
    connect(stack, &StackView::address_picked, this, pick_in(Side::a));
    connect(space, &AddressSpaceView::address_picked, this, pick_in(Side::a));
    connect(stack_b_, &StackView::address_picked, this, pick_in(Side::b));
    connect(space_b_, &AddressSpaceView::address_picked, this, pick_in(Side::b));
    connect(timeline, &TimelineView::scrubbed, this, &MachineViews::position_wanted);
    connect(events, &EventsView::position_chosen, this, &MachineViews::position_wanted);
}

void MachineViews::pick(core::VirtAddr at, Side side) {
    walk->go_to(at, side);
    Q_EMIT address_picked();
}

void MachineViews::link_cameras(bool on) {
    are_linked_ = on;
    link_button_->setChecked(on);
    const bool is_pair = memory_pair->is_pair();
    link_button_->setVisible(is_pair);
    for (CameraLink* link : {memory_link_, space_link_}) link->set_on(on && is_pair);
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
    link_cameras(are_linked_);
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
    link_cameras(are_linked_);
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
    // Playing slowly is step by step; whoever scrubs or plays fast sees where the run is, at once.
    const bool moves = is_short_way(snapshot_, snapshot) && !timeline->is_scrubbing();
    for (StackView* view : {stack, stack_b_}) view->let_move(moves);
    for (PhysicalMemoryView* view : {memory, memory_b_}) view->let_move(moves);
    const SnapshotPtr before = snapshot_;
    // Where freed pages were is known only until the views have the next moment, where new ones are only then.
    QList<PageFlight> flying = moves ? all_flights(before, snapshot, false) : QList<PageFlight>();
    snapshot_ = snapshot;
    // The stack first: which one it is decides what the others mark.
    for (SnapshotView* view :
         std::initializer_list<SnapshotView*>{stack, memory, space, cpus, timeline, compare, events, walk})
        view->show_snapshot(snapshot);
    if (memory_pair->is_pair()) {
        const SnapshotPtr other = snapshot == nullptr ? nullptr : snapshot->other;
        if (has_chosen_) follow_in_b();
        for (SnapshotView* view : std::initializer_list<SnapshotView*>{stack_b_, memory_b_, space_b_, cpus_b_})
            view->show_snapshot(other);
    }
    if (moves) flying += all_flights(before, snapshot, true);
    flights->start(std::move(flying));
}

QList<PageFlight> MachineViews::all_flights(const SnapshotPtr& before, const SnapshotPtr& now, bool is_arrived) const {
    QList<PageFlight> all = flights_of({.memory = memory, .space = space}, *before, *now, is_arrived);
    if (before->other != nullptr && now->other != nullptr && is_short_way(before->other, now->other))
        all += flights_of({.memory = memory_b_, .space = space_b_}, *before->other, *now->other, is_arrived);
    return all;
}

QList<PageFlight> MachineViews::flights_of(const SideViews& views, const Snapshot& before, const Snapshot& now,
                                           bool is_arrived) const {
    // A step back undoes the step that led to where it began.
    const bool is_forward = before.position < now.position;
    const Snapshot& there = is_arrived ? now : before;
    QList<PageFlight> all;
    for (const core::Event& event : (is_forward ? now : before).events) {
        if (const auto* created = std::get_if<core::TaskCreated>(&event.body)) {
            const bool is_new = created->source != core::StackSource::stack_cache;
            if (is_new && is_arrived == is_forward)
                all += flights_of(views, *there.machine, core::VirtAddr{created->stack_lowest}, is_forward);
        } else if (const auto* released = std::get_if<core::StackReleased>(&event.body)) {
            const bool is_gone =
                released->sink == core::StackSink::page_allocator || released->sink == core::StackSink::vmalloc;
            if (is_gone && is_arrived != is_forward)
                all += flights_of(views, *there.machine, core::VirtAddr{released->stack_lowest}, !is_forward);
        }
    }
    return all;
}

QList<PageFlight> MachineViews::flights_of(const SideViews& views, const core::Machine& machine, core::VirtAddr at,
                                           bool is_taken) const {
    constexpr std::size_t kMostOfAStack = 4;
    QWidget* window = flights->parentWidget();
    const FrameMapCanvas& map = views.memory->canvas();
    if (!map.isVisible() || !views.space->isVisible() || views.space->window() != window || map.window() != window)
        return {};
    const SpaceArea* area = views.space->reading().find(at);
    if (area == nullptr || area->stack.is_none()) return {};
    const QRectF box = views.space->rect_of(area->stack);
    const auto frames = frames_of(machine, area->stack);
    if (box.isEmpty() || frames.empty()) return {};
    const QPointF map_at = map.mapTo(window, QPoint(0, 0));
    const QPointF space_at = views.space->mapTo(window, QPoint(0, 0));
    QList<PageFlight> all;
    for (std::size_t page = 0; page < frames.size() && page < kMostOfAStack; ++page) {
        const auto& frame = frames[page];
        if (!frame) continue;
        const QRectF cell = map.rect_of(*frame);
        if (!cell.intersects(QRectF(map.rect()))) continue;
        const double wide = box.width() / static_cast<double>(frames.size());
        const QRectF slot(box.left() + (static_cast<double>(page) * wide), box.top(), wide, box.height());
        const PageFlight taken{.from = cell.translated(map_at), .to = slot.translated(space_at)};
        all += is_taken ? taken : PageFlight{.from = taken.to, .to = taken.from};
    }
    return all;
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
