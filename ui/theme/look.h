// SPDX-License-Identifier: GPL-3.0-or-later
//
// How everything is drawn: a value that turns roles into colours, pens, brushes and fonts. Views keep no colours of
// their own; they ask the look they were given each time they paint, so that a new theme is one assignment. Export
// draws with a look of its own (Look::for_print) while the window keeps another.
//
// Units:   lengths in device-independent pixels at user scale 100 %, multiplied by scale() where px() is used; fonts in
// points.
#pragma once

#include "ui/theme/palette.h"

#include <QBrush>
#include <QColor>
#include <QFont>
#include <QPalette>
#include <QPen>
#include <array>
#include <cstddef>
#include <cstdint>

namespace ksl::ui {

enum class TextSize : std::uint8_t { small, body, title, caption }; ///< 11, 13, 16, 22 pt
enum class TextWeight : std::uint8_t { normal, bold };

/// How the frame of a thing says what the user does with it.
enum class Outline : std::uint8_t { hover, selected, danger };

enum class Marker : std::uint8_t { disc, square, triangle, diamond, triangle_down, cross };

/// One series of a chart: told apart by hue, dash and marker, never by one of them alone.
struct SeriesStyle {
    QColor colour;
    QPen pen;
    Marker marker = Marker::disc;
    Pattern pattern = Pattern::plain; ///< of bars and boxes
};

struct LookOptions {
    Scheme scheme = Scheme::light;
    double scale = 1;      ///< user scale 0.8..2.5; presenter mode multiplies it
    bool patterns = false; ///< patterns on fills; always on in print and high contrast
    double line_scale = 1; ///< presenter mode draws lines twice as wide
    friend bool operator==(const LookOptions&, const LookOptions&) = default;
};

class Look {
public:
    static constexpr double kLeastScale = 0.8;
    static constexpr double kMostScale = 2.5;

    explicit Look(LookOptions options = {});
    /// Black on paper, patterns on.
    [[nodiscard]] static Look for_print(double scale = 1);
    /// F11: type x 1.5, lines x 2, patterns on.
    [[nodiscard]] Look for_presenter() const;

    [[nodiscard]] const LookOptions& options() const { return options_; }
    [[nodiscard]] Scheme scheme() const { return options_.scheme; }
    [[nodiscard]] bool is_dark() const;
    [[nodiscard]] bool has_patterns() const;
    [[nodiscard]] double scale() const { return options_.scale; }
    /// A length at user scale, rounded to whole pixels, at least one.
    [[nodiscard]] int px(double at_100_percent) const;

    [[nodiscard]] QColor colour(Role role) const;
    [[nodiscard]] QColor colour(FrameClass kind) const { return colour(role_of(kind)); }
    /// The colour of a class's pattern: what stands out most from its fill.
    [[nodiscard]] QColor ink(FrameClass kind) const;
    /// Black or white text, whichever reads better on `ground`.
    [[nodiscard]] QColor text_on(QColor ground) const;
    /// True if the fill needs a hairline around it to be seen on the canvas (contrast below 3).
    [[nodiscard]] bool needs_hairline(FrameClass kind) const;
    [[nodiscard]] static QColor sequential(double at);
    /// The same ramp, turned so that 1 stands out most from the canvas.
    [[nodiscard]] QColor prominence(double at) const { return sequential(is_dark() ? at : 1 - at); }
    [[nodiscard]] QColor diverging(double at) const;

    /// Fill of a class, with its pattern where patterns are on. `device_pixel_ratio` keeps the pattern crisp.
    [[nodiscard]] QBrush fill(FrameClass kind, double device_pixel_ratio = 1) const;
    /// The same with the pattern whatever the setting: legends show it.
    [[nodiscard]] QBrush fill_with_pattern(FrameClass kind, double device_pixel_ratio = 1) const;

    /// One device pixel wide (three in high contrast).
    [[nodiscard]] QPen hairline() const;
    [[nodiscard]] QPen grid_line() const;
    /// hover: 1 px dashed; selected: 2 px; danger: 2 px in the colour of damage.
    [[nodiscard]] QPen outline(Outline kind) const;
    [[nodiscard]] QPen focus_ring() const;

    [[nodiscard]] SeriesStyle series(std::size_t index) const;

    [[nodiscard]] QFont font(TextSize size, TextWeight weight = TextWeight::normal) const;
    /// Addresses, hex and tables of numbers: every digit as wide as the next.
    [[nodiscard]] QFont fixed_font(TextSize size) const;

    /// For the standard widgets.
    [[nodiscard]] QPalette palette() const;
    /// For radio buttons and check boxes: the style outlines them too faintly to be seen on a dark ground, so that
    /// there they are filled.
    [[nodiscard]] QPalette indicator_palette() const;

    friend bool operator==(const Look&, const Look&) = default;

private:
    LookOptions options_;
};

/// Contrast of two colours, 1..21 (WCAG 2.1).
[[nodiscard]] double contrast(QColor a, QColor b);

/// `part` 0..1 of the way from `a` to `b`.
[[nodiscard]] QColor mixed(QColor a, QColor b, double part);

[[nodiscard]] inline QColor to_qcolor(Rgb rgb) {
    return {rgb.red, rgb.green, rgb.blue};
}

} // namespace ksl::ui
