// SPDX-License-Identifier: MIT
//
// Software changes of page tables: against a plain map of what is mapped where, and case by case.
#include "core/paging/mapper.h"
#include "core/paging/walker.h"
#include "tests/core/paging/table_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <variant>
#include <vector>

namespace ksl::core {
namespace {

using testing::TableBuilder;

constexpr VirtAddr kArea{0xffff'c900'0000'0000};
constexpr VirtAddr kDirectMap{0xffff'8880'0000'0000};
constexpr EntryRules kRules{.physical_bits = 46};

struct Recorder final : EventSink {
    std::vector<Event> events;
    void on_event(const Event& event) override { events.push_back(event); }

    template <class Body>
    [[nodiscard]] std::vector<Body> all() const {
        std::vector<Body> found;
        for (const Event& event : events) {
            if (const Body* body = std::get_if<Body>(&event.body)) found.push_back(*body);
        }
        return found;
    }
};
struct Touched final : MemoryPort {
    std::vector<std::pair<VirtAddr, bool>> accesses;
    void access(VirtAddr at, bool is_write, Ledger& /*ledger*/) override { accesses.emplace_back(at, is_write); }
};

/// A mapper whose costs, events and accesses are kept.
class Bench {
public:
    TableBuilder tables;
    Recorder recorder;
    Touched touched;
    PriceList prices;
    Effects fx{&prices, &touched, &recorder, EventLevel::micro, CpuId{0}, Cycles{0}, KernelData{}};
    Mapper mapper = tables.mapper();

    [[nodiscard]] std::uint64_t times(Step step) const { return fx.ledger().times[static_cast<std::size_t>(step)]; }
    static std::vector<Pfn> frames(std::size_t count, std::uint64_t first = 0x8'0000) {
        std::vector<Pfn> list;
        for (std::size_t i = 0; i < count; ++i) list.emplace_back(first + 3 * i); // scattered, as vmalloc gets them
        return list;
    }
    std::optional<PhysAddr> translate(VirtAddr at) {
        const auto found = inspect(tables.memory(), tables.geometry(), kRules, tables.root(), at);
        return found ? std::optional{found->at} : std::nullopt;
    }
};

TEST(Mapper, MapsTheFramesOfAStack) {
    Bench bench;
    const std::vector<Pfn> frames = bench.frames(4);
    ASSERT_TRUE(bench.mapper.map_frames(kArea, frames, kernel_attributes::kPage, bench.tables.frames(), bench.fx));
    for (std::size_t i = 0; i < frames.size(); ++i)
        EXPECT_EQ(bench.translate(kArea + Bytes{i * kPageBytes + 8}), address_of(frames[i]) + Bytes{8});
    EXPECT_FALSE(bench.translate(kArea + Bytes{4 * kPageBytes}));
    EXPECT_EQ(bench.tables.entry(kArea, Level::pt).bits(), 0x8000'0000'0000'0163 | frames[0].raw() << 12);

    EXPECT_EQ(bench.times(Step::table_descend), 1U);
    EXPECT_EQ(bench.times(Step::table_page_new), 3U) << "PDPT, PD and PT";
    EXPECT_EQ(bench.times(Step::pte_write), 4U);
    EXPECT_EQ(bench.recorder.all<TablePageAdded>().size(), 3U);
    const auto written = bench.recorder.all<PteWritten>();
    ASSERT_EQ(written.size(), 7U) << "three entries that point to tables, four pages";
    EXPECT_EQ(written.back().level, 1);
    EXPECT_EQ(written.back().before, 0U);
    EXPECT_EQ(written.back().after, 0x8000'0000'0000'0163 | frames[3].raw() << 12);
    // The kernel sees its tables in the direct map: four entries side by side in one line.
    const PhysAddr first = bench.tables.entry_at(kArea, Level::pt);
    for (std::uint64_t i = 0; i < 4; ++i)
        EXPECT_THAT(bench.touched.accesses,
                    ::testing::Contains(std::pair{kDirectMap + Bytes{first.raw() + 8 * i}, true}));
}

TEST(Mapper, NeverFreesATable) {
    Bench bench;
    const VirtRange area{kArea, kArea + Bytes{4 * kPageBytes}};
    ASSERT_TRUE(
        bench.mapper.map_frames(kArea, bench.frames(4), kernel_attributes::kPage, bench.tables.frames(), bench.fx));
    const Pte table = bench.tables.entry(kArea, Level::pd);
    EXPECT_EQ(bench.mapper.unmap({area.lowest, area.top + Bytes{kPageBytes}}, bench.fx), 4U);
    EXPECT_FALSE(bench.translate(kArea));
    EXPECT_EQ(bench.tables.entry(kArea, Level::pd), table);
    EXPECT_EQ(bench.times(Step::pte_clear), 5U) << "the guard page's entry is exchanged as well";

    const std::uint64_t before = bench.tables.frames().next();
    ASSERT_TRUE(
        bench.mapper.map_frames(kArea, bench.frames(4), kernel_attributes::kPage, bench.tables.frames(), bench.fx));
    EXPECT_EQ(bench.tables.frames().next(), before) << "the tables are used again";
}

TEST(Mapper, UnmappingWhatIsNotMappedSkipsWholeTables) {
    Bench bench;
    EXPECT_EQ(bench.mapper.unmap({kArea, kArea + Bytes{std::uint64_t{8} << 40U}}, bench.fx), 0U);
    EXPECT_EQ(bench.times(Step::table_descend_clear), 16U) << "one for each 512 GiB";
}

TEST(Mapper, RunsOutOfFramesAndKeepsWhatItHasDone) {
    Bench bench;
    const VirtAddr before_border = kArea + Bytes{(std::uint64_t{2} << 20U) - 2 * kPageBytes};
    bench.tables.frames().limit(3);
    const auto result = bench.mapper.map_frames(before_border, bench.frames(4), kernel_attributes::kPage,
                                                bench.tables.frames(), bench.fx);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error(), MapFailure::no_frame);
    EXPECT_TRUE(bench.translate(before_border));
    EXPECT_TRUE(bench.translate(before_border + Bytes{kPageBytes}));
    EXPECT_FALSE(bench.translate(before_border + Bytes{2 * kPageBytes}));
}

TEST(Mapper, RefusesToMapOverSomething) {
    Bench bench;
    ASSERT_TRUE(bench.mapper.map(kArea, Pfn{0x8'0000}, PageSize::large_2m, kernel_attributes::kPage,
                                 bench.tables.frames(), bench.fx));
    const auto below_large =
        bench.mapper.map_frames(kArea, bench.frames(1), kernel_attributes::kPage, bench.tables.frames(), bench.fx);
    ASSERT_FALSE(below_large);
    EXPECT_EQ(below_large.error(), MapFailure::occupied);
    const auto again = bench.mapper.map(kArea, Pfn{0x9'0000}, PageSize::large_2m, kernel_attributes::kPage,
                                        bench.tables.frames(), bench.fx);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error(), MapFailure::occupied);
}

TEST(Mapper, TakesTheLargestPagesThatFit) {
    Bench bench;
    // From 4 KiB before a 2M border to 4 KiB after a 1G border and more.
    const VirtAddr lowest = kArea + Bytes{(std::uint64_t{1} << 30U) - (std::uint64_t{2} << 20U) - kPageBytes};
    const Bytes size{(std::uint64_t{1} << 30U) + (std::uint64_t{2} << 20U) + 2 * kPageBytes};
    const Pfn first{0x4'0000 - 512 - 1};
    ASSERT_TRUE(bench.mapper.map_contiguous({lowest, lowest + size}, first, PageSize::huge_1g, kernel_attributes::kPage,
                                            bench.tables.frames(), bench.fx));
    const auto size_at = [&](Bytes offset) {
        return inspect(bench.tables.memory(), bench.tables.geometry(), kRules, bench.tables.root(), lowest + offset)
            ->size();
    };
    EXPECT_EQ(size_at(Bytes{0}), PageSize::small_4k);
    EXPECT_EQ(size_at(Bytes{kPageBytes}), PageSize::large_2m);
    EXPECT_EQ(size_at(Bytes{kPageBytes + (std::uint64_t{2} << 20U)}), PageSize::huge_1g);
    EXPECT_EQ(size_at(size - Bytes{1}), PageSize::small_4k);
    EXPECT_EQ(bench.translate(lowest + size - Bytes{8}), address_of(first) + size - Bytes{8});
}

TEST(Mapper, SplittingKeepsEveryTranslationAndAttribute) {
    for (PageSize size : {PageSize::large_2m, PageSize::huge_1g}) {
        SCOPED_TRACE(name_of(size));
        Bench bench;
        // With the PAT bit, which changes its place.
        const Pte attributes = kernel_attributes::kReadOnly.with(Pte::kPat, 1).with(Pte::kPcd, 1);
        ASSERT_TRUE(bench.mapper.map(kArea, Pfn{0x4'0000}, size, attributes, bench.tables.frames(), bench.fx));
        const auto before =
            *inspect(bench.tables.memory(), bench.tables.geometry(), kRules, bench.tables.root(), kArea);
        ASSERT_TRUE(bench.mapper.split(kArea + Bytes{0x5000}, bench.tables.frames(), bench.fx));
        EXPECT_EQ(bench.times(Step::direct_map_split), 1U);
        ASSERT_EQ(bench.recorder.all<DirectMapSplit>().size(), 1U);
        EXPECT_EQ(bench.recorder.all<DirectMapSplit>()[0].address, kArea.raw());
        EXPECT_EQ(bench.recorder.all<DirectMapSplit>()[0].from, size);
        const std::uint64_t step = bytes_of(size).count() / 512;
        for (std::uint64_t i = 0; i < 512; ++i) {
            const auto after = *inspect(bench.tables.memory(), bench.tables.geometry(), kRules, bench.tables.root(),
                                        kArea + Bytes{i * step});
            ASSERT_EQ(after.at, before.at + Bytes{i * step});
            ASSERT_EQ(number_of(after.leaf_level), number_of(before.leaf_level) - 1);
            ASSERT_EQ(after.rights, before.rights);
            ASSERT_EQ(after.pat_index(), before.pat_index());
            ASSERT_TRUE(after.is_global());
        }
    }
}

TEST(Mapper, ProtectSplitsOnlyPagesThatArePartlyInside) {
    Bench bench;
    const VirtRange two{kArea, kArea + Bytes{std::uint64_t{4} << 20U}};
    ASSERT_TRUE(bench.mapper.map_contiguous(two, Pfn{0x4'0000}, PageSize::large_2m, kernel_attributes::kPage,
                                            bench.tables.frames(), bench.fx));
    const Pte writable{Pte::kWritable.mask()};
    const VirtAddr middle = kArea + Bytes{std::uint64_t{2} << 20U};
    ASSERT_TRUE(bench.mapper.protect({kArea, middle + Bytes{2 * kPageBytes}}, Pte{}, writable, bench.tables.frames(),
                                     bench.fx));
    EXPECT_EQ(bench.times(Step::direct_map_split), 1U);
    const auto at = [&](VirtAddr address) {
        return *inspect(bench.tables.memory(), bench.tables.geometry(), kRules, bench.tables.root(), address);
    };
    EXPECT_EQ(at(kArea).size(), PageSize::large_2m);
    EXPECT_FALSE(at(kArea).rights.writable);
    EXPECT_EQ(at(middle).size(), PageSize::small_4k);
    EXPECT_FALSE(at(middle + Bytes{kPageBytes}).rights.writable);
    EXPECT_TRUE(at(middle + Bytes{2 * kPageBytes}).rights.writable);
    EXPECT_EQ(at(middle + Bytes{2 * kPageBytes}).at, PhysAddr{0x4020'2000});

    const std::uint64_t frames = bench.tables.frames().next();
    ASSERT_TRUE(
        bench.mapper.protect({kArea, kArea + Bytes{kPageBytes}}, Pte{}, writable, bench.tables.frames(), bench.fx));
    EXPECT_EQ(bench.tables.frames().next(), frames) << "nothing changes, nothing is split";
}

TEST(Mapper, PopulateMakesTablesAheadOfTime) {
    Bench bench;
    const VirtRange two_tib{kArea, kArea + Bytes{std::uint64_t{2} << 40U}};
    ASSERT_TRUE(bench.mapper.populate(two_tib, Level::pdpt, bench.tables.frames(), bench.fx));
    EXPECT_EQ(bench.recorder.all<TablePageAdded>().size(), 4U);
    for (std::uint64_t i = 0; i < 4; ++i)
        EXPECT_TRUE(bench.tables.entry(kArea + Bytes{i << 39U}, Level::pml4).is_present());
}

TEST(Mapper, SilentEffectsChangeMemoryAllTheSame) {
    Bench loud;
    Bench quiet;
    Effects silent;
    ASSERT_TRUE(loud.mapper.map_frames(kArea, loud.frames(9), kernel_attributes::kPage, loud.tables.frames(), loud.fx));
    ASSERT_TRUE(
        quiet.mapper.map_frames(kArea, quiet.frames(9), kernel_attributes::kPage, quiet.tables.frames(), silent));
    EXPECT_EQ(loud.tables.memory(), quiet.tables.memory());
}

// Any sequence of changes against a map from pages to frames and attributes.
struct Mapped {
    std::uint64_t frame;
    std::uint64_t attributes;
};

RC_GTEST_PROP(Mapper, KeepsToAPlainMapOfPages, (bool is_five)) {
    TableBuilder tables{is_five ? Geometry::five_level() : Geometry::four_level()};
    Mapper mapper = tables.mapper();
    Effects fx;
    std::map<std::uint64_t, Mapped> plain; // by page number within the area
    constexpr std::uint64_t kPages = 3 * 512;
    const auto steps = *rc::gen::inRange(1, 25);
    for (int step = 0; step < steps; ++step) {
        const auto first = *rc::gen::inRange<std::uint64_t>(0, kPages);
        const auto count = *rc::gen::inRange<std::uint64_t>(1, 700);
        const VirtAddr lowest = kArea + Bytes{first * kPageBytes};
        const VirtRange range{lowest, lowest + Bytes{count * kPageBytes}};
        switch (*rc::gen::inRange(0, 4)) {
        case 0: { // scattered pages, where nothing is
            std::vector<Pfn> frames;
            for (std::uint64_t i = 0; i < count && !plain.contains(first + i); ++i) {
                frames.emplace_back(0x8'0000 + 7 * (first + i));
                plain[first + i] = {frames.back().raw(), kernel_attributes::kPage.bits()};
            }
            RC_ASSERT(mapper.map_frames(lowest, frames, kernel_attributes::kPage, tables.frames(), fx).has_value());
            break;
        }
        case 1: { // one large page
            const std::uint64_t large = first / 512 * 512;
            bool is_free = true;
            for (std::uint64_t i = 0; i < 512; ++i) is_free = is_free && !plain.contains(large + i);
            const VirtAddr at = kArea + Bytes{large * kPageBytes};
            const EntrySlot slot = mapper.find(at);
            // An empty table in the way is no room for a large page: the mapper never frees tables.
            if (!is_free || slot.level < Level::pd) break;
            RC_ASSERT(mapper
                          .map(at, Pfn{0x4'0000 + large}, PageSize::large_2m, kernel_attributes::kExecutable,
                               tables.frames(), fx)
                          .has_value());
            for (std::uint64_t i = 0; i < 512; ++i)
                plain[large + i] = {0x4'0000 + large + i, kernel_attributes::kExecutable.bits()};
            break;
        }
        case 2: { // unmap, with large pages split first as the kernel's callers do
            for (VirtAddr edge : {range.lowest, range.top}) {
                if (mapper.find(edge).entry.is_leaf(Level::pd) && mapper.find(edge).level == Level::pd &&
                    !is_aligned(edge, bytes_of(PageSize::large_2m)))
                    RC_ASSERT(mapper.split(edge, tables.frames(), fx).has_value());
            }
            std::uint64_t expected = 0;
            for (std::uint64_t i = 0; i < count; ++i) expected += plain.erase(first + i);
            RC_ASSERT(mapper.unmap(range, fx) == expected);
            break;
        }
        default: { // read-only, and executable
            constexpr Pte kClear{Pte::kWritable.mask() | Pte::kNoExecute.mask()};
            RC_ASSERT(mapper.protect(range, Pte{}, kClear, tables.frames(), fx).has_value());
            for (std::uint64_t i = 0; i < count; ++i) {
                if (const auto found = plain.find(first + i); found != plain.end())
                    found->second.attributes &= ~kClear.bits();
            }
        }
        }
    }
    for (std::uint64_t page = 0; page < kPages + 700; ++page) {
        const EntrySlot slot = mapper.find(kArea + Bytes{page * kPageBytes});
        const auto expected = plain.find(page);
        RC_ASSERT(slot.entry.is_present() == (expected != plain.end()));
        if (expected == plain.end()) continue;
        RC_ASSERT(small_attributes(slot.entry, slot.level).bits() == expected->second.attributes);
        const std::uint64_t inside = page % Pte::frames_of(slot.level);
        RC_ASSERT(slot.entry.frame(slot.level).raw() + inside == expected->second.frame);
    }
}

} // namespace
} // namespace ksl::core
