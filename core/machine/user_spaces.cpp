// SPDX-License-Identifier: MIT
#include "core/machine/user_spaces.h"

namespace ksl::core {

namespace {

/// PAGE_SHARED with accessed and dirty set, as a touched anonymous page has them.
constexpr Pte kUserPage{0x8000'0000'0000'0067};
constexpr unsigned kUserTopEntries = 256;
constexpr unsigned kTableEntries = 512;

constexpr VirtAddr page_at(std::uint32_t index) {
    return UserSpaces::kLowest + bytes_of(Pages{index});
}

} // namespace

std::optional<Pfn> UserSpaces::take_table(KernelPort& kernel) {
    const auto page =
        kernel.allocate({.order = Order{0}, .gfp = gfp::kKernel | gfp::kZero, .use = FrameUse::page_table});
    if (!page) return page;
    kernel.fx().charge(Step::page_clear);
    kernel.memory().contents.clear(*page);
    kernel.stream(kernel.memory().layout.address_of(address_of(*page)), Bytes{kPageBytes}, true);
    return page;
}

std::optional<SpaceId> UserSpaces::create(KernelPort& kernel) {
    const auto space = spaces_.create(kernel.memory().contents, [&] { return take_table(kernel); }, kernel.fx());
    if (!space) return space;
    if (space->raw() >= records_.size()) records_.resize(space->raw() + 1);
    records_[space->raw()] = Record{};
    records_[space->raw()].users = 1;
    return space;
}

SpaceId UserSpaces::space_of(Pfn root) const {
    SpaceId found;
    spaces_.for_each([&](SpaceId space, Pfn its_root) {
        if (its_root == root) found = space;
    });
    return found;
}

bool UserSpaces::map_page(KernelPort& kernel, SpaceId space, std::uint32_t index, Pfn frame) {
    return map_pages(kernel, space, index, std::array{frame});
}

bool UserSpaces::map_pages(KernelPort& kernel, SpaceId space, std::uint32_t first, std::span<const Pfn> frames) {
    Mapper tables = mapper(kernel, space);
    return tables.map_frames(
                     page_at(first), frames, kUserPage, [&] { return take_table(kernel); }, kernel.fx())
        .has_value();
}

std::optional<SpaceId> UserSpaces::fork(KernelPort& kernel, SpaceId parent) {
    const auto child = create(kernel);
    if (!child) return child;
    const Record& lender = records_[parent.raw()];
    const std::uint32_t pages = lender.own_pages + lender.borrowed_pages;
    const Mapper from = mapper(kernel, parent);
    // copy_pte_range goes on within a table: one descent for all of its entries.
    std::array<Pfn, kTableEntries> frames;
    for (std::uint32_t index = 0; index < pages;) {
        std::uint32_t count = 0;
        for (; count < kTableEntries && index + count < pages; ++count) {
            const EntrySlot slot = from.find(page_at(index + count));
            frames[count] = slot.entry.frame(slot.level);
        }
        kernel.fx().charge(Step::mm_page_copy, count);
        if (!map_pages(kernel, *child, index, std::span{frames}.first(count))) {
            leave(kernel, *child);
            return std::nullopt;
        }
        index += count;
    }
    Record& record = records_[child->raw()];
    record.borrowed_pages = pages;
    record.lender = records_[parent.raw()].lender.is_none() ? parent : records_[parent.raw()].lender;
    ++records_[record.lender.raw()].borrowers;
    return child;
}

bool UserSpaces::exec(KernelPort& kernel, SpaceId space, std::uint32_t pages) {
    drop_pages(kernel, space);
    return_borrowed(kernel, space);
    for (std::uint32_t index = 0; index < pages; ++index) {
        kernel.fx().charge(Step::mm_page_fault);
        const auto page = kernel.allocate({.order = Order{0},
                                           .gfp = gfp::kUserMovable | gfp::kZero,
                                           .use = FrameUse::anonymous,
                                           .owner = {.id = space.raw(), .detail = index}});
        if (!page) return false;
        kernel.fx().charge(Step::page_clear);
        kernel.memory().contents.clear(*page);
        kernel.stream(kernel.memory().layout.address_of(address_of(*page)), Bytes{kPageBytes}, true);
        if (!map_page(kernel, space, index, *page)) {
            kernel.free(*page, Order{0});
            return false;
        }
        ++records_[space.raw()].own_pages;
    }
    return true;
}

std::uint32_t UserSpaces::drop_pages(KernelPort& kernel, SpaceId space) {
    Record& record = records_[space.raw()];
    // Pages that children still map stay until those are gone (end_if_unused).
    if (record.borrowers != 0) return 0;
    Mapper tables = mapper(kernel, space);
    const std::uint32_t pages = std::exchange(record.own_pages, 0);
    for (std::uint32_t index = 0; index < pages; ++index) {
        const EntrySlot slot = tables.find(page_at(index));
        kernel.fx().charge(Step::mm_page_zap);
        tables.write_entry(slot, Pte{}, kernel.fx());
        kernel.free(slot.entry.frame(slot.level), Order{0});
    }
    return pages;
}

void UserSpaces::return_borrowed(KernelPort& kernel, SpaceId space) {
    Record& record = records_[space.raw()];
    if (record.lender.is_none()) return;
    const std::uint32_t pages = std::exchange(record.borrowed_pages, 0);
    const SpaceId lender = std::exchange(record.lender, SpaceId::none());
    Mapper tables = mapper(kernel, space);
    for (std::uint32_t index = 0; index < pages; ++index) {
        kernel.fx().charge(Step::mm_page_zap);
        tables.write_entry(tables.find(page_at(index)), Pte{}, kernel.fx());
    }
    --records_[lender.raw()].borrowers;
    end_if_unused(kernel, lender);
}

void UserSpaces::leave(KernelPort& kernel, SpaceId space) {
    if (space.is_none()) return;
    if (--records_[space.raw()].users == 0) end_if_unused(kernel, space);
}

void UserSpaces::end_if_unused(KernelPort& kernel, SpaceId space) {
    const Record& record = records_[space.raw()];
    if (record.users != 0 || record.borrowers != 0) return;
    drop_pages(kernel, space);
    return_borrowed(kernel, space);
    free_tables(kernel, space);
    spaces_.destroy(space, [&](Pfn root) { kernel.free(root, Order{0}); });
    records_[space.raw()] = Record{};
}

void UserSpaces::free_tables(KernelPort& kernel, SpaceId space) {
    free_table_tree(kernel, spaces_.root(space), geometry_.top(), kUserTopEntries);
}

void UserSpaces::free_table_tree(KernelPort& kernel, Pfn table, Level level, unsigned entries) {
    PhysMemory& contents = kernel.memory().contents;
    for (unsigned index = 0; index < entries; ++index) {
        const PhysAddr at = address_of(table) + Bytes{index * sizeof(std::uint64_t)};
        const Pte entry{contents.read(at)};
        if (!entry.is_present()) continue;
        const Pfn next = entry.table();
        if (below(level) != Level::pt) free_table_tree(kernel, next, below(level), kTableEntries);
        contents.write(at, 0);
        kernel.free(next, Order{0});
    }
}

void UserSpaces::page_moved(PhysMemory& memory, FrameOwner owner, Pfn to) {
    const SpaceId space{owner.id};
    if (!spaces_.exists(space) || owner.detail >= records_[space.raw()].own_pages) return;
    const auto follow = [&](SpaceId mapping) {
        Effects silent;
        Mapper tables{memory, geometry_, spaces_.root(mapping), direct_map_};
        const EntrySlot slot = tables.find(page_at(owner.detail));
        tables.write_entry(slot, slot.entry.with(Pte::kFrame, to.raw()), silent);
    };
    follow(space);
    if (records_[space.raw()].borrowers == 0) return;
    for (std::uint32_t other = 0; other < records_.size(); ++other) {
        if (records_[other].lender == space && owner.detail < records_[other].borrowed_pages) follow(SpaceId{other});
    }
}

} // namespace ksl::core
