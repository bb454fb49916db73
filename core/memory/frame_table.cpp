// SPDX-License-Identifier: MIT
#include "core/memory/frame_table.h"

#include "core/types/assert.h"

#include <array>

namespace ksl::core {

namespace {

/// A chunk's reference count, on a line of its own.
constexpr std::uint64_t kChunkHeaderBytes = 64;

std::uint64_t whole_largest_blocks(Pages frames) {
    return (frames.count() + kMaxOrder.frames() - 1) & ~(kMaxOrder.frames() - 1);
}

} // namespace

std::string_view name_of(FrameUse use) {
    static constexpr std::array<std::string_view, kFrameUses> kNames{"unknown",   "page table", "kernel stack",
                                                                     "slab",      "page cache", "anonymous",
                                                                     "unmovable", "movable",    "reclaimable"};
    return kNames[static_cast<std::size_t>(use)];
}

FrameTable::FrameTable(Pages frames, std::uint32_t lists)
    : frames_(static_cast<std::uint32_t>(whole_largest_blocks(frames))),
      records_(static_cast<std::size_t>(whole_largest_blocks(frames))),
      links_(static_cast<std::size_t>(whole_largest_blocks(frames)) + lists) {
    KSL_ASSERT(whole_largest_blocks(frames) + lists < kNoNode, "frames and lists have 32-bit numbers");
    for (std::uint32_t list = 0; list < lists; ++list) {
        links_.mut(frames_ + list) = Link{.next = frames_ + list, .prev = frames_ + list};
    }
}

std::optional<FrameTable::Block> FrameTable::block_of(Pfn frame) const {
    if (frame.raw() >= frames_) return std::nullopt;
    const auto node = static_cast<Node>(frame.raw());
    for (unsigned order = 0; order < kOrders; ++order) {
        const Node first = node & ~((Node{1} << order) - 1);
        if (state(first) != BlockState::none && this->order(first) >= order)
            return Block{.first = Pfn{first}, .order = Order{this->order(first)}, .state = state(first)};
    }
    return std::nullopt;
}

std::uint32_t FrameTable::length(ListId list) const {
    std::uint32_t count = 0;
    for (Node node = next(sentinel(list)); node != sentinel(list); node = next(node)) ++count;
    return count;
}

Bytes FrameTable::stored_bytes() const {
    std::uint64_t bytes = (records_.chunk_count() + links_.chunk_count()) * 2 * sizeof(void*);
    for (std::size_t chunk = 0; chunk < records_.chunk_count(); ++chunk) {
        if (!records_.is_fill(chunk)) bytes += kRecordsPerChunk * sizeof(Record) + kChunkHeaderBytes;
    }
    for (std::size_t chunk = 0; chunk < links_.chunk_count(); ++chunk) {
        if (!links_.is_fill(chunk)) bytes += kLinksPerChunk * sizeof(Link) + kChunkHeaderBytes;
    }
    return Bytes{bytes};
}

} // namespace ksl::core
