// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the colours and patterns of the map mean in its present mode: all nine classes, or a ramp. Wraps to its width.
#pragma once

#include "ui/frame_map/frame_map_source.h"
#include "ui/frame_map/map_paints.h"
#include "ui/theme/theme.h"

#include <QList>
#include <QRectF>
#include <QString>
#include <QWidget>
#include <optional>

namespace ksl::ui {

struct LegendEntry {
    QString text;
    std::optional<FrameClass> kind; ///< a swatch with this class's fill
    std::optional<QColor> colour;   ///< or with this colour
    QRectF swatch;
    QRectF label;
};

class FrameMapLegend : public QWidget {
    Q_OBJECT

public:
    explicit FrameMapLegend(const Theme& theme, QWidget* parent = nullptr);

    void show_mode(MapMode mode, const FrameMapSource* source);
    /// Laid out for the present width.
    [[nodiscard]] QList<LegendEntry> entries() const { return entries_; }

    [[nodiscard]] bool hasHeightForWidth() const override { return true; }
    [[nodiscard]] int heightForWidth(int width) const override;
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void restyle();
    /// Places `entries` in lines of `width`; gives the height.
    int place(QList<LegendEntry>& entries, int width) const;

    const Theme& theme_;
    QList<LegendEntry> entries_;
    MapMode mode_ = MapMode::frame_class;
    const FrameMapSource* source_ = nullptr;
};

} // namespace ksl::ui
