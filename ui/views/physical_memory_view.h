// SPDX-License-Identifier: GPL-3.0-or-later
//
// Physical memory of the machine: the map of frames, fed from the frame table of each snapshot. What the last step
// changed is ringed.
#pragma once

#include "ui/frame_map/frame_map_view.h"
#include "ui/machine/frame_reading.h"
#include "ui/views/snapshot_view.h"

#include <QWidget>

class QStackedLayout;

namespace ksl::ui {

/// A machine's frames for the map.
class MachineFrames : public FrameMapSource {
public:
    [[nodiscard]] FrameReading& reading() { return reading_; }
    [[nodiscard]] const FrameReading& reading() const { return reading_; }

    [[nodiscard]] core::Pages frames() const override { return reading_.frames(); }
    [[nodiscard]] std::span<const FrameByte> frame_bytes() const override { return reading_.bytes(); }
    [[nodiscard]] std::span<const std::uint8_t> ages() const override { return reading_.ages(); }
    [[nodiscard]] FragmentationSummary fragmentation() const override;
    [[nodiscard]] QString frame_details(core::Pfn frame) const override;

private:
    FrameReading reading_;
};

class PhysicalMemoryView : public FrameMapView, public SnapshotView {
    Q_OBJECT

public:
    explicit PhysicalMemoryView(const Theme& theme, QWidget* parent = nullptr);

    void show_snapshot(const SnapshotPtr& snapshot) override;
    /// Rings the frames of a stack; none: nothing.
    void select_stack(core::StackId stack);
    /// Whether what the next moment changed is ringed with a motion.
    void let_move(bool on) { moves_ = on; }

private:
    void refresh_selection();

    MachineFrames frames_;
    SnapshotPtr snapshot_;
    core::StackId selected_;
    bool moves_ = false;
};

} // namespace ksl::ui
