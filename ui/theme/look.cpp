// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/look.h"

#include "ui/theme/patterns.h"

#include <QFontDatabase>
#include <QGuiApplication>
#include <algorithm>
#include <cmath>

namespace ksl::ui {

namespace {

constexpr double kQuietHatch = 0.45;
constexpr double kLineContrast = 3; // WCAG 2.1, 1.4.11
constexpr double kPresenterType = 1.5;
constexpr double kPresenterLines = 2;

double linear(double channel) {
    return channel <= 0.04045 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4);
}
double luminance(QColor colour) {
    const auto channel = [](int value) { return linear(value / 255.0); };
    return (0.2126 * channel(colour.red())) + (0.7152 * channel(colour.green())) + (0.0722 * channel(colour.blue()));
}

double points_of(TextSize size) {
    switch (size) {
    case TextSize::small: return 11;
    case TextSize::body: return 13;
    case TextSize::title: return 16;
    case TextSize::caption: return 22;
    }
    return 13;
}

} // namespace

double contrast(QColor a, QColor b) {
    const double brighter = std::max(luminance(a), luminance(b));
    const double darker = std::min(luminance(a), luminance(b));
    return (brighter + 0.05) / (darker + 0.05);
}

QColor mixed(QColor a, QColor b, double part) {
    const auto channel = [part](int from, int to) {
        return static_cast<int>(std::lround(from + ((to - from) * part)));
    };
    return {channel(a.red(), b.red()), channel(a.green(), b.green()), channel(a.blue(), b.blue())};
}

Look::Look(LookOptions options) : options_(options) {
    options_.scale = std::clamp(options_.scale, kLeastScale, kMostScale * kPresenterType);
}

Look Look::for_print(double scale) {
    return Look{{.scheme = Scheme::print, .scale = scale, .patterns = true}};
}

Look Look::for_presenter() const {
    LookOptions options = options_;
    options.scale *= kPresenterType;
    options.line_scale *= kPresenterLines;
    options.patterns = true;
    return Look{options};
}

bool Look::is_dark() const {
    return scheme() == Scheme::dark || scheme() == Scheme::high_contrast;
}
bool Look::has_patterns() const {
    return options_.patterns || scheme() == Scheme::print || scheme() == Scheme::high_contrast;
}
int Look::px(double at_100_percent) const {
    return std::max(1, static_cast<int>(std::lround(at_100_percent * options_.scale)));
}

QColor Look::colour(Role role) const {
    return to_qcolor(colour_of(scheme(), role));
}
QColor Look::ink(FrameClass kind) const {
    if (kind == FrameClass::hole) {
        // Half of a map may be holes: there the hatch must be seen (contrast 3) and not be what is seen first.
        const bool is_screen = scheme() == Scheme::light || scheme() == Scheme::dark;
        return is_screen ? mixed(colour(Role::guard), colour(Role::canvas), kQuietHatch) : colour(Role::guard);
    }
    return text_on(colour(kind));
}
QColor Look::text_on(QColor ground) const {
    const QColor dark =
        to_qcolor(colour_of(is_dark() ? scheme() : Scheme::light, is_dark() ? Role::canvas : Role::text));
    const QColor bright =
        to_qcolor(colour_of(is_dark() ? scheme() : Scheme::light, is_dark() ? Role::text : Role::canvas));
    return contrast(ground, dark) >= contrast(ground, bright) ? dark : bright;
}
bool Look::needs_hairline(FrameClass kind) const {
    return kind == FrameClass::hole || contrast(colour(kind), colour(Role::canvas)) < kLineContrast;
}
QColor Look::sequential(double at) {
    return to_qcolor(sequential_colour(at));
}
QColor Look::diverging(double at) const {
    return to_qcolor(diverging_colour(scheme(), at));
}

QBrush Look::fill(FrameClass kind, double device_pixel_ratio) const {
    // A hole is its hatch: without it there is nothing to see.
    if (has_patterns() || kind == FrameClass::hole) return fill_with_pattern(kind, device_pixel_ratio);
    return colour(kind);
}

QBrush Look::fill_with_pattern(FrameClass kind, double device_pixel_ratio) const {
    const QColor ground = kind == FrameClass::hole ? colour(Role::canvas) : colour(kind);
    if (pattern_of(kind) == Pattern::plain) return ground;
    const int scale = std::max(1, static_cast<int>(std::lround(device_pixel_ratio)));
    QImage tile = pattern_tile(pattern_of(kind), ink(kind), ground, scale);
    tile.setDevicePixelRatio(scale);
    return {tile};
}

QPen Look::hairline() const {
    const double width = scheme() == Scheme::high_contrast ? 3 : options_.line_scale;
    QPen pen(colour(Role::hairline), width);
    pen.setCosmetic(true);
    pen.setJoinStyle(Qt::MiterJoin);
    return pen;
}
QPen Look::grid_line() const {
    QPen pen(colour(Role::grid), options_.line_scale);
    pen.setCosmetic(true);
    if (scheme() == Scheme::high_contrast) pen.setStyle(Qt::DotLine);
    return pen;
}
QPen Look::outline(Outline kind) const {
    const double width = scheme() == Scheme::high_contrast ? 3 : (kind == Outline::hover ? 1 : 2) * options_.line_scale;
    QPen pen(kind == Outline::danger ? colour(Role::damage) : colour(Role::focus), width);
    pen.setJoinStyle(Qt::MiterJoin);
    if (kind == Outline::hover) {
        pen.setColor(colour(Role::text));
        pen.setDashPattern({3, 3});
    }
    return pen;
}
QPen Look::focus_ring() const {
    QPen pen(colour(Role::focus), (scheme() == Scheme::high_contrast ? 3 : 2) * options_.line_scale);
    pen.setJoinStyle(Qt::MiterJoin);
    return pen;
}

SeriesStyle Look::series(std::size_t index) const {
    struct Shape {
        QList<qreal> dashes;
        Marker marker;
        Pattern pattern;
    };
    static const std::array<Shape, kSeries> shapes{{
        {.dashes = {}, .marker = Marker::disc, .pattern = Pattern::backslash},
        {.dashes = {6, 3}, .marker = Marker::square, .pattern = Pattern::lines},
        {.dashes = {1.5, 2}, .marker = Marker::triangle, .pattern = Pattern::slash},
        {.dashes = {3, 2}, .marker = Marker::diamond, .pattern = Pattern::dense_cross},
        {.dashes = {7, 2, 1.5, 2}, .marker = Marker::triangle_down, .pattern = Pattern::grid},
        {.dashes = {9, 2, 1.5, 2, 1.5, 2}, .marker = Marker::cross, .pattern = Pattern::dotted_lines},
    }};
    const Shape& shape = shapes[index % kSeries];
    SeriesStyle style;
    style.colour = to_qcolor(series_colour(scheme(), index));
    style.pen = QPen(style.colour, 2 * options_.line_scale, Qt::SolidLine, Qt::FlatCap, Qt::RoundJoin);
    if (!shape.dashes.isEmpty()) style.pen.setDashPattern(shape.dashes);
    style.marker = shape.marker;
    style.pattern = shape.pattern;
    return style;
}

QFont Look::font(TextSize size, TextWeight weight) const {
    QFont font = QFontDatabase::systemFont(QFontDatabase::GeneralFont);
    font.setPointSizeF(points_of(size) * options_.scale);
    font.setBold(weight == TextWeight::bold);
    return font;
}
QFont Look::fixed_font(TextSize size) const {
    QFont font = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    font.setPointSizeF(points_of(size) * options_.scale);
    return font;
}

QPalette Look::indicator_palette() const {
    QPalette palette = this->palette();
    if (!is_dark()) return palette;
    palette.setColor(QPalette::Base, colour(Role::hairline));
    palette.setColor(QPalette::Text, colour(Role::canvas));
    return palette;
}

QPalette Look::palette() const {
    QPalette palette;
    const QColor canvas = colour(Role::canvas);
    const QColor panel = colour(Role::panel);
    const QColor text = colour(Role::text);
    const QColor muted = colour(Role::muted);
    palette.setColor(QPalette::Window, panel);
    palette.setColor(QPalette::WindowText, text);
    palette.setColor(QPalette::Base, canvas);
    palette.setColor(QPalette::AlternateBase, panel);
    palette.setColor(QPalette::Text, text);
    palette.setColor(QPalette::Button, panel);
    palette.setColor(QPalette::ButtonText, text);
    palette.setColor(QPalette::BrightText, colour(Role::damage));
    palette.setColor(QPalette::ToolTipBase, panel);
    palette.setColor(QPalette::ToolTipText, text);
    palette.setColor(QPalette::PlaceholderText, muted);
    palette.setColor(QPalette::Highlight, colour(Role::focus));
    palette.setColor(QPalette::HighlightedText, colour(Role::on_focus));
    palette.setColor(QPalette::Link, colour(Role::focus));
    palette.setColor(QPalette::LinkVisited, colour(Role::focus));
    const bool is_bright = !is_dark();
    palette.setColor(QPalette::Light, is_bright ? canvas : panel.lighter(150));
    palette.setColor(QPalette::Midlight, is_bright ? panel : panel.lighter(125));
    palette.setColor(QPalette::Mid, colour(Role::grid));
    palette.setColor(QPalette::Dark, muted);
    palette.setColor(QPalette::Shadow, is_bright ? text : canvas);
    for (const QPalette::ColorRole role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText}) {
        palette.setColor(QPalette::Disabled, role, muted);
    }
    return palette;
}

} // namespace ksl::ui
