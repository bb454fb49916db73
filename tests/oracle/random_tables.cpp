// SPDX-License-Identifier: MIT
#include "tests/oracle/random_tables.h"

#include "core/types/assert.h"
#include "tests/oracle/bootimage/protocol.h"

#include <algorithm>

namespace ksl::oracle {

namespace {

using core::Bytes;
using core::Level;
using core::Pfn;
using core::PhysAddr;
using core::Pte;
using core::VirtAddr;

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;
constexpr Pte kOwnUserTable{0x27};
constexpr Pte kOwnLargePage{0xe3}; // P RW A D PS
constexpr Pte kOwnUserCode{0x65};  // P US A D
constexpr Pte kOwnUserStack{0x67};

PhysAddr entry_of(Pfn table, unsigned index) {
    return core::address_of(table) + Bytes{index * sizeof(std::uint64_t)};
}

} // namespace

bool is_in_data_window(PhysAddr at) {
    const std::uint64_t inside = at.raw() % kGiB;
    return std::ranges::find(kWindowGiBs, at.raw() / kGiB) != kWindowGiBs.end() && inside >= kWindowOffset &&
           inside < kWindowOffset + kWindowBytes;
}

RandomTableMaker::RandomTableMaker(core::PhysMemory& memory, core::Geometry geometry, std::uint8_t physical_bits,
                                   core::Random& random)
    : memory_(memory), geometry_(geometry), physical_bits_(physical_bits), random_(random),
      first_(core::frame_of(kTablesAt).raw()), next_(first_) {
    make_own_part();
}

/// As protocol.h says.
void RandomTableMaker::make_own_part() {
    const Pfn pt = take();
    memory_.write(entry_of(pt, 0), kOwnUserCode.bits() | KSL_USER_CODE_AT);
    memory_.write(entry_of(pt, 1), kOwnUserStack.bits() | KSL_USER_STACK_AT);
    const Pfn pd = take();
    memory_.write(entry_of(pd, 0), kOwnUserTable.with(Pte::kFrame, pt.raw()).bits());
    const Pfn pdpt = take();
    memory_.write(entry_of(pdpt, 510), kOwnLargePage.bits());
    memory_.write(entry_of(pdpt, 511), kOwnUserTable.with(Pte::kFrame, pd.raw()).bits());
    own_part_ = kOwnUserTable.with(Pte::kFrame, pdpt.raw());
    if (geometry_.top() == Level::pml4) return;
    const Pfn pml4 = take();
    memory_.write(entry_of(pml4, 511), own_part_.bits());
    own_part_ = kOwnUserTable.with(Pte::kFrame, pml4.raw());
}

RandomTables RandomTableMaker::make() {
    shared_.clear();
    may_share_ = random_.chance(1, 2);
    RandomTables tables{.root = take(), .geometry = geometry_, .is_tree = !may_share_, .entries = {}};
    memory_.write(entry_of(tables.root, 511), own_part_.bits());
    fill(tables, tables.root, geometry_.top(), VirtAddr{0});
    return tables;
}

void RandomTableMaker::fill(RandomTables& tables, Pfn table, Level level, VirtAddr base) {
    KSL_ASSERT(next_ < first_ + kMostTables, "the tables have room");
    static constexpr std::array<std::uint64_t, 6> kFewest{0, 6, 3, 2, 2, 2};
    const std::uint64_t count = kFewest[core::number_of(level)] + random_.below(3);
    for (std::uint64_t i = 0; i < count; ++i) {
        // Neighbours now and then, so that accesses come near the ends of tables and pages.
        const auto index = static_cast<unsigned>(random_.chance(1, 3) ? random_.below(4) * 170 : random_.below(511));
        if (memory_.read(entry_of(table, index)) == 0) add_entry(tables, table, level, base, index);
    }
}

void RandomTableMaker::add_entry(RandomTables& tables, Pfn table, Level level, VirtAddr base, unsigned index) {
    const VirtAddr at = geometry_.canonical(base + core::span_of(level) * index);
    const bool may_be_leaf = level <= Level::pdpt;
    const bool is_leaf = level == Level::pt || (may_be_leaf && random_.chance(1, level == Level::pd ? 3 : 5));
    Pte entry;
    if (is_leaf) {
        entry = leaf(level);
    } else {
        const Pfn below = table_below(tables, core::below(level), at);
        entry = with_mistake(flags().with(Pte::kFrame, below.raw()), level);
    }
    memory_.write(entry_of(table, index), entry.bits());
    tables.entries.push_back({.at = at, .level = level, .entry_at = entry_of(table, index)});
}

/// A table for the entries below: a new one, or one that is used elsewhere too, now and then at another level.
Pfn RandomTableMaker::table_below(RandomTables& tables, Level level, VirtAddr base) {
    if (may_share_ && !shared_.empty() && random_.chance(1, 10)) return shared_[random_.below(shared_.size())];
    const Pfn table = take();
    fill(tables, table, level, base);
    if (random_.chance(1, 4)) shared_.push_back(table);
    return table;
}

/// All bits that are not part of an address, random; most of the time present, writable, for the user, executable, so
/// that not every path ends at its first entry.
Pte RandomTableMaker::flags() {
    constexpr std::uint64_t kAddress = Pte::kFrame.mask();
    constexpr std::uint64_t kSpecial = 0x7 | Pte::kPageSize.mask() | Pte::kNoExecute.mask() | Pte::kPcd.mask();
    std::uint64_t bits = random_.next() & ~kAddress & ~kSpecial;
    if (!random_.chance(1, 24)) bits |= Pte::kPresent.mask();
    if (!random_.chance(1, 10)) bits |= Pte::kWritable.mask();
    if (!random_.chance(1, 10)) bits |= Pte::kUser.mask();
    if (random_.chance(1, 12)) bits |= Pte::kNoExecute.mask();
    return Pte{bits};
}

Pte RandomTableMaker::leaf(Level level) {
    const std::uint64_t window = kWindowGiBs[random_.below(kWindowGiBs.size())] * kGiB;
    const std::uint64_t page = core::span_of(level).count();
    const std::uint64_t address =
        level == Level::pdpt ? window : window + kWindowOffset + random_.below(kWindowBytes / page) * page;
    Pte entry{flags().bits() | address};
    if (level == Level::pt)
        entry = entry.with(Pte::kPat, random_.below(2));
    else
        entry = entry.with(Pte::kPageSize, 1).with(Pte::kPatLarge, random_.below(2));
    return with_mistake(entry, level);
}

/// Now and then a bit that has no business there: reserved, or harmless.
Pte RandomTableMaker::with_mistake(Pte entry, Level level) {
    if (!random_.chance(1, 32)) return entry;
    const bool is_large = level != Level::pt && entry.has(Pte::kPageSize);
    const std::uint64_t beyond = physical_bits_ + random_.below(52U - physical_bits_);
    std::uint64_t bit = beyond;
    if (is_large && random_.chance(1, 2)) bit = 13 + random_.below(core::shift_of(level) - 13);
    if (level >= Level::pml4 && random_.chance(1, 2)) bit = 7 + random_.below(2);
    return Pte{entry.bits() | std::uint64_t{1} << bit};
}

} // namespace ksl::oracle
