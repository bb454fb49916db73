// SPDX-License-Identifier: MIT
//
// What each kind of invalidation drops and what it keeps: the table of the manual, row by row (Intel SDM vol. 3A,
// "Invalidation of TLBs and paging-structure caches"; instruction pages of INVLPG, INVPCID, MOV to control registers).
#include "tests/core/tlb/tlb_machine.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace ksl::core::testing {
namespace {

constexpr VirtAddr kPage{0x40'0000};
constexpr VirtAddr kNeighbour{0x40'1000};
/// Under the same page directory entry, never accessed before the end: their walks tell what the caches have.
constexpr VirtAddr kFreshOne{0x40'2000};
constexpr VirtAddr kFreshTwo{0x40'3000};
constexpr VirtAddr kGlobal{0xffff'c900'0000'0000};

/// With PCIDs 1 and 2 in use, 1 current; the page is known to both.
class Filled : public TlbMachine {
public:
    explicit Filled(bool has_pcids = true) : TlbMachine{"haswell"} {
        for (VirtAddr at : {kPage, kNeighbour, kFreshOne, kFreshTwo}) map(at);
        map(kGlobal, PageSize::small_4k, kLeaf | Pte::kGlobal.mask());
        if (has_pcids) {
            mmu.set_cr4(mmu.registers().cr4 | cr4::kPcid);
            mmu.load_cr3(root() | 2);
            read(kPage);
            mmu.load_cr3(root() | 1);
        }
        for (VirtAddr at : {kPage, kNeighbour, kGlobal}) read(at);
    }

    /// What is left, as text: the page, its neighbour, the global page, the cached walk; then page and walk of PCID 2.
    std::string left() {
        std::string text;
        const bool has_pcids = mmu.mode().pcid;
        if (has_pcids) mmu.load_cr3(root() | 1 | cr3::kNoFlush);
        text += read(kFreshOne).references() == 1 ? "walk " : "- ";
        text += is_cached(kPage) ? "page " : "- ";
        text += is_cached(kNeighbour) ? "neighbour " : "- ";
        text += is_cached(kGlobal) ? "global" : "-";
        if (!has_pcids) return text;
        mmu.load_cr3(root() | 2 | cr3::kNoFlush);
        text += read(kFreshTwo).references() == 1 ? " / walk " : " / - ";
        text += is_cached(kPage) ? "page" : "-";
        return text;
    }
};

std::string after(const std::function<void(Mmu&, std::uint64_t root)>& invalidate) {
    Filled machine;
    invalidate(machine.mmu, machine.root());
    EXPECT_STREQ(machine.mmu.check_invariants(), "");
    return machine.left();
}

TEST(Invalidation, OfNothingKeepsAll) {
    EXPECT_EQ(after([](Mmu&, std::uint64_t) {}), "walk page neighbour global / walk page");
}

TEST(Invalidation, InvlpgDropsThePageAndAllCachedWalksOfItsPcid) {
    EXPECT_EQ(after([](Mmu& mmu, std::uint64_t) { mmu.invlpg(kPage + Bytes{0xfff}); }),
              "- - neighbour global / walk page");
}

TEST(Invalidation, InvlpgDropsAGlobalPage) {
    EXPECT_EQ(after([](Mmu& mmu, std::uint64_t) { mmu.invlpg(kGlobal); }), "- page neighbour - / walk page");
    EXPECT_EQ(after([](Mmu& mmu, std::uint64_t root) {
                  mmu.load_cr3(root | 2 | cr3::kNoFlush);
                  mmu.invlpg(kGlobal);
              }),
              "walk page neighbour - / - page")
        << "from any PCID";
}

TEST(Invalidation, InvlpgOfANonCanonicalAddressDoesNothing) {
    EXPECT_EQ(after([](Mmu& mmu, std::uint64_t) { mmu.invlpg(VirtAddr{kPage.raw() | std::uint64_t{1} << 60}); }),
              "walk page neighbour global / walk page");
}

TEST(Invalidation, LoadingCr3DropsThePcidThatIsLoaded) {
    EXPECT_EQ(after([](Mmu& mmu, std::uint64_t root) { mmu.load_cr3(root | 1); }), "- - - global / walk page");
    EXPECT_EQ(after([](Mmu& mmu, std::uint64_t root) { mmu.load_cr3(root | 2); }), "walk page neighbour global / - -");
}

TEST(Invalidation, LoadingCr3WithBit63DropsNothingAndIsNotStored) {
    EXPECT_EQ(after([](Mmu& mmu, std::uint64_t root) {
                  mmu.load_cr3(root | 1 | cr3::kNoFlush);
                  EXPECT_EQ(mmu.registers().cr3, root | 1);
              }),
              "walk page neighbour global / walk page");
}

TEST(Invalidation, LoadingCr3WithoutPcidsKeepsGlobalPagesAlone) {
    Filled machine{false};
    EXPECT_EQ(Filled{false}.left(), "walk page neighbour global");
    machine.mmu.load_cr3(machine.root());
    EXPECT_EQ(machine.left(), "- - - global");
    Filled other{false};
    other.mmu.load_cr3(other.root() | cr3::kNoFlush);
    EXPECT_EQ(other.left(), "- - - global") << "bit 63 has no meaning without CR4.PCIDE";
}

TEST(Invalidation, AChangeOfPgeDropsEverything) {
    EXPECT_EQ(after([](Mmu& mmu, std::uint64_t) {
                  const std::uint64_t cr4 = mmu.registers().cr4;
                  mmu.set_cr4(cr4 & ~cr4::kGlobalPages);
                  mmu.set_cr4(cr4);
              }),
              "- - - - / - -");
}

TEST(Invalidation, SmepComingOnDropsTheCurrentPcidAndSmapNothing) {
    const auto set = [](std::uint64_t bit) {
        return after([bit](Mmu& mmu, std::uint64_t) { mmu.set_cr4(mmu.registers().cr4 | bit); });
    };
    EXPECT_EQ(set(cr4::kSmep), "- - - global / walk page");
    EXPECT_EQ(set(cr4::kSmap), "walk page neighbour global / walk page");
}

TEST(Invalidation, InvpcidHasFourKinds) {
    const auto with = [](InvpcidType type, Pcid pcid, VirtAddr at) {
        return after([=](Mmu& mmu, std::uint64_t) { mmu.invpcid(type, pcid, at); });
    };
    EXPECT_EQ(with(InvpcidType::address, 2, kPage), "walk page neighbour global / - -");
    EXPECT_EQ(with(InvpcidType::address, 1, kPage), "- - neighbour global / walk page");
    EXPECT_EQ(with(InvpcidType::address, 1, kGlobal), "- page neighbour global / walk page")
        << "global translations stay";
    EXPECT_EQ(with(InvpcidType::single_context, 1, kPage), "- - - global / walk page");
    EXPECT_EQ(with(InvpcidType::all_with_global, 0, kPage), "- - - - / - -");
    EXPECT_EQ(with(InvpcidType::all_without_global, 0, kPage), "- - - global / - -");
}

TEST(Invalidation, DeliveryOfAPageFaultDropsWhatTheAddressUsed) {
    EXPECT_EQ(after([](Mmu& mmu, std::uint64_t) {
                  mmu.deliver_page_fault(kPage);
                  EXPECT_EQ(mmu.registers().cr2, kPage.raw());
              }),
              "- - neighbour global / walk page");
    EXPECT_EQ(after([](Mmu& mmu, std::uint64_t) { mmu.deliver_page_fault(kGlobal); }),
              "walk page neighbour - / walk page")
        << "cached walks of other addresses stay";
}

TEST(Invalidation, TurningPcidsOffDropsEverything) {
    Filled machine;
    machine.mmu.load_cr3(machine.root() | cr3::kNoFlush);
    machine.mmu.set_cr4(machine.mmu.registers().cr4 & ~cr4::kPcid);
    EXPECT_EQ(machine.left(), "- - - -");
}

TEST(Invalidation, WithoutPgeGlobalPagesAreNotGlobal) {
    TlbMachine machine;
    machine.mmu.set_cr4(machine.mmu.registers().cr4 & ~cr4::kGlobalPages);
    machine.map(kGlobal, PageSize::small_4k, TlbMachine::kLeaf | Pte::kGlobal.mask());
    machine.read(kGlobal);
    machine.mmu.load_cr3(machine.root());
    EXPECT_FALSE(machine.is_cached(kGlobal));
}

TEST(Invalidation, OfOneAddressDropsALargePageWhole) {
    for (const PageSize size : {PageSize::large_2m, PageSize::huge_1g}) {
        TlbMachine machine;
        const VirtAddr at{std::uint64_t{5} << 30};
        machine.map(at, size);
        machine.read(at);
        EXPECT_TRUE(machine.is_cached(at + bytes_of(size) - Bytes{8}));
        machine.mmu.invlpg(at + Bytes{0x12345});
        EXPECT_FALSE(machine.is_cached(at + bytes_of(size) - Bytes{8})) << name_of(size);
    }
}

/// Zen keeps 1G pages in its second level as 2M pieces; the piece comes back into the first level as such.
TEST(Invalidation, OfOneAddressDropsAllPiecesOfAHugePage) {
    TlbMachine machine{"zen2"};
    const VirtAddr huge{std::uint64_t{7} << 30};
    machine.map(huge, PageSize::huge_1g);
    machine.read(huge);
    // 64 entries for all sizes in the first level: others push the huge page out, its piece stays below.
    for (std::uint64_t i = 0; i < 64; ++i) {
        machine.map(VirtAddr{i * kPageBytes});
        machine.read(VirtAddr{i * kPageBytes});
    }
    EXPECT_EQ(machine.read(huge).outcome(), MmuOutcome::second_level);
    EXPECT_EQ(machine.read(huge + bytes_of(PageSize::large_2m)).outcome(), MmuOutcome::walked) << "another piece";
    EXPECT_EQ(machine.read(huge).outcome(), MmuOutcome::first_level);
    machine.mmu.invlpg(huge + bytes_of(PageSize::large_2m) * 9);
    EXPECT_EQ(machine.read(huge).outcome(), MmuOutcome::walked);
}

} // namespace
} // namespace ksl::core::testing
