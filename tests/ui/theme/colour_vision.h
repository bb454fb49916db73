// SPDX-License-Identifier: GPL-3.0-or-later
//
// How different two colours look, to people with each kind of colour vision. Written for the tests, from the published
// formulas, and itself tested against published values.
//
// Source:  CIEDE2000: Sharma, Wu, Dalal, "The CIEDE2000 color-difference formula", Color Research and Application 30,
//          2005. Colour-vision deficiency: Machado, Oliveira, Fernandes, "A physiologically-based model for simulation
//          of color vision deficiency", IEEE TVCG 15, 2009, table of matrices, severity 1.0, applied to linear RGB.
#pragma once

#include "ui/theme/palette.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace ksl::ui::test {

struct Lab {
    double l = 0;
    double a = 0;
    double b = 0;
};

using LinearRgb = std::array<double, 3>;
using Matrix = std::array<std::array<double, 3>, 3>;

struct Vision {
    const char* name;
    Matrix matrix;
};
inline constexpr std::array<Vision, 4> kVisions{{
    {.name = "normal", .matrix = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}},
    {.name = "protan",
     .matrix = {{{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}}}},
    {.name = "deutan",
     .matrix = {{{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}}}},
    {.name = "tritan",
     .matrix = {{{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}}}},
}};

inline double to_linear(double channel) {
    return channel <= 0.04045 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4);
}

inline LinearRgb seen_by(const Vision& vision, Rgb colour) {
    const LinearRgb in{to_linear(colour.red / 255.0), to_linear(colour.green / 255.0), to_linear(colour.blue / 255.0)};
    LinearRgb out{};
    for (std::size_t row = 0; row < 3; ++row) {
        double sum = 0;
        for (std::size_t column = 0; column < 3; ++column) sum += vision.matrix[row][column] * in[column];
        out[row] = std::clamp(sum, 0.0, 1.0);
    }
    return out;
}

/// sRGB primaries, white point D65.
inline Lab to_lab(const LinearRgb& rgb) {
    const double x = ((0.4124564 * rgb[0]) + (0.3575761 * rgb[1]) + (0.1804375 * rgb[2])) / 0.95047;
    const double y = (0.2126729 * rgb[0]) + (0.7151522 * rgb[1]) + (0.0721750 * rgb[2]);
    const double z = ((0.0193339 * rgb[0]) + (0.1191920 * rgb[1]) + (0.9503041 * rgb[2])) / 1.08883;
    const auto f = [](double t) {
        constexpr double kDelta = 6.0 / 29;
        return t > kDelta * kDelta * kDelta ? std::cbrt(t) : (t / (3 * kDelta * kDelta)) + (4.0 / 29);
    };
    return {.l = (116 * f(y)) - 16, .a = 500 * (f(x) - f(y)), .b = 200 * (f(y) - f(z))};
}

inline double hue_of(double a, double b) {
    if (a == 0 && b == 0) return 0;
    const double degrees = std::atan2(b, a) * 180 / std::numbers::pi;
    return degrees < 0 ? degrees + 360 : degrees;
}

inline double ciede2000(const Lab& p, const Lab& q) {
    constexpr double k25to7 = 6103515625.0;
    const auto radians = [](double degrees) { return degrees * std::numbers::pi / 180; };
    const double mean_chroma = (std::hypot(p.a, p.b) + std::hypot(q.a, q.b)) / 2;
    const double c7 = std::pow(mean_chroma, 7);
    const double g = 0.5 * (1 - std::sqrt(c7 / (c7 + k25to7)));
    const double a1 = (1 + g) * p.a;
    const double a2 = (1 + g) * q.a;
    const double c1 = std::hypot(a1, p.b);
    const double c2 = std::hypot(a2, q.b);
    const double h1 = hue_of(a1, p.b);
    const double h2 = hue_of(a2, q.b);

    double dh = 0;
    double mean_hue = h1 + h2;
    if (c1 * c2 != 0) {
        dh = h2 - h1;
        if (dh > 180) dh -= 360;
        if (dh < -180) dh += 360;
        if (std::abs(h1 - h2) <= 180) {
            mean_hue = (h1 + h2) / 2;
        } else {
            mean_hue = h1 + h2 < 360 ? (h1 + h2 + 360) / 2 : (h1 + h2 - 360) / 2;
        }
    }
    const double d_lightness = q.l - p.l;
    const double d_chroma = c2 - c1;
    const double d_hue = 2 * std::sqrt(c1 * c2) * std::sin(radians(dh / 2));
    const double mean_lightness = (p.l + q.l) / 2;
    const double mean_c = (c1 + c2) / 2;

    const double t = 1 - (0.17 * std::cos(radians(mean_hue - 30))) + (0.24 * std::cos(radians(2 * mean_hue))) +
                     (0.32 * std::cos(radians((3 * mean_hue) + 6))) - (0.20 * std::cos(radians((4 * mean_hue) - 63)));
    const double theta = 30 * std::exp(-std::pow((mean_hue - 275) / 25, 2));
    const double mc7 = std::pow(mean_c, 7);
    const double rc = 2 * std::sqrt(mc7 / (mc7 + k25to7));
    const double l50 = (mean_lightness - 50) * (mean_lightness - 50);
    const double sl = 1 + (0.015 * l50 / std::sqrt(20 + l50));
    const double sc = 1 + (0.045 * mean_c);
    const double sh = 1 + (0.015 * mean_c * t);
    const double rt = -std::sin(radians(2 * theta)) * rc;
    const double l = d_lightness / sl;
    const double c = d_chroma / sc;
    const double h = d_hue / sh;
    return std::sqrt((l * l) + (c * c) + (h * h) + (rt * c * h));
}

inline double difference(const Vision& vision, Rgb a, Rgb b) {
    return ciede2000(to_lab(seen_by(vision, a)), to_lab(seen_by(vision, b)));
}

} // namespace ksl::ui::test
