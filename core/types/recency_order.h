// SPDX-License-Identifier: MIT
//
// Up to 16 numbered things in the order of their last use: true LRU in one word. Four bits each, the most recently used
// one lowest. Every operation but retire() takes the same few instructions whatever the order.
#pragma once

#include <array>
#include <compare>
#include <cstdint>

namespace ksl::core {

class RecencyOrder {
public:
    static constexpr unsigned kMost = 16;

    constexpr RecencyOrder() = default;
    /// A word that raw() gave.
    constexpr explicit RecencyOrder(std::uint64_t raw) : order_(raw) {}
    /// 0 to count - 1, 0 being the most recent. Places beyond the last repeat 0; a search finds 0's own place first.
    static constexpr RecencyOrder of(unsigned count) {
        std::uint64_t order = 0;
        for (std::uint64_t i = 0; i < count; ++i) order |= i << (4 * i);
        return RecencyOrder{order};
    }
    [[nodiscard]] constexpr std::uint64_t raw() const { return order_; }

    /// Place 0 is the most recently used.
    [[nodiscard]] constexpr unsigned at(unsigned place) const {
        return static_cast<unsigned>(order_ >> (4 * place) & 15);
    }
    [[nodiscard]] constexpr unsigned most_recent() const { return static_cast<unsigned>(order_ & 15); }

    /// `used` comes to the front; those before it move back by one.
    constexpr void touch(unsigned used) {
        const std::uint64_t differs = order_ ^ (kEveryPlace * used);
        const std::uint64_t equal = (differs - kEveryPlace) & ~differs & (kEveryPlace << 3);
        const std::uint64_t up_to = equal ^ (equal - 1); // ones up to the top bit of the first equal place
        move_to_front(used, up_to);
    }
    /// The least recently used of `count` comes to the front; which one it was.
    constexpr unsigned recycle(unsigned count) {
        const unsigned which = at(count - 1);
        move_to_front(which, kFirstPlaces[count]);
        return which;
    }
    /// Makes `which` the least recently used of `count`.
    constexpr void retire(unsigned which, unsigned count) {
        std::uint64_t result = 0;
        unsigned place = 0;
        for (unsigned from = 0; from < count; ++from) {
            const std::uint64_t other = order_ >> (4 * from) & 15;
            if (other != which) result |= other << (4 * place++);
        }
        order_ = result | std::uint64_t{which} << (4 * place);
    }
    /// Every one of `count` is there once.
    [[nodiscard]] constexpr bool is_valid(unsigned count) const {
        std::uint32_t seen = 0;
        for (unsigned place = 0; place < count; ++place) seen |= 1U << at(place);
        return seen == (1U << count) - 1;
    }
    friend constexpr bool operator==(RecencyOrder, RecencyOrder) = default;

private:
    /// `which` is the last one in `places`, which begin with the first.
    constexpr void move_to_front(std::uint64_t which, std::uint64_t places) {
        order_ ^= (order_ ^ (order_ << 4 | which)) & places;
    }

    /// By how many: all bits of the first places.
    static constexpr auto kFirstPlaces = [] {
        std::array<std::uint64_t, kMost + 1> places{};
        for (unsigned count = 1; count <= kMost; ++count) places[count] = places[count - 1] << 4 | 15;
        return places;
    }();
    static constexpr std::uint64_t kEveryPlace = 0x1111'1111'1111'1111;
    std::uint64_t order_ = 0;
};

} // namespace ksl::core
