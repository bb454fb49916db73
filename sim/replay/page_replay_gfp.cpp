// SPDX-License-Identifier: MIT
#include "sim/replay/page_replay_gfp.h"

#include <algorithm>
#include <array>

namespace ksl::sim {

namespace {

using namespace core::gfp;

struct NamedFlags {
    std::string_view name;
    core::Gfp flags;
};

constexpr std::array kNames{
    NamedFlags{"GFP_TRANSHUGE", kReclaim | kMovable},
    NamedFlags{"GFP_TRANSHUGE_LIGHT", kMovable},
    NamedFlags{"GFP_HIGHUSER_MOVABLE", kUserMovable},
    NamedFlags{"GFP_HIGHUSER", kUser},
    NamedFlags{"GFP_USER", kUser},
    NamedFlags{"GFP_TEMPORARY", kKernel | kReclaimable},
    NamedFlags{"GFP_KERNEL_ACCOUNT", kKernel},
    NamedFlags{"GFP_KERNEL", kKernel},
    NamedFlags{"GFP_NOFS", kKernel},
    NamedFlags{"GFP_NOIO", kKernel},
    NamedFlags{"GFP_ATOMIC", kAtomic},
    NamedFlags{"GFP_NOWAIT", kNowait},
    NamedFlags{"GFP_DMA", kDma},
    NamedFlags{"GFP_DMA32", kDma32},
    NamedFlags{"__GFP_DMA", kDma},
    NamedFlags{"__GFP_DMA32", kDma32},
    NamedFlags{"__GFP_HIGH", kHigh},
    NamedFlags{"__GFP_ATOMIC", kAtomicFlag},
    NamedFlags{"__GFP_COLD", kCold},
    NamedFlags{"__GFP_REPEAT", kRetryMayFail},
    NamedFlags{"__GFP_RETRY_MAYFAIL", kRetryMayFail},
    NamedFlags{"__GFP_NOFAIL", kNoFail},
    NamedFlags{"__GFP_NORETRY", kNoRetry},
    NamedFlags{"__GFP_ZERO", kZero},
    NamedFlags{"__GFP_NOMEMALLOC", kNoMemalloc},
    NamedFlags{"__GFP_MEMALLOC", kMemalloc},
    NamedFlags{"__GFP_RECLAIMABLE", kReclaimable},
    NamedFlags{"__GFP_MOVABLE", kMovable},
    NamedFlags{"__GFP_RECLAIM", kReclaim},
    NamedFlags{"__GFP_DIRECT_RECLAIM", kDirectReclaim},
    NamedFlags{"__GFP_KSWAPD_RECLAIM", kKswapdReclaim},
};

} // namespace

core::Gfp parse_gfp(std::string_view text) {
    core::Gfp flags;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('|'), text.size());
        const auto* known = std::ranges::find(kNames, text.substr(0, end), &NamedFlags::name);
        if (known != kNames.end()) flags |= known->flags;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return flags;
}

} // namespace ksl::sim
