// SPDX-License-Identifier: MIT
//
// Kernel halves of address spaces, and the double fault that a vmapped stack in a new top-level entry meets without
// help.
#include "core/paging/address_space.h"
#include "core/paging/walker.h"
#include "core/tlb/mmu.h"
#include "core/types/archive.h"
#include "tests/core/paging/table_builder.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace ksl::core {
namespace {

using testing::FrameSource;

constexpr VirtAddr kOldStack{0xffffc90000000000};
/// 512 GiB further up: another top-level entry.
constexpr VirtAddr kNewStack{0xffffc98000000000};
constexpr Bytes kStackBytes{4 * kPageBytes};

struct Copies final : EventSink {
    std::vector<PgdEntryCopied> copied;
    void on_event(const Event& event) override {
        if (const auto* body = std::get_if<PgdEntryCopied>(&event.body)) copied.push_back(*body);
    }
};

/// A kernel with one stack mapped before any address space exists.
class Kernel {
public:
    explicit Kernel(PgdSync sync) : spaces(layout, *frames(), sync) {
        memory.clear(spaces.kernel_root());
        // A page of the direct map, where everything may go on.
        EXPECT_TRUE(
            mapper().map(layout.direct_map().lowest, Pfn{0}, PageSize::huge_1g, kernel_attributes::kPage, frames, fx));
        map_stack(kOldStack);
        if (sync == PgdSync::preallocated) {
            Mapper kernel = mapper();
            EXPECT_TRUE(preallocate_vmalloc(kernel, layout, frames, fx));
        }
    }

    KernelLayout layout{LayoutEra::linux_4_9, Geometry::four_level()};
    PhysMemory memory{Pages{0x4'0000}};
    FrameSource frames{0x100, 0x4'0000};
    Copies copies;
    PriceList prices;
    Effects fx{&prices, nullptr, &copies, EventLevel::micro, CpuId{0}, Cycles{0}, KernelData{}};
    AddressSpaces spaces;

    Mapper mapper() { return {memory, layout.geometry(), spaces.kernel_root(), layout.direct_map().lowest}; }
    SpaceId new_space() {
        const auto space = spaces.create(memory, frames, fx);
        EXPECT_TRUE(space);
        return space.value_or(SpaceId{});
    }
    void map_stack(VirtAddr lowest) {
        std::vector<Pfn> pages;
        for (int i = 0; i < 4; ++i) pages.push_back(*frames());
        EXPECT_TRUE(mapper().map_frames(lowest, pages, kernel_attributes::kPage, frames, fx));
        spaces.sync({lowest, lowest + kStackBytes}, memory, fx);
    }
    [[nodiscard]] bool is_mapped(SpaceId space, VirtAddr at) const {
        return inspect(memory, layout.geometry(), {}, spaces.root(space), at).has_value();
    }
    [[nodiscard]] std::uint64_t times(Step step) const { return fx.ledger().times[static_cast<std::size_t>(step)]; }
};

TEST(AddressSpaces, StartWithTheKernelsHalf) {
    Kernel kernel{PgdSync::lazy_fault};
    const SpaceId space = kernel.new_space();
    EXPECT_TRUE(kernel.is_mapped(space, kOldStack));
    EXPECT_TRUE(kernel.is_mapped(space, kernel.layout.direct_map().lowest));
    EXPECT_NE(kernel.spaces.root(space), kernel.spaces.kernel_root());
    for (unsigned index = 0; index < 256; ++index)
        EXPECT_EQ(kernel.memory.read(address_of(kernel.spaces.root(space)) + Bytes{std::uint64_t{8} * index}), 0U);
    EXPECT_STREQ(kernel.spaces.check_invariants(kernel.memory), "");
}

TEST(AddressSpaces, SeeNewMappingsBelowAnEntryThatTheyHave) {
    Kernel kernel{PgdSync::lazy_fault};
    const SpaceId space = kernel.new_space();
    kernel.map_stack(kOldStack + kStackBytes * 2);
    EXPECT_TRUE(kernel.is_mapped(space, kOldStack + kStackBytes * 2)) << "the tables below are shared";
}

TEST(AddressSpaces, ANewTopLevelEntryShowsAsTheSchemeSays) {
    const auto is_mapped_with = [](PgdSync sync) {
        Kernel kernel{sync};
        const SpaceId space = kernel.new_space();
        kernel.map_stack(kNewStack);
        return kernel.is_mapped(space, kNewStack);
    };
    EXPECT_FALSE(is_mapped_with(PgdSync::lazy_fault));
    EXPECT_FALSE(is_mapped_with(PgdSync::touch_before_switch));
    EXPECT_TRUE(is_mapped_with(PgdSync::synced_at_allocation));
    EXPECT_TRUE(is_mapped_with(PgdSync::preallocated));
}

TEST(AddressSpaces, TheFaultHandlerCopiesTheMissingEntry) {
    Kernel kernel{PgdSync::lazy_fault};
    const SpaceId space = kernel.new_space();
    kernel.map_stack(kNewStack);
    EXPECT_EQ(kernel.spaces.repair(space, kNewStack, kernel.memory, kernel.fx), PgdRepair::repaired);
    EXPECT_TRUE(kernel.is_mapped(space, kNewStack));
    ASSERT_EQ(kernel.copies.copied.size(), 1U);
    EXPECT_EQ(kernel.copies.copied[0].space, space.raw());
    EXPECT_EQ(kernel.copies.copied[0].index, 403);
    EXPECT_TRUE(kernel.copies.copied[0].by_fault);
    EXPECT_EQ(kernel.times(Step::pgd_fault), 1U);
    EXPECT_EQ(kernel.times(Step::pgd_copy_entry), 1U);
    EXPECT_EQ(kernel.spaces.repair(space, kNewStack, kernel.memory, kernel.fx), PgdRepair::repaired)
        << "another processor may have been faster";
    EXPECT_EQ(kernel.times(Step::pgd_copy_entry), 1U);
    EXPECT_STREQ(kernel.spaces.check_invariants(kernel.memory), "");
}

TEST(AddressSpaces, TheFaultHandlerKnowsWhatIsNotItsBusiness) {
    Kernel kernel{PgdSync::lazy_fault};
    const SpaceId space = kernel.new_space();
    kernel.map_stack(kNewStack);
    const auto repair = [&](VirtAddr at) { return kernel.spaces.repair(space, at, kernel.memory, kernel.fx); };
    EXPECT_EQ(repair(VirtAddr{0x7fff'0000'0000}), PgdRepair::not_for_us);
    EXPECT_EQ(repair(kernel.layout.direct_map().lowest), PgdRepair::not_for_us);
    EXPECT_EQ(repair(kNewStack + kStackBytes), PgdRepair::unmapped) << "a guard page";
    EXPECT_EQ(repair(VirtAddr{0xffffe00000000000}), PgdRepair::unmapped);
    Kernel modern{PgdSync::preallocated};
    EXPECT_EQ(modern.spaces.repair(modern.new_space(), kNewStack, modern.memory, modern.fx), PgdRepair::not_for_us);
}

TEST(AddressSpaces, TheFaultHandlerComparesFramesAndNotEntries) {
    Kernel kernel{PgdSync::lazy_fault};
    const SpaceId space = kernel.new_space();
    const PhysAddr entry =
        address_of(kernel.spaces.root(space)) + Bytes{std::uint64_t{8} * index_of(kOldStack, Level::pml4)};
    // Accessed bits may differ: hardware sets them in each table by itself.
    kernel.memory.write(entry, kernel.memory.read(entry) & ~Pte::kAccessed.mask());
    EXPECT_EQ(kernel.spaces.repair(space, kOldStack, kernel.memory, kernel.fx), PgdRepair::repaired);
    kernel.memory.write(entry, Pte{kernel.memory.read(entry)}.with(Pte::kFrame, 0x77).bits());
    EXPECT_EQ(kernel.spaces.repair(space, kOldStack, kernel.memory, kernel.fx), PgdRepair::conflict);
    EXPECT_STRNE(kernel.spaces.check_invariants(kernel.memory), "");
}

TEST(AddressSpaces, RunOutOfMemoryAndUseIdsAgain) {
    Kernel kernel{PgdSync::lazy_fault};
    const SpaceId first = kernel.new_space();
    const SpaceId second = kernel.new_space();
    kernel.frames.limit(0);
    EXPECT_FALSE(kernel.spaces.create(kernel.memory, kernel.frames, kernel.fx));
    EXPECT_EQ(kernel.spaces.count(), 2U);
    const Pfn root = kernel.spaces.root(first);
    std::vector<Pfn> given_back;
    kernel.spaces.destroy(first, [&](Pfn frame) { given_back.push_back(frame); });
    EXPECT_EQ(given_back, std::vector{root});
    EXPECT_FALSE(kernel.spaces.exists(first));
    EXPECT_TRUE(kernel.spaces.exists(second));
    kernel.frames.limit(1);
    EXPECT_EQ(kernel.new_space(), first);
}

TEST(AddressSpaces, SyncReachesEverySpaceOnce) {
    Kernel kernel{PgdSync::synced_at_allocation};
    for (int i = 0; i < 5; ++i) kernel.new_space();
    kernel.map_stack(kNewStack);
    EXPECT_EQ(kernel.copies.copied.size(), 5U);
    EXPECT_EQ(kernel.spaces.sync({kNewStack, kNewStack + kStackBytes}, kernel.memory, kernel.fx), 0U);
}

// The scenario that the switch code of 4.9 is about.

/// What happens to a task that is switched to address space A with a stack in a new top-level entry.
enum class Story : std::uint8_t { nothing, copied_before, one_fault, double_fault };

Story switch_to_new_stack(PgdSync sync) {
    Kernel kernel{sync};
    const SpaceId space = kernel.new_space();
    kernel.map_stack(kNewStack);
    const VirtAddr next_sp = kNewStack + kStackBytes - Bytes{64};
    const VirtAddr current_sp = kOldStack + kStackBytes - Bytes{256};

    TlbGeometry tlb;
    tlb.load = {{.entries = 64, .ways = 4, .holds = {PageSize::small_4k}},
                {.entries = 4, .ways = 4, .holds = {PageSize::huge_1g}}};
    tlb.fetch = {{.entries = 64, .ways = 4, .holds = {PageSize::small_4k}}};
    Mmu mmu{{.tlb = tlb, .features = {}}, AddressClasses{kernel.layout}};
    mmu.load_cr3(address_of(kernel.spaces.kernel_root()).raw());

    kernel.spaces.before_cr3_load(space, current_sp, kernel.memory, kernel.fx);
    mmu.load_cr3(address_of(kernel.spaces.root(space)).raw());
    // A fault on a good stack: its frame can be pushed, the handler runs.
    const auto handle = [&](VirtAddr at, VirtAddr stack_pointer) {
        mmu.deliver_page_fault(at);
        const Access push{.kind = AccessKind::write, .privilege = Privilege::implicit, .stack = true};
        if (mmu.access(stack_pointer - Bytes{8}, push, kernel.memory).faulted()) return Story::double_fault;
        EXPECT_EQ(kernel.spaces.repair(space, at, kernel.memory, kernel.fx), PgdRepair::repaired);
        return Story::one_fault;
    };
    Story story = Story::nothing;
    if (kernel.spaces.probes_next_stack() &&
        mmu.access(next_sp, Access::kernel(AccessKind::read), kernel.memory).faulted()) {
        story = handle(next_sp, current_sp);
        if (story == Story::double_fault) return story;
    }
    // Now the stack pointer changes, and the first push goes to the new stack.
    const Access push{.kind = AccessKind::write, .privilege = Privilege::supervisor, .stack = true};
    if (mmu.access(next_sp - Bytes{8}, push, kernel.memory).faulted()) return handle(next_sp - Bytes{8}, next_sp);
    return story;
}

TEST(AddressSpaces, AVmappedStackInANewEntryIsADoubleFaultWithoutHelp) {
    EXPECT_EQ(switch_to_new_stack(PgdSync::lazy_fault), Story::double_fault);
    EXPECT_EQ(switch_to_new_stack(PgdSync::touch_before_switch), Story::one_fault);
    EXPECT_EQ(switch_to_new_stack(PgdSync::synced_at_allocation), Story::nothing);
    EXPECT_EQ(switch_to_new_stack(PgdSync::preallocated), Story::nothing);
}

TEST(AddressSpaces, TheStackInUseIsMadeSureOfBeforeTheSwitch) {
    for (const PgdSync sync : {PgdSync::lazy_fault, PgdSync::touch_before_switch}) {
        Kernel kernel{sync};
        const SpaceId space = kernel.new_space();
        kernel.map_stack(kNewStack); // the task that leaves runs on it
        const bool copied = kernel.spaces.before_cr3_load(space, kNewStack + Bytes{512}, kernel.memory, kernel.fx);
        EXPECT_EQ(copied, sync == PgdSync::touch_before_switch);
        EXPECT_EQ(kernel.is_mapped(space, kNewStack), copied);
        if (!copied) continue;
        EXPECT_FALSE(kernel.copies.copied.at(0).by_fault);
        EXPECT_FALSE(kernel.spaces.before_cr3_load(space, kNewStack, kernel.memory, kernel.fx)) << "once is enough";
    }
}

TEST(AddressSpaces, ComeBackFromAFileAndRefuseAForgedOne) {
    Kernel kernel{PgdSync::lazy_fault};
    for (int i = 0; i < 4; ++i) kernel.new_space();
    kernel.spaces.destroy(SpaceId{1}, [](Pfn) {});
    const std::vector<std::byte> file = bytes_of_state(kernel.spaces);
    AddressSpaces back{kernel.layout, Pfn{0}, PgdSync::lazy_fault};
    StateReader reader{file};
    reader(back);
    EXPECT_TRUE(reader.ok());
    EXPECT_EQ(back, kernel.spaces);
    for (std::size_t at = 8; at < file.size(); ++at) {
        std::vector<std::byte> forged = file;
        forged[at] ^= std::byte{0x41};
        AddressSpaces victim{kernel.layout, Pfn{0}, PgdSync::lazy_fault};
        StateReader forged_reader{forged};
        forged_reader(victim);
        if (forged_reader.ok()) static_cast<void>(victim.check_invariants(kernel.memory));
    }
}

} // namespace
} // namespace ksl::core
