// SPDX-License-Identifier: MIT
//
// Compaction of one zone: movable pages from its lower part move to free pages in its upper part, until a block of the
// wanted order is free or the two scanners meet.
//
// Source:   mm/compaction.c of 4.9 (compact_zone, isolate_migratepages_block, isolate_freepages, __compact_finished,
//           __compaction_suitable, defer_compaction and kin), __isolate_free_page of mm/page_alloc.c; what 4.7 and 6.1
//           do otherwise stands at PageRules.
// Fidelity: no contention, no pinned or dirty pages: every movable page moves. 6.1's shortcuts to free pages
//           (fast_isolate_freepages, fast_find_migrateblock) and its capture of the freed block are left out; they save
//           scans and races, not pages. Only single pages are moved.
#pragma once

#include "core/effects/effects.h"
#include "core/memory/page_owners.h"
#include "core/memory/page_state.h"
#include "core/memory/watermark.h"

#include <cstdint>
#include <vector>

namespace ksl::core {

/// In the order in which several zones' results are summed up: the largest counts.
enum class CompactResult : std::uint8_t {
    skipped,         ///< too little memory, or the failure is not for fragmentation
    deferred,        ///< failed lately, put off
    keep_going,      ///< not an end
    complete,        ///< the whole zone was scanned in vain
    partial_skipped, ///< the rest of the zone was scanned in vain
    success,         ///< a block of the order is free, or was all along
};

/// Modes of 4.7, priorities of 4.9 and later.
enum class CompactPriority : std::uint8_t {
    async,      ///< movable pageblocks only, gives up on a block at its first page that cannot move
    sync_light, ///< all pageblocks
    sync_full,  ///< 4.9 and later: the whole zone, whatever was found out before
};

/// Whether compaction makes sense for a zone that would have `free` pages (__compaction_suitable); `keep_going` if it
/// does.
[[nodiscard]] CompactResult compaction_suitable(const PageState& state, const Zone& zone, unsigned order,
                                                ZoneId reserve_for, AllocFlags flags, std::int64_t free);

/// compaction_deferred, defer_compaction, compaction_defer_reset.
[[nodiscard]] bool is_compaction_deferred(CompactionMemory& memory, unsigned order);
void defer_compaction(CompactionMemory& memory, unsigned order);
void reset_compaction_deferral(CompactionMemory& memory, unsigned order, bool was_allocated);
/// reset_isolation_suitable: all pageblocks are worth a scan again.
void forget_skipped_pageblocks(PageState& state, Zone& zone);

class Compaction {
public:
    struct Goal {
        unsigned order = 0;
        MigrateType type = MigrateType::unmovable;
        ZoneId reserve_for = ZoneId::normal;
        AllocFlags flags{Watermark::min};
        CompactPriority priority = CompactPriority::async;
    };

    Compaction(PageState& state, Zone& zone, const Goal& goal, Effects& fx, PageOwners* owners);

    CompactResult run();

private:
    using Node = FrameTable::Node;

    [[nodiscard]] bool ignores_skips() const { return goal_.priority == CompactPriority::sync_full; }
    [[nodiscard]] bool is_async() const { return goal_.priority == CompactPriority::async; }
    [[nodiscard]] bool have_met() const { return free_at_ / kPageblockFrames <= migrate_at_ / kPageblockFrames; }
    [[nodiscard]] Node last_pageblock() const;

    void start();
    [[nodiscard]] CompactResult check_finished();
    [[nodiscard]] bool has_suitable_block_free() const;
    void forget_positions();

    // The migration scanner.
    void isolate_movable();
    [[nodiscard]] Node isolate_movable_in(Node from, Node top);
    [[nodiscard]] bool is_worth_migrating_from(Node frame) const;
    void give_up_isolated();
    void note_migration_scan(Node pageblock, bool has_isolated);

    // The free scanner.
    void isolate_free();
    [[nodiscard]] Node isolate_free_in(Node from, Node top);
    [[nodiscard]] bool is_worth_migrating_to(Node frame) const;
    [[nodiscard]] bool isolate_free_block(Node node, unsigned order);
    void note_free_scan(Node pageblock, bool has_isolated);

    [[nodiscard]] bool migrate();
    void move_page(Node from, Node to);
    void drain_behind();
    void release_free();

    PageState& state_;
    FrameTable& frames_;
    Zone& zone_;
    Goal goal_;
    Effects& fx_;
    PageOwners* owners_;

    Node migrate_at_ = 0;
    Node free_at_ = 0;
    Node first_migrated_ = 0; ///< lowest frame migrated from since the last drain; 0: none
    bool is_whole_zone_ = false;
    std::vector<Node> movable_; ///< isolated, to be moved
    std::vector<Node> free_;    ///< isolated, to be moved to; the last one is next
    std::uint32_t scanned_ = 0;
    std::uint32_t migrated_ = 0;
};

} // namespace ksl::core
