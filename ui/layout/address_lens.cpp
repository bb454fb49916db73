// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/layout/address_lens.h"

#include "ui/layout/apportion.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>

namespace ksl::ui {

namespace {

double weight_of(const LensSegment& segment, double beta, LensScale scale) {
    const auto bytes = static_cast<double>(segment.size.count());
    const double plain = scale == LensScale::linear ? bytes : std::log2(1 + (bytes / core::kPageBytes));
    return plain * (1 + (beta * segment.focus));
}

/// The last segment that starts at or before `value`; `limits` has one entry more than there are segments.
template <class T>
std::size_t segment_at(const std::vector<T>& limits, const T& value) {
    const auto after = std::upper_bound(limits.begin() + 1, limits.end() - 1, value);
    return static_cast<std::size_t>(std::distance(limits.begin(), after)) - 1;
}

} // namespace

AddressLens::AddressLens(core::VirtAddr lowest, std::span<const LensSegment> segments, double width, double beta,
                         LensScale scale)
    : lowest_(lowest) {
    std::vector<Share> shares;
    shares.reserve(segments.size());
    for (const LensSegment& segment : segments) {
        const bool is_empty = segment.size == core::Bytes{0};
        shares.push_back({.weight = weight_of(segment, beta, scale), .minimum = is_empty ? 0 : segment.minimum});
    }
    starts_.emplace_back(0);
    edges_.push_back(0);
    const std::vector<double> widths = apportion(shares, width);
    for (std::size_t i = 0; i < segments.size(); ++i) {
        starts_.push_back(starts_.back() + segments[i].size);
        edges_.push_back(edges_.back() + widths[i]);
    }
}

double AddressLens::to_pixel(core::VirtAddr at) const {
    if (at <= lowest_) return 0;
    const core::Bytes offset = at - lowest_;
    if (offset >= starts_.back()) return width();
    const std::size_t segment = segment_at(starts_, offset);
    const auto inside = static_cast<double>((offset - starts_[segment]).count());
    const auto size = static_cast<double>((starts_[segment + 1] - starts_[segment]).count());
    const Span pixels = pixels_of_segment(segment);
    return std::min(pixels.from + (pixels.length() * inside / size), pixels.to);
}

core::VirtAddr AddressLens::to_address(double pixel) const {
    if (pixel <= 0) return lowest_;
    if (pixel >= width()) return lowest_ + starts_.back();
    const std::size_t segment = segment_at(edges_, pixel);
    const Span pixels = pixels_of_segment(segment);
    const core::Bytes size = starts_[segment + 1] - starts_[segment];
    if (pixels.length() <= 0) return lowest_ + starts_[segment];
    const double inside = static_cast<double>(size.count()) * (pixel - pixels.from) / pixels.length();
    const auto rounded = static_cast<std::uint64_t>(std::llround(inside));
    return lowest_ + starts_[segment] + core::Bytes{std::min(rounded, size.count())};
}

double AddressLens::bytes_per_pixel(std::size_t segment) const {
    const Span pixels = pixels_of_segment(segment);
    const auto bytes = static_cast<double>(addresses_of_segment(segment).size().count());
    return pixels.length() > 0 ? bytes / pixels.length() : 0;
}

std::vector<ScaleBreak> AddressLens::breaks() const {
    constexpr double kSameScale = 1.5; // a change that nobody would take for a break
    std::vector<ScaleBreak> found;
    for (std::size_t i = 1; i < segment_count(); ++i) {
        const double before = bytes_per_pixel(i - 1);
        const double after = bytes_per_pixel(i);
        if (before <= 0 || after <= 0) continue;
        if (std::max(before, after) < kSameScale * std::min(before, after)) continue;
        const std::uint64_t bytes = addresses_of_segment(i).size().count();
        const auto power = static_cast<unsigned>(std::bit_width(bytes) - 1);
        found.push_back({.at = edges_[i], .power = power, .segment = i});
    }
    return found;
}

} // namespace ksl::ui
