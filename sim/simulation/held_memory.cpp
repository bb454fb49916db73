// SPDX-License-Identifier: MIT
#include "sim/simulation/held_memory.h"

namespace ksl::sim {

std::optional<HeldBlock> HeldMemory::take_next() {
    if (blocks_.empty()) return std::nullopt;
    return taken(blocks_.pop());
}

std::uint64_t exponential(core::Random& random, std::uint64_t mean) {
    __extension__ using Wide = unsigned __int128;
    for (std::uint64_t whole = 0;; ++whole) {
        // A descending run of uniform numbers that begins with `first`; its length is odd with probability e^-first.
        const std::uint64_t first = random.next();
        std::uint64_t last = first;
        bool is_odd = true;
        for (;;) {
            const std::uint64_t next = random.next();
            if (next >= last) break;
            last = next;
            is_odd = !is_odd;
        }
        if (is_odd) return whole * mean + static_cast<std::uint64_t>((static_cast<Wide>(first) * mean) >> 64);
    }
}

} // namespace ksl::sim
