// SPDX-License-Identifier: MIT
//
// Which of up to 16 tags of cache lines equal a given one, as a bit mask: bit i for tag i; and whether any begins with
// given upper bits. With SSE2, which every x86-64 has, a few instructions; elsewhere a plain loop. Both give the same
// answers.
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

[[nodiscard]] inline bool any_line_begins(const std::uint32_t* tags, unsigned ways, unsigned shift,
                                          std::uint32_t upper) {
    bool begins = false;
    for (unsigned way = 0; way < ways; ++way) begins = begins || tags[way] >> shift == upper;
    return begins;
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

/// True if the bits of a tag above the lowest `shift` are `upper`. Tags as above; that of no line may begin so, too.
[[nodiscard]] inline bool any_line_begins(const std::uint32_t* tags, unsigned ways, unsigned shift,
                                          std::uint32_t upper) {
#if defined(__SSE2__)
    const __m128i all = _mm_set1_epi32(static_cast<int>(upper));
    const __m128i count = _mm_cvtsi32_si128(static_cast<int>(shift));
    const auto* blocks = reinterpret_cast<const __m128i*>(tags);
    const auto equal = [&](unsigned block) {
        return _mm_cmpeq_epi32(_mm_srl_epi32(_mm_load_si128(blocks + block), count), all);
    };
    __m128i any = _mm_or_si128(equal(0), equal(1));
    if (ways > 8) any = _mm_or_si128(any, _mm_or_si128(equal(2), equal(3)));
    return _mm_movemask_epi8(any) != 0;
#else
    return portable::any_line_begins(tags, ways <= 8 ? 8 : kMostCacheWays, shift, upper);
#endif
}

} // namespace ksl::core
