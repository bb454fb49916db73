// SPDX-License-Identifier: GPL-3.0-or-later
//
// All views of a run, and of a second one beside it: made once, fed with every moment, kept in step with each other.
// What is chosen in one is marked in the others; what is chosen in A is looked for in B by its PID.
#pragma once

#include "sim/scenario/scenario.h"
#include "ui/engine/snapshot.h"
#include "ui/theme/theme.h"
#include "ui/views/snapshot_view.h"

#include <QObject>
#include <optional>

namespace ksl::ui {

class AddressSpaceView;
class CompareView;
class CpusView;
class DesignView;
class EventsView;
class PageWalkView;
class PairSplitter;
class PhysicalMemoryView;
class StackView;
class TimelineView;

class MachineViews : public QObject {
    Q_OBJECT

public:
    MachineViews(const Theme& theme, QWidget* parent);

    /// Another run, or two: what was known is forgotten.
    void clear();
    void show_designs(const sim::Scenario& scenario, std::size_t a, std::optional<std::size_t> b);
    void show_no_design();
    /// What came since the last time, its snapshot excepted.
    void append(const Delivery& delivery);
    /// Null: no machine.
    void show(const SnapshotPtr& snapshot);
    void select_stack(core::StackId chosen);

    // In pairs: A's is the first.
    QWidget* memory_page; ///< one bar, the maps, one legend
    PairSplitter* memory_pair;
    PairSplitter* space_pair;
    PairSplitter* stack_pair;
    PairSplitter* cpus_pair;
    PhysicalMemoryView* memory;
    AddressSpaceView* space;
    StackView* stack;
    CpusView* cpus;
    // One for both.
    TimelineView* timeline;
    CompareView* compare;
    DesignView* design;
    EventsView* events;
    PageWalkView* walk;

Q_SIGNALS:
    void position_wanted(std::uint64_t position);
    /// A stack was chosen in another view than the stack view.
    void stack_chosen();
    /// An address was picked, and the walk view has it now.
    void address_picked();

private:
    void connect_views();
    void follow_in_b();
    void share_map_controls(QWidget* parent);
    void pick(core::VirtAddr at);

    PhysicalMemoryView* memory_b_;
    AddressSpaceView* space_b_;
    StackView* stack_b_;
    CpusView* cpus_b_;
    SnapshotPtr snapshot_;
    bool has_chosen_ = false; ///< a stack, rather than whichever the last step ran on
};

} // namespace ksl::ui
