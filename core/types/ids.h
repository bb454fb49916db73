// SPDX-License-Identifier: MIT
//
// Names of things inside one Machine. Parts name each other by these, as the kernel names frames by pfn: an id stays
// valid in every copy of the machine, a pointer would not.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace ksl::core {

template <class Tag, class Int>
class Id {
public:
    constexpr Id() = default;
    constexpr explicit Id(Int raw) : raw_(raw) {}

    /// "no such thing"; the default.
    static constexpr Id none() { return Id{}; }
    [[nodiscard]] constexpr bool is_none() const { return raw_ == kNone; }
    [[nodiscard]] constexpr Int raw() const { return raw_; }
    friend constexpr auto operator<=>(Id, Id) = default;

private:
    static constexpr Int kNone = std::numeric_limits<Int>::max();
    Int raw_ = kNone;
};

using CpuId = Id<struct CpuTag, std::uint16_t>;
using TaskId = Id<struct TaskTag, std::uint32_t>;   ///< index of a task record
using AreaId = Id<struct AreaTag, std::uint32_t>;   ///< index of a vmap_area record
using SpaceId = Id<struct SpaceTag, std::uint32_t>; ///< index of an address space (mm)

/// Buddy order: a block of 2^order frames. 0..10 (MAX_ORDER 11 in 4.7, 4.9 and 6.1).
class Order {
public:
    constexpr Order() = default;
    constexpr explicit Order(unsigned raw) : raw_(static_cast<std::uint8_t>(raw)) {}
    [[nodiscard]] constexpr unsigned raw() const { return raw_; }
    [[nodiscard]] constexpr std::uint64_t frames() const { return std::uint64_t{1} << raw_; }
    friend constexpr auto operator<=>(Order, Order) = default;

private:
    std::uint8_t raw_ = 0;
};

inline constexpr unsigned kOrders = 11;
inline constexpr Order kMaxOrder{kOrders - 1};
inline constexpr Order kPageblockOrder{9};
inline constexpr std::uint64_t kPageblockFrames = kPageblockOrder.frames();

} // namespace ksl::core
