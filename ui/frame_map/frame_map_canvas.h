// SPDX-License-Identifier: GPL-3.0-or-later
//
// The picture of physical memory: draws a FrameMapSource at any zoom, in two layouts and five colour modes, with a
// cursor that walks from block to block. The pixels are kept between paints; a changed tile redraws its own rectangle
// alone.
#pragma once

#include "ui/frame_map/frame_map_source.h"
#include "ui/frame_map/frame_raster.h"
#include "ui/frame_map/map_paints.h"
#include "ui/layout/frame_lod.h"
#include "ui/layout/value_lod.h"
#include "ui/widgets/map_canvas.h"
#include "ui/widgets/motion.h"

#include <QImage>
#include <QTimer>
#include <optional>
#include <span>
#include <vector>

namespace ksl::ui {

class FrameMapCanvas : public MapCanvas {
    Q_OBJECT

public:
    /// Tiles folded in one frame of the window: its share of 2 ms.
    static constexpr std::size_t kTilesAFrame = 200;

    explicit FrameMapCanvas(const Theme& theme, QWidget* parent = nullptr);

    /// `source` outlives the canvas or is replaced first; null shows nothing.
    void set_source(const FrameMapSource* source);
    [[nodiscard]] const FrameMapSource* source() const { return source_; }
    /// These tiles of the source changed (4096 frames each). Folded and drawn with the next frames of the window.
    void mark_dirty(std::span<const std::uint32_t> tiles);
    /// Folds at most `most` waiting tiles now; false if none waits any more.
    bool fold(std::size_t most = kTilesAFrame);

    void set_mode(MapMode mode);
    [[nodiscard]] MapMode mode() const { return paints_.mode(); }
    /// Modes that this source has data for.
    [[nodiscard]] std::vector<MapMode> modes() const;
    void set_layout(MapLayout layout);
    [[nodiscard]] MapLayout layout() const { return lod_.grid().layout(); }

    /// Frames of the selected stack, page or task.
    void set_selection(std::vector<core::Pfn> frames);
    /// Frames that changed just now, ascending. Ringed while they are few enough to be looked at one by one.
    /// Where `moves`, the rings close in on them.
    void set_changed(std::vector<core::Pfn> frames, bool moves = false);
    [[nodiscard]] bool is_moving() const { return motion_.is_running(); }
    static constexpr std::size_t kMostRings = 256;
    [[nodiscard]] core::Pfn cursor() const { return cursor_; }
    void set_cursor(core::Pfn frame);
    /// Where a frame is now, in widget pixels: for the threads from the address view.
    [[nodiscard]] QRectF rect_of(core::Pfn frame) const;

    [[nodiscard]] const FrameLod& lod() const { return lod_; }
    [[nodiscard]] QString tip(QPointF widget) const override;
    [[nodiscard]] QString summary() const override;
    bool carry_out(Command command) override;

Q_SIGNALS:
    void mode_changed();
    /// A sentence about the block under the pointer; empty when there is none.
    void pointed_at(const QString& sentence);

protected:
    [[nodiscard]] QSizeF content_size() const override;
    void paint_content(QPainter& painter, const QRect& exposed) override;
    [[nodiscard]] QList<CanvasItem> items() const override;
    [[nodiscard]] QRectF cursor_rect() const override;
    bool move_cursor(CursorStep step) override;
    void hover(std::optional<QPointF> content) override;
    void press(QPointF content) override;
    [[nodiscard]] QRectF selection_rect() const override;
    void relayout() override;

private:
    [[nodiscard]] std::span<const std::uint8_t> values() const;
    [[nodiscard]] core::Order order_at(core::Pfn frame) const;
    [[nodiscard]] std::optional<core::Pfn> frame_at(QPointF content) const;
    [[nodiscard]] QRectF block_rect(core::Pfn frame) const;
    void rebuild();
    void refresh_paints(MapMode mode);
    void draw_tiles(std::span<const std::uint32_t> tiles);
    void draw_image();
    [[nodiscard]] MapCamera device_camera() const;
    void paint_orders(QPainter& painter);
    void paint_changed(QPainter& painter);
    void paint_selection(QPainter& painter);
    void paint_hover(QPainter& painter);
    void add_areas(QList<CanvasItem>& items) const;
    void add_blocks(QList<CanvasItem>& items) const;

    const FrameMapSource* source_ = nullptr;
    FrameLod lod_;
    ValueLod values_;
    DirtyTiles dirty_;
    MapPaints paints_;
    QImage image_;
    MapCamera image_camera_; ///< with which image_ was drawn
    bool is_image_stale_ = true;
    std::vector<core::Pfn> selection_; ///< ascending
    std::vector<core::Pfn> changed_;   ///< ascending
    core::Pfn cursor_;
    std::optional<core::Pfn> hovered_;
    QTimer next_frame_;
    Motion motion_;
};

} // namespace ksl::ui
