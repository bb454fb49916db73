// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/motion.h"

#include <utility>

namespace ksl::ui {

Motion::Motion(const Theme& theme, std::function<void()> step) : theme_(theme), step_(std::move(step)) {
    clock_.setStartValue(0.0);
    clock_.setEndValue(1.0);
    clock_.setEasingCurve(QEasingCurve::OutCubic);
    QObject::connect(&clock_, &QVariantAnimation::valueChanged, &clock_, [this] { step_(); });
    QObject::connect(&clock_, &QVariantAnimation::finished, &clock_, [this] { step_(); });
}

void Motion::start(int milliseconds) {
    clock_.stop();
    if (theme_.has_reduced_motion()) return;
    clock_.setDuration(milliseconds);
    clock_.start();
}

void Motion::finish() {
    if (!is_running()) return;
    clock_.stop();
    step_();
}

double Motion::at() const {
    return is_running() ? clock_.currentValue().toDouble() : 1.0;
}

} // namespace ksl::ui
