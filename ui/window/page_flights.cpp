// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/page_flights.h"

#include <QPainter>
#include <algorithm>
#include <utility>

namespace ksl::ui {

namespace {

constexpr int kFlightMs = 320;
constexpr int kStaggerMs = 40;
constexpr double kLeastSide = 9; ///< pixels: a frame of a large machine is smaller than one

QRectF at_least(const QRectF& rect, double side) {
    const double across = std::max(0.0, (side - rect.width()) / 2);
    const double down = std::max(0.0, (side - rect.height()) / 2);
    return rect.adjusted(-across, -down, across, down);
}

} // namespace

PageFlights::PageFlights(const Theme& theme, QWidget* window)
    : QWidget(window), theme_(theme), motion_(theme, [this] { move_on(); }) {
    setAttribute(Qt::WA_TransparentForMouseEvents);
    setAttribute(Qt::WA_NoSystemBackground);
    setFocusPolicy(Qt::NoFocus);
    hide();
}

void PageFlights::start(QList<PageFlight> flights) {
    motion_.finish();
    if (flights.isEmpty() || theme_.has_reduced_motion()) return;
    if (flights.size() > kMostShown) flights.resize(kMostShown);
    flights_ = std::move(flights);
    setGeometry(parentWidget()->rect());
    show();
    raise();
    motion_.start(kFlightMs + (kStaggerMs * static_cast<int>(flights_.size() - 1)));
}

QRectF PageFlights::place_of(qsizetype flight) const {
    const double whole = kFlightMs + (kStaggerMs * static_cast<double>(flights_.size() - 1));
    const double begun = kStaggerMs * static_cast<double>(flight);
    const double at = std::clamp(((motion_.at() * whole) - begun) / kFlightMs, 0.0, 1.0);
    const QRectF from = at_least(flights_[flight].from, kLeastSide);
    const QRectF to = at_least(flights_[flight].to, kLeastSide);
    const auto between = [at](double a, double b) { return a + ((b - a) * at); };
    return {between(from.x(), to.x()), between(from.y(), to.y()), between(from.width(), to.width()),
            between(from.height(), to.height())};
}

void PageFlights::move_on() {
    if (!motion_.is_running()) {
        flights_.clear();
        painted_ = {};
        hide();
        return;
    }
    QRegion now;
    for (qsizetype i = 0; i < flights_.size(); ++i) now += place_of(i).adjusted(-3, -3, 3, 3).toAlignedRect();
    update(painted_ + now);
    painted_ = now;
}

void PageFlights::paintEvent(QPaintEvent* /*event*/) {
    const Look& look = theme_.look();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    for (qsizetype i = 0; i < flights_.size(); ++i) {
        painter.setPen(QPen(look.colour(Role::canvas), 3));
        painter.setBrush(look.colour(FrameClass::kernel_stack));
        painter.drawRect(place_of(i));
        painter.setPen(QPen(look.colour(Role::text), 1));
        painter.drawRect(place_of(i));
    }
}

} // namespace ksl::ui
