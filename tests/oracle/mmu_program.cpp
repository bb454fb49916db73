// SPDX-License-Identifier: MIT
#include "tests/oracle/mmu_program.h"

#include "tests/bench/loads/skylake.h"
#include "tests/oracle/mmu_reference.h"
#include "tests/oracle/random_tables.h"

#include <algorithm>

namespace ksl::oracle {

namespace {

using core::Access;
using core::AccessKind;
using core::Bytes;
using core::Level;
using core::PageSize;
using core::Privilege;
using core::Random;
using core::VirtAddr;

constexpr std::uint64_t kAccessesPerTables = 2500;
constexpr std::size_t kPlaces = 96;

/// So small that everything is pushed out all the time.
core::TlbGeometry tiny_tlb() {
    core::TlbGeometry tlb;
    const core::PageSizeSet all{PageSize::small_4k, PageSize::large_2m, PageSize::huge_1g};
    tlb.load = {{.entries = 4, .ways = 2, .holds = all}};
    tlb.store = {{.entries = 2, .ways = 2, .holds = all}};
    tlb.fetch = {{.entries = 4, .ways = 4, .holds = all}};
    tlb.second = {{.entries = 8, .ways = 4, .holds = all, .most_ways = {0, 2, 1}}};
    tlb.second_smashes_1g = true;
    tlb.walk_caches = {
        {{.entries = 2, .ways = 2}, {.entries = 2, .ways = 1}, {.entries = 1, .ways = 1}, {.entries = 1, .ways = 1}}};
    return tlb;
}

/// Says what comes next.
class Author {
public:
    Author(MmuReference& reference, RandomTableMaker& maker, Random& random)
        : reference_(reference), maker_(maker), random_(random) {}

    void write_about(const RandomTables& tables, std::uint64_t accesses) {
        tables_ = &tables;
        choose_places();
        change_registers(true);
        for (std::uint64_t i = 0; i < accesses; ++i) {
            if (random_.chance(1, 150)) change_registers(random_.chance(1, 2));
            if (random_.chance(1, 80)) change_entry();
            make_access();
        }
    }

private:
    // Addresses.

    [[nodiscard]] const RandomTables::Entry& some_entry() {
        return tables_->entries[random_.below(tables_->entries.size())];
    }
    /// A word of the page around `at`, often near its ends.
    [[nodiscard]] VirtAddr some_word(VirtAddr at, Level level) {
        const std::uint64_t span = core::span_of(level).count();
        std::uint64_t inside = random_.below(span / 8) * 8;
        if (random_.chance(1, 4)) inside = random_.chance(1, 2) ? 0 : span - 8;
        if (level >= Level::pdpt && !random_.chance(1, 8)) inside = kWindowOffset + random_.below(kWindowBytes / 8) * 8;
        return core::align_down(at, core::span_of(level)) + Bytes{inside};
    }
    [[nodiscard]] VirtAddr some_place() {
        const RandomTables::Entry& entry = some_entry();
        if (random_.chance(1, 12)) return broken(some_word(entry.at, entry.level));
        if (random_.chance(1, 16)) return tables_->geometry.canonical(VirtAddr{random_.next() & ~std::uint64_t{7}});
        if (!random_.chance(1, 6)) return some_word(entry.at, entry.level);
        // Through this entry into what another one maps: another way into a shared table, or nowhere.
        const RandomTables::Entry& other = some_entry();
        const std::uint64_t inside = core::span_of(entry.level).count() - 1;
        const VirtAddr mixed{(entry.at.raw() & ~inside) | (some_word(other.at, other.level).raw() & inside)};
        return tables_->geometry.canonical(mixed);
    }
    /// Not canonical, most of the time by one bit.
    [[nodiscard]] VirtAddr broken(VirtAddr at) {
        const unsigned bits = tables_->geometry.address_bits();
        if (random_.chance(1, 4)) return VirtAddr{std::uint64_t{1} << (bits - 1)};   // the first one
        if (random_.chance(1, 4)) return tables_->geometry.kernel_half() - Bytes{8}; // the last one
        return VirtAddr{at.raw() ^ std::uint64_t{1} << (bits + random_.below(64 - bits))};
    }
    void choose_places() {
        places_.clear();
        for (std::size_t i = 0; i < kPlaces; ++i) places_.push_back(some_place());
    }

    // Operations.

    void make_access() {
        const VirtAddr at = random_.chance(1, 10) ? some_place() : places_[random_.below(places_.size())];
        Access access{.kind = static_cast<AccessKind>(random_.below(core::kAccessKinds)),
                      .privilege = static_cast<Privilege>(random_.below(core::kPrivileges))};
        if (access.privilege == Privilege::implicit) {
            // Descriptor tables are read; the register that says where this one is takes canonical addresses only.
            access.kind = AccessKind::read;
            if (!tables_->geometry.is_canonical(at)) return;
        }
        if (code_may_be_stale_ && access.kind == AccessKind::fetch) access.kind = AccessKind::read;
        access.stack =
            access.kind != AccessKind::fetch && access.privilege != Privilege::implicit && random_.chance(1, 4);
        reference_.access(at, access);
    }

    /// `all`: everything, and nothing cached stays; else what takes effect on cached translations at once.
    void change_registers(bool all) {
        std::uint64_t cr4 = core::cr4::kPhysicalAddressExtension | core::cr4::kPageSizeExtension;
        if (tables_->geometry.top() == Level::pml5) cr4 |= core::cr4::kFiveLevel;
        for (std::uint64_t bit : {core::cr4::kSmep, core::cr4::kSmap, core::cr4::kUserKeys, core::cr4::kSupervisorKeys})
            cr4 |= random_.chance(1, 3) ? bit : 0;
        if (all) {
            code_may_be_stale_ = false;
            // A change of CR4.PGE empties everything, global pages included.
            reference_.set_cr4(cr4 ^ (reference_.registers().cr4 & core::cr4::kGlobalPages) ^ core::cr4::kGlobalPages);
            reference_.set_no_execute(!random_.chance(1, 5));
            reference_.load_cr3(tables_->root);
            reference_.set_cr4(cr4 |
                               (reference_.registers().cr4 & core::cr4::kGlobalPages ? 0 : core::cr4::kGlobalPages));
        } else {
            reference_.set_cr4(cr4 | (reference_.registers().cr4 & core::cr4::kGlobalPages));
        }
        const std::uint64_t cr0 = core::cr0::kPaging | 1;
        reference_.set_cr0(random_.chance(2, 3) ? cr0 | core::cr0::kWriteProtect : cr0);
        // Key 0 stays free: the image's own pages have it. QEMU keeps rights in its TLB with keys applied, and a change
        // of CR4.PKE or PKS does not empty it; writing the keys themselves does (qemu_quirks.h).
        if ((cr4 & core::cr4::kUserKeys) != 0) reference_.set_pkru(static_cast<std::uint32_t>(random_keys()));
        if ((cr4 & core::cr4::kSupervisorKeys) != 0 || random_.chance(1, 4))
            reference_.set_pkrs(static_cast<std::uint32_t>(random_keys()));
    }
    /// Each key denies something with one chance in four.
    [[nodiscard]] std::uint64_t random_keys() { return random_.next() & random_.next() & 0xffff'fffc; }

    void change_entry() {
        const RandomTables::Entry& entry = some_entry();
        const core::Pte before = reference_.entry(entry.entry_at);
        if (!before.is_present()) {
            // What is absent is not cached, so nothing needs to be invalidated.
            if (entry.level <= Level::pdpt) reference_.store(entry.entry_at, maker_.leaf(entry.level));
            return;
        }
        if (!before.is_leaf(entry.level)) return;
        reference_.store(entry.entry_at, maker_.leaf(entry.level));
        // One address maps it if all tables are used once; else others may.
        if (!tables_->is_tree || random_.chance(1, 3)) {
            change_registers(true);
            return;
        }
        reference_.invlpg(some_word(entry.at, entry.level));
        // Of a large page, QEMU then forgets translations but not all translated code (qemu_quirks.h).
        code_may_be_stale_ = code_may_be_stale_ || entry.level != Level::pt;
    }

    MmuReference& reference_;
    RandomTableMaker& maker_;
    Random& random_;
    const RandomTables* tables_ = nullptr;
    bool code_may_be_stale_ = false;
    std::vector<VirtAddr> places_;
};

} // namespace

MmuProgram make_program(core::Geometry geometry, std::uint8_t physical_bits, std::uint64_t seed,
                        std::uint64_t accesses) {
    MmuProgram program;
    program.geometry = geometry;
    Random random{seed};
    RandomTableMaker maker{program.tables_before, geometry, physical_bits, random};
    std::vector<RandomTables> sets;
    for (std::uint64_t planned = 0; planned < accesses; planned += kAccessesPerTables) sets.push_back(maker.make());
    program.tables = maker.tables();

    core::MmuConfig config;
    config.tlb = (seed + geometry.levels()) % 2 == 0 ? bench::skylake_tlb() : tiny_tlb();
    config.features = {.physical_bits = physical_bits, .huge_pages = true, .amd = false};
    MmuReference reference{program, config};
    Author author{reference, maker, random};
    for (const RandomTables& tables : sets)
        author.write_about(tables, std::min(kAccessesPerTables, accesses - program.statistics.accesses));
    reference.finish();
    return program;
}

} // namespace ksl::oracle
