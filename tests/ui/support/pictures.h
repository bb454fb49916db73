// SPDX-License-Identifier: GPL-3.0-or-later
//
// Pictures of widgets, for looking at and for tests that count colours. They go to <build>/pictures, named by widget,
// theme and scale.
#pragma once

#include "ui/theme/theme.h"

#include <QApplication>
#include <QDir>
#include <QImage>
#include <QPixmap>
#include <QWidget>
#include <set>

namespace ksl::ui::test {

inline constexpr QSize kPictureSize{1280, 720};

inline QString theme_name(ThemeChoice choice) {
    switch (choice) {
    case ThemeChoice::system: return QStringLiteral("system");
    case ThemeChoice::light: return QStringLiteral("light");
    case ThemeChoice::dark: return QStringLiteral("dark");
    case ThemeChoice::print: return QStringLiteral("print");
    case ThemeChoice::high_contrast: return QStringLiteral("high_contrast");
    }
    return {};
}

/// The widget as it is on the screen, in device pixels.
inline QImage picture_of(QWidget& widget, const QString& name, QSize size = kPictureSize) {
    widget.resize(size);
    widget.show();
    QApplication::processEvents();
    const QPixmap pixmap = widget.grab();
    const QImage image = pixmap.toImage().convertToFormat(QImage::Format_RGB32);
    const QDir folder(QStringLiteral(KSL_PICTURES));
    folder.mkpath(QStringLiteral("."));
    const int scale = qRound(widget.devicePixelRatioF());
    image.save(folder.filePath(QStringLiteral("%1_%2x.png").arg(name).arg(scale)));
    return image;
}

inline std::set<QRgb> colours_of(const QImage& image) {
    std::set<QRgb> found;
    for (int y = 0; y < image.height(); ++y) {
        const auto* row = reinterpret_cast<const QRgb*>(image.constScanLine(y));
        for (int x = 0; x < image.width(); ++x) found.insert(row[x] | 0xff000000U);
    }
    return found;
}

inline qsizetype count_of(const QImage& image, QColor colour) {
    qsizetype count = 0;
    for (int y = 0; y < image.height(); ++y) {
        const auto* row = reinterpret_cast<const QRgb*>(image.constScanLine(y));
        for (int x = 0; x < image.width(); ++x) count += (row[x] | 0xff000000U) == colour.rgb() ? 1 : 0;
    }
    return count;
}

} // namespace ksl::ui::test
