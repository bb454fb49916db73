// SPDX-License-Identifier: MIT
//
// Which of up to 16 tags of cache lines equal a given one, as a bit mask: bit i for tag i. With SSE2, which every
// x86-64 has, a few instructions; elsewhere a plain loop. Both give the same bits.
#pragma once

#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace ksl::core {

inline constexpr unsigned kMostCacheWays = 16;

namespace portable {

[[nodiscard]] inline std::uint32_t match_lines(const std::uint32_t* tags, unsigned ways, std::uint32_t wanted) {
    std::uint32_t fits = 0;
    for (unsigned way = 0; way < ways; ++way) fits |= static_cast<std::uint32_t>(tags[way] == wanted) << way;
    return fits;
}

} // namespace portable

/// `tags`: 16 of them, 16-byte aligned, those from `ways` on equal to no wanted one.
[[nodiscard]] inline std::uint32_t match_lines(const std::uint32_t* tags, unsigned ways, std::uint32_t wanted) {
#if defined(__SSE2__)
    const __m128i all = _mm_set1_epi32(static_cast<int>(wanted));
    const auto* blocks = reinterpret_cast<const __m128i*>(tags);
    const __m128i first =
        _mm_packs_epi32(_mm_cmpeq_epi32(_mm_load_si128(blocks), all), _mm_cmpeq_epi32(_mm_load_si128(blocks + 1), all));
    if (ways <= 8) return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(first, _mm_setzero_si128())));
    const __m128i second = _mm_packs_epi32(_mm_cmpeq_epi32(_mm_load_si128(blocks + 2), all),
                                           _mm_cmpeq_epi32(_mm_load_si128(blocks + 3), all));
    return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(first, second)));
#else
    return portable::match_lines(tags, ways, wanted);
#endif
}

} // namespace ksl::core
