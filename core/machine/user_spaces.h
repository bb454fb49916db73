// SPDX-License-Identifier: MIT
//
// The user half of processes: who uses an address space and which pages it maps. The pages are real frames behind real
// page tables; what they contain does not matter to kernel stacks, so nobody writes it.
//
// Rules:    fork() copies the page tables and shares the pages; exec() drops what was there and faults new pages in one
//           by one; the last task to leave frees pages and tables.
// Fidelity: an address space is one run of pages from kLowest up. Shared pages belong to the process that faulted them
//           in, and that process's space stays until its sharers have gone.
// Source:   dup_mm, exec_mmap, exit_mmap of mm/memory.c, mm/mmap.c, fs/exec.c.
#pragma once

#include "core/kernel/kernel_port.h"
#include "core/paging/address_space.h"
#include "core/types/ids.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace ksl::core {

class UserSpaces {
public:
    static constexpr VirtAddr kLowest{0x400000};

    UserSpaces() = default;
    UserSpaces(const KernelLayout& layout, Pfn kernel_root, PgdSync sync)
        : spaces_(layout, kernel_root, sync), geometry_(layout.geometry()), direct_map_(layout.direct_map().lowest) {}

    /// A space without user pages.
    [[nodiscard]] std::optional<SpaceId> create(KernelPort& kernel);
    /// dup_mm. Nothing if memory runs out on the way; what was built is given back.
    [[nodiscard]] std::optional<SpaceId> fork(KernelPort& kernel, SpaceId parent);
    /// One user more: a thread.
    void share(SpaceId space) {
        if (!space.is_none()) ++records_[space.raw()].users;
    }
    /// One user less; the last one frees everything.
    void leave(KernelPort& kernel, SpaceId space);
    /// New program: old pages out, `pages` new ones faulted in. False if memory ran out; the pages got so far stay.
    [[nodiscard]] bool exec(KernelPort& kernel, SpaceId space, std::uint32_t pages);
    /// Frees the user pages at once, as the reaper of the out-of-memory killer does. Returns how many.
    std::uint32_t drop_pages(KernelPort& kernel, SpaceId space);

    [[nodiscard]] Pfn root(SpaceId space) const { return spaces_.root(space); }
    /// The space with this top-level table; none if there is none.
    [[nodiscard]] SpaceId space_of(Pfn root) const;
    [[nodiscard]] bool exists(SpaceId space) const { return spaces_.exists(space); }
    /// Pages of its own, shared ones not counted.
    [[nodiscard]] std::uint32_t own_pages(SpaceId space) const { return records_[space.raw()].own_pages; }
    [[nodiscard]] std::uint32_t users(SpaceId space) const { return records_[space.raw()].users; }
    [[nodiscard]] std::size_t limit() const { return records_.size(); }
    [[nodiscard]] AddressSpaces& top_level() { return spaces_; }
    [[nodiscard]] const AddressSpaces& top_level() const { return spaces_; }

    /// Compaction moved a page of some space: its entry follows.
    void page_moved(PhysMemory& memory, FrameOwner owner, Pfn to);

    template <class Archive>
    void describe(Archive& archive) {
        archive(spaces_, records_);
    }
    friend bool operator==(const UserSpaces& a, const UserSpaces& b) {
        return a.spaces_ == b.spaces_ && a.records_ == b.records_;
    }

private:
    struct Record {
        std::uint32_t users = 0;
        std::uint32_t own_pages = 0;
        std::uint32_t borrowed_pages = 0;
        SpaceId lender; ///< whose pages the borrowed ones are
        std::uint32_t borrowers = 0;
        friend bool operator==(const Record&, const Record&) = default;
    };

    [[nodiscard]] Mapper mapper(KernelPort& kernel, SpaceId space) const {
        return Mapper{kernel.memory().contents, geometry_, spaces_.root(space), direct_map_};
    }
    [[nodiscard]] static std::optional<Pfn> take_table(KernelPort& kernel);
    [[nodiscard]] bool map_page(KernelPort& kernel, SpaceId space, std::uint32_t index, Pfn frame);
    [[nodiscard]] bool map_pages(KernelPort& kernel, SpaceId space, std::uint32_t first, std::span<const Pfn> frames);
    void free_tables(KernelPort& kernel, SpaceId space);
    void free_table_tree(KernelPort& kernel, Pfn table, Level level, unsigned entries);
    void return_borrowed(KernelPort& kernel, SpaceId space);
    void end_if_unused(KernelPort& kernel, SpaceId space);

    AddressSpaces spaces_;
    Geometry geometry_;
    VirtAddr direct_map_;
    std::vector<Record> records_;
};

} // namespace ksl::core
