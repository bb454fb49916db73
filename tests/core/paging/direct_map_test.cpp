// SPDX-License-Identifier: MIT
//
// The direct map for memory maps of any shape, against the rule that its many steps come down to: RAM that fills an
// aligned block of a page size is mapped by a page of that size. Captured machines are compared line by line elsewhere
// (tests/oracle).
#include "core/paging/direct_map.h"
#include "core/paging/kernel_tables.h"
#include "core/paging/walker.h"
#include "tests/core/paging/table_builder.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

namespace ksl::core {
namespace {

using testing::FrameSource;

constexpr std::uint64_t kLargeFrames = 512;
constexpr std::uint64_t kHugeFrames = 512 * 512;
constexpr std::uint64_t kMiB = 256; // in frames
constexpr EntryRules kRules{.physical_bits = 46};

FrameRange frames(std::uint64_t lowest, std::uint64_t top) {
    return {.lowest = Pfn{lowest}, .top = Pfn{top}};
}

struct Built {
    PhysMemory memory;
    KernelLayout layout;
    Pfn root{};
    DirectMap map;
    std::uint64_t tables = 0;

    [[nodiscard]] std::expected<Translation, Fault> look(std::uint64_t frame) const {
        return inspect(memory, layout.geometry(), kRules, root, layout.address_of(address_of(Pfn{frame})));
    }
};

/// Tables lie behind all RAM, so that they never get in its way.
Built build(const std::vector<FrameRange>& ram, const DirectMapOptions& options, const KernelLayout& layout,
            const std::vector<FrameRange>& reserved = {}) {
    constexpr std::uint64_t kRoom = 1U << 16;
    const std::uint64_t end = ram.back().top.raw();
    Built built{.memory = PhysMemory{Pages{end + kRoom}}, .layout = layout, .root = Pfn{end}, .map = {}};
    FrameSource source{end + 1, end + kRoom};
    Effects fx;
    Mapper mapper{built.memory, layout.geometry(), built.root, layout.direct_map().lowest};
    auto map = build_direct_map(mapper, ram, reserved, options, source, fx);
    EXPECT_TRUE(map);
    built.map = std::move(*map);
    built.tables = source.next() - end - 1;
    return built;
}

PageSize size_at(const Built& built, std::uint64_t frame) {
    const auto found = built.look(frame);
    EXPECT_TRUE(found);
    return found ? found->size() : PageSize::small_4k;
}

TEST(DirectMap, FollowsTheRulesOfThumb) {
    // 6 GiB with a hole from 3 GiB minus 5 MiB and 12 KiB to 4 GiB, and the PC's hole below 1 MiB.
    const std::uint64_t hole = 3 * kHugeFrames - 5 * kMiB - 3;
    const std::vector<FrameRange> ram{frames(1, 0x9f), frames(0x100, hole), frames(4 * kHugeFrames, 6 * kHugeFrames)};
    const Built built = build(ram, {}, KernelLayout{});
    EXPECT_EQ(size_at(built, 0), PageSize::small_4k);
    EXPECT_EQ(size_at(built, 0xa0), PageSize::small_4k) << "the first MiB is mapped whatever is there";
    EXPECT_EQ(size_at(built, 0x1ff), PageSize::small_4k);
    EXPECT_EQ(size_at(built, 0x200), PageSize::large_2m);
    EXPECT_EQ(size_at(built, kHugeFrames - 1), PageSize::large_2m);
    EXPECT_EQ(size_at(built, kHugeFrames), PageSize::huge_1g);
    EXPECT_EQ(size_at(built, 2 * kHugeFrames), PageSize::large_2m) << "the last, partial GiB below the hole";
    EXPECT_EQ(size_at(built, hole - 1), PageSize::small_4k);
    EXPECT_FALSE(built.look(hole));
    EXPECT_EQ(size_at(built, 5 * kHugeFrames), PageSize::huge_1g);
    const Translation small = *built.look(0x100);
    EXPECT_EQ(small.leaf.bits(), 0x8000'0000'0000'0163 | std::uint64_t{0x100} << 12);
    EXPECT_EQ(built.look(kHugeFrames)->leaf.bits(), 0x8000'0000'0000'01e3 | kHugeFrames << 12);
    EXPECT_TRUE(built.map.maps(Pfn{hole - 1}));
    EXPECT_FALSE(built.map.maps(Pfn{hole}));
    EXPECT_EQ(built.map.top(), Pfn{6 * kHugeFrames});
}

TEST(DirectMap, IsLocalWithPageTableIsolation) {
    const Built built = build({frames(0x100, 4 * kHugeFrames)}, {.global = false}, KernelLayout{});
    EXPECT_FALSE(built.look(kHugeFrames)->is_global());
    EXPECT_EQ(built.look(kHugeFrames)->leaf.bits() & 0xfff, 0xe3U);
}

TEST(DirectMap, TakesAsManyTablesAsItsPagesNeed) {
    const std::vector<FrameRange> ram{frames(0x100, 4 * kHugeFrames)};
    // PDPT, PD and PT of the first GiB; then 1G pages, or PDs, or PDs and PTs.
    EXPECT_EQ(build(ram, {}, KernelLayout{}).tables, 3U);
    EXPECT_EQ(build(ram, {.huge_pages = false}, KernelLayout{}).tables, 6U);
    EXPECT_EQ(build(ram, {.large_pages = false, .huge_pages = false}, KernelLayout{}).tables, 1U + 4 + 4 * 512);
}

TEST(DirectMap, RunsOutOfTableFrames) {
    const std::vector<FrameRange> ram{frames(0x100, kHugeFrames)};
    PhysMemory memory{Pages{kHugeFrames + 100}};
    FrameSource source{kHugeFrames + 1, kHugeFrames + 3};
    Effects fx;
    Mapper mapper{memory, Geometry::four_level(), Pfn{kHugeFrames}, KernelLayout{}.direct_map().lowest};
    const auto map = build_direct_map(mapper, ram, {}, {}, source, fx);
    ASSERT_FALSE(map);
    EXPECT_EQ(map.error(), MapFailure::no_frame);
}

/// RAM in pieces whose ends are multiples of something, mostly.
std::vector<FrameRange> arbitrary_ram() {
    std::vector<FrameRange> ram{frames(1, 0x9f)};
    std::uint64_t at = 0x100;
    const auto pieces = *rc::gen::inRange(1, 5);
    for (int i = 0; i < pieces; ++i) {
        const auto grain = *rc::gen::element<std::uint64_t>(1, 32, kLargeFrames, kHugeFrames);
        const auto size = *rc::gen::inRange<std::uint64_t>(1, 3 * kHugeFrames / 2 / grain + 2) * grain;
        ram.push_back(frames(at, at + size));
        at += size + *rc::gen::inRange<std::uint64_t>(1, 5) * *rc::gen::element<std::uint64_t>(1, kLargeFrames, 40'000);
    }
    return ram;
}

RC_GTEST_PROP(DirectMap, MapsAllRamWithTheLargestPagesAndNothingElse, ()) {
    const std::vector<FrameRange> ram = arbitrary_ram();
    const bool five = *rc::gen::arbitrary<bool>();
    DirectMapOptions options{.large_pages = *rc::gen::arbitrary<bool>(), .huge_pages = *rc::gen::arbitrary<bool>()};
    if (!options.large_pages) options.huge_pages = false;
    const KernelLayout layout{LayoutEra::linux_6_1, five ? Geometry::five_level() : Geometry::four_level()};
    // Where the kernel image lies decides only the order of the work.
    const auto image = *rc::gen::inRange<std::uint64_t>(0x100, ram.back().top.raw() - 1);
    const Built built = build(ram, options, layout, {frames(image, image + 1)});

    const auto is_inside = [&](std::uint64_t lowest, std::uint64_t size) {
        return std::ranges::any_of(ram, [&](const FrameRange& range) {
            return range.lowest.raw() <= lowest && lowest + size <= range.top.raw();
        });
    };
    const auto expected_size = [&](std::uint64_t frame) {
        const std::uint64_t huge = frame / kHugeFrames * kHugeFrames;
        if (options.huge_pages && is_inside(huge, kHugeFrames)) return PageSize::huge_1g;
        const std::uint64_t large = frame / kLargeFrames * kLargeFrames;
        if (options.large_pages && is_inside(large, kLargeFrames)) return PageSize::large_2m;
        return PageSize::small_4k;
    };
    std::array<std::uint64_t, kPageSizes> pages{};
    const std::uint64_t end = ram.back().top.raw() + 1000;
    for (std::uint64_t frame = 0; frame < end;) {
        const auto found = built.look(frame);
        RC_ASSERT(found.has_value() == (frame < 0x100 || is_inside(frame, 1)));
        RC_ASSERT(built.map.maps(Pfn{frame}) == found.has_value());
        if (!found) {
            ++frame;
            continue;
        }
        RC_ASSERT(found->at == address_of(Pfn{frame}));
        RC_ASSERT(found->size() == expected_size(frame));
        ++pages[static_cast<std::size_t>(found->size())];
        frame += Pte::frames_of(found->leaf_level);
    }
    for (PageSize size : kAllPageSizes) {
        const auto index = static_cast<std::size_t>(size);
        RC_ASSERT(built.map.counters.pages[index] >= pages[index]);
    }
}

RC_GTEST_PROP(PageStructs, AreMappedForEverySectionWithRam, ()) {
    const std::vector<FrameRange> ram = arbitrary_ram();
    const KernelLayout layout{LayoutEra::linux_6_1, Geometry::four_level()};
    const DirectMapOptions options{.large_pages = *rc::gen::arbitrary<bool>()};
    const std::uint64_t end = ram.back().top.raw();
    PhysMemory memory{Pages{end + 0x2'0000}};
    FrameSource source{end + 1, end + 0x1'0000};
    std::uint64_t next_block = (end + 0x1'0000 + 511) / 512 * 512;
    auto blocks = *rc::gen::inRange(0, 40);
    const auto take_block = [&]() -> std::optional<Pfn> {
        if (blocks-- <= 0) return std::nullopt;
        return Pfn{(next_block += 512) - 512};
    };
    Effects fx;
    Mapper mapper{memory, layout.geometry(), Pfn{end}, layout.direct_map().lowest};
    RC_ASSERT(build_vmemmap(mapper, layout, ram, options, source, take_block, fx).has_value());
    for (const FrameRange& range : ram) {
        for (std::uint64_t frame : {range.lowest.raw(), range.top.raw() - 1}) {
            const auto found = inspect(memory, layout.geometry(), kRules, Pfn{end}, layout.page_struct(Pfn{frame}));
            RC_ASSERT(found.has_value());
        }
    }
    RC_ASSERT(!inspect(memory, layout.geometry(), kRules, Pfn{end}, layout.page_struct(Pfn{end + 0x10'0000})));
}

/// What a machine starts with, on both depths.
TEST(KernelTables, PreallocateTheVmallocAreaOnlyWhereTheSchemeSaysSo) {
    for (const bool five : {false, true}) {
        for (const PgdSync sync : {PgdSync::lazy_fault, PgdSync::preallocated}) {
            SCOPED_TRACE(five);
            const KernelLayout layout{LayoutEra::linux_6_1, five ? Geometry::five_level() : Geometry::four_level()};
            KernelTablesConfig config;
            config.layout = layout;
            config.ram = {frames(1, 0x9f), frames(0x100, 2 * kHugeFrames)};
            config.pgd_sync = sync;
            const auto image = [](std::uint64_t offset) { return VirtAddr{0xffffffff81000000 + offset}; };
            config.image = {.text = image(0),
                            .text_end = image(0xa00000),
                            .code_end = image(0xa00000),
                            .rodata = image(0xc00000),
                            .rodata_end = image(0x1000000),
                            .data = image(0x1200000),
                            .init = image(0x1600000),
                            .init_end = image(0x1800000),
                            .brk_end = image(0x1a00000),
                            .idt = std::nullopt};
            PhysMemory memory{Pages{2 * kHugeFrames + 0x1'0000}};
            FrameSource source{2 * kHugeFrames, 2 * kHugeFrames + 0x1'0000};
            const auto no_block = []() -> std::optional<Pfn> { return std::nullopt; };
            Effects fx;
            const auto tables = build_kernel_tables(memory, config, source, no_block, fx);
            ASSERT_TRUE(tables);
            unsigned present = 0;
            const Level top = layout.geometry().top();
            for (unsigned i = 0; i < layout.vmalloc_top_entries(); ++i) {
                const unsigned index = index_of(layout.vmalloc().lowest, top) + i;
                present +=
                    Pte{memory.read(address_of(tables->root) + Bytes{std::uint64_t{8} * index})}.is_present() ? 1U : 0U;
            }
            EXPECT_EQ(present, sync == PgdSync::preallocated ? (five ? 50U : 64U) : 0U);
            // Kernel code is executable and read-only, in the image and nowhere else.
            const auto text = inspect(memory, layout.geometry(), kRules, tables->root, config.image.text);
            ASSERT_TRUE(text);
            EXPECT_EQ(text->rights, (Rights{.writable = false, .user = false, .no_execute = false, .key = 0}));
            const auto alias = inspect(memory, layout.geometry(), kRules, tables->root, layout.address_of(text->at));
            ASSERT_TRUE(alias);
            EXPECT_EQ(alias->rights, (Rights{.writable = false, .user = false, .no_execute = true, .key = 0}));
        }
    }
}

} // namespace
} // namespace ksl::core
