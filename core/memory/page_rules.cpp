// SPDX-License-Identifier: MIT
#include "core/memory/page_rules.h"

namespace ksl::core {

PageRules PageRules::linux_4_7() {
    PageRules rules;
    rules.fair_zones = true;
    return rules;
}

PageRules PageRules::linux_4_9() {
    PageRules rules;
    rules.slow_path = SlowPathRule::reclaim_then_compact;
    rules.compaction_index_from_order = 4;
    rules.compaction_needs_low_watermark = false;
    return rules;
}

PageRules PageRules::linux_6_1() {
    PageRules rules = linux_4_9();
    rules.pcp_most_order = 3;
    rules.pcp_cold_end = false;
    rules.pcp_refused_tries_buddy = true;
    rules.pcp_most_batch_pages = 256;
    rules.pcp_high = PcpHighRule::low_watermark_share;
    rules.pcp_drain = PcpDrainRule::last_list_first;
    rules.steal = StealRule::move_and_retry;
    rules.steal_to = ListEnd::tail;
    rules.steal_counts_alike_pages = true;
    rules.steal_smallest_for_movable = true;
    rules.watermark_boost_factor = 15000;
    rules.avoids_fragmentation = true;
    rules.merges_only_fallback_types = true;
    rules.most_min_free_kib = 262144;
    rules.reserves = ReserveRule::non_block;
    rules.reserve_by_preferred_zone = false;
    rules.bulk_requests = true;
    rules.slow_path = SlowPathRule::reclaim_then_compact_unmovable;
    rules.boot_to = ListEnd::tail;
    return rules;
}

} // namespace ksl::core
