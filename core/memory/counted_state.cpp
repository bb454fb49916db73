// SPDX-License-Identifier: MIT
#include "core/memory/counted_state.h"

#include "core/memory/buddy.h"
#include "core/types/random.h"

#include <algorithm>
#include <bit>

namespace ksl::core {

namespace {

using Node = FrameTable::Node;

constexpr auto kPageblock = static_cast<Node>(kPageblockFrames);

/// Aligned pieces of memory that nothing was put into yet, by the type of their pageblock.
class Slots {
public:
    explicit Slots(Node frames) {
        for (unsigned order = 0; order < kOrders; ++order) is_there_[order].resize(frames >> order);
    }

    void add(Node node, unsigned order, MigrateType type) {
        is_there_[order][node >> order] = true;
        slots_[static_cast<std::size_t>(type)][order].push_back(node);
    }
    bool remove(Node node, unsigned order) {
        const bool was_there = is_there_[order][node >> order];
        is_there_[order][node >> order] = false;
        return was_there;
    }
    /// A random slot of exactly this order, taken out.
    [[nodiscard]] std::optional<Node> take(unsigned order, MigrateType type, Random& random) {
        std::vector<Node>& slots = slots_[static_cast<std::size_t>(type)][order];
        while (!slots.empty()) {
            std::swap(slots[random.below(slots.size())], slots.back());
            const Node node = slots.back();
            slots.pop_back();
            if (remove(node, order)) return node;
        }
        return std::nullopt;
    }

private:
    std::array<std::vector<bool>, kOrders> is_there_;
    std::array<std::array<std::vector<Node>, kOrders>, kMigrateTypes> slots_;
};

class ZoneFiller {
public:
    ZoneFiller(PageState& state, const CountedZone& counts, const CountedMemory& memory, Random& random)
        : state_(state), zone_(state.zone(counts.id)), counts_(counts), memory_(memory), random_(random),
          slots_(static_cast<Node>(state.frames.frames().count())) {}

    std::optional<std::string> run() {
        find_pageblocks();
        if (auto problem = choose_types()) return problem;
        for (unsigned order = kOrders; order-- > 0;) {
            for (unsigned type = 0; type < kMigrateTypes; ++type) {
                const std::uint32_t wanted = counts_.free_blocks[order][type] - placed_large_[order][type];
                for (std::uint32_t i = 0; i < wanted; ++i) {
                    if (!place(order, static_cast<MigrateType>(type)))
                        return std::string{kZoneNames[static_cast<std::size_t>(zone_.id)]} +
                               " has no room for its free blocks of order " + std::to_string(order);
                }
            }
        }
        if (auto problem = reserve_frames()) return problem;
        use_the_rest();
        return std::nullopt;
    }

private:
    [[nodiscard]] bool is_usable(Node frame) const {
        const MemoryRange* range = state_.map.find(Pfn{frame});
        return range != nullptr && range->kind == MemoryKind::usable;
    }

    /// Pageblocks that are memory throughout, and the others' aligned pieces.
    void find_pageblocks() {
        for (Node block = zone_.start & ~(kPageblock - 1); block < zone_.top(); block += kPageblock) {
            const MemoryRange* range = state_.map.find(Pfn{block});
            const bool is_whole = range != nullptr && range->kind == MemoryKind::usable &&
                                  range->frames.top.raw() >= block + kPageblock && zone_.spans(block);
            (is_whole ? whole_ : partial_).push_back(block);
        }
    }

    std::optional<std::string> choose_types() {
        std::array<std::uint32_t, kMigrateTypes> left = wanted_pageblocks();
        place_largest(left);
        std::vector<Node> open;
        for (const Node block : whole_) {
            if (!is_taken(block)) open.push_back(block);
        }
        shuffle(open);
        for (const Node block : open) slots_.add(block, kPageblockOrder.raw(), take_type(left, block));
        for (const Node block : partial_) {
            const MigrateType type = take_type(left, block);
            for (Node frame = block; frame < block + kPageblock;) frame += add_piece(frame, block + kPageblock, type);
        }
        return std::nullopt;
    }

    /// The largest aligned piece of usable memory that begins here becomes a slot. Frames to go on by.
    Node add_piece(Node frame, Node top, MigrateType type) {
        Node end = frame;
        while (end < top && zone_.spans(end) && is_usable(end)) ++end;
        if (end == frame) return 1;
        const auto aligned = static_cast<unsigned>(std::countr_zero(frame));
        const auto fitting = static_cast<unsigned>(std::bit_width(end - frame)) - 1;
        const unsigned order = std::min(aligned, fitting);
        slots_.add(frame, order, type);
        return Node{1} << order;
    }

    [[nodiscard]] std::array<std::uint32_t, kMigrateTypes> wanted_pageblocks() const {
        if (counts_.pageblocks) return *counts_.pageblocks;
        std::array<std::uint32_t, kMigrateTypes> wanted{};
        const auto all = static_cast<std::uint32_t>(whole_.size() + partial_.size());
        std::uint32_t left = all;
        for (const MigrateType type : {MigrateType::unmovable, MigrateType::reclaimable, MigrateType::highatomic}) {
            std::uint64_t pages = 0;
            for (unsigned order = 0; order < kOrders; ++order)
                pages += std::uint64_t{counts_.free_blocks[order][static_cast<std::size_t>(type)]} << order;
            // As much again is in use in such pageblocks.
            const std::uint64_t blocks = (2 * pages + kPageblock - 1) / kPageblock;
            wanted[static_cast<std::size_t>(type)] = static_cast<std::uint32_t>(std::min<std::uint64_t>(blocks, left));
            left -= wanted[static_cast<std::size_t>(type)];
        }
        wanted[static_cast<std::size_t>(MigrateType::movable)] = left;
        return wanted;
    }

    /// Blocks of order 10 first: they need two neighbouring pageblocks.
    void place_largest(std::array<std::uint32_t, kMigrateTypes>& left) {
        std::vector<Node> pairs;
        for (const Node block : whole_) {
            const bool has_second = std::ranges::binary_search(whole_, block + kPageblock);
            if (block % (2 * kPageblock) == 0 && has_second) pairs.push_back(block);
        }
        shuffle(pairs);
        for (unsigned type = 0; type < kMigrateTypes; ++type) {
            std::uint32_t& placed = placed_large_[kMaxOrder.raw()][type];
            while (placed < counts_.free_blocks[kMaxOrder.raw()][type] && !pairs.empty()) {
                const Node block = pairs.back();
                pairs.pop_back();
                for (const Node half : {block, block + kPageblock}) {
                    state_.set_pageblock_type(half, static_cast<MigrateType>(type));
                    taken_.push_back(half);
                }
                left[type] -= std::min(left[type], 2U);
                add_free(block, kMaxOrder.raw(), static_cast<MigrateType>(type));
                ++placed;
            }
        }
        std::ranges::sort(taken_);
    }

    [[nodiscard]] bool is_taken(Node block) const { return std::ranges::binary_search(taken_, block); }

    MigrateType take_type(std::array<std::uint32_t, kMigrateTypes>& left, Node block) {
        MigrateType type = MigrateType::movable;
        for (const MigrateType candidate :
             {MigrateType::unmovable, MigrateType::reclaimable, MigrateType::highatomic}) {
            if (left[static_cast<std::size_t>(candidate)] == 0) continue;
            --left[static_cast<std::size_t>(candidate)];
            type = candidate;
            break;
        }
        state_.set_pageblock_type(block, type);
        return type;
    }

    void shuffle(std::vector<Node>& nodes) {
        for (std::size_t i = nodes.size(); i > 1; --i) std::swap(nodes[i - 1], nodes[random_.below(i)]);
    }

    bool place(unsigned order, MigrateType type) {
        constexpr std::array kTypes{MigrateType::unmovable, MigrateType::movable, MigrateType::reclaimable,
                                    MigrateType::highatomic};
        if (place_in(order, type, type)) return true;
        return std::ranges::any_of(kTypes, [&](MigrateType other) { return place_in(order, type, other); });
    }

    /// A free block in a pageblock of type `in`: a slot is halved until it has the size.
    bool place_in(unsigned order, MigrateType type, MigrateType in) {
        for (unsigned at = order; at <= kPageblockOrder.raw(); ++at) {
            std::optional<Node> node = slots_.take(at, in, random_);
            if (!node) continue;
            for (unsigned high = at; high > order;) {
                --high;
                const Node half = *node + (Node{1} << high);
                const bool goes_up = random_.chance(1, 2);
                slots_.add(goes_up ? *node : half, high, in);
                if (goes_up) *node = half;
            }
            keep_buddy_apart(*node, order, in);
            add_free(*node, order, type);
            return true;
        }
        return false;
    }

    /// The buddy must never be free as a whole: it is only given out in smaller pieces, and a single page not at all.
    void keep_buddy_apart(Node node, unsigned order, MigrateType in) {
        if (order == kMaxOrder.raw()) return;
        const Node buddy = node ^ (Node{1} << order);
        if (!slots_.remove(buddy, order) || order == 0) return;
        const MigrateType buddy_in = order == kPageblockOrder.raw() ? state_.pageblock_type(buddy) : in;
        slots_.add(buddy, order - 1, buddy_in);
        slots_.add(buddy + (Node{1} << (order - 1)), order - 1, buddy_in);
    }

    void add_free(Node node, unsigned order, MigrateType type) {
        state_.frames.set_block(node, BlockState::free, order, type);
        const ListId list = PageState::free_list(zone_.id, order, type);
        if (random_.chance(1, 2))
            state_.frames.push_front(list, node);
        else
            state_.frames.push_back(list, node);
        ++zone_.free_blocks[order];
        zone_.free_pages += std::int64_t{1} << order;
    }

    /// Runs of frames that hold no free block, the longest first, of two alike the higher one.
    [[nodiscard]] std::vector<FrameRange> used_runs() const {
        std::vector<FrameRange> runs;
        for (Node frame = zone_.start; frame < zone_.top();) {
            const bool is_free = state_.frames.state(frame) == BlockState::free;
            if (is_free || !is_usable(frame)) {
                frame += is_free ? Node{1} << state_.frames.order(frame) : 1;
                continue;
            }
            if (runs.empty() || runs.back().top != Pfn{frame}) runs.push_back({Pfn{frame}, Pfn{frame}});
            runs.back().top = Pfn{++frame};
        }
        std::ranges::sort(runs, [](const FrameRange& a, const FrameRange& b) {
            return a.size() != b.size() ? a.size() > b.size() : a.lowest > b.lowest;
        });
        return runs;
    }

    std::optional<std::string> reserve_frames() {
        if (counts_.reserved == Pages{0}) return std::nullopt;
        Pages left = counts_.reserved;
        for (const FrameRange& run : used_runs()) {
            const Pages taken = std::min(left, run.size());
            state_.map.add({run.top - taken, run.top}, MemoryKind::reserved);
            left -= taken;
            if (left == Pages{0}) break;
        }
        zone_.managed -= static_cast<std::uint32_t>((counts_.reserved - left).count());
        if (left == Pages{0}) return std::nullopt;
        return std::string{kZoneNames[static_cast<std::size_t>(zone_.id)]} + " has " + std::to_string(left.count()) +
               " reserved frames too many";
    }

    void use_the_rest() {
        std::vector<Node> cache;
        for (const MemoryRange& range : state_.map.ranges()) {
            if (range.kind != MemoryKind::usable) continue;
            const auto top = static_cast<Node>(std::min<std::uint64_t>(range.frames.top.raw(), zone_.top()));
            for (Node frame = std::max(static_cast<Node>(range.frames.lowest.raw()), zone_.start); frame < top;) {
                if (state_.frames.state(frame) == BlockState::free) {
                    frame += Node{1} << state_.frames.order(frame);
                    continue;
                }
                use_page(frame, cache);
                ++frame;
            }
        }
        shuffle(cache);
        for (const Node frame : cache) {
            state_.frames.set_block(frame, BlockState::lru, 0, MigrateType::movable, FrameUse::page_cache);
            state_.frames.push_front(PageState::lru_list(zone_.id), frame);
            ++zone_.lru_pages;
        }
    }

    void use_page(Node frame, std::vector<Node>& cache) {
        const MigrateType type = state_.pageblock_type(frame);
        if (type == MigrateType::movable && random_.chance(memory_.page_cache_permille, 1000))
            return cache.push_back(frame);
        const FrameUse other_use = random_.chance(1, 2) ? FrameUse::slab : FrameUse::unmovable;
        const FrameUse use = type == MigrateType::movable       ? FrameUse::anonymous
                             : type == MigrateType::reclaimable ? FrameUse::reclaimable
                                                                : other_use;
        state_.frames.set_block(frame, BlockState::in_use, 0,
                                type == MigrateType::highatomic ? MigrateType::unmovable : type, use);
    }

    PageState& state_;
    Zone& zone_;
    const CountedZone& counts_;
    const CountedMemory& memory_;
    Random& random_;
    Slots slots_;
    std::vector<Node> whole_;
    std::vector<Node> partial_;
    std::vector<Node> taken_;
    BlockCounts placed_large_{};
};

} // namespace

BlockCounts guess_types(const std::array<std::uint32_t, kOrders>& free_blocks) {
    BlockCounts counts{};
    for (unsigned order = 0; order < kOrders; ++order) {
        const std::uint32_t all = free_blocks[order];
        const bool is_small = order < kPageblockOrder.raw();
        const std::uint32_t unmovable = is_small ? all / 3 : 0;
        const std::uint32_t reclaimable = is_small ? all / 6 : 0;
        counts[order] = {unmovable, all - unmovable - reclaimable, reclaimable, 0};
    }
    return counts;
}

std::expected<PageState, std::string> make_state(const CountedMemory& memory) {
    PageState state(memory.map, memory.rules, memory.cpus);
    Random random(memory.seed);
    for (const CountedZone& zone : memory.zones) {
        if (auto problem = ZoneFiller(state, zone, memory, random).run()) return std::unexpected(*problem);
    }
    apply_defaults(state, memory.min_free_kib);
    return state;
}

} // namespace ksl::core
