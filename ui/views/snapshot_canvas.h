// SPDX-License-Identifier: GPL-3.0-or-later
//
// What painted views of a moment share: the moment, and what was written where when it was last painted.
#pragma once

#include "ui/views/snapshot_view.h"
#include "ui/views/text_painter.h"
#include "ui/widgets/map_canvas.h"

#include <QList>

namespace ksl::ui {

class SnapshotCanvas : public MapCanvas, public SnapshotView {
public:
    using MapCanvas::MapCanvas;

    [[nodiscard]] const QList<WrittenText>& written() const { return written_; }

protected:
    /// Of views that do not zoom.
    [[nodiscard]] QSizeF content_size() const override { return {1, 1}; }

    SnapshotPtr snapshot_;
    mutable QList<WrittenText> written_; ///< painting is const; only tests read it
};

} // namespace ksl::ui
