// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/icons.h"

#include <QFile>
#include <QPainter>
#include <QSvgRenderer>
#include <cmath>

// Resources of a static library are linked only where somebody asks for them; the macro wants the global namespace.
static void load_icon_resources() {
    Q_INIT_RESOURCE(icons);
}

namespace ksl::ui {

QPixmap icon_pixmap(QLatin1StringView name, QColor colour, int side, double device_pixel_ratio) {
    load_icon_resources();
    QFile file(QStringLiteral(":/icons/%1.svg").arg(name));
    if (!file.open(QIODevice::ReadOnly)) return {};
    QByteArray drawing = file.readAll();
    drawing.replace("#000000", colour.name().toLatin1());
    QSvgRenderer renderer(drawing);
    const int pixels = static_cast<int>(std::lround(side * device_pixel_ratio));
    QPixmap pixmap(pixels, pixels);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    renderer.render(&painter);
    painter.end();
    pixmap.setDevicePixelRatio(device_pixel_ratio);
    return pixmap;
}

QIcon icon(QLatin1StringView name, const Look& look) {
    QIcon icon;
    const int side = look.px(kIconSide);
    for (const double scale : {1.0, 2.0}) {
        icon.addPixmap(icon_pixmap(name, look.colour(Role::text), side, scale));
        icon.addPixmap(icon_pixmap(name, look.colour(Role::muted), side, scale), QIcon::Disabled);
    }
    return icon;
}

} // namespace ksl::ui
