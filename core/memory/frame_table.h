// SPDX-License-Identifier: MIT
//
// One record a frame, the counterpart of the kernel's array of struct page: whether a block of frames begins here, what
// it is used for, and two link words.
//
// Layout:  a block of 2^order frames is described at its first frame; the other frames' records hold nothing of
//          meaning, as in the kernel (PageBuddy and page_private are set on the first page only). Splitting and merging
//          therefore touch two records, whatever the order.
// Links:   the two link words put a block on a circular doubly linked list (struct list_head), or name the owner of a
//          block that is in use. Lists have sentinels behind the last frame, so that a block leaves its list without
//          knowing which one it is.
// Memory:  10 bytes a frame (Linux: 64) in copy-on-write chunks; chunks that were never written share one filler.
// Cost:    nothing is charged here; the parts of the allocator that act on the table know what the kernel touches.
#pragma once

#include "core/events/memory_events.h"
#include "core/types/address.h"
#include "core/types/cow_array.h"
#include "core/types/ids.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ksl::core {

/// What a frame in use is used for. Views colour by it, compaction and reclaim ask it, overflows find their victims by
/// it.
enum class FrameUse : std::uint8_t {
    unknown,      ///< in use since before the simulation knew: a recorded state does not say for what
    page_table,   ///< one level of a paging structure
    kernel_stack, ///< pages of a task's stack
    slab,         ///< objects of a slab cache
    page_cache,   ///< file contents that can be read again
    anonymous,    ///< user memory without a file
    unmovable,    ///< other kernel memory
    movable,      ///< other memory that can be moved
    reclaimable,  ///< other kernel memory that a shrinker gives back
};
inline constexpr unsigned kFrameUses = 9;

[[nodiscard]] std::string_view name_of(FrameUse use);
/// True for what compaction can move: pages on the LRU lists (PageLRU) and movable driver pages (__PageMovable).
[[nodiscard]] constexpr bool is_movable(FrameUse use) {
    return use == FrameUse::page_cache || use == FrameUse::anonymous || use == FrameUse::movable;
}

enum class BlockState : std::uint8_t {
    none,      ///< no block begins here
    free,      ///< on a buddy list
    page_list, ///< on a per-CPU page list
    in_use,    ///< given out; the link words name the owner
    lru,       ///< given out, and on the LRU list of its zone
};

/// Who has a block that is in use; whatever the caller of the allocator wants to find again.
struct FrameOwner {
    std::uint32_t id = 0;
    std::uint32_t detail = 0;
    friend bool operator==(const FrameOwner&, const FrameOwner&) = default;
};

/// A list of blocks, by the position of its sentinel.
enum class ListId : std::uint32_t {};

class FrameTable {
public:
    /// A frame or a sentinel: frames by number, sentinels behind them.
    using Node = std::uint32_t;
    static constexpr Node kNoNode = 0xffffffffU;

    struct Block {
        Pfn first;
        Order order;
        BlockState state = BlockState::none;
        friend bool operator==(const Block&, const Block&) = default;
    };

    FrameTable() : FrameTable(Pages{0}, 0) {}
    /// `frames` is rounded up to whole blocks of the largest order. `lists` empty lists.
    FrameTable(Pages frames, std::uint32_t lists);

    [[nodiscard]] Pages frames() const { return Pages{frames_}; }

    // Blocks.
    [[nodiscard]] BlockState state(Node frame) const { return static_cast<BlockState>(records_[frame].block >> 4); }
    [[nodiscard]] unsigned order(Node frame) const { return records_[frame].block & 15U; }
    /// One comparison: a block of exactly this order begins here and is on a buddy list.
    [[nodiscard]] bool is_free(Node frame, unsigned order) const {
        return records_[frame].block == pack_block(BlockState::free, order);
    }
    [[nodiscard]] FrameUse use(Node frame) const { return static_cast<FrameUse>((records_[frame].tag >> 2) & 15U); }
    /// Of a free block: the type of its list. Of a block on a page list: the type that the page remembers
    /// (page->index), which may differ from the list's. Of one in use: the type it was asked for with.
    [[nodiscard]] MigrateType type(Node frame) const { return static_cast<MigrateType>(records_[frame].tag & 3U); }

    void set_block(Node frame, BlockState state, unsigned order, MigrateType type, FrameUse use = FrameUse::unknown) {
        records_.mut(frame) = Record{.block = pack_block(state, order), .tag = pack_tag(type, use)};
    }
    void set_type(Node frame, MigrateType type) {
        Record& record = records_.mut(frame);
        record.tag = static_cast<std::uint8_t>((record.tag & ~3U) | static_cast<unsigned>(type));
    }
    void set_use(Node frame, FrameUse use) {
        Record& record = records_.mut(frame);
        record.tag = static_cast<std::uint8_t>((record.tag & ~(15U << 2)) | (static_cast<unsigned>(use) << 2));
    }
    void clear_block(Node frame) { records_.mut(frame) = Record{}; }

    /// The block that covers `frame`, if the table knows one.
    [[nodiscard]] std::optional<Block> block_of(Pfn frame) const;

    // Owners of blocks in use; nobody, until one is set.
    [[nodiscard]] FrameOwner owner(Node frame) const {
        if ((records_[frame].tag & kHasOwner) == 0) return {};
        return {.id = links_[frame].next, .detail = links_[frame].prev};
    }
    void set_owner(Node frame, FrameOwner owner) {
        links_.mut(frame) = Link{.next = owner.id, .prev = owner.detail};
        records_.mut(frame).tag |= kHasOwner;
    }

    // Lists.
    [[nodiscard]] Node sentinel(ListId list) const { return frames_ + static_cast<std::uint32_t>(list); }
    [[nodiscard]] bool is_frame(Node node) const { return node < frames_; }
    [[nodiscard]] bool is_node(Node node) const { return node < links_.size() && frames_ <= records_.size(); }
    [[nodiscard]] std::uint32_t lists() const { return static_cast<std::uint32_t>(links_.size() - frames_); }
    [[nodiscard]] Node next(Node node) const { return links_[node].next; }
    [[nodiscard]] Node prev(Node node) const { return links_[node].prev; }
    [[nodiscard]] bool is_empty(ListId list) const { return next(sentinel(list)) == sentinel(list); }
    [[nodiscard]] std::uint32_t length(ListId list) const;

    void insert_between(Node before, Node node, Node after) {
        links_.mut(node) = Link{.next = after, .prev = before};
        links_.mut(before).next = node;
        links_.mut(after).prev = node;
    }
    /// Leaves the node's own link words as they are, as list_del does in spirit: they mean nothing afterwards.
    void unlink(Node node) {
        const Link link = links_[node];
        links_.mut(link.prev).next = link.next;
        links_.mut(link.next).prev = link.prev;
    }
    void push_front(ListId list, Node node) { insert_between(sentinel(list), node, next(sentinel(list))); }
    void push_back(ListId list, Node node) { insert_between(prev(sentinel(list)), node, sentinel(list)); }

    /// Host memory in use.
    [[nodiscard]] Bytes stored_bytes() const;

    /// True if nothing in the chunk of `frame` changed between the two tables; see CowArray.
    [[nodiscard]] bool shares_records(const FrameTable& other, Pfn frame) const {
        return records_.shares_chunk(other.records_, static_cast<std::size_t>(frame.raw()) / kRecordsPerChunk);
    }
    static constexpr std::size_t kRecordsPerChunk = 4096;

    template <class Archive>
    void describe(Archive& archive) {
        archive(frames_, records_, links_);
    }
    friend bool operator==(const FrameTable&, const FrameTable&) = default;

private:
    struct Record {
        std::uint8_t block = 0; ///< state, order
        std::uint8_t tag = 0;   ///< has an owner, use, migrate type
        friend bool operator==(const Record&, const Record&) = default;
    };
    struct Link {
        Node next = 0;
        Node prev = 0;
        friend bool operator==(const Link&, const Link&) = default;
    };

    static constexpr std::uint8_t pack_block(BlockState state, unsigned order) {
        return static_cast<std::uint8_t>((static_cast<unsigned>(state) << 4) | order);
    }
    static constexpr std::uint8_t pack_tag(MigrateType type, FrameUse use) {
        return static_cast<std::uint8_t>((static_cast<unsigned>(use) << 2) | static_cast<unsigned>(type));
    }

    static constexpr std::uint8_t kHasOwner = 64;
    static constexpr std::size_t kLinksPerChunk = 512;

    std::uint32_t frames_ = 0;
    CowArray<Record, kRecordsPerChunk> records_;
    CowArray<Link, kLinksPerChunk> links_;
};

} // namespace ksl::core
