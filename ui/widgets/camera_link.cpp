// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/camera_link.h"

namespace ksl::ui {

CameraLink::CameraLink(MapCanvas& a, MapCanvas& b, QObject* parent) : QObject(parent), a_(a), b_(b) {
    connect(&a, &MapCanvas::camera_changed, this, [this] { pass_on(a_, b_); });
    connect(&b, &MapCanvas::camera_changed, this, [this] { pass_on(b_, a_); });
}

void CameraLink::set_on(bool on) {
    is_on_ = on;
    pass_on(a_, b_);
}

void CameraLink::pass_on(const MapCanvas& from, MapCanvas& to) {
    if (!is_on_ || is_passing_ || !to.isVisible()) return;
    is_passing_ = true;
    to.follow(from);
    is_passing_ = false;
}

} // namespace ksl::ui
