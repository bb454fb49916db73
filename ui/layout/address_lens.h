// SPDX-License-Identifier: GPL-3.0-or-later
//
// A ruler on which 47 bits of addresses fit: a logarithmic fisheye. Segment i of real length L gets the width
//
//     max(minimum, c * log2(1 + L / 4 KiB) * (1 + beta * focus))          c chosen so that the ruler is full
//
// and is linear inside. With `Scale::linear` the width follows L itself (the third ruler), minimums still hold: a guard
// page is never dropped.
//
// Units:     positions in pixels from the left end, addresses in bytes.
// Promises:  to_pixels() is monotone; to_address(to_pixels(a)) is in the page of a.
// Breaks:    where bytes a pixel change between two neighbours, the ruler draws a break mark with the power of two of
//            the segment that follows.
#pragma once

#include "core/types/address.h"
#include "ui/layout/geometry.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ksl::ui {

struct LensSegment {
    core::Bytes size;
    double minimum = 14; ///< pixels; 3 for a guard page
    double focus = 0;    ///< 0..1: how much of the interest lies here
};

enum class LensScale : std::uint8_t { logarithmic, linear };

struct ScaleBreak {
    double at = 0;           ///< pixels
    unsigned power = 0;      ///< the segment to the right is about 2^power bytes long
    std::size_t segment = 0; ///< the segment to the right
};

class AddressLens {
public:
    /// Segments follow each other from `lowest` on without gaps; empty ones are allowed and get no width of their own.
    /// `beta` 0..4.
    AddressLens(core::VirtAddr lowest, std::span<const LensSegment> segments, double width, double beta = 0,
                LensScale scale = LensScale::logarithmic);

    [[nodiscard]] core::VirtRange range() const { return {lowest_, lowest_ + starts_.back()}; }
    [[nodiscard]] double width() const { return edges_.back(); }
    [[nodiscard]] std::size_t segment_count() const { return starts_.size() - 1; }

    /// Addresses outside the ruler are drawn at its ends.
    [[nodiscard]] double to_pixel(core::VirtAddr at) const;
    [[nodiscard]] Span to_pixels(core::VirtRange range) const { return {to_pixel(range.lowest), to_pixel(range.top)}; }
    [[nodiscard]] core::VirtAddr to_address(double pixel) const;

    [[nodiscard]] Span pixels_of_segment(std::size_t segment) const { return {edges_[segment], edges_[segment + 1]}; }
    [[nodiscard]] core::VirtRange addresses_of_segment(std::size_t segment) const {
        return {lowest_ + starts_[segment], lowest_ + starts_[segment + 1]};
    }
    [[nodiscard]] double bytes_per_pixel(std::size_t segment) const;
    [[nodiscard]] std::vector<ScaleBreak> breaks() const;

private:
    core::VirtAddr lowest_;
    std::vector<core::Bytes> starts_; ///< of each segment, from lowest_; one more for the end
    std::vector<double> edges_;       ///< of each segment, in pixels; one more for the end
};

} // namespace ksl::ui
