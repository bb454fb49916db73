// SPDX-License-Identifier: GPL-3.0-or-later
//
// One short movement of a picture from what it showed to what it shows now. Pixels are in between, numbers never are.
// A new one ends the one under way; who wants no motion (Theme::has_reduced_motion) gets its end at once.
#pragma once

#include "ui/theme/theme.h"

#include <QVariantAnimation>
#include <functional>

namespace ksl::ui {

class Motion {
public:
    /// `step` is called for every picture in between and for the last one. `theme` outlives the motion.
    Motion(const Theme& theme, std::function<void()> step);

    void start(int milliseconds);
    /// Shows the end.
    void finish();
    [[nodiscard]] bool is_running() const { return clock_.state() == QAbstractAnimation::Running; }
    /// 0 at the start, 1 at the end and whenever nothing moves.
    [[nodiscard]] double at() const;

private:
    const Theme& theme_;
    std::function<void()> step_;
    QVariantAnimation clock_;
};

} // namespace ksl::ui
