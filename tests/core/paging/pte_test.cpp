// SPDX-License-Identifier: MIT
//
// Formats of entries, against figures typed from the tables of the manual.
#include "core/paging/pte.h"

#include <gtest/gtest.h>

#include <string>

namespace ksl::core {
namespace {

constexpr EntryKind kAllKinds[] = {EntryKind::not_present, EntryKind::pml5e, EntryKind::pml4e,  EntryKind::pdpte,
                                   EntryKind::pdpte_1g,    EntryKind::pde,   EntryKind::pde_2m, EntryKind::pte};

const BitField* field_at(EntryKind kind, unsigned bit) {
    for (const BitField& field : fields_of(kind)) {
        if (field.low <= bit && bit < field.low + field.width) return &field;
    }
    return nullptr;
}
std::string name_at(EntryKind kind, unsigned bit) {
    const BitField* field = field_at(kind, bit);
    return field == nullptr ? "none" : std::string{field->name};
}

TEST(EntryFields, CoverEveryBitOnceFromTheTopDown) {
    for (EntryKind kind : kAllKinds) {
        unsigned top = 64;
        for (const BitField& field : fields_of(kind)) {
            EXPECT_EQ(field.low + field.width, top) << name_of(kind) << " " << field.name;
            EXPECT_FALSE(field.name.empty());
            EXPECT_FALSE(field.meaning.empty());
            top = field.low;
        }
        EXPECT_EQ(top, 0U) << name_of(kind);
    }
}

TEST(EntryFields, BitSevenIsNamedByTheLevel) {
    EXPECT_EQ(name_at(EntryKind::pte, 7), "PAT");
    EXPECT_EQ(name_at(EntryKind::pde, 7), "PS");
    EXPECT_EQ(name_at(EntryKind::pde_2m, 7), "PS");
    EXPECT_EQ(name_at(EntryKind::pdpte, 7), "PS");
    EXPECT_EQ(name_at(EntryKind::pdpte_1g, 7), "PS");
    EXPECT_EQ(name_at(EntryKind::pml4e, 7), "reserved");
    EXPECT_EQ(name_at(EntryKind::pml5e, 7), "reserved");
    EXPECT_EQ(name_at(EntryKind::pde_2m, 12), "PAT");
    EXPECT_EQ(name_at(EntryKind::pdpte_1g, 12), "PAT");
    EXPECT_EQ(name_at(EntryKind::pte, 12), "frame");
}

TEST(EntryFields, SayWhatEachKindIgnoresAndReserves) {
    for (EntryKind table : {EntryKind::pml5e, EntryKind::pml4e, EntryKind::pdpte, EntryKind::pde}) {
        EXPECT_EQ(name_at(table, 6), "ignored") << name_of(table);
        EXPECT_EQ(name_at(table, 8), "ignored") << name_of(table);
        EXPECT_EQ(name_at(table, 60), "ignored") << name_of(table);
    }
    for (EntryKind leaf : {EntryKind::pdpte_1g, EntryKind::pde_2m, EntryKind::pte}) {
        EXPECT_EQ(name_at(leaf, 6), "D") << name_of(leaf);
        EXPECT_EQ(name_at(leaf, 8), "G") << name_of(leaf);
        EXPECT_EQ(name_at(leaf, 60), "PKEY") << name_of(leaf);
    }
    EXPECT_EQ(name_at(EntryKind::pdpte_1g, 13), "reserved");
    EXPECT_EQ(name_at(EntryKind::pdpte_1g, 29), "reserved");
    EXPECT_EQ(name_at(EntryKind::pdpte_1g, 30), "frame");
    EXPECT_EQ(name_at(EntryKind::pde_2m, 20), "reserved");
    EXPECT_EQ(name_at(EntryKind::pde_2m, 21), "frame");
    for (EntryKind kind : kAllKinds) EXPECT_EQ(name_at(kind, 0), "P");
}

TEST(EntryKinds, FollowFromLevelAndPageSizeBit) {
    EXPECT_EQ(kind_of(Pte{0x1}, Level::pt), EntryKind::pte);
    EXPECT_EQ(kind_of(Pte{0x81}, Level::pt), EntryKind::pte);
    EXPECT_EQ(kind_of(Pte{0x1}, Level::pd), EntryKind::pde);
    EXPECT_EQ(kind_of(Pte{0x81}, Level::pd), EntryKind::pde_2m);
    EXPECT_EQ(kind_of(Pte{0x1}, Level::pdpt), EntryKind::pdpte);
    EXPECT_EQ(kind_of(Pte{0x81}, Level::pdpt), EntryKind::pdpte_1g);
    EXPECT_EQ(kind_of(Pte{0x81}, Level::pml4), EntryKind::pml4e);
    EXPECT_EQ(kind_of(Pte{0x81}, Level::pml5), EntryKind::pml5e);
    EXPECT_EQ(kind_of(Pte{0xffff'ffff'ffff'fffe}, Level::pt), EntryKind::not_present);
}

constexpr std::uint64_t bits(unsigned high, unsigned low) {
    return (~std::uint64_t{0} >> (63 - high)) & ~((std::uint64_t{1} << low) - 1);
}

TEST(ReservedBits, AreThoseOfTheManual) {
    const EntryRules plain{.physical_bits = 46, .no_execute = true, .huge_pages = true};
    const std::uint64_t high = bits(51, 46);
    EXPECT_EQ(reserved_bits(EntryKind::not_present, plain), 0U);
    EXPECT_EQ(reserved_bits(EntryKind::pml5e, plain), high | bits(7, 7));
    EXPECT_EQ(reserved_bits(EntryKind::pml4e, plain), high | bits(7, 7));
    EXPECT_EQ(reserved_bits(EntryKind::pdpte, plain), high);
    EXPECT_EQ(reserved_bits(EntryKind::pdpte_1g, plain), high | bits(29, 13));
    EXPECT_EQ(reserved_bits(EntryKind::pde, plain), high);
    EXPECT_EQ(reserved_bits(EntryKind::pde_2m, plain), high | bits(20, 13));
    EXPECT_EQ(reserved_bits(EntryKind::pte, plain), high);
}

TEST(ReservedBits, DependOnTheProcessor) {
    EXPECT_EQ(reserved_bits(EntryKind::pte, {.physical_bits = 52}), 0U);
    EXPECT_EQ(reserved_bits(EntryKind::pte, {.physical_bits = 36}), bits(51, 36));
    for (EntryKind kind : kAllKinds) {
        const bool has_bits = kind != EntryKind::not_present;
        EXPECT_EQ((reserved_bits(kind, {.no_execute = false}) & bits(63, 63)) != 0, has_bits) << name_of(kind);
        EXPECT_EQ((reserved_bits(kind, {.no_execute = true}) & bits(63, 63)), 0U) << name_of(kind);
    }
    EXPECT_NE(reserved_bits(EntryKind::pdpte_1g, {.huge_pages = false}) & bits(7, 7), 0U);
    EXPECT_EQ(reserved_bits(EntryKind::pde_2m, {.huge_pages = false}) & bits(7, 7), 0U);
    EXPECT_NE(reserved_bits(EntryKind::pml4e, {.amd = true}) & bits(8, 8), 0U);
    EXPECT_EQ(reserved_bits(EntryKind::pml4e, {.amd = false}) & bits(8, 8), 0U);
    EXPECT_EQ(reserved_bits(EntryKind::pdpte, {.amd = true}) & bits(8, 8), 0U);
}

TEST(Pte, IndexOfThePatUsesTheBitOfItsSize) {
    EXPECT_EQ(Pte{0x01}.pat_index(Level::pt), 0U);
    EXPECT_EQ(Pte{0x09}.pat_index(Level::pt), 1U);
    EXPECT_EQ(Pte{0x11}.pat_index(Level::pt), 2U);
    EXPECT_EQ(Pte{0x99}.pat_index(Level::pt), 7U);
    EXPECT_EQ(Pte{0x99}.pat_index(Level::pd), 3U) << "bit 7 of a 2M page is PS";
    EXPECT_EQ(Pte{0x1099}.pat_index(Level::pd), 7U);
    EXPECT_EQ(Pte{0x1099}.pat_index(Level::pdpt), 7U);
    EXPECT_EQ(Pte{0x1019}.pat_index(Level::pd), 3U) << "an entry that points to a table has no PAT bit";
}

TEST(Pte, AddressesOfLargePagesLeaveTheirLowBitsOut) {
    const Pte entry{0x0000'1234'5678'9fe7};
    EXPECT_EQ(entry.address(Level::pt), PhysAddr{0x1234'5678'9000});
    EXPECT_EQ(entry.address(Level::pd), PhysAddr{0x1234'5660'0000});
    EXPECT_EQ(entry.address(Level::pdpt), PhysAddr{0x1234'4000'0000});
    EXPECT_EQ(entry.table(), Pfn{0x1'2345'6789});
}

TEST(Pte, WithReplacesAFieldAndDropsWhatDoesNotFit) {
    EXPECT_EQ(Pte{}.with(Pte::kKey, 0x1f), Pte{std::uint64_t{0xf} << 59U});
    EXPECT_EQ(Pte{0x7}.with(Pte::kWritable, 0), Pte{0x5});
    EXPECT_EQ(Pte{0x8000'0000'0000'0001}.get(Pte::kNoExecute), 1U);
}

} // namespace
} // namespace ksl::core
