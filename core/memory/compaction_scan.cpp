// SPDX-License-Identifier: MIT
//
// The two scanners of compaction, and the moving of pages between them.
#include "core/memory/buddy.h"
#include "core/memory/compaction.h"
#include "core/memory/page_list_ops.h"

#include <algorithm>

namespace ksl::core {

namespace {

using Node = FrameTable::Node;

constexpr std::size_t kClusterPages = 32; ///< COMPACT_CLUSTER_MAX
constexpr auto kPageblock = static_cast<Node>(kPageblockFrames);

Node pageblock_start(Node frame) {
    return frame & ~(kPageblock - 1);
}
Node pageblock_top(Node frame) {
    return pageblock_start(frame) + kPageblock;
}
Node block_top(Node frame, unsigned order) {
    return (frame | ((Node{1} << order) - 1)) + 1;
}

} // namespace

bool Compaction::is_worth_migrating_from(Node frame) const {
    if (!ignores_skips() && state_.is_pageblock_skipped(frame)) return false;
    if (!is_async()) return true;
    const MigrateType type = state_.pageblock_type(frame);
    // 6.1 would rather empty pageblocks of the requester's own type.
    if (state_.rules.slow_path == SlowPathRule::reclaim_then_compact_unmovable) return type == goal_.type;
    return type == MigrateType::movable;
}

/// Scans on from pageblock to pageblock until one has given pages.
void Compaction::isolate_movable() {
    Node at = migrate_at_;
    for (Node top = pageblock_top(at); top <= free_at_; at = top, top += kPageblock) {
        if (!is_worth_migrating_from(at)) continue;
        at = isolate_movable_in(at, top);
        break;
    }
    migrate_at_ = at;
}

Node Compaction::isolate_movable_in(Node from, Node top) {
    const std::size_t before = movable_.size();
    Node next_block = is_async() ? block_top(from, goal_.order) : top;
    Node at = from;
    for (; at < top; ++at) {
        if (is_async() && at >= next_block) {
            // What was isolated of the block before may be enough.
            if (movable_.size() > before) break;
            next_block = block_top(at, goal_.order);
        }
        fx_.charge(Step::compact_scan_frame);
        fx_.read(fx_.data().page_struct(Pfn{at}));
        ++scanned_;
        const BlockState state = frames_.state(at);
        if (state == BlockState::free) {
            at += (Node{1} << frames_.order(at)) - 1;
            continue;
        }
        const bool is_used = state == BlockState::in_use || state == BlockState::lru;
        if (is_used && frames_.order(at) == 0 && is_movable(frames_.use(at))) {
            movable_.push_back(at);
            if (first_migrated_ == 0) first_migrated_ = at;
            if (movable_.size() == kClusterPages) {
                ++at;
                break;
            }
            continue;
        }
        if (is_used) at += (Node{1} << frames_.order(at)) - 1;
        if (!is_async()) continue;
        if (movable_.size() > before) give_up_isolated();
        if (at < next_block) {
            at = next_block - 1;
            next_block += Node{1} << goal_.order;
        }
    }
    at = std::min(at, top);
    if (at == top) note_migration_scan(from, movable_.size() > before);
    return at;
}

void Compaction::give_up_isolated() {
    movable_.clear();
    first_migrated_ = 0;
}

/// update_pageblock_skip, both scanners.
void Compaction::note_migration_scan(Node pageblock, bool has_isolated) {
    if (ignores_skips() || has_isolated) return;
    state_.set_pageblock_skipped(pageblock, true);
    std::array<std::uint32_t, 2>& from = zone_.compaction.migrate_from;
    from[0] = std::max(from[0], pageblock);
    if (!is_async()) from[1] = std::max(from[1], pageblock);
}
void Compaction::note_free_scan(Node pageblock, bool has_isolated) {
    if (ignores_skips() || has_isolated) return;
    state_.set_pageblock_skipped(pageblock, true);
    zone_.compaction.free_from = std::min(zone_.compaction.free_from, pageblock);
}

bool Compaction::is_worth_migrating_to(Node frame) const {
    if (ignores_skips()) return true;
    if (frames_.state(frame) == BlockState::free && frames_.order(frame) >= kPageblockOrder.raw()) return false;
    return state_.pageblock_type(frame) == MigrateType::movable && !state_.is_pageblock_skipped(frame);
}

void Compaction::isolate_free() {
    Node from = free_at_;
    Node block = pageblock_start(free_at_);
    const Node lowest = pageblock_top(migrate_at_);
    while (block >= lowest) {
        const Node top = std::min(block + kPageblock, zone_.top());
        if (is_worth_migrating_to(block)) {
            from = isolate_free_in(from, top);
            if (free_.size() >= movable_.size()) {
                if (from >= top) from = block - kPageblock;
                break;
            }
            if (from < top) break; // The watermark is reached.
        }
        block -= kPageblock;
        from = block;
    }
    free_at_ = from;
    // The first block isolated is used first.
    std::ranges::reverse(free_);
}

Node Compaction::isolate_free_in(Node from, Node top) {
    const std::size_t before = free_.size();
    Node at = from;
    for (; at < top; ++at) {
        fx_.charge(Step::compact_scan_frame);
        fx_.read(fx_.data().page_struct(Pfn{at}));
        ++scanned_;
        const BlockState state = frames_.state(at);
        if (state == BlockState::none || state == BlockState::page_list) continue;
        const unsigned order = frames_.order(at);
        if (state == BlockState::free) {
            if (!isolate_free_block(at, order)) break;
            if (movable_.size() <= free_.size()) {
                at += Node{1} << order;
                break;
            }
        }
        at += (Node{1} << order) - 1;
    }
    at = std::min(at, top);
    if (at == top) note_free_scan(pageblock_start(from), free_.size() > before);
    return at;
}

/// __isolate_free_page: a free block leaves the lists as if it were allocated.
bool Compaction::isolate_free_block(Node node, unsigned order) {
    const Watermark which = state_.rules.compaction_needs_low_watermark ? Watermark::low : Watermark::min;
    const std::int64_t mark = zone_.mark(which) + (std::int64_t{1} << order);
    if (!watermark_ok(state_, zone_, 0, mark, ZoneId::dma, AllocFlags{Watermark::min}, zone_.free_pages)) return false;
    Buddy<Effects> buddy(state_, zone_, fx_, owners_);
    buddy.remove(node, order);
    buddy.count_free(-(std::int64_t{1} << order));
    frames_.clear_block(node);
    if (order + 1 >= kPageblockOrder.raw()) {
        for (Node at = node; at < node + (Node{1} << order); at += kPageblock) {
            if (state_.pageblock_type(at) != MigrateType::highatomic)
                state_.set_pageblock_type(at, MigrateType::movable);
        }
    }
    for (Node page = node; page < node + (Node{1} << order); ++page) free_.push_back(page);
    return true;
}

/// Moves what was isolated; false if the free scanner did not find room for all of it.
bool Compaction::migrate() {
    bool is_complete = true;
    for (const Node page : movable_) {
        if (free_.empty()) isolate_free();
        if (free_.empty()) {
            is_complete = false;
            break;
        }
        const Node to = free_.back();
        free_.pop_back();
        move_page(page, to);
    }
    movable_.clear();
    return is_complete;
}

void Compaction::move_page(Node from, Node to) {
    const BlockState state = frames_.state(from);
    const MigrateType type = frames_.type(from);
    const FrameOwner owner = frames_.owner(from);
    fx_.charge(Step::compact_migrate_page);
    fx_.write(fx_.data().page_struct(Pfn{from}));
    fx_.write(fx_.data().page_struct(Pfn{to}));
    frames_.set_block(to, state, 0, type, frames_.use(from));
    if (state == BlockState::lru) {
        frames_.unlink(from);
        frames_.push_front(PageState::lru_list(zone_.id), to);
    } else if (owner != FrameOwner{}) {
        frames_.set_owner(to, owner);
    }
    if (owners_ != nullptr) owners_->page_moved(Pfn{from}, Pfn{to});
    ++migrated_;
    PageListOps<Effects>(state_, zone_, fx_, owners_).put(from, 0, state_.pageblock_type(from), Temperature::hot);
}

/// The scanner left the aligned block it last migrated from: what was freed there may merge now.
void Compaction::drain_behind() {
    if (goal_.order == 0 || first_migrated_ == 0) return;
    if (first_migrated_ >= (migrate_at_ & ~((Node{1} << goal_.order) - 1))) return;
    PageListOps<Effects>(state_, zone_, fx_, owners_).drain_all();
    first_migrated_ = 0;
}

/// release_freepages: pages that nothing was moved to go back through the page lists.
void Compaction::release_free() {
    if (free_.empty()) return;
    const Node highest = pageblock_start(*std::ranges::max_element(free_));
    for (const Node page : free_) {
        PageListOps<Effects>(state_, zone_, fx_, owners_).put(page, 0, state_.pageblock_type(page), Temperature::hot);
    }
    free_.clear();
    zone_.compaction.free_from = std::max(zone_.compaction.free_from, highest);
}

} // namespace ksl::core
