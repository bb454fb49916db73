// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/frame_map/map_paints.h"

#include "ui/theme/patterns.h"

#include <algorithm>
#include <bit>

namespace ksl::ui {

namespace {

/// Paints 0..63: class in the low four bits, lightness in the two above.
constexpr unsigned kLightnessShift = 4;
constexpr unsigned kLightnessSteps = 4;
constexpr MapPaints::Index kFirstOrder = 16; ///< mode free_order: paints 16..26
constexpr int kMostScale = 4;

Pixel pixel_of(QColor colour) {
    return colour.rgb(); // opaque: every colour of the theme is
}

} // namespace

MapPaints::MapPaints(const Look& look, MapMode mode, int scale)
    : mode_(mode), has_patterns_(look.has_patterns()), canvas_(pixel_of(look.colour(Role::canvas))),
      stack_tick_(pixel_of(look.colour(Role::kernel_stack))), damage_tick_(pixel_of(look.colour(Role::damage))) {
    switch (mode) {
    case MapMode::free_order: make_order_paints(look); break;
    case MapMode::age:
    case MapMode::owner: make_value_paints(look); break;
    case MapMode::frame_class:
    case MapMode::selection: make_class_paints(look); break;
    }
    for (const FrameClass kind : kAllFrameClasses) {
        // Between dark fills a dark line would not show; there the canvas shines through.
        const bool is_light = look.needs_hairline(kind) || mode_ != MapMode::frame_class;
        border_[index_of(kind)] = is_light ? pixel_of(look.colour(Role::hairline)) : canvas_;
    }
    make_tiles(look, std::clamp(scale, 1, kMostScale));
}

MapPaints::Index MapPaints::of_cell(LodCell cell) const {
    const auto kind = static_cast<unsigned>(cell.dominant);
    switch (mode_) {
    case MapMode::free_order:
        return cell.free_order_plus1 == 0 ? of_frame_[frame_byte(cell.dominant, 0)]
                                          : static_cast<Index>(kFirstOrder + cell.free_order_plus1 - 1);
    case MapMode::selection: return of_frame_[kind];
    case MapMode::frame_class:
    case MapMode::age:
    case MapMode::owner: break;
    }
    const bool is_plain = cell.dominant == FrameClass::free || cell.dominant == FrameClass::hole;
    const unsigned lightness = is_plain ? 0 : cell.free_share >> 6;
    return static_cast<Index>(kind | (lightness << kLightnessShift));
}

void MapPaints::make_class_paints(const Look& look) {
    // Free frames inside make a cell lighter (darker on a dark canvas) without changing its hue. The selection mode
    // starts so light that what is selected stands out.
    constexpr double kStep = 0.13;
    constexpr double kReceded = 0.72;
    const QColor canvas = look.colour(Role::canvas);
    for (const FrameClass kind : kAllFrameClasses) {
        const QColor full = kind == FrameClass::hole ? canvas : look.colour(kind);
        for (unsigned step = 0; step < kLightnessSteps; ++step) {
            const double part = mode_ == MapMode::selection ? kReceded : kStep * step;
            flat_[index_of(kind) | (step << kLightnessShift)] = pixel_of(mixed(full, canvas, part));
        }
    }
    for (std::size_t byte = 0; byte < of_frame_.size(); ++byte) of_frame_[byte] = static_cast<Index>(byte & 0xf);
}

void MapPaints::make_order_paints(const Look& look) {
    flat_.fill(pixel_of(look.colour(Role::panel)));
    flat_[index_of(FrameClass::hole)] = canvas_;
    constexpr double kOrders = core::kOrders;
    for (unsigned order = 0; order < core::kOrders; ++order) {
        flat_[kFirstOrder + order] = pixel_of(look.prominence((order + 0.5) / kOrders));
    }
    for (std::size_t byte = 0; byte < of_frame_.size(); ++byte) {
        const auto frame = static_cast<FrameByte>(byte);
        const bool is_free = class_of(frame) == FrameClass::free;
        of_frame_[byte] =
            static_cast<Index>(is_free ? kFirstOrder + std::min(order_of(frame), core::kOrders - 1) : byte & 0xf);
    }
}

void MapPaints::make_value_paints(const Look& look) {
    // Value 0 is "nothing to say"; the paints of values are 1..63.
    flat_.fill(pixel_of(look.colour(Role::panel)));
    for (std::size_t paint = 1; paint < kPaints; ++paint) {
        const QColor colour = mode_ == MapMode::age ? look.prominence(static_cast<double>(paint - 1) / (kPaints - 2))
                                                    : look.series(paint - 1).colour;
        flat_[paint] = pixel_of(colour);
    }
    for (std::size_t value = 1; value < of_value_.size(); ++value) {
        const std::size_t paint = mode_ == MapMode::age ? 1 + (value * (kPaints - 2) / 255) : std::min(value, kSeries);
        of_value_[value] = static_cast<Index>(paint);
    }
}

void MapPaints::make_tiles(const Look& look, int scale) {
    const auto side = std::bit_ceil(static_cast<std::size_t>(kPatternSide) * static_cast<std::size_t>(scale));
    column_bits_ = static_cast<unsigned>(std::bit_width(side) - 1);
    column_mask_ = side - 1;
    tiles_.resize(side * kPaints * side);
    for (std::size_t paint = 0; paint < kPaints; ++paint) {
        const std::size_t kind = paint & 0xf;
        const bool is_hole = kind == index_of(FrameClass::hole);
        const bool has_class = shows_classes() && kind < kFrameClasses && (has_patterns_ || is_hole);
        const Pattern pattern = has_class ? pattern_of(static_cast<FrameClass>(kind)) : Pattern::plain;
        const QColor ink = has_class ? look.ink(static_cast<FrameClass>(kind)) : QColor();
        const QColor drawn =
            mode_ == MapMode::selection && has_class ? mixed(ink, look.colour(Role::canvas), 0.5) : ink;
        for (std::size_t y = 0; y < side; ++y) {
            for (std::size_t x = 0; x < side; ++x) {
                const bool has_ink = pattern_ink(pattern, static_cast<int>(x), static_cast<int>(y), scale);
                tiles_[(((y * kPaints) + paint) << column_bits_) + x] = has_ink ? pixel_of(drawn) : flat_[paint];
            }
        }
    }
}

} // namespace ksl::ui
