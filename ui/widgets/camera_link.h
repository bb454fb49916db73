// SPDX-License-Identifier: GPL-3.0-or-later
//
// Two pictures of the same kind beside each other that zoom and pan as one.
#pragma once

#include "ui/widgets/map_canvas.h"

#include <QObject>

namespace ksl::ui {

class CameraLink : public QObject {
    Q_OBJECT

public:
    /// Both outlive the link.
    CameraLink(MapCanvas& a, MapCanvas& b, QObject* parent);

    /// From now on; b goes where a is at once.
    void set_on(bool on);
    [[nodiscard]] bool is_on() const { return is_on_; }

private:
    void pass_on(const MapCanvas& from, MapCanvas& to);

    MapCanvas& a_;
    MapCanvas& b_;
    bool is_on_ = false;
    bool is_passing_ = false; ///< one side follows the other now, and is not to be followed back
};

} // namespace ksl::ui
