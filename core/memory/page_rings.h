// SPDX-License-Identifier: MIT
//
// The per-CPU page lists as queues. The kernel links their pages through struct page; since pages only ever come and go
// at the two ends, a ring of frame numbers holds the same order without touching the frame table for it.
//
// Memory:  4 bytes a slot in copy-on-write chunks, 16 bytes a ring. A full ring moves to twice the slots.
#pragma once

#include "core/memory/frame_table.h"
#include "core/types/cow_array.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ksl::core {

class PageRings {
public:
    using Node = FrameTable::Node;

    PageRings() = default;
    explicit PageRings(std::size_t rings);

    [[nodiscard]] std::uint32_t size(std::size_t ring) const { return rings_[ring].size; }
    [[nodiscard]] bool is_empty(std::size_t ring) const { return rings_[ring].size == 0; }
    /// The page at a position, 0 = head.
    [[nodiscard]] Node at(std::size_t ring, std::uint32_t position) const {
        return slots_[slot(rings_[ring], position)];
    }
    [[nodiscard]] Node front(std::size_t ring) const { return at(ring, 0); }
    [[nodiscard]] Node back(std::size_t ring) const { return at(ring, rings_[ring].size - 1); }

    void push_front(std::size_t ring, Node node) {
        if (is_full(ring)) [[unlikely]]
            grow(ring);
        Ring& to = rings_[ring];
        --to.head;
        ++to.size;
        slots_.mut(slot(to, 0)) = node;
    }
    void push_back(std::size_t ring, Node node) {
        if (is_full(ring)) [[unlikely]]
            grow(ring);
        Ring& to = rings_[ring];
        slots_.mut(slot(to, to.size++)) = node;
    }
    Node pop_front(std::size_t ring) {
        Ring& from = rings_[ring];
        const Node node = slots_[slot(from, 0)];
        ++from.head;
        --from.size;
        return node;
    }
    Node pop_back(std::size_t ring) {
        Ring& from = rings_[ring];
        return slots_[slot(from, --from.size)];
    }
    /// Takes a page out of the middle, which no kernel does; false if it is not in this ring.
    bool remove(std::size_t ring, Node node);

    template <class Archive>
    void describe(Archive& archive) {
        archive(rings_, slots_);
    }
    friend bool operator==(const PageRings&, const PageRings&) = default;

private:
    struct Ring {
        std::uint32_t first = 0; ///< its slots begin here
        std::uint32_t mask = 0;  ///< slots - 1, a power of two
        std::uint32_t head = 0;  ///< modulo the slots
        std::uint32_t size = 0;
        friend bool operator==(const Ring&, const Ring&) = default;
    };
    static constexpr std::uint32_t kFirstSlots = 64;

    [[nodiscard]] static std::size_t slot(const Ring& ring, std::uint32_t position) {
        return ring.first + ((ring.head + position) & ring.mask);
    }
    [[nodiscard]] bool is_full(std::size_t ring) const { return rings_[ring].size > rings_[ring].mask; }
    void grow(std::size_t ring);

    std::vector<Ring> rings_;
    CowArray<Node, 1024> slots_;
};

} // namespace ksl::core
