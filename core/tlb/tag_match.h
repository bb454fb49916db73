// SPDX-License-Identifier: MIT
//
// Which of 8 or 16 short tags equal a given one, as a bit mask: bit i for tag i. With SSE2, which every x86-64 has, a
// few instructions; elsewhere a plain loop. Both give the same bits.
//
// Cost: a tag is put in by rewriting its block of eight, because the host's processor cannot forward a narrow store to
//       the wide load of the next look-up: that load would wait until everything before the store has retired, the
//       table entry of a simulated walk included.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace ksl::core {

namespace portable {

[[nodiscard]] inline std::uint32_t match_tags(const std::uint16_t* tags, unsigned count, std::uint16_t wanted) {
    std::uint32_t fits = 0;
    for (unsigned i = 0; i < count; ++i) fits |= static_cast<std::uint32_t>(tags[i] == wanted) << i;
    return fits;
}

} // namespace portable

/// `tags` is 16-byte aligned in all of these.
#if defined(__SSE2__)
/// tags[at] = tag.
[[gnu::always_inline]] inline void put_tag(std::uint16_t* tags, unsigned at, std::uint16_t tag) {
    alignas(16) static constexpr std::uint16_t kOnly[8][8] = {{0xffff},
                                                              {0, 0xffff},
                                                              {0, 0, 0xffff},
                                                              {0, 0, 0, 0xffff},
                                                              {0, 0, 0, 0, 0xffff},
                                                              {0, 0, 0, 0, 0, 0xffff},
                                                              {0, 0, 0, 0, 0, 0, 0xffff},
                                                              {0, 0, 0, 0, 0, 0, 0, 0xffff}};
    auto* block = reinterpret_cast<__m128i*>(tags + std::size_t{at} / 8 * 8);
    const __m128i only = _mm_load_si128(reinterpret_cast<const __m128i*>(kOnly[at % 8]));
    const __m128i fresh = _mm_and_si128(only, _mm_set1_epi16(static_cast<short>(tag)));
    _mm_store_si128(block, _mm_or_si128(_mm_andnot_si128(only, _mm_load_si128(block)), fresh));
}
[[nodiscard]] inline std::uint32_t match_tags_8(const std::uint16_t* tags, std::uint16_t wanted) {
    const __m128i all = _mm_set1_epi16(static_cast<short>(wanted));
    const __m128i equal = _mm_cmpeq_epi16(_mm_load_si128(reinterpret_cast<const __m128i*>(tags)), all);
    return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(equal, _mm_setzero_si128())));
}
[[nodiscard]] inline std::uint32_t match_tags_16(const std::uint16_t* tags, std::uint16_t wanted) {
    const __m128i all = _mm_set1_epi16(static_cast<short>(wanted));
    const auto* blocks = reinterpret_cast<const __m128i*>(tags);
    const __m128i low = _mm_cmpeq_epi16(_mm_load_si128(blocks), all);
    const __m128i high = _mm_cmpeq_epi16(_mm_load_si128(blocks + 1), all);
    return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(low, high)));
}
#else
[[gnu::always_inline]] inline void put_tag(std::uint16_t* tags, unsigned at, std::uint16_t tag) {
    tags[at] = tag;
}
[[nodiscard]] inline std::uint32_t match_tags_8(const std::uint16_t* tags, std::uint16_t wanted) {
    return portable::match_tags(tags, 8, wanted);
}
[[nodiscard]] inline std::uint32_t match_tags_16(const std::uint16_t* tags, std::uint16_t wanted) {
    return portable::match_tags(tags, 16, wanted);
}
#endif

} // namespace ksl::core
