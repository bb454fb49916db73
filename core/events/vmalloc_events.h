// SPDX-License-Identifier: MIT
//
// What the vmalloc area allocator reports.
#pragma once

#include <cstdint>

namespace ksl::core {

struct AreaReserved {
    std::uint64_t start;
    std::uint64_t end;   ///< guard included
    std::uint32_t steps; ///< areas or tree nodes visited by the search
};
struct AreaRefused {
    std::uint64_t size;
};
struct AreaFreedLazily {
    std::uint64_t start;
    std::uint64_t end;
    std::uint64_t lazy_pages; ///< pages now waiting for a purge
};
struct AreasPurged {
    std::uint32_t areas;
    std::uint64_t pages;
    std::uint64_t flushed_from;
    std::uint64_t flushed_to;
};

} // namespace ksl::core
