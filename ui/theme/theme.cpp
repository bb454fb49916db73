// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/theme.h"

#include <QApplication>
#include <QEvent>
#include <QTimer>
#include <algorithm>

namespace ksl::ui {

Scheme scheme_of(const QPalette& palette) {
    const int window = palette.color(QPalette::Window).lightness();
    const int text = palette.color(QPalette::WindowText).lightness();
    return window < text ? Scheme::dark : Scheme::light;
}

Theme::Theme(QObject* parent) : QObject(parent) {
    if (qApp != nullptr) qApp->installEventFilter(this);
    refresh();
}

void Theme::choose(ThemeChoice choice) {
    choice_ = choice;
    refresh();
}
void Theme::set_scale(double scale) {
    options_.scale = std::clamp(scale, Look::kLeastScale, Look::kMostScale);
    refresh();
}
void Theme::set_patterns(bool on) {
    options_.patterns = on;
    refresh();
}
void Theme::set_presenter(bool on) {
    presenter_ = on;
    refresh();
}
void Theme::set_reduced_motion(bool on) {
    if (reduced_motion_ == on) return;
    reduced_motion_ = on;
    Q_EMIT changed();
}

QString Theme::name_of(ThemeChoice choice) {
    switch (choice) {
    case ThemeChoice::system: return tr("System");
    case ThemeChoice::light: return tr("Light");
    case ThemeChoice::dark: return tr("Dark");
    case ThemeChoice::print: return tr("Print");
    case ThemeChoice::high_contrast: return tr("High contrast");
    }
    return {};
}

bool Theme::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::ApplicationPaletteChange && watched == qApp && !sets_palette_) {
        // The event can arrive before every widget's palette is resolved; the next turn of the loop sees the final one.
        QTimer::singleShot(0, this, &Theme::refresh);
    }
    return QObject::eventFilter(watched, event);
}

Scheme Theme::scheme() const {
    switch (choice_) {
    case ThemeChoice::system: return scheme_of(QApplication::palette());
    case ThemeChoice::light: return Scheme::light;
    case ThemeChoice::dark: return Scheme::dark;
    case ThemeChoice::print: return Scheme::print;
    case ThemeChoice::high_contrast: return Scheme::high_contrast;
    }
    return Scheme::light;
}

void Theme::refresh() {
    sets_palette_ = true;
    // A default palette gives the choice of colours back to the desktop.
    if (choice_ == ThemeChoice::system) QApplication::setPalette(QPalette());
    options_.scheme = scheme();
    const Look plain{options_};
    const Look look = presenter_ ? plain.for_presenter() : plain;
    if (choice_ != ThemeChoice::system) QApplication::setPalette(look.palette());
    sets_palette_ = false;
    if (look == look_) return;
    look_ = look;
    Q_EMIT changed();
}

} // namespace ksl::ui
