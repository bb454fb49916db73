// SPDX-License-Identifier: GPL-3.0-or-later
//
// Every colour of the program, by role. Nothing else in ui/ names a colour.
//
// Classes:  the nine fills were chosen so that any two of them differ by at least 16 CIEDE2000 for normal, protan,
//           deutan and tritan vision, in light and dark; tests/ui/theme recomputes that. Each class also has a pattern
//           of its own.
// Text:     text on canvas and panel has contrast 4.5 or more, lines that mean something 3 or more (WCAG 2.1, 1.4.3 and
//           1.4.11).
// Ramp:     cividis (Nunez, Anderton, Renslow 2018), which reads the same with and without colour-vision deficiency.
#pragma once

#include "ui/layout/frame_class.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace ksl::ui {

struct Rgb {
    std::uint8_t red = 0;
    std::uint8_t green = 0;
    std::uint8_t blue = 0;
    friend constexpr bool operator==(Rgb, Rgb) = default;
};

[[nodiscard]] constexpr Rgb rgb(std::uint32_t hex) {
    return {.red = static_cast<std::uint8_t>(hex >> 16),
            .green = static_cast<std::uint8_t>(hex >> 8),
            .blue = static_cast<std::uint8_t>(hex)};
}

enum class Scheme : std::uint8_t { light, dark, print, high_contrast };
inline constexpr std::size_t kSchemes = 4;

enum class Role : std::uint8_t {
    canvas, ///< ground of every picture
    panel,  ///< ground of bars, cards and legends beside a picture
    text,
    muted,
    hairline, ///< borders that mean something
    grid,     ///< lines that only guide the eye
    focus,    ///< focus ring, selection
    on_focus, ///< text on a focus-coloured ground
    free,
    movable,
    reclaimable,
    unmovable,
    page_table,
    kernel_stack,
    cached_stack,
    damage,
    guard, ///< guards and holes: a hatch on the canvas
};
inline constexpr std::size_t kRoles = 17;

/// A fill that doubles the colour.
enum class Pattern : std::uint8_t {
    plain,
    slash,     ///< sparse lines from bottom left to top right
    backslash, ///< sparse lines from top left to bottom right
    grid,
    lines,        ///< horizontal
    dotted_lines, ///< horizontal
    dense_cross,
    hatch, ///< crossing diagonals on the canvas
};
inline constexpr std::size_t kPatterns = 8;

using Palette = std::array<Rgb, kRoles>;

namespace palette_detail {

inline constexpr Palette kLight{
    rgb(0xFFFFFF), rgb(0xF3F5F7), rgb(0x1B1F24), rgb(0x5A6470), rgb(0x5A6470), rgb(0xD5DAE0),
    rgb(0x0B57D0), rgb(0xFFFFFF), rgb(0xE8ECEF), rgb(0x60C0FF), rgb(0x007F5F), rgb(0x0026B8),
    rgb(0x7D769A), rgb(0xD28A00), rgb(0xFFDAA3), rgb(0x8A0008), rgb(0x1B1F24),
};
inline constexpr Palette kDark{
    rgb(0x14181D), rgb(0x1D232A), rgb(0xF4F6F8), rgb(0xA9B4BF), rgb(0x8593A1), rgb(0x323B45),
    rgb(0x9CC2FF), rgb(0x0B1420), rgb(0x2A3138), rgb(0x8DC8FF), rgb(0x1C9568), rgb(0x424EEF),
    rgb(0xA594A5), rgb(0xF69601), rgb(0xEAD2A6), rgb(0xCC490F), rgb(0xF4F6F8),
};
inline constexpr Rgb kBlack = rgb(0x000000);
inline constexpr Rgb kWhite = rgb(0xFFFFFF);
/// Black and white alone: classes are told apart by pattern, so every fill is the ground that its pattern is drawn on.
inline constexpr Palette kHighContrast{
    kBlack, kBlack, kWhite, kWhite, kWhite, kWhite, kWhite, kBlack, kBlack,
    kWhite, kBlack, kBlack, kBlack, kWhite, kBlack, kWhite, kWhite,
};

inline constexpr std::array<Role, kFrameClasses> kRoleOfClass{
    Role::guard,      Role::free,         Role::movable,      Role::reclaimable, Role::unmovable,
    Role::page_table, Role::cached_stack, Role::kernel_stack, Role::damage,
};
inline constexpr std::array<Pattern, kFrameClasses> kPatternOfClass{
    Pattern::hatch, Pattern::plain,        Pattern::plain, Pattern::slash,       Pattern::backslash,
    Pattern::grid,  Pattern::dotted_lines, Pattern::lines, Pattern::dense_cross,
};

} // namespace palette_detail

[[nodiscard]] constexpr const Palette& palette_of(Scheme scheme) {
    switch (scheme) {
    case Scheme::dark: return palette_detail::kDark;
    case Scheme::high_contrast: return palette_detail::kHighContrast;
    case Scheme::light:
    case Scheme::print: break; // paper is a light canvas; what differs are patterns and line widths
    }
    return palette_detail::kLight;
}
[[nodiscard]] constexpr Rgb colour_of(Scheme scheme, Role role) {
    return palette_of(scheme)[static_cast<std::size_t>(role)];
}
[[nodiscard]] constexpr Role role_of(FrameClass kind) {
    return palette_detail::kRoleOfClass[index_of(kind)];
}
[[nodiscard]] constexpr Pattern pattern_of(FrameClass kind) {
    return palette_detail::kPatternOfClass[index_of(kind)];
}

/// Colours of chart series, in order; each also has a dash and a marker (Look::series).
inline constexpr std::size_t kSeries = 6;
[[nodiscard]] constexpr Rgb series_colour(Scheme scheme, std::size_t series) {
    constexpr std::array<Rgb, kSeries> kOnLight{rgb(0x0026B8), rgb(0xBD7A00), rgb(0x007F5F),
                                                rgb(0x8A0008), rgb(0x7D769A), rgb(0x1B1F24)};
    constexpr std::array<Rgb, kSeries> kOnDark{rgb(0x6E79FF), rgb(0xF69601), rgb(0x1C9568),
                                               rgb(0xCC490F), rgb(0xA594A5), rgb(0xF4F6F8)};
    switch (scheme) {
    case Scheme::dark: return kOnDark[series % kSeries];
    case Scheme::high_contrast: return palette_detail::kWhite;
    case Scheme::light:
    case Scheme::print: break;
    }
    return kOnLight[series % kSeries];
}

namespace palette_detail {

/// `part` 0..1 of the way from `a` to `b`, to the nearest integer, in integers so that every compiler agrees.
[[nodiscard]] constexpr std::uint8_t mix(std::uint8_t a, std::uint8_t b, double part) {
    constexpr int kSteps = 1 << 16;
    const int weight = static_cast<int>(part * kSteps);
    return static_cast<std::uint8_t>(((a * (kSteps - weight)) + (b * weight) + (kSteps / 2)) / kSteps);
}
[[nodiscard]] constexpr Rgb mix(Rgb a, Rgb b, double part) {
    return {.red = mix(a.red, b.red, part), .green = mix(a.green, b.green, part), .blue = mix(a.blue, b.blue, part)};
}

} // namespace palette_detail

/// `at` 0..1: dark to bright.
[[nodiscard]] constexpr Rgb sequential_colour(double at) {
    constexpr std::array<Rgb, 10> kCividis{rgb(0x00204D), rgb(0x00336F), rgb(0x39486B), rgb(0x575C6D), rgb(0x707173),
                                           rgb(0x8A8779), rgb(0xA69D75), rgb(0xC4B56C), rgb(0xE4CF5B), rgb(0xFFEA46)};
    const double position = std::clamp(at, 0.0, 1.0) * (kCividis.size() - 1);
    const auto low = static_cast<std::size_t>(position);
    const std::size_t high = std::min(low + 1, kCividis.size() - 1);
    return palette_detail::mix(kCividis[low], kCividis[high], position - static_cast<double>(low));
}

/// `at` -1..1: less than the baseline is blue, more is orange; both read without telling red from green.
[[nodiscard]] constexpr Rgb diverging_colour(Scheme scheme, double at) {
    const Rgb middle = scheme == Scheme::dark ? rgb(0x3A4149) : rgb(0xF0F0F0);
    const double part = std::clamp(at, -1.0, 1.0);
    return part < 0 ? palette_detail::mix(middle, rgb(0x2166AC), -part)
                    : palette_detail::mix(middle, rgb(0xB35806), part);
}

} // namespace ksl::ui
