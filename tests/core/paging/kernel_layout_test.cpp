// SPDX-License-Identifier: MIT
//
// Regions and arithmetic, against the kernel's own documents (mm.txt of 4.7, mm.rst of 6.1).
#include "core/paging/kernel_layout.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace ksl::core {
namespace {

constexpr Bytes kGiB{std::uint64_t{1} << 30};
constexpr Bytes kTiB{std::uint64_t{1} << 40};

VirtRange inclusive(std::uint64_t lowest, std::uint64_t last) {
    return {.lowest = VirtAddr{lowest}, .top = VirtAddr{last} + Bytes{1}};
}
KernelLayout layout_of(LayoutEra era, Geometry geometry = Geometry::four_level(), LayoutOptions options = {}) {
    return KernelLayout{era, geometry, options};
}

TEST(KernelLayout, HasTheRegionsOf47) {
    for (LayoutEra era : {LayoutEra::linux_4_7, LayoutEra::linux_4_9}) {
        const KernelLayout layout = layout_of(era);
        EXPECT_EQ(layout.range_of(Region::guard_hole), inclusive(0xffff800000000000, 0xffff87ffffffffff));
        EXPECT_EQ(layout.direct_map(), inclusive(0xffff880000000000, 0xffffc7ffffffffff));
        EXPECT_EQ(layout.vmalloc(), inclusive(0xffffc90000000000, 0xffffe8ffffffffff));
        EXPECT_EQ(layout.vmemmap(), inclusive(0xffffea0000000000, 0xffffeaffffffffff));
        EXPECT_EQ(layout.range_of(Region::espfix), inclusive(0xffffff0000000000, 0xffffff7fffffffff));
        EXPECT_EQ(layout.range_of(Region::efi), inclusive(0xffffffef00000000, 0xfffffffeffffffff));
        EXPECT_FALSE(layout.range_of(Region::ldt_remap));
        EXPECT_FALSE(layout.range_of(Region::cpu_entry_area));
        EXPECT_STREQ(layout.check_invariants(), "");
    }
}

TEST(KernelLayout, HasTheRegionsOf61) {
    const KernelLayout layout = layout_of(LayoutEra::linux_6_1);
    EXPECT_EQ(layout.range_of(Region::guard_hole), inclusive(0xffff800000000000, 0xffff87ffffffffff));
    EXPECT_EQ(layout.range_of(Region::ldt_remap), inclusive(0xffff880000000000, 0xffff887fffffffff));
    EXPECT_EQ(layout.direct_map(), inclusive(0xffff888000000000, 0xffffc87fffffffff));
    EXPECT_EQ(layout.vmalloc(), inclusive(0xffffc90000000000, 0xffffe8ffffffffff));
    EXPECT_EQ(layout.vmemmap(), inclusive(0xffffea0000000000, 0xffffeaffffffffff));
    EXPECT_EQ(layout.range_of(Region::cpu_entry_area), inclusive(0xfffffe0000000000, 0xfffffe7fffffffff));
    EXPECT_EQ(layout.kernel_image(), inclusive(0xffffffff80000000, 0xffffffff9fffffff));
    EXPECT_EQ(layout.modules(), inclusive(0xffffffffa0000000, 0xfffffffffeffffff));
    EXPECT_EQ(layout.range_of(Region::vsyscall), inclusive(0xffffffffff600000, 0xffffffffff600fff));
    EXPECT_EQ(layout.vmalloc_top_entries(), 64U);
}

TEST(KernelLayout, HasTheRegionsOfFiveLevels) {
    const KernelLayout layout = layout_of(LayoutEra::linux_6_1, Geometry::five_level());
    EXPECT_EQ(layout.range_of(Region::user), inclusive(0, 0x00ffffffffffffff));
    EXPECT_EQ(layout.range_of(Region::guard_hole), inclusive(0xff00000000000000, 0xff0fffffffffffff));
    EXPECT_EQ(layout.range_of(Region::ldt_remap), inclusive(0xff10000000000000, 0xff10ffffffffffff));
    EXPECT_EQ(layout.direct_map(), inclusive(0xff11000000000000, 0xff90ffffffffffff));
    EXPECT_EQ(layout.vmalloc(), inclusive(0xffa0000000000000, 0xffd1ffffffffffff));
    EXPECT_EQ(layout.vmemmap(), inclusive(0xffd4000000000000, 0xffd5ffffffffffff));
    EXPECT_EQ(layout.range_of(Region::cpu_entry_area), inclusive(0xfffffe0000000000, 0xfffffe7fffffffff));
    EXPECT_EQ(layout.vmalloc_top_entries(), 50U);
    EXPECT_EQ(layout_of(LayoutEra::linux_4_9, Geometry::five_level()).geometry(), Geometry::four_level());
}

TEST(KernelLayout, ImageMayTakeTwiceTheSizeWithRandomBase) {
    const KernelLayout layout = layout_of(LayoutEra::linux_4_9, Geometry::four_level(), {.randomize_base = true});
    EXPECT_EQ(layout.kernel_image().size(), kGiB);
    EXPECT_EQ(layout.modules().lowest, VirtAddr{0xffffffffc0000000});
}

TEST(KernelLayout, VmallocEndIsItsLastByte) {
    EXPECT_EQ(layout_of(LayoutEra::linux_4_7).vmalloc_end_inclusive(), VirtAddr{0xffffe8ffffffffff});
    EXPECT_EQ(layout_of(LayoutEra::linux_4_7).vmalloc().lowest + (kTiB * 32) - Bytes{1}, VirtAddr{0xffffe8ffffffffff});
}

TEST(KernelLayout, ClassifiesEveryRegionByItsEnds) {
    for (const KernelLayout& layout : {layout_of(LayoutEra::linux_4_7), layout_of(LayoutEra::linux_6_1),
                                       layout_of(LayoutEra::linux_6_1, Geometry::five_level())}) {
        for (unsigned i = 0; i < kRegions; ++i) {
            const auto region = static_cast<Region>(i);
            const auto range = layout.range_of(region);
            if (!range) continue;
            SCOPED_TRACE(name_of(region));
            EXPECT_EQ(layout.classify(range->lowest), region);
            EXPECT_EQ(layout.classify(range->top - Bytes{1}), region);
            EXPECT_NE(layout.classify(range->top), region);
        }
        EXPECT_EQ(layout.classify(VirtAddr{0xffffffffffe00000}), Region::hole);
        EXPECT_EQ(layout.classify(layout.geometry().kernel_half() - Bytes{1}), Region::non_canonical);
    }
}

/// The failure of 2016: a driver that takes the physical address of a buffer on a vmapped stack.
TEST(KernelLayout, TheLinearArithmeticOfAVmappedStackIsWild) {
    const KernelLayout layout = layout_of(LayoutEra::linux_4_9);
    constexpr VirtAddr kStack{0xffffc90000008000};
    EXPECT_EQ(layout.phys_addr(kStack), PhysAddr{0x0000410000008000});
    EXPECT_EQ(frame_of(layout.phys_addr(kStack)), Pfn{0x410000008});
    EXPECT_EQ(layout.page_of(kStack), VirtAddr{0xffffeb0400000200});
    EXPECT_EQ(layout.classify(layout.page_of(kStack)), Region::hole);
    EXPECT_FALSE(layout.has_linear_translation(kStack));
    EXPECT_FALSE(layout.virt_addr_valid(kStack, Pages{std::uint64_t{1} << 50}));
    EXPECT_TRUE(layout.is_vmalloc_addr(kStack));
}

TEST(KernelLayout, TheLinearArithmeticOfDirectMapAndImageIsRight) {
    KernelLayout layout = layout_of(LayoutEra::linux_4_9);
    EXPECT_EQ(layout.phys_addr(VirtAddr{0xffff880012345678}), PhysAddr{0x12345678});
    EXPECT_EQ(layout.address_of(PhysAddr{0x12345678}), VirtAddr{0xffff880012345678});
    EXPECT_EQ(layout.phys_addr(VirtAddr{0xffffffff81000000}), PhysAddr{0x1000000});
    layout.set_phys_base(0x2400'0000);
    EXPECT_EQ(layout.phys_addr(VirtAddr{0xffffffff81000000}), PhysAddr{0x25000000});
    EXPECT_EQ(layout.page_struct(Pfn{0x1000}), VirtAddr{0xffffea0000040000});
    EXPECT_TRUE(layout.virt_addr_valid(VirtAddr{0xffff880000100000}, Pages{0x1000}));
    EXPECT_FALSE(layout.virt_addr_valid(VirtAddr{0xffff880001000000}, Pages{0x1000})) << "beyond memory";
    EXPECT_FALSE(layout.virt_addr_valid(VirtAddr{0x7fff00000000}, Pages{0x1000'0000})) << "a user address";
    EXPECT_FALSE(layout.has_linear_translation(VirtAddr{0xffffffffa0000000})) << "a module";
    EXPECT_TRUE(layout.is_vmalloc_or_module_addr(VirtAddr{0xffffffffa0000000}));
}

TEST(KernelLayout, ValidAddressesDependOnThePhysicalBits) {
    const KernelLayout narrow = layout_of(LayoutEra::linux_6_1, Geometry::four_level(), {.physical_bits = 36});
    EXPECT_TRUE(narrow.has_linear_translation(narrow.address_of(PhysAddr{(std::uint64_t{1} << 36) - 8})));
    EXPECT_FALSE(narrow.has_linear_translation(narrow.address_of(PhysAddr{std::uint64_t{1} << 36})));
}

RC_GTEST_PROP(KernelLayoutRandomness, MovesRegionsByWholeGibibytesInsideTheirBounds, (std::uint64_t seed)) {
    const LayoutEra era = *rc::gen::element(LayoutEra::linux_4_9, LayoutEra::linux_6_1);
    const bool five = era == LayoutEra::linux_6_1 && *rc::gen::arbitrary<bool>();
    const Bytes memory = kGiB * *rc::gen::inRange<std::uint64_t>(1, 4096);
    const auto padding = *rc::gen::element<std::uint64_t>(0, 10);
    const KernelLayout fixed = layout_of(era, five ? Geometry::five_level() : Geometry::four_level());
    KernelLayout layout = fixed;
    const RegionRandomness randomness{.seed = seed, .memory = memory, .padding_tib = padding, .zone_device = false};
    layout.randomize(randomness);
    RC_ASSERT(std::string{layout.check_invariants()}.empty());
    RC_ASSERT(layout.direct_map().lowest >= fixed.direct_map().lowest);
    const std::uint64_t memory_tib = (memory.count() + kTiB.count() - 1) / kTiB.count() + padding;
    RC_ASSERT(layout.direct_map().size() == kTiB * memory_tib);
    RC_ASSERT(layout.vmalloc().size() == fixed.vmalloc().size());
    const std::uint64_t page_struct_bytes = memory_tib * (kTiB.count() / 4096) * 64;
    const std::uint64_t expected =
        era == LayoutEra::linux_4_9 ? 1 : (page_struct_bytes + kTiB.count() - 1) / kTiB.count();
    RC_ASSERT(layout.vmemmap().size() == kTiB * expected);
    RC_ASSERT(layout.vmemmap().top.raw() <= (era == LayoutEra::linux_4_9 ? 0xffffff0000000000 : 0xfffffe0000000000));
    RC_ASSERT(layout.classify(layout.vmalloc().lowest) == Region::vmalloc);
    KernelLayout again = fixed;
    again.randomize(randomness);
    RC_ASSERT(again == layout);
}

TEST(KernelLayoutRandomness, SeedsGiveDifferentBasesAndThreeOfThem) {
    std::set<std::uint64_t> bases;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        KernelLayout layout = layout_of(LayoutEra::linux_6_1);
        layout.randomize({.seed = seed, .memory = kGiB * 8});
        bases.insert(layout.direct_map().lowest.raw());
        bases.insert(layout.vmalloc().lowest.raw());
        bases.insert(layout.vmemmap().lowest.raw());
    }
    EXPECT_GT(bases.size(), 590U) << "about 15 bits each";
}

TEST(KernelLayoutRandomness, IsNotThereIn47AndKeepsTheDirectMapWholeForZoneDevice) {
    KernelLayout old = layout_of(LayoutEra::linux_4_7);
    old.randomize({.seed = 7, .memory = kGiB * 8});
    EXPECT_EQ(old, layout_of(LayoutEra::linux_4_7));
    KernelLayout device = layout_of(LayoutEra::linux_6_1);
    device.randomize({.seed = 7, .memory = kGiB * 8, .padding_tib = 10, .zone_device = true});
    EXPECT_EQ(device.direct_map().size(), kTiB * 64);
    EXPECT_STREQ(device.check_invariants(), "");
}

} // namespace
} // namespace ksl::core
