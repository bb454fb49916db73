// SPDX-License-Identifier: MIT
//
// Random page tables that a machine can really be run on: pages of all sizes with all rights, accessed and dirty bits
// either way, entries that are absent, malformed, shared between tables or used at two levels. What a present leaf maps
// lies in a data window, of which there is one in every GiB of RAM, so that accesses can be checked by what they find.
//
// Layout:   tables from kTablesAt on; data windows at kWindowOffset of every GiB that RAM has.
#pragma once

#include "core/memory/phys_memory.h"
#include "core/paging/geometry.h"
#include "core/paging/pte.h"
#include "core/types/random.h"

#include <array>
#include <cstdint>
#include <vector>

namespace ksl::oracle {

inline constexpr core::PhysAddr kTablesAt{std::uint64_t{512} << 20};
inline constexpr std::uint64_t kMostTables = 65536;
inline constexpr std::uint64_t kWindowOffset = std::uint64_t{960} << 20;
inline constexpr std::uint64_t kWindowBytes = std::uint64_t{8} << 20;
/// GiBs of the guest's RAM (qemu_guest.h); the one in between is not there.
inline constexpr std::array<std::uint64_t, 5> kWindowGiBs{0, 1, 2, 4, 5};

[[nodiscard]] bool is_in_data_window(core::PhysAddr at);

/// One set of tables.
struct RandomTables {
    core::Pfn root{};
    core::Geometry geometry;
    bool is_tree = true; ///< every table is used once
    /// Entries that were written, each with an address that leads to it.
    struct Entry {
        core::VirtAddr at{}; ///< first address that it covers
        core::Level level = core::Level::pt;
        core::PhysAddr entry_at{};
    };
    std::vector<Entry> entries;
};

class RandomTableMaker {
public:
    /// Writes the tables of the image's own part of the address space, shared by all that follow.
    RandomTableMaker(core::PhysMemory& memory, core::Geometry geometry, std::uint8_t physical_bits,
                     core::Random& random);

    [[nodiscard]] RandomTables make();
    /// What make() might have written as an entry that maps a page.
    [[nodiscard]] core::Pte leaf(core::Level level);
    [[nodiscard]] std::uint64_t tables() const { return next_ - first_; }

private:
    [[nodiscard]] core::Pfn take() { return core::Pfn{next_++}; }
    void make_own_part();
    void fill(RandomTables& tables, core::Pfn table, core::Level level, core::VirtAddr base);
    void add_entry(RandomTables& tables, core::Pfn table, core::Level level, core::VirtAddr base, unsigned index);
    [[nodiscard]] core::Pfn table_below(RandomTables& tables, core::Level level, core::VirtAddr base);
    [[nodiscard]] core::Pte flags();
    [[nodiscard]] core::Pte with_mistake(core::Pte entry, core::Level level);

    core::PhysMemory& memory_;
    core::Geometry geometry_;
    std::uint8_t physical_bits_;
    core::Random& random_;
    std::uint64_t first_;
    std::uint64_t next_;
    core::Pte own_part_;
    bool may_share_ = false;
    std::vector<core::Pfn> shared_; ///< tables of the set in work that may be used again
};

} // namespace ksl::oracle
