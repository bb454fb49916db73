// SPDX-License-Identifier: MIT
//
// DMA from the stack: the eight cases that the discussion of mapped stacks is about, and what a page border adds.
#include "tests/core/machine/test_machines.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace ksl::core {
namespace {

using namespace testing;

constexpr CpuId kCpu0{0};

class Log final : public EventSink {
public:
    void on_event(const Event& event) override {
        if (const auto* body = std::get_if<DmaMapped>(&event.body)) mapped = *body;
        if (const auto* body = std::get_if<DmaStruck>(&event.body)) struck.push_back(*body);
        killed = killed || std::holds_alternative<TaskKilled>(event.body);
    }
    DmaMapped mapped{};
    std::vector<DmaStruck> struck;
    bool killed = false;
};

struct Ran {
    Machine machine;
    Outcome outcome;
    Log log;
    [[nodiscard]] DmaResult result() const { return static_cast<DmaResult>(outcome.value); }
};

StackDesign alias() {
    StackDesign design;
    design.backing = Backing::vmap_lowmem_alias;
    design.release = Release::after_rcu;
    design.cache_slots = 0;
    return design;
}

/// init enters the kernel, calls down to `depth` and gives the lowest bytes of its frame to a device.
Ran run(const StackDesign& design, const KernelFacts& kernel, const DmaRequest& request, std::uint32_t depth = 2048) {
    auto machine = Machine::boot(small_machine(design, kernel));
    if (!machine) throw std::runtime_error(machine.error());
    Ran ran{.machine = std::move(*machine), .outcome = {}, .log = {}};
    EXPECT_TRUE(ran.machine.apply(Switch{kCpu0, ran.machine.init_task()}).is_done());
    const Outcome entry = ran.machine.apply(EnterKernel{kCpu0});
    EXPECT_EQ(entry.value, 168U);
    EXPECT_TRUE(ran.machine.apply(Call{kCpu0, depth - entry.value, depth - entry.value}).is_done());
    ran.outcome = ran.machine.apply(MapDma{kCpu0, request}, &ran.log, EventLevel::coarse);
    EXPECT_EQ(ran.machine.check_invariants(), "");
    return ran;
}

TEST(DmaFromTheStack, Case1ScatterlistOnAContiguousStackArrives) {
    const Ran ran = run(contiguous(), KernelFacts::linux_4_7(), {.call = DmaCall::sg_set_buf, .checks = {}});
    EXPECT_EQ(ran.result(), DmaResult::arrived);
    EXPECT_FALSE(ran.log.mapped.warned);
    EXPECT_EQ(ran.log.mapped.bus, ran.log.mapped.buffer - ran.machine.state().memory.layout.direct_map().lowest.raw());
}

TEST(DmaFromTheStack, Case2DebuggingWarnsOfAContiguousStack) {
    const Ran ran = run(contiguous(), KernelFacts::linux_4_7(),
                        {.call = DmaCall::dma_map_single, .checks = {.dma_api_debug = true}});
    EXPECT_EQ(ran.result(), DmaResult::arrived);
    EXPECT_TRUE(ran.log.mapped.warned);
}

TEST(DmaFromTheStack, Case3DebugSgStopsTheKernel) {
    const Ran ran =
        run(vmapped_4_9(), KernelFacts::linux_4_9(), {.call = DmaCall::sg_set_buf, .checks = {.debug_sg = true}});
    EXPECT_EQ(ran.result(), DmaResult::bug);
    EXPECT_EQ(ran.outcome.status, OutcomeStatus::task_killed);
    EXPECT_TRUE(ran.log.killed);
}

/// 0xffffc90000008000 - 0xffff880000000000 = 0x410000008000: above what 46 bits of physical address can say.
TEST(DmaFromTheStack, Case4UncheckedArithmeticLosesTheData) {
    const Ran ran = run(vmapped_4_9(), KernelFacts::linux_4_9(), {.call = DmaCall::sg_set_buf, .checks = {}});
    EXPECT_EQ(ran.result(), DmaResult::lost);
    EXPECT_GT(ran.log.mapped.bus, std::uint64_t{1} << 46);
    EXPECT_EQ(ran.log.mapped.bus, ran.log.mapped.buffer - 0xffff880000000000);
    EXPECT_FALSE(ran.log.killed);
}

TEST(DmaFromTheStack, Case4TheWildPageStructIsNotMapped) {
    const Ran ran = run(vmapped_4_9(), KernelFacts::linux_4_9(),
                        {.call = DmaCall::sg_set_buf, .checks = {}, .uses_page_struct = true});
    EXPECT_EQ(ran.result(), DmaResult::oops);
    EXPECT_TRUE(ran.log.killed);
    EXPECT_EQ(run(contiguous(), KernelFacts::linux_4_7(),
                  {.call = DmaCall::sg_set_buf, .checks = {}, .uses_page_struct = true})
                  .result(),
              DmaResult::arrived);
}

TEST(DmaFromTheStack, Case5ThePageLookedUpIsRightAndWarnedOf) {
    const Ran ran = run(vmapped_4_9(), KernelFacts::linux_4_9(),
                        {.call = DmaCall::dma_map_page, .checks = {.dma_api_debug = true}});
    EXPECT_EQ(ran.result(), DmaResult::arrived);
    EXPECT_TRUE(ran.log.mapped.warned);
}

TEST(DmaFromTheStack, Case6RecentKernelsRefuseToMapIt) {
    const Ran ran = run(vmapped_6_1(), KernelFacts::linux_6_1(), {.call = DmaCall::dma_map_single, .checks = {}});
    EXPECT_EQ(ran.result(), DmaResult::refused);
    EXPECT_TRUE(ran.log.mapped.warned);
    EXPECT_TRUE(ran.outcome.is_done());
}

TEST(DmaFromTheStack, Case7DebugVirtualStopsTheConversion) {
    const Ran ran = run(vmapped_6_1(), KernelFacts::linux_6_1(),
                        {.call = DmaCall::virt_to_phys, .checks = {.debug_virtual = true}});
    EXPECT_EQ(ran.result(), DmaResult::bug);
    EXPECT_EQ(
        run(contiguous(), KernelFacts::linux_4_7(), {.call = DmaCall::virt_to_phys, .checks = {.debug_virtual = true}})
            .result(),
        DmaResult::arrived);
}

TEST(DmaFromTheStack, Case8ABounceBufferWorksEverywhere) {
    for (const DmaDirection direction : {DmaDirection::to_device, DmaDirection::from_device}) {
        const DmaRequest request{.call = DmaCall::bounce,
                                 .direction = direction,
                                 .checks = {.debug_sg = true, .dma_api_debug = true, .debug_virtual = true}};
        for (const StackDesign& design : {contiguous(), vmapped_4_9(), vmapped_6_1(), alias()}) {
            const KernelFacts kernel = design.thread_info == ThreadInfoPlace::stack_bottom ? KernelFacts::linux_4_7()
                                                                                           : KernelFacts::linux_6_1();
            const Ran ran = run(design, kernel, request);
            EXPECT_EQ(ran.result(), DmaResult::arrived);
            EXPECT_FALSE(ran.log.mapped.warned);
        }
    }
}

TEST(DmaFromTheStack, TheAliasAnswersEveryConversion) {
    for (const DmaCall call : {DmaCall::virt_to_phys, DmaCall::dma_map_single, DmaCall::sg_set_buf}) {
        const DmaRequest request{.call = call, .checks = {.debug_sg = true, .debug_virtual = true}};
        EXPECT_EQ(run(alias(), KernelFacts::linux_4_7(), request).result(), DmaResult::arrived);
        EXPECT_EQ(run(alias(), KernelFacts::linux_4_7(), request, 4096 + 32).result(), DmaResult::arrived);
    }
}

/// Behind a page border the device goes on in physical memory, whoever's it is there.
TEST(DmaFromTheStack, BehindAPageBorderAContiguousStackGoesOnAndAMappedOneMayNot) {
    const DmaRequest request{.call = DmaCall::dma_map_page, .checks = {}};
    EXPECT_EQ(run(contiguous(), KernelFacts::linux_4_7(), request, 4096 + 32).result(), DmaResult::arrived);
    const Ran ran = run(vmapped_4_9(), KernelFacts::linux_4_9(), request, 4096 + 32);
    const auto frame_at = [&](std::uint64_t at) {
        const MachineState& state = ran.machine.state();
        const auto found = inspect(state.memory.contents, state.memory.layout.geometry(), EntryRules{},
                                   state.memory.tables.root, VirtAddr{at});
        return frame_of(found->at).raw();
    };
    const bool is_side_by_side = frame_at(ran.log.mapped.buffer) + 1 == frame_at(ran.log.mapped.buffer + 63);
    EXPECT_EQ(ran.result(), is_side_by_side ? DmaResult::arrived : DmaResult::strange);
    EXPECT_EQ(ran.log.struck.empty(), is_side_by_side);
    for (const DmaStruck& struck : ran.log.struck) EXPECT_EQ(struck.to - struck.from, 32U);
    EXPECT_EQ(run(vmapped_4_9(), KernelFacts::linux_4_9(), {.call = DmaCall::dma_map_pages, .checks = {}}, 4096 + 32)
                  .result(),
              DmaResult::arrived);
}

TEST(DmaFromTheStack, ABufferThatIsNotOnTheStackIsRefused) {
    const Ran ran = run(vmapped_4_9(), KernelFacts::linux_4_9(), {.checks = {}, .above = 2048 - 32, .length = 64});
    EXPECT_EQ(ran.outcome.status, OutcomeStatus::refused);
}

} // namespace
} // namespace ksl::core
