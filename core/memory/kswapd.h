// SPDX-License-Identifier: MIT
//
// Background reclaim and compaction: what kswapd and kcompactd do once they get to run.
//
// Source:   wakeup_kswapd, balance_pgdat, pgdat_balanced (mm/vmscan.c), kcompactd_do_work (mm/compaction.c).
// Fidelity: one pass to the end, without the processor in between; zones are balanced one by one.
#pragma once

#include "core/memory/page_allocator.h"

namespace ksl::core {

/// True if some request woke kswapd since it last ran.
[[nodiscard]] bool wants_kswapd(const PageState& state);

/// Reclaims until every zone that asked for it is above its high watermark or has nothing left to reclaim, makes up for
/// boosted watermarks, then compacts for the largest order asked for.
void run_kswapd(PageAllocator& allocator, Effects& fx, PageOwners* owners = nullptr);

} // namespace ksl::core
