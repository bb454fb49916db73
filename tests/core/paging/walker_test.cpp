// SPDX-License-Identifier: MIT
//
// The walker's rules one by one, and all of them at once against a plain second reading of the manual.
#include "core/paging/table_view.h"
#include "core/paging/walker.h"
#include "tests/core/paging/table_builder.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>
#include <optional>

namespace ksl::core {
namespace {

using testing::FrameSource;
using testing::TableBuilder;

constexpr VirtAddr kPage{0xffff'c900'0000'3000};
constexpr VirtAddr kUserPage{0x5555'0000'2000};
constexpr std::uint64_t kKernelPage = 0x8000'0000'0000'0163; // P RW A D G XD

Access reading() {
    return Access::kernel(AccessKind::read);
}
Access writing() {
    return Access::kernel(AccessKind::write);
}
Access fetching() {
    return Access::kernel(AccessKind::fetch);
}

PagingMode mode_with(const std::function<void(ControlRegisters&)>& change, const PagingFeatures& features = {}) {
    ControlRegisters registers;
    change(registers);
    return PagingMode::of(registers, features);
}
PagingMode plain_mode() {
    return mode_with([](ControlRegisters&) {});
}

/// One 4 KiB page of each kind.
TableBuilder two_pages() {
    TableBuilder tables;
    tables.set(kPage, Level::pt, kKernelPage | 0x77000);
    tables.set(kUserPage, Level::pt, std::uint64_t{0x67} | 0x88000);
    return tables;
}

std::uint32_t error_of(TableBuilder& tables, const PagingMode& mode, VirtAddr at, Access access) {
    const auto result = walk(tables.memory(), mode, tables.root(), at, access);
    return result ? 0xffff'ffff : result.error().error_code;
}
constexpr std::uint32_t kNoFault = 0xffff'ffff;

TEST(Walker, TranslatesThroughFourLevels) {
    TableBuilder tables = two_pages();
    const auto result = walk(tables.memory(), plain_mode(), tables.root(), kPage + Bytes{0x123}, writing());
    ASSERT_TRUE(result);
    EXPECT_EQ(result->at, PhysAddr{0x77123});
    EXPECT_EQ(result->size(), PageSize::small_4k);
    EXPECT_EQ(result->references, 4);
    EXPECT_TRUE(result->is_global());
    EXPECT_EQ(result->leaf_at, tables.entry_at(kPage, Level::pt));
    EXPECT_EQ(result->rights, (Rights{.writable = true, .user = false, .no_execute = true, .key = 0}));
}

TEST(Walker, StopsAtLargePages) {
    TableBuilder tables;
    constexpr VirtAddr kTwoMib{0xffff'8880'0040'0000};
    constexpr VirtAddr kOneGib{0xffff'8880'4000'0000};
    tables.set(kTwoMib, Level::pd, std::uint64_t{0x1e3} | 0x4020'0000);
    tables.set(kOneGib, Level::pdpt, std::uint64_t{0x1e3} | 0x8000'0000);
    const auto two = walk(tables.memory(), plain_mode(), tables.root(), kTwoMib + Bytes{0x12'3456}, reading());
    ASSERT_TRUE(two);
    EXPECT_EQ(two->at, PhysAddr{0x4032'3456});
    EXPECT_EQ(two->references, 3);
    EXPECT_EQ(two->size(), PageSize::large_2m);
    const auto one = walk(tables.memory(), plain_mode(), tables.root(), kOneGib + Bytes{0x3123'4567}, reading());
    ASSERT_TRUE(one);
    EXPECT_EQ(one->at, PhysAddr{0xb123'4567});
    EXPECT_EQ(one->references, 2);
    EXPECT_EQ(one->size(), PageSize::huge_1g);
}

TEST(Walker, TranslatesThroughFiveLevels) {
    TableBuilder tables{Geometry::five_level()};
    constexpr VirtAddr kFar{0xffa0'1234'5678'9000};
    tables.set(kFar, Level::pt, kKernelPage | 0x55000);
    const PagingMode mode = mode_with([](ControlRegisters& r) { r.cr4 |= cr4::kFiveLevel; });
    WalkTrace trace;
    const auto result = walk(tables.memory(), mode, tables.root(), kFar, reading(), trace);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->at, PhysAddr{0x55000});
    EXPECT_EQ(result->references, 5);
    ASSERT_EQ(trace.steps().size(), 5U);
    EXPECT_EQ(trace.steps()[0].level, Level::pml5);
    EXPECT_EQ(trace.steps()[0].entry_at,
              address_of(tables.root()) + Bytes{std::uint64_t{8} * index_of(kFar, Level::pml5)});
}

/// Table of error codes for a simulator of kernel stacks.
TEST(Walker, ReportsTheErrorCodesOfTheManual) {
    TableBuilder tables = two_pages();
    const PagingMode mode = plain_mode();
    constexpr VirtAddr kGuard{0xffff'c900'0000'4000};
    EXPECT_EQ(error_of(tables, mode, kGuard, reading()), 0x0U) << "kernel reads a guard page";
    EXPECT_EQ(error_of(tables, mode, kGuard, writing()), 0x2U) << "kernel pushes onto a guard page";
    tables.remove_bits(kPage, Level::pt, 0x2);
    EXPECT_EQ(error_of(tables, mode, kPage, writing()), 0x3U) << "kernel writes a read-only page";
    EXPECT_EQ(error_of(tables, mode, kPage, fetching()), 0x11U) << "kernel executes its stack";
    EXPECT_EQ(error_of(tables, mode, kPage, Access::by_user(AccessKind::read)), 0x5U);
    EXPECT_EQ(error_of(tables, mode, kPage, Access::by_user(AccessKind::write)), 0x7U);
    EXPECT_EQ(error_of(tables, mode, kGuard, Access::by_user(AccessKind::fetch)), 0x14U);
}

TEST(Walker, FaultsTellAddressAndWhereTheWalkEnded) {
    TableBuilder tables = two_pages();
    const auto missing = walk(tables.memory(), plain_mode(), tables.root(), kPage + Bytes{0x1008}, reading());
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().vector, Vector::page_fault);
    EXPECT_EQ(missing.error().address, kPage + Bytes{0x1008});
    EXPECT_EQ(missing.error().level, Level::pt);
    const auto far = walk(tables.memory(), plain_mode(), tables.root(), VirtAddr{0x7000'0000'0000}, reading());
    ASSERT_FALSE(far);
    EXPECT_EQ(far.error().level, Level::pml4);
}

TEST(Walker, NonCanonicalAddressesNeverReachTheTables) {
    TableBuilder tables = two_pages();
    constexpr VirtAddr kHole{0x8000'0000'0000};
    const auto general = walk(tables.memory(), plain_mode(), tables.root(), kHole, reading());
    ASSERT_FALSE(general);
    EXPECT_EQ(general.error().vector, Vector::general_protection);
    const Access push{.kind = AccessKind::write, .privilege = Privilege::supervisor, .stack = true};
    const auto stack = walk(tables.memory(), plain_mode(), tables.root(), kHole, push);
    ASSERT_FALSE(stack);
    EXPECT_EQ(stack.error().vector, Vector::stack_segment);
    const PagingMode five = mode_with([](ControlRegisters& r) { r.cr4 |= cr4::kFiveLevel; });
    const auto fine = walk(tables.memory(), five, tables.root(), kHole, reading());
    ASSERT_FALSE(fine);
    EXPECT_EQ(fine.error().vector, Vector::page_fault) << "canonical with 57 bits";
}

TEST(Walker, EveryBitOfAnAbsentEntryIsSoftwares) {
    TableBuilder tables = two_pages();
    tables.set(kPage, Level::pt, 0xffff'ffff'ffff'fffe);
    EXPECT_EQ(error_of(tables, plain_mode(), kPage, reading()), 0x0U);
}

TEST(Walker, ReservedBitsBeatRightsAndAbsenceBelow) {
    TableBuilder tables = two_pages();
    tables.add_bits(kPage, Level::pdpt, std::uint64_t{1} << 50U); // beyond MAXPHYADDR 46
    EXPECT_EQ(error_of(tables, plain_mode(), kPage, writing()), 0xbU);
    EXPECT_EQ(error_of(tables, plain_mode(), kPage, Access::by_user(AccessKind::read)), 0xdU);

    TableBuilder above = two_pages();
    above.set(kPage, Level::pd, 0);
    above.add_bits(kPage, Level::pml4, 0x80); // PS in a PML4E
    EXPECT_EQ(error_of(above, plain_mode(), kPage, reading()), 0x9U);
}

TEST(Walker, AbsenceBeatsRightsAbove) {
    TableBuilder tables = two_pages();
    tables.remove_bits(kUserPage, Level::pml4, 0x6); // neither writable nor for users
    tables.set(kUserPage, Level::pt, 0);
    EXPECT_EQ(error_of(tables, plain_mode(), kUserPage, Access::by_user(AccessKind::write)), 0x6U);
}

TEST(Walker, ExecuteDisableIsReservedWithoutNxe) {
    TableBuilder tables = two_pages();
    const PagingMode mode = mode_with([](ControlRegisters& r) { r.efer &= ~efer::kNoExecute; });
    EXPECT_EQ(error_of(tables, mode, kPage, reading()), 0x9U);
    tables.remove_bits(kPage, Level::pt, std::uint64_t{1} << 63U);
    EXPECT_EQ(error_of(tables, mode, kPage, fetching()), kNoFault);
    EXPECT_EQ(error_of(tables, mode, VirtAddr{0xffff'c900'0000'4000}, fetching()), 0x0U)
        << "without NXE and SMEP a fetch is reported like a read";
    const PagingMode smep = mode_with([](ControlRegisters& r) {
        r.efer &= ~efer::kNoExecute;
        r.cr4 |= cr4::kSmep;
    });
    EXPECT_EQ(error_of(tables, smep, VirtAddr{0xffff'c900'0000'4000}, fetching()), 0x10U);
}

TEST(Walker, OneGibPagesAreReservedWhereTheProcessorLacksThem) {
    TableBuilder tables;
    constexpr VirtAddr kOneGib{0xffff'8880'4000'0000};
    tables.set(kOneGib, Level::pdpt, std::uint64_t{0x1e3} | 0x8000'0000);
    const PagingMode mode = PagingMode::of(ControlRegisters{}, {.physical_bits = 46, .huge_pages = false});
    EXPECT_EQ(error_of(tables, mode, kOneGib, reading()), 0x9U);
}

TEST(Walker, RightsAreThoseThatAllLevelsGrant) {
    for (Level level : {Level::pt, Level::pd, Level::pdpt, Level::pml4}) {
        SCOPED_TRACE(name_of(level));
        TableBuilder tables = two_pages();
        EXPECT_EQ(error_of(tables, plain_mode(), kUserPage, Access::by_user(AccessKind::write)), kNoFault);
        tables.remove_bits(kUserPage, level, 0x2);
        EXPECT_EQ(error_of(tables, plain_mode(), kUserPage, Access::by_user(AccessKind::write)), 0x7U);
        EXPECT_EQ(error_of(tables, plain_mode(), kUserPage, Access::by_user(AccessKind::read)), kNoFault);
        tables.remove_bits(kUserPage, level, 0x4);
        EXPECT_EQ(error_of(tables, plain_mode(), kUserPage, Access::by_user(AccessKind::read)), 0x5U);
        tables.add_bits(kUserPage, level, std::uint64_t{1} << 63U);
        EXPECT_EQ(error_of(tables, plain_mode(), kUserPage, fetching()), 0x11U);
    }
}

TEST(Walker, WriteProtectBindsTheSupervisorOnlyIfSet) {
    TableBuilder tables = two_pages();
    tables.remove_bits(kPage, Level::pt, 0x2);
    const PagingMode loose = mode_with([](ControlRegisters& r) { r.cr0 &= ~cr0::kWriteProtect; });
    EXPECT_EQ(error_of(tables, plain_mode(), kPage, writing()), 0x3U);
    EXPECT_EQ(error_of(tables, loose, kPage, writing()), kNoFault);
    tables.remove_bits(kUserPage, Level::pt, 0x2);
    EXPECT_EQ(error_of(tables, loose, kUserPage, Access::by_user(AccessKind::write)), 0x7U);
}

TEST(Walker, SmepAndSmapKeepTheKernelOutOfUserPages) {
    TableBuilder tables = two_pages();
    const PagingMode mode = mode_with([](ControlRegisters& r) { r.cr4 |= cr4::kSmep | cr4::kSmap; });
    EXPECT_EQ(error_of(tables, mode, kUserPage, fetching()), 0x11U);
    EXPECT_EQ(error_of(tables, mode, kUserPage, reading()), 0x1U);
    EXPECT_EQ(error_of(tables, mode, kUserPage, writing()), 0x3U);
    const auto with = [](AccessKind kind, Privilege privilege) { return Access{.kind = kind, .privilege = privilege}; };
    EXPECT_EQ(error_of(tables, mode, kUserPage, with(AccessKind::write, Privilege::supervisor_ac)), kNoFault);
    EXPECT_EQ(error_of(tables, mode, kUserPage, with(AccessKind::fetch, Privilege::supervisor_ac)), 0x11U)
        << "AC lifts SMAP, not SMEP";
    EXPECT_EQ(error_of(tables, mode, kUserPage, with(AccessKind::write, Privilege::implicit)), 0x3U)
        << "a frame pushed by exception delivery";
    EXPECT_EQ(error_of(tables, mode, kUserPage, Access::by_user(AccessKind::read)), kNoFault);
    EXPECT_EQ(error_of(tables, mode, kPage, reading()), kNoFault);
}

TEST(Walker, ProtectionKeysRestrictDataOfTheirOwnKindOfPage) {
    TableBuilder tables = two_pages();
    tables.add_bits(kUserPage, Level::pt, std::uint64_t{5} << 59U);
    tables.add_bits(kPage, Level::pt, std::uint64_t{6} << 59U);
    const PagingMode mode = mode_with([](ControlRegisters& r) {
        r.cr4 |= cr4::kUserKeys | cr4::kSupervisorKeys;
        r.pkru = 2U << 10U; // key 5: no writes
        r.pkrs = 1U << 12U; // key 6: nothing
    });
    const Access user_write = Access::by_user(AccessKind::write);
    EXPECT_EQ(error_of(tables, mode, kUserPage, Access::by_user(AccessKind::read)), kNoFault);
    EXPECT_EQ(error_of(tables, mode, kUserPage, user_write), 0x27U);
    EXPECT_EQ(error_of(tables, mode, kUserPage, writing()), 0x23U);
    EXPECT_EQ(error_of(tables, mode, kUserPage, Access::by_user(AccessKind::fetch)), kNoFault);
    EXPECT_EQ(error_of(tables, mode, kPage, reading()), 0x21U);
    const PagingMode loose = mode_with([](ControlRegisters& r) {
        r.cr0 &= ~cr0::kWriteProtect;
        r.cr4 |= cr4::kUserKeys;
        r.pkru = 2U << 10U;
    });
    EXPECT_EQ(error_of(tables, loose, kUserPage, writing()), kNoFault) << "write-disable needs WP for the supervisor";
    EXPECT_EQ(error_of(tables, loose, kUserPage, user_write), 0x27U);
    EXPECT_EQ(error_of(tables, loose, kPage, reading()), kNoFault) << "PKS is off";
}

TEST(Walker, SetsAccessedInEveryEntryAndDirtyInTheLeafOfAWrite) {
    TableBuilder tables = two_pages();
    for (Level level : {Level::pt, Level::pd, Level::pdpt, Level::pml4})
        tables.remove_bits(kUserPage, level, level == Level::pt ? 0x60 : 0x20);
    WalkTrace trace;
    ASSERT_TRUE(walk(tables.memory(), plain_mode(), tables.root(), kUserPage, reading(), trace));
    for (Level level : {Level::pd, Level::pdpt, Level::pml4})
        EXPECT_EQ(tables.entry(kUserPage, level).bits() & 0x60, 0x20U) << name_of(level);
    EXPECT_EQ(tables.entry(kUserPage, Level::pt).bits() & 0x60, 0x20U);
    for (const WalkStep& step : trace.steps()) {
        EXPECT_FALSE(step.before.has(Pte::kAccessed));
        EXPECT_EQ(step.after, Pte{tables.memory().read(step.entry_at)});
    }
    const auto write = walk(tables.memory(), plain_mode(), tables.root(), kUserPage, writing());
    ASSERT_TRUE(write);
    EXPECT_TRUE(write->leaf.has(Pte::kDirty));
    EXPECT_EQ(tables.entry(kUserPage, Level::pt).bits() & 0x60, 0x60U);
    EXPECT_EQ(tables.entry(kUserPage, Level::pd).bits() & 0x60, 0x20U) << "bit 6 of a table entry is ignored";
}

TEST(Walker, AFaultSetsNoBits) {
    TableBuilder tables = two_pages();
    for (Level level : {Level::pt, Level::pd, Level::pdpt, Level::pml4})
        tables.remove_bits(kUserPage, level, level == Level::pt ? 0x62 : 0x20);
    EXPECT_EQ(error_of(tables, plain_mode(), kUserPage, writing()), 0x3U);
    for (Level level : {Level::pt, Level::pd, Level::pdpt, Level::pml4})
        EXPECT_EQ(tables.entry(kUserPage, level).bits() & 0x60, 0U) << name_of(level);
}

/// The kernel presets both bits in its own pages, so that its stacks never need the walker's help.
TEST(Walker, PresetBitsNeedNoWrite) {
    TableBuilder tables = two_pages();
    const PhysMemory before = tables.memory();
    ASSERT_TRUE(walk(tables.memory(), plain_mode(), tables.root(), kPage, writing()));
    EXPECT_EQ(tables.memory(), before);
}

TEST(Walker, TablesBeyondMemoryReadAsAllOnes) {
    TableBuilder tables = two_pages();
    tables.set(kPage, Level::pd, std::uint64_t{0x3000'0000'0000} | 0x23);
    const auto result = walk(tables.memory(), plain_mode(), tables.root(), kPage, reading());
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().error_code, 0x9U);
}

// The same rules once more, written down as a list of refusals.
struct Expectation {
    std::optional<std::uint32_t> error; ///< of a page fault
    std::uint64_t physical = 0;
};

struct Case {
    std::vector<std::uint64_t> entries; ///< from the top; the last one is a leaf, absent or malformed
    ControlRegisters registers;
    PagingFeatures features;
    Access access;
    std::uint64_t offset = 0;
};

Expectation second_opinion(const Case& one) {
    const auto bit = [](std::uint64_t word, unsigned number) { return (word >> number & 1) != 0; };
    const bool nxe = bit(one.registers.efer, 11);
    const bool wp = bit(one.registers.cr0, 16);
    const bool smep = bit(one.registers.cr4, 20);
    const bool smap = bit(one.registers.cr4, 21);
    const bool user = one.access.privilege == Privilege::user;
    const bool write = one.access.kind == AccessKind::write;
    const bool fetch = one.access.kind == AccessKind::fetch;
    std::uint32_t code = (write ? 2U : 0U) + (user ? 4U : 0U) + (fetch && (nxe || smep) ? 16U : 0U);
    bool may_write = true;
    bool is_user_page = true;
    bool may_execute = true;
    std::uint64_t leaf = 0;
    unsigned level = bit(one.registers.cr4, 12) ? 5 : 4;
    for (std::uint64_t entry : one.entries) {
        if (!bit(entry, 0)) return {.error = code};
        bool malformed = !nxe && bit(entry, 63);
        for (unsigned i = one.features.physical_bits; i < 52; ++i) malformed = malformed || bit(entry, i);
        if (level >= 4 && bit(entry, 7)) malformed = true;
        if (level >= 4 && one.features.amd && bit(entry, 8)) malformed = true;
        if (level == 3 && bit(entry, 7) && !one.features.huge_pages) malformed = true;
        const bool large = (level == 3 || level == 2) && bit(entry, 7);
        for (unsigned i = 13; large && i < (level == 3 ? 30U : 21U); ++i) malformed = malformed || bit(entry, i);
        if (malformed) return {.error = code + 8 + 1};
        may_write = may_write && bit(entry, 1);
        is_user_page = is_user_page && bit(entry, 2);
        may_execute = may_execute && !bit(entry, 63);
        leaf = entry;
        if (large || level == 1) break;
        --level;
    }
    bool refused = false;
    if (user && !is_user_page) refused = true;
    if (write && !may_write && (user || wp)) refused = true;
    if (fetch && nxe && !may_execute) refused = true;
    if (fetch && !user && is_user_page && smep) refused = true;
    if (!fetch && !user && is_user_page && smap && one.access.privilege != Privilege::supervisor_ac) refused = true;
    const bool keys_on = is_user_page ? bit(one.registers.cr4, 22) : bit(one.registers.cr4, 24);
    if (keys_on && !fetch) {
        const std::uint32_t keys = is_user_page ? one.registers.pkru : one.registers.pkrs;
        const auto key = static_cast<unsigned>(leaf >> 59 & 15);
        const bool access_disabled = (keys >> (2 * key) & 1) != 0;
        const bool write_disabled = (keys >> (2 * key + 1) & 1) != 0;
        if (access_disabled || (write_disabled && write && (user || wp))) {
            refused = true;
            code += 32;
        }
    }
    if (refused) return {.error = code + 1};
    const unsigned low = 12 + 9 * (level - 1);
    const std::uint64_t frame = leaf & 0x000f'ffff'ffff'f000 & ~((std::uint64_t{1} << low) - 1);
    return {.error = std::nullopt, .physical = frame | (one.offset & ((std::uint64_t{1} << low) - 1))};
}

rc::Gen<bool> often() {
    return rc::gen::weightedElement<bool>({{12, true}, {1, false}});
}

Case make_case(unsigned top, FrameSource& frames) {
    Case one;
    one.registers.cr4 |= top == 5 ? cr4::kFiveLevel : 0;
    for (std::uint64_t flag : {cr4::kSmep, cr4::kSmap, cr4::kUserKeys, cr4::kSupervisorKeys})
        one.registers.cr4 |= *rc::gen::arbitrary<bool>() ? flag : 0;
    if (!*often()) one.registers.efer &= ~efer::kNoExecute;
    if (*rc::gen::arbitrary<bool>()) one.registers.cr0 &= ~cr0::kWriteProtect;
    one.registers.pkru = *rc::gen::arbitrary<std::uint32_t>();
    one.registers.pkrs = *rc::gen::arbitrary<std::uint32_t>();
    one.features = {.physical_bits = *rc::gen::element<std::uint8_t>(36, 46, 52),
                    .huge_pages = *often(),
                    .amd = *rc::gen::arbitrary<bool>()};
    one.access = {.kind = static_cast<AccessKind>(*rc::gen::inRange(0, 3)),
                  .privilege = static_cast<Privilege>(*rc::gen::inRange(0, 4))};
    one.offset = *rc::gen::inRange<std::uint64_t>(0, std::uint64_t{1} << 30U);
    for (unsigned level = top; level >= 1; --level) {
        std::uint64_t entry = *often() ? 1 : 0;
        for (unsigned bit : {1U, 2U}) entry |= static_cast<std::uint64_t>(*often()) << bit;
        for (unsigned bit : {3U, 4U, 5U, 6U, 9U, 10U, 11U, 59U, 60U, 61U, 62U})
            entry |= static_cast<std::uint64_t>(*rc::gen::arbitrary<bool>()) << bit;
        for (unsigned bit : {7U, 8U, 63U}) entry |= static_cast<std::uint64_t>(!*often()) << bit;
        if (*rc::gen::inRange(0, 30) == 0) entry |= std::uint64_t{1} << *rc::gen::inRange(13U, 52U);
        const bool is_leaf = level == 1 || (level <= 3 && *rc::gen::inRange(0, 3) == 0);
        if (is_leaf && level > 1) entry |= 0x80;
        const std::uint64_t frame = is_leaf ? std::uint64_t{0x4'0000} : frames()->raw();
        entry |= frame << 12;
        one.entries.push_back(entry);
        if (is_leaf) break;
    }
    return one;
}

void check_one_case(bool is_five) {
    const unsigned top = is_five ? 5 : 4;
    FrameSource frames{2};
    const Case one = make_case(top, frames);
    const Pfn root{1};
    PhysMemory memory{Pages{TableBuilder::kFrames}};
    const Geometry geometry = is_five ? Geometry::five_level() : Geometry::four_level();
    const VirtAddr at =
        geometry.canonical(VirtAddr{(std::uint64_t{0x123} << 48U | std::uint64_t{0x4567} << 30U) | one.offset});
    std::vector<PhysAddr> places;
    Pfn table = root;
    for (std::size_t i = 0; i < one.entries.size(); ++i) {
        const auto level = static_cast<Level>(top - i);
        places.push_back(address_of(table) + Bytes{std::uint64_t{8} * index_of(at, level)});
        memory.write(places.back(), one.entries[i]);
        table = Pte{one.entries[i]}.table();
        // A table that a stray high bit moved away cannot be filled in; the entry is malformed or not as asked for.
        if (table.raw() >= TableBuilder::kFrames) break;
    }
    const PagingMode mode = PagingMode::of(one.registers, one.features);
    const PhysMemory before = memory;
    WalkTrace trace;
    const auto result = walk(memory, mode, root, at, one.access, trace);
    const bool leads_out = std::ranges::any_of(
        trace.steps(), [](const WalkStep& step) { return frame_of(step.entry_at).raw() >= TableBuilder::kFrames; });
    if (leads_out || places.size() != one.entries.size()) return;
    const Expectation expected = second_opinion(one);
    RC_ASSERT(result.has_value() == !expected.error.has_value());
    if (!result) {
        RC_ASSERT(result.error().error_code == *expected.error);
        RC_ASSERT(memory == before);
        return;
    }
    RC_ASSERT(result->at.raw() == expected.physical);
    for (std::size_t i = 0; i < result->references; ++i) {
        std::uint64_t after = one.entries[i] | 0x20;
        if (i + 1 == result->references && one.access.kind == AccessKind::write) after |= 0x40;
        RC_ASSERT(memory.read(places[i]) == after);
    }
    // The other two ways to ask say the same.
    const auto looked = inspect(before, geometry, mode.rules, root, at);
    RC_ASSERT(looked.has_value());
    RC_ASSERT(looked->at == result->at);
    RC_ASSERT(looked->rights == result->rights);
    TableView view{before};
    for (int time = 0; time < 2; ++time) { // the second time, the view knows the tables
        const auto raw = is_five ? view.translate<FiveLevel>(root, at) : view.translate<FourLevel>(root, at);
        RC_ASSERT(raw.has_value());
        RC_ASSERT(*raw == result->at);
    }
}

RC_GTEST_PROP(Walker, AgreesWithASecondReadingOfTheManual, ()) {
    for (int i = 0; i < 50; ++i) check_one_case(*rc::gen::arbitrary<bool>());
}

} // namespace
} // namespace ksl::core
