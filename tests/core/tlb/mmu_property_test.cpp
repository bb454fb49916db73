// SPDX-License-Identifier: MIT
//
// The MMU against the plain one (plain_mmu.h): random programs of accesses, table changes with and without the
// invalidations that they need, register writes and invalidations; on the geometries of all ten processors and on
// random ones. Compared after each access: the answer; in the end: memory, and every array way by way, and the whole
// state with that of an MMU which was written and read again all the time.
#include "core/tlb/mmu.h"
#include "core/types/archive.h"
#include "core/types/random.h"
#include "sim/processors/processor.h"
#include "tests/core/paging/table_builder.h"
#include "tests/core/tlb/plain_mmu.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ksl::core::testing {
namespace {

constexpr std::uint64_t kPages = 0x40; ///< of each size, around each place

/// Tables with pages of all sizes, near each other and far apart.
class World {
public:
    World(const MmuConfig& config, bool has_five_levels, std::uint64_t seed)
        : random_(seed), tables_(has_five_levels ? Geometry::five_level() : Geometry::four_level()),
          features_(config.features), mmu_(config, AddressClasses{KernelLayout{}}), plain_(config), reread_(mmu_) {
        for (std::uint64_t i = 0; i < kPages; ++i) {
            for (PageSize size : kAllPageSizes) map_somewhere(size);
        }
        other_ = third_ = tables_.memory();
        std::uint64_t cr4 = mmu_.registers().cr4;
        if (has_five_levels) cr4 |= cr4::kFiveLevel;
        set_cr4(cr4);
        load_cr3(address_of(tables_.root()).raw());
    }

    void run(unsigned steps) {
        for (unsigned i = 0; i < steps && !::testing::Test::HasFailure(); ++i) {
            const std::uint64_t what = random_.below(100);
            if (what < 88)
                access();
            else if (what < 92)
                change_an_entry();
            else
                invalidate(random_.below(10));
        }
    }

    void compare_contents() {
        EXPECT_TRUE(tables_.memory() == other_) << "accessed and dirty bits";
        EXPECT_STREQ(mmu_.check_invariants(), "");
        EXPECT_EQ(digest_of(mmu_), digest_of(reread_)) << "what an MMU remembers besides its state changes nothing";
        for (std::size_t i = 0; i < mmu_.tlb().array_count(); ++i) {
            std::vector<std::string> ours;
            mmu_.tlb().for_each(i, [&](std::uint32_t set, int way, const TlbEntry& entry) {
                ours.push_back(text_of(set, way, entry.page().raw(), static_cast<unsigned>(entry.size()), entry.pcid(),
                                       entry.is_global(), entry.entry().address(leaf_level_of(entry.size())).raw()));
            });
            EXPECT_EQ(ours, contents_of(plain_.arrays()[i])) << "array " << i;
        }
    }
    [[nodiscard]] const TlbCounters& counters() const { return mmu_.counters(); }
    Mmu& mmu() { return mmu_; }

private:
    static std::string text_of(std::uint64_t set, int way, std::uint64_t page, unsigned size, unsigned pcid,
                               bool is_global, std::uint64_t address) {
        return std::to_string(set) + "." + std::to_string(way) + " page " + std::to_string(page) + " size " +
               std::to_string(size) + " pcid " + std::to_string(pcid) + (is_global ? " global at " : " at ") +
               std::to_string(address);
    }
    static std::vector<std::string> contents_of(const PlainArray& array) {
        std::vector<std::string> contents;
        for (std::size_t set = 0; set < array.sets().size(); ++set) {
            const auto& slots = array.sets()[set].slots();
            for (std::size_t way = 0; way < slots.size(); ++way) {
                if (!slots[way]) continue;
                const std::uint64_t bytes = bytes_of(static_cast<PageSize>(slots[way]->size)).count();
                contents.push_back(text_of(set, static_cast<int>(way), slots[way]->number * bytes, slots[way]->size,
                                           slots[way]->pcid, slots[way]->is_global, slots[way]->address));
            }
        }
        return contents;
    }

    void map_somewhere(PageSize size) {
        // A few regions, and within them pages in a row or far apart.
        const std::uint64_t region = random_.below(3) << 41;
        const std::uint64_t stride = random_.chance(2, 3) ? 1 : 128;
        const VirtAddr at = tables_.geometry().canonical(
            VirtAddr{(random_.chance(1, 2) ? 0xffff'8000'0000'0000 : 0) | region |
                     (std::uint64_t{static_cast<unsigned>(size)} << 38) |
                     random_.below(96) * stride * bytes_of(size).count() % (std::uint64_t{1} << 38)});
        tables_.set(at, leaf_level_of(size), some_leaf(size));
        places_.emplace_back(at, size);
    }
    [[nodiscard]] std::uint64_t some_leaf(PageSize size) {
        const std::uint64_t page = bytes_of(size).count();
        const std::uint64_t address = random_.below((std::uint64_t{1} << 36) / page) * page;
        std::uint64_t bits = address | 0x1;
        for (const std::uint64_t bit : {0x2U, 0x4U}) bits |= random_.chance(9, 10) ? bit : 0;
        for (const std::uint64_t bit : {0x20U, 0x40U, 0x100U}) bits |= random_.chance(1, 2) ? bit : 0;
        if (random_.chance(1, 12)) bits |= std::uint64_t{1} << 63;
        if (random_.chance(1, 16)) bits |= std::uint64_t{1} << 51;
        if (random_.chance(1, 16)) bits &= ~std::uint64_t{1};
        bits |= random_.below(4) << 59;
        return size == PageSize::small_4k ? bits : bits | 0x80;
    }
    [[nodiscard]] VirtAddr some_address() {
        const auto& [at, size] = places_[random_.chance(1, 2) ? random_.below(places_.size()) : random_.below(12)];
        VirtAddr inside = at + Bytes{random_.below(bytes_of(size).count())};
        // Huge pages may be kept in pieces; a few of them, so that they meet.
        if (size == PageSize::huge_1g)
            inside = at + bytes_of(PageSize::large_2m) * random_.below(6) + Bytes{random_.below(4096)};
        if (random_.chance(1, 40)) inside = inside + bytes_of(size);
        if (random_.chance(1, 60)) inside = VirtAddr{inside.raw() ^ std::uint64_t{1} << 60};
        return inside;
    }

    /// The same page again as often as not: an MMU may remember which it was.
    [[nodiscard]] VirtAddr next_address() {
        const bool stays = random_.chance(1, 2);
        last_ = stays ? align_down(last_, Bytes{kPageBytes}) + Bytes{random_.below(kPageBytes)} : some_address();
        return last_;
    }

    void access() {
        const VirtAddr at = next_address();
        const Access access{.kind = static_cast<AccessKind>(random_.below(kAccessKinds)),
                            .privilege = static_cast<Privilege>(random_.below(kPrivileges)),
                            .stack = random_.chance(1, 8)};
        const MmuAnswer answer = mmu_.access(at, access, tables_.memory());
        const PlainMmu::Answer expected = plain_.access(at, access, other_);
        if (random_.chance(1, 16)) read_again();
        ASSERT_EQ(reread_.access(at, access, third_).outcome(), answer.outcome());
        ASSERT_EQ(answer.outcome(), expected.outcome) << std::hex << at.raw();
        ASSERT_EQ(answer.references(), expected.references) << std::hex << at.raw();
        ASSERT_EQ(answer.stall(), Cycles{expected.stall});
        if (!answer.faulted()) {
            ASSERT_EQ(answer.at(), expected.at) << std::hex << at.raw();
            return;
        }
        ASSERT_EQ(mmu_.fault().vector, expected.vector);
        if (expected.vector != Vector::page_fault) return;
        ASSERT_EQ(mmu_.fault().error_code, expected.error_code);
        if (random_.chance(1, 8)) return; // nothing was delivered: another exception had priority
        mmu_.deliver_page_fault(at);
        plain_.deliver_page_fault(at);
        reread_.deliver_page_fault(at);
    }
    void read_again() {
        const std::vector<std::byte> bytes = bytes_of_state(reread_);
        StateReader reader{bytes};
        reader(reread_);
        ASSERT_TRUE(reader.ok());
    }

    /// A leaf or the way to it, and what follows: the right invalidation or none.
    void change_an_entry() {
        const auto [at, size] = places_[random_.below(places_.size())];
        const bool is_table = random_.chance(1, 6);
        const Level level = is_table ? static_cast<Level>(number_of(leaf_level_of(size)) + 1) : leaf_level_of(size);
        const PhysAddr place = tables_.entry_at(at, level);
        std::uint64_t bits = some_leaf(size);
        if (is_table) {
            // The same table with other rights, or a copy of it elsewhere.
            const Pte before{tables_.memory().read(place)};
            bits = (before.bits() ^ (random_.below(2) << 1)) & ~std::uint64_t{0x20};
            if (random_.chance(1, 2)) {
                const Pfn copy = *tables_.frames()();
                tables_.memory().copy_frame(before.table(), copy);
                other_.copy_frame(before.table(), copy);
                third_.copy_frame(before.table(), copy);
                bits = Pte{bits}.with(Pte::kFrame, copy.raw()).bits();
            }
        }
        tables_.memory().write(place, bits);
        other_.write(place, bits);
        third_.write(place, bits);
        if (random_.chance(1, 2)) invalidate(0);
    }

    void invalidate(std::uint64_t how) {
        const VirtAddr at = some_address();
        const auto pcid = static_cast<Pcid>(random_.below(3));
        const std::uint64_t cr4 = mmu_.registers().cr4;
        switch (how) {
        case 0:
        case 1:
        case 2: mmu_.invlpg(at), plain_.invlpg(at), reread_.invlpg(at); break;
        case 3: load_cr3(address_of(tables_.root()).raw() | ((cr4 & cr4::kPcid) != 0 ? pcid : 0U)); break;
        case 4:
            if ((cr4 & cr4::kPcid) != 0) load_cr3(address_of(tables_.root()).raw() | pcid | cr3::kNoFlush);
            break;
        case 5: {
            const auto type = static_cast<InvpcidType>(random_.below(4));
            mmu_.invpcid(type, pcid, at), plain_.invpcid(type, pcid, at), reread_.invpcid(type, pcid, at);
            break;
        }
        case 6: set_cr4(cr4 ^ (random_.chance(1, 4) ? cr4::kGlobalPages : 0)); break;
        case 7: set_cr4(cr4 ^ (random_.chance(1, 2) ? cr4::kSmep : cr4::kSmap)); break;
        case 8:
            // PCIDs can be turned on only while PCID 0 is in use.
            if ((mmu_.registers().cr3 & cr3::kPcidMask) == 0 || (cr4 & cr4::kPcid) != 0) set_cr4(cr4 ^ cr4::kPcid);
            break;
        default: {
            const std::uint64_t cr0 = mmu_.registers().cr0 ^ cr0::kWriteProtect;
            mmu_.set_cr0(cr0), plain_.set_cr0(cr0), reread_.set_cr0(cr0);
            set_cr4(cr4 | cr4::kUserKeys);
            const auto keys = static_cast<std::uint32_t>(random_.next() & random_.next() & 0xff);
            mmu_.set_pkru(keys), plain_.set_pkru(keys), reread_.set_pkru(keys);
            break;
        }
        }
    }
    void set_cr4(std::uint64_t value) { mmu_.set_cr4(value), plain_.set_cr4(value), reread_.set_cr4(value); }
    void load_cr3(std::uint64_t value) { mmu_.load_cr3(value), plain_.load_cr3(value), reread_.load_cr3(value); }

    Random random_;
    TableBuilder tables_;
    PagingFeatures features_;
    std::vector<std::pair<VirtAddr, PageSize>> places_;
    VirtAddr last_;
    PhysMemory other_; ///< the plain one's
    Mmu mmu_;
    PlainMmu plain_;
    Mmu reread_;
    PhysMemory third_; ///< that one's
};

class MmuOfProcessor : public ::testing::TestWithParam<ProcessorPreset> {};

TEST_P(MmuOfProcessor, DoesWhatThePlainOneDoes) {
    for (const bool has_five_levels : {false, true}) {
        World world{GetParam().mmu(true), has_five_levels, GetParam().year};
        world.run(20'000);
        world.compare_contents();
        EXPECT_GT(world.counters().accesses(), 15'000U);
    }
}

std::vector<ProcessorPreset> all_processors() {
    auto processors = sim::load_processors(sim::Assets{});
    return processors ? *processors : std::vector<ProcessorPreset>{};
}
TEST(Processors, AreTen) {
    EXPECT_EQ(all_processors().size(), 10U);
}
INSTANTIATE_TEST_SUITE_P(Presets, MmuOfProcessor, ::testing::ValuesIn(all_processors()),
                         [](const auto& test) { return test.param.id; });

/// Arrays of any shape: limits, smashing, no second level, more ways than any real one.
TlbGeometry some_geometry(Random& random) {
    const PageSizeSet all{PageSize::small_4k, PageSize::large_2m, PageSize::huge_1g};
    const auto array = [&](PageSizeSet holds) {
        static constexpr std::uint16_t kWays[] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 64, 72, 128};
        TlbArrayGeometry made{.ways = kWays[random.below(12)], .holds = holds};
        made.entries = static_cast<std::uint16_t>(made.ways << random.below(3));
        for (std::uint16_t& most : made.most_ways) {
            if (random.chance(1, 4)) most = static_cast<std::uint16_t>(1 + random.below(made.ways));
        }
        return made;
    };
    const auto level = [&] {
        if (random.chance(1, 2)) return std::vector{array(all)};
        std::vector<TlbArrayGeometry> arrays{array({PageSize::small_4k})};
        if (random.chance(2, 3)) arrays.push_back(array({PageSize::large_2m}));
        if (random.chance(2, 3)) arrays.push_back(array({PageSize::huge_1g}));
        return arrays;
    };
    const auto policy = [&] { return random.chance(1, 2) ? Replacement::lru : Replacement::tree_plru; };
    TlbGeometry tlb;
    tlb.load = level();
    if (random.chance(1, 2)) tlb.store = level();
    tlb.fetch = level();
    if (random.chance(3, 4)) tlb.second = level();
    if (!tlb.second.empty() && random.chance(1, 3)) tlb.second_fetch = level();
    tlb.second_smashes_1g = random.chance(1, 2);
    for (WalkCacheGeometry& cache : tlb.walk_caches) {
        const auto ways = static_cast<std::uint16_t>(1 + random.below(4));
        if (random.chance(4, 5)) cache = {.entries = static_cast<std::uint16_t>(ways << random.below(3)), .ways = ways};
    }
    tlb.first_policy = policy();
    tlb.second_policy = policy();
    tlb.walk_cache_policy = policy();
    return tlb;
}

TEST(MmuOfAnyShape, DoesWhatThePlainOneDoes) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        SCOPED_TRACE(seed);
        Random random{seed};
        MmuConfig config;
        config.tlb = some_geometry(random);
        ASSERT_EQ(config.tlb.check(), "");
        World world{config, seed % 2 == 0, seed};
        world.run(4'000);
        world.compare_contents();
        if (HasFailure()) return;
    }
}

} // namespace
} // namespace ksl::core::testing
