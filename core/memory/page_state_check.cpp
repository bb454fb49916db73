// SPDX-License-Identifier: MIT
//
// What must hold of a PageState between any two calls.
#include "core/memory/page_state.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace ksl::core {

namespace {

using Node = FrameTable::Node;

class Checker {
public:
    explicit Checker(const PageState& state)
        : state_(state), frames_(state.frames), covered_(frames_.frames().count()) {}

    const char* run() {
        if (const char* broken = check_sizes(); *broken != '\0') return broken;
        for (const Zone& zone : state_.zones) {
            if (const char* broken = check_zone(zone); *broken != '\0') return broken;
        }
        return check_frames();
    }

private:
    /// Whatever came in with a file: nothing below may look outside an array.
    const char* check_sizes() {
        const std::uint64_t frames = frames_.frames().count();
        if (frames % kMaxOrder.frames() != 0 || frames < state_.map.frames().count())
            return "the frame table covers the memory";
        if (frames_.lists() != PageState::kLists) return "the frame table has the lists of all zones";
        if (state_.pageblock_flags.size() != frames / kPageblockFrames) return "every pageblock has flags";
        if (state_.page_lists.size() != std::size_t{state_.cpus} * kZones) return "every CPU has page lists";
        if (state_.page_rings.rings() != state_.page_lists.size() * state_.rules.pcp_lists())
            return "every page list has a ring";
        if (!state_.page_rings.is_sound()) return "rings lie in their slots";
        for (std::size_t i = 0; i < state_.page_lists.size(); ++i) {
            if (state_.page_lists[i].first_ring != i * state_.rules.pcp_lists())
                return "page lists have their own rings";
        }
        for (std::size_t i = 0; i < kZones; ++i) {
            const Zone& zone = state_.zones[i];
            if (static_cast<std::size_t>(zone.id) != i) return "zones are in order";
            if (std::uint64_t{zone.start} + zone.spanned > frames) return "zones lie in memory";
            if (zone.id > state_.preferred_zone[i] && zone.is_populated())
                return "a request prefers the highest zone it may use";
            if (static_cast<std::size_t>(state_.preferred_zone[i]) >= kZones) return "a preferred zone is a zone";
        }
        return "";
    }

    const char* check_zone(const Zone& zone) {
        std::int64_t unreported = 0;
        for (unsigned order = 0; order < kOrders; ++order) {
            std::uint32_t blocks = 0;
            for (unsigned type = 0; type < kMigrateTypes; ++type) {
                const auto migrate_type = static_cast<MigrateType>(type);
                if (!walk(PageState::free_list(zone.id, order, migrate_type), BlockState::free, order, zone))
                    return "every block on a free list is free, of the list's order, aligned and in the list's zone";
                blocks += length_;
                if (!has_type(migrate_type)) return "every free block has the type of its list";
            }
            if (blocks != zone.free_blocks[order]) return "nr_free counts the blocks on the free lists";
        }
        for (std::uint16_t cpu = 0; cpu < state_.cpus; ++cpu) {
            const PageLists& lists = state_.lists_of(CpuId{cpu}, zone.id);
            std::uint32_t pages = 0;
            for (unsigned index = 0; index < state_.rules.pcp_lists(); ++index) {
                const unsigned order = state_.page_list_order(index);
                const std::size_t ring = lists.first_ring + index;
                for (std::uint32_t i = 0; i < state_.page_rings.size(ring); ++i) {
                    if (!belongs(state_.page_rings.at(ring, i), BlockState::page_list, order, zone))
                        return "every block on a page list is marked so, of the list's order and in the list's zone";
                }
                pages += state_.page_rings.size(ring) << order;
            }
            if (pages != lists.count) return "a CPU's page count is that of its lists";
            if (lists.free_pages_diff > zone.stat_threshold || -lists.free_pages_diff > zone.stat_threshold)
                return "a CPU keeps no more to itself than the threshold";
            unreported += lists.free_pages_diff;
        }
        if (zone.free_pages + unreported != free_pages_exact(state_, zone.id))
            return "NR_FREE_PAGES and what CPUs did not report are the pages on the free lists";
        if (!walk(PageState::lru_list(zone.id), BlockState::lru, 0, zone))
            return "every page on an LRU list is marked so";
        if (length_ != zone.lru_pages) return "the pages on the LRU list are counted";
        return "";
    }

    /// Walks a list once round; leaves its length and nodes. False if a node does not belong on it.
    bool walk(ListId list, BlockState state, unsigned order, const Zone& zone) {
        const Node sentinel = frames_.sentinel(list);
        nodes_.clear();
        length_ = 0;
        for (Node node = frames_.next(sentinel), before = sentinel;; before = node, node = frames_.next(node)) {
            if (!frames_.is_node(node) || frames_.prev(node) != before) return false;
            if (node == sentinel) break;
            if (!belongs(node, state, order, zone)) return false;
            nodes_.push_back(node);
            ++length_;
        }
        return true;
    }

    /// The block is what its list says, and no frame of it was met before.
    bool belongs(Node node, BlockState state, unsigned order, const Zone& zone) {
        const Node pages = Node{1} << order;
        if (!frames_.is_frame(node) || frames_.state(node) != state || frames_.order(node) != order) return false;
        if (node % pages != 0 || !zone.spans(node) || node + pages > zone.top()) return false;
        for (Node frame = node; frame < node + pages; ++frame) {
            if (covered_[frame]) return false;
            covered_[frame] = true;
        }
        return true;
    }

    [[nodiscard]] bool has_type(MigrateType type) const {
        return std::ranges::all_of(nodes_, [&](Node node) { return frames_.type(node) == type; });
    }

    const char* check_frames() {
        std::uint64_t used_until = 0;
        for (Node frame = 0; frame < frames_.frames().count(); ++frame) {
            const BlockState state = frames_.state(frame);
            if (state == BlockState::none) continue;
            const unsigned order = frames_.order(frame);
            if (frame < used_until) return "no block begins inside another";
            used_until = std::uint64_t{frame} + (std::uint64_t{1} << order);
            if ((state == BlockState::in_use) == covered_[frame]) return "a block is on a list or in use, never both";
            if (state == BlockState::free && !is_merged(frame, order)) return "no two free buddies stay apart";
            const MemoryRange* range = state_.map.find(Pfn{frame});
            if (range == nullptr || range->kind != MemoryKind::usable) return "blocks lie in usable memory";
        }
        return "";
    }

    [[nodiscard]] bool is_merged(Node frame, unsigned order) const {
        if (order == kMaxOrder.raw()) return true;
        const Node buddy = frame ^ (Node{1} << order);
        if (!frames_.is_free(buddy, order)) return true;
        // At pageblock order two types that must not mix stay apart; the pageblocks may have changed since.
        return order >= kPageblockOrder.raw();
    }

    const PageState& state_;
    const FrameTable& frames_;
    std::vector<bool> covered_;
    std::vector<Node> nodes_;
    std::uint32_t length_ = 0;
};

} // namespace

const char* check_invariants(const PageState& state) {
    return Checker(state).run();
}

} // namespace ksl::core
