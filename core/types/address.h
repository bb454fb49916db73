// SPDX-License-Identifier: MIT
//
// Addresses and distances. A point (where) and an amount (how far) are different types; a virtual address, a physical
// address and a frame number are three different spaces. Mixing them does not compile. The number inside leaves the
// type system only through raw() and count().
//
// Units:   VirtAddr and PhysAddr count bytes, Pfn counts 4 KiB frames.
// Source:  linear and physical addresses of Intel SDM vol. 3A chapter 4; pfn as in Linux mm.
#pragma once

#include <compare>
#include <concepts>
#include <cstdint>
#include <type_traits>

namespace ksl::core {

/// A distance in one unit.
template <class Unit>
class Amount {
public:
    constexpr Amount() = default;
    constexpr explicit Amount(std::uint64_t count) : count_(count) {}

    [[nodiscard]] constexpr std::uint64_t count() const { return count_; }

    friend constexpr auto operator<=>(Amount, Amount) = default;
    friend constexpr Amount operator+(Amount a, Amount b) { return Amount{a.count_ + b.count_}; }
    friend constexpr Amount operator-(Amount a, Amount b) { return Amount{a.count_ - b.count_}; }
    friend constexpr Amount operator*(Amount a, std::uint64_t times) { return Amount{a.count_ * times}; }
    constexpr Amount& operator+=(Amount other) { return *this = *this + other; }
    constexpr Amount& operator-=(Amount other) { return *this = *this - other; }

private:
    std::uint64_t count_ = 0;
};

using Bytes = Amount<struct ByteUnit>;
using Pages = Amount<struct PageUnit>; ///< 4 KiB base pages

/// A position in one space; two positions differ by an amount.
template <class Space, class Unit>
class Point {
public:
    using Distance = Unit;

    constexpr Point() = default;
    constexpr explicit Point(std::uint64_t raw) : raw_(raw) {}

    [[nodiscard]] constexpr std::uint64_t raw() const { return raw_; }

    friend constexpr auto operator<=>(Point, Point) = default;
    friend constexpr Point operator+(Point p, Unit d) { return Point{p.raw_ + d.count()}; }
    friend constexpr Point operator-(Point p, Unit d) { return Point{p.raw_ - d.count()}; }
    friend constexpr Unit operator-(Point high, Point low) { return Unit{high.raw_ - low.raw_}; }
    constexpr Point& operator+=(Unit d) { return *this = *this + d; }
    constexpr Point& operator-=(Unit d) { return *this = *this - d; }

private:
    std::uint64_t raw_ = 0;
};

using VirtAddr = Point<struct VirtSpace, Bytes>;
using PhysAddr = Point<struct PhysSpace, Bytes>;
using Pfn = Point<struct FrameSpace, Pages>;

template <class A, class B>
concept Addable = requires(A a, B b) { a + b; };
static_assert(Addable<VirtAddr, Bytes> && !Addable<VirtAddr, VirtAddr> && !Addable<VirtAddr, Pages>);
static_assert(!std::is_convertible_v<PhysAddr, VirtAddr> && !std::is_convertible_v<std::uint64_t, Pfn>);
static_assert(std::is_trivially_copyable_v<VirtAddr> && sizeof(VirtAddr) == 8);

inline constexpr unsigned kPageShift = 12;
inline constexpr std::uint64_t kPageBytes = std::uint64_t{1} << kPageShift;

[[nodiscard]] constexpr Bytes bytes_of(Pages pages) {
    return Bytes{pages.count() << kPageShift};
}
/// Whole pages needed for `bytes`.
[[nodiscard]] constexpr Pages pages_for(Bytes bytes) {
    return Pages{(bytes.count() + kPageBytes - 1) >> kPageShift};
}

[[nodiscard]] constexpr Pfn frame_of(PhysAddr at) {
    return Pfn{at.raw() >> kPageShift};
}
[[nodiscard]] constexpr PhysAddr address_of(Pfn frame) {
    return PhysAddr{frame.raw() << kPageShift};
}

template <class P>
concept ByteAddress = std::same_as<P, VirtAddr> || std::same_as<P, PhysAddr>;

[[nodiscard]] constexpr Bytes page_offset(ByteAddress auto at) {
    return Bytes{at.raw() & (kPageBytes - 1)};
}

/// `align` is a power of two.
template <ByteAddress P>
[[nodiscard]] constexpr P align_down(P at, Bytes align) {
    return P{at.raw() & ~(align.count() - 1)};
}
template <ByteAddress P>
[[nodiscard]] constexpr P align_up(P at, Bytes align) {
    return P{(at.raw() + align.count() - 1) & ~(align.count() - 1)};
}
template <ByteAddress P>
[[nodiscard]] constexpr bool is_aligned(P at, Bytes align) {
    return (at.raw() & (align.count() - 1)) == 0;
}

/// A half-open range [lowest, top).
template <class P>
struct Range {
    P lowest;
    P top;

    [[nodiscard]] constexpr auto size() const { return top - lowest; }
    [[nodiscard]] constexpr bool is_empty() const { return !(lowest < top); }
    [[nodiscard]] constexpr bool contains(P at) const { return lowest <= at && at < top; }
    [[nodiscard]] constexpr bool overlaps(Range other) const { return lowest < other.top && other.lowest < top; }
    friend constexpr auto operator<=>(Range, Range) = default;
};

using VirtRange = Range<VirtAddr>;
using PhysRange = Range<PhysAddr>;
using FrameRange = Range<Pfn>;

inline namespace literals {
constexpr Bytes operator""_KiB(unsigned long long n) {
    return Bytes{n << 10};
}
constexpr Bytes operator""_MiB(unsigned long long n) {
    return Bytes{n << 20};
}
constexpr Bytes operator""_GiB(unsigned long long n) {
    return Bytes{n << 30};
}
constexpr Bytes operator""_TiB(unsigned long long n) {
    return Bytes{n << 40};
}
} // namespace literals

} // namespace ksl::core
