// SPDX-License-Identifier: GPL-3.0-or-later
//
// Pages that change hands, over the window: frames fly from the map of physical memory to where a new stack has them in
// the address space, and back when they are freed. They start one after the other; of many, the first few stand for
// all.
#pragma once

#include "ui/widgets/motion.h"

#include <QList>
#include <QRectF>
#include <QWidget>

namespace ksl::ui {

/// From and to in the window's coordinates.
struct PageFlight {
    QRectF from;
    QRectF to;
};

class PageFlights : public QWidget {
    Q_OBJECT

public:
    static constexpr qsizetype kMostShown = 8; ///< four of A, four of B

    PageFlights(const Theme& theme, QWidget* window);

    /// Those under way end at once.
    void start(QList<PageFlight> flights);
    [[nodiscard]] bool is_flying() const { return motion_.is_running(); }
    [[nodiscard]] const QList<PageFlight>& flights() const { return flights_; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    [[nodiscard]] QRectF place_of(qsizetype flight) const;
    void move_on();

    const Theme& theme_;
    QList<PageFlight> flights_;
    Motion motion_;
    QRegion painted_; ///< to be cleared by the next picture
};

} // namespace ksl::ui
