// SPDX-License-Identifier: GPL-3.0-or-later
//
// All views of a run, and of a second one beside it: made once, fed with every moment, kept in step with each other.
// What is chosen in one is marked in the others; what is chosen in A is looked for in B by its PID.
#pragma once

#include "sim/scenario/scenario.h"
#include "ui/engine/snapshot.h"
#include "ui/theme/theme.h"
#include "ui/views/page_walk_view.h"
#include "ui/views/snapshot_view.h"
#include "ui/window/page_flights.h"

#include <QObject>
#include <optional>

class QCheckBox;

namespace ksl::ui {

class AddressSpaceView;
class CameraLink;
class CompareView;
class CpusView;
class DesignView;
class EventsView;
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
    /// B's maps and address spaces zoom and pan with A's, and A's with B's.
    void link_cameras(bool on);
    [[nodiscard]] bool are_cameras_linked() const { return are_linked_; }
    /// Nothing is chosen any more: every view follows the last step.
    void forget_choice() { select_stack(core::StackId::none()); }
    [[nodiscard]] bool has_chosen() const { return has_chosen_; }

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
    PageFlights* flights; ///< over all of them

Q_SIGNALS:
    void position_wanted(std::uint64_t position);
    /// A stack was chosen in another view than the stack view.
    void stack_chosen();
    /// An address was picked, and the walk view has it now.
    void address_picked();
    /// The button beside the maps was pressed.
    void link_wanted(bool on);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void connect_views();
    void follow_in_b();
    void share_map_controls(const Theme& theme, QWidget* parent);
    void pick(core::VirtAddr at, Side side);
    /// What A or B is drawn with.
    struct SideViews {
        PhysicalMemoryView* memory;
        AddressSpaceView* space;
    };
    [[nodiscard]] QList<PageFlight> flights_of(const SideViews& views, const core::Machine& machine, core::VirtAddr at,
                                               bool is_taken) const;
    /// Of the stacks that a step forward or back gave or took away, on the side where they are still or already there.
    [[nodiscard]] QList<PageFlight> flights_of(const SideViews& views, const Snapshot& before, const Snapshot& now,
                                               bool is_arrived) const;
    [[nodiscard]] QList<PageFlight> all_flights(const SnapshotPtr& before, const SnapshotPtr& now,
                                                bool is_arrived) const;

    PhysicalMemoryView* memory_b_;
    AddressSpaceView* space_b_;
    StackView* stack_b_;
    CpusView* cpus_b_;
    SnapshotPtr snapshot_;
    QCheckBox* link_button_ = nullptr;
    CameraLink* memory_link_ = nullptr;
    CameraLink* space_link_ = nullptr;
    bool are_linked_ = true;
    bool has_chosen_ = false; ///< a stack, rather than whichever the last step ran on
};

} // namespace ksl::ui
