// SPDX-License-Identifier: GPL-3.0-or-later
//
// The view of physical memory as a dock shows it: map, fragmentation strip, legend, and the choice of colours and
// layout.
#pragma once

#include "ui/frame_map/fragmentation_strip.h"
#include "ui/frame_map/frame_map_canvas.h"
#include "ui/frame_map/frame_map_legend.h"

#include <QWidget>

class QComboBox;
class QLabel;

namespace ksl::ui {

class FrameMapView : public QWidget {
    Q_OBJECT

public:
    explicit FrameMapView(const Theme& theme, QWidget* parent = nullptr);

    [[nodiscard]] FrameMapCanvas& canvas() { return *canvas_; }
    [[nodiscard]] FragmentationStrip& strip() { return *strip_; }
    // Two maps side by side have one bar and one legend: a window may put these elsewhere, or hide them.
    [[nodiscard]] QWidget& bar() { return *bar_; }
    [[nodiscard]] FrameMapLegend& legend() { return *legend_; }

    /// As FrameMapCanvas::set_source; the strip follows.
    void set_source(const FrameMapSource* source);
    /// The source's frames or fragmentation changed.
    void refresh(std::span<const std::uint32_t> dirty_tiles);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void fill_modes();
    void refresh_legend();
    void restyle();

    const Theme& theme_;
    QWidget* bar_;
    QLabel* mode_label_;
    QComboBox* mode_;
    QLabel* layout_label_;
    QComboBox* layout_;
    QLabel* pointed_;
    FrameMapCanvas* canvas_;
    FragmentationStrip* strip_;
    FrameMapLegend* legend_;
};

} // namespace ksl::ui
