// SPDX-License-Identifier: MIT
//
// KSL_ASSERT(condition, "what should hold"): for bugs of ours, never for what the simulated kernel or a user can cause.
// Checked in every build type that does not define NDEBUG; prints the sentence and aborts.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace ksl::core::detail {

[[noreturn]] inline void assertion_failed(const char* sentence, const char* file, int line) {
    std::fprintf(stderr, "%s:%d: broken invariant: %s\n", file, line, sentence);
    std::abort();
}

} // namespace ksl::core::detail

#ifdef NDEBUG
#define KSL_ASSERT(condition, sentence) static_cast<void>(sizeof(!(condition)))
#else
#define KSL_ASSERT(condition, sentence)                                                                                \
    ((condition) ? static_cast<void>(0) : ::ksl::core::detail::assertion_failed(sentence, __FILE__, __LINE__))
#endif
