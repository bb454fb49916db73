// SPDX-License-Identifier: GPL-3.0-or-later
//
// The run in time: clones with their latency, what each CPU did, TLB misses, failures, and the playhead. Dragging in
// the ruler on top scrubs; what lies behind the playhead and is already known is drawn paler. With a second run beside
// it, B's clones stand below A's, each at the time of the same clone of A, and a lane marks where the two differ.
#pragma once

#include "ui/engine/snapshot.h"
#include "ui/layout/timeline_bins.h"
#include "ui/views/snapshot_canvas.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace ksl::ui {

class TimelineView : public SnapshotCanvas {
    Q_OBJECT

public:
    static constexpr std::size_t kMostCpuLanes = 8;

    explicit TimelineView(const Theme& theme, QWidget* parent = nullptr);

    /// Another run: everything known is forgotten.
    void clear();
    /// Steps that were taken for the first time, in order.
    void append(std::span<const StepRecord> records);
    /// B's steps, after the steps of A that came with them.
    void append_other(std::span<const StepRecord> records);
    void append_differences(std::span<const RunDifference> differences);
    void show_snapshot(const SnapshotPtr& snapshot) override;

    /// The last position at or before a time.
    [[nodiscard]] std::uint64_t position_at(core::Nanoseconds time) const;
    [[nodiscard]] std::size_t steps() const { return times_.size(); }

    /// Marks where the playhead is; what lies between A and B is summed up in between().
    enum class Marker : std::uint8_t { a, b };
    void set_marker(Marker marker);
    /// The position that is marked.
    [[nodiscard]] std::optional<std::uint64_t> marker(Marker marker) const;
    /// "2.13 µs, 3 clones, 41 L1 misses"; empty until both are set.
    [[nodiscard]] QString between() const;
    [[nodiscard]] bool is_scrubbing() const { return is_scrubbing_; }

    [[nodiscard]] QString tip(QPointF widget) const override;
    [[nodiscard]] QString summary() const override;
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

Q_SIGNALS:
    void scrubbed(std::uint64_t position);

protected:
    [[nodiscard]] QSizeF content_size() const override;
    [[nodiscard]] double most_scale() const override { return 4; } ///< pixels a nanosecond
    void paint_content(QPainter& painter, const QRect& exposed) override;
    [[nodiscard]] QList<CanvasItem> items() const override;
    void press(QPointF content) override;
    void relayout() override { label_width_ = 0; }
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;

private:
    struct Mark {
        std::uint64_t position = 0;
        core::Nanoseconds at;
    };
    struct Lane {
        QString name;
        QRectF rect;
    };
    struct Lanes {
        QRectF ruler;
        Lane clones;
        Lane other;       ///< B's clones
        Lane differences; ///< of A and B
        Lane misses;
        std::vector<Lane> cpus;
        Lane faults;
    };
    [[nodiscard]] Lanes lanes() const;
    [[nodiscard]] double label_width() const;
    [[nodiscard]] double measured_label_width() const;
    [[nodiscard]] core::Nanoseconds end_time() const;
    [[nodiscard]] double to_x(core::Nanoseconds at) const;
    [[nodiscard]] core::Nanoseconds to_time(double x) const;
    [[nodiscard]] TimeRange visible() const;
    void scrub_to(double x);

    [[nodiscard]] QRectF playhead_flag(const TextPainter& text, const QRectF& ruler) const;
    void paint_ruler(QPainter& painter, TextPainter& text, const QRectF& at) const;
    void paint_bars(QPainter& painter, const EventTrack& track, const Lane& lane, QColor colour, bool is_log) const;
    void paint_cpu(QPainter& painter, TextPainter& text, std::size_t cpu, const Lane& lane) const;
    void paint_faults(QPainter& painter, const Lane& lane) const;
    void paint_label(QPainter& painter, TextPainter& text, const Lane& lane) const;
    void paint_playhead(QPainter& painter, TextPainter& text, const Lanes& lanes) const;
    void paint_markers(QPainter& painter, TextPainter& text, const Lanes& lanes) const;
    /// The times between the markers, from the earlier one on; nothing until both are set.
    [[nodiscard]] std::optional<TimeRange> marked() const;

    [[nodiscard]] bool has_other() const { return snapshot_ != nullptr && snapshot_->other != nullptr; }
    void paint_differences(QPainter& painter, const Lane& lane) const;

    std::vector<core::Nanoseconds> times_; ///< of the steps; position p is times_[p - 1]
    EventTrack clones_;
    EventTrack others_;                          ///< B's clones, at the times of A's
    std::vector<core::Nanoseconds> clone_times_; ///< of A
    std::vector<RunDifference> differences_;     ///< ascending by position
    EventTrack misses_;
    EventTrack faults_;
    std::vector<SpanTrack> cpus_;
    std::vector<core::Nanoseconds> cpu_ends_; ///< of the last stretch of each CPU
    std::array<std::optional<Mark>, 2> markers_;
    mutable double label_width_ = 0; ///< 0: to be measured again
    bool is_scrubbing_ = false;
};

} // namespace ksl::ui
