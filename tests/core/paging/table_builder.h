// SPDX-License-Identifier: MIT
//
// Page tables written entry by entry, for tests that want to say exactly what lies in memory.
#pragma once

#include "core/memory/phys_memory.h"
#include "core/paging/geometry.h"
#include "core/paging/mapper.h"
#include "core/paging/pte.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>

namespace ksl::core::testing {

/// Gives out frames one after the other, up to a limit.
class FrameSource {
public:
    explicit FrameSource(std::uint64_t first = 1, std::uint64_t end = 0x10'0000) : next_(first), end_(end) {}

    std::optional<Pfn> operator()() {
        if (next_ == end_) return std::nullopt;
        return Pfn{next_++};
    }
    [[nodiscard]] std::uint64_t next() const { return next_; }
    void limit(std::uint64_t more) { end_ = next_ + more; }

private:
    std::uint64_t next_;
    std::uint64_t end_;
};

class TableBuilder {
public:
    static constexpr std::uint64_t kFrames = 0x10'0000; // 4 GiB
    static constexpr std::uint64_t kTableFlags = 0x27;  // P RW US A

    explicit TableBuilder(Geometry geometry = Geometry::four_level()) : geometry_(geometry), root_(*frames_()) {}

    PhysMemory& memory() { return memory_; }
    [[nodiscard]] Geometry geometry() const { return geometry_; }
    [[nodiscard]] Pfn root() const { return root_; }
    FrameSource& frames() { return frames_; }
    Mapper mapper() { return {memory_, geometry_, root_, VirtAddr{0xffff'8880'0000'0000}}; }

    /// Where the entry at `level` around `at` lies; tables above are added with kTableFlags.
    PhysAddr entry_at(VirtAddr at, Level level) {
        Pfn table = root_;
        for (Level here = geometry_.top();; here = below(here)) {
            const PhysAddr place = address_of(table) + Bytes{std::uint64_t{8} * index_of(at, here)};
            if (here == level) return place;
            Pte entry{memory_.read(place)};
            if (entry.is_clear()) {
                entry = Pte{kTableFlags}.with(Pte::kFrame, frames_()->raw());
                memory_.write(place, entry.bits());
            }
            table = entry.table();
        }
    }
    [[nodiscard]] Pte entry(VirtAddr at, Level level) { return Pte{memory_.read(entry_at(at, level))}; }
    void set(VirtAddr at, Level level, std::uint64_t bits) { memory_.write(entry_at(at, level), bits); }
    void set(VirtAddr at, Level level, Pte entry) { set(at, level, entry.bits()); }
    /// Changes some bits of an entry.
    void add_bits(VirtAddr at, Level level, std::uint64_t bits) { set(at, level, entry(at, level).bits() | bits); }
    void remove_bits(VirtAddr at, Level level, std::uint64_t bits) { set(at, level, entry(at, level).bits() & ~bits); }

private:
    PhysMemory memory_{Pages{kFrames}};
    FrameSource frames_;
    Geometry geometry_;
    Pfn root_;
};

} // namespace ksl::core::testing
