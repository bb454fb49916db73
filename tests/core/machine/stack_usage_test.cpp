// SPDX-License-Identifier: MIT
//
// How deep a task was: what the machine counts and what is left in the words of its stack.
#include "tests/core/machine/test_machines.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace ksl::core {
namespace {

using namespace testing;

constexpr CpuId kCpu0{0};

class Usage final : public EventSink {
public:
    void on_event(const Event& event) override {
        if (const auto* body = std::get_if<StackUsageReported>(&event.body)) reported = *body;
    }
    StackUsageReported reported{};
};

Machine boot(const StackDesign& design, const KernelFacts& kernel) {
    auto machine = Machine::boot(small_machine(design, kernel));
    if (!machine) throw std::runtime_error(machine.error());
    EXPECT_TRUE(machine->apply(Switch{kCpu0, machine->init_task()}).is_done());
    return std::move(*machine);
}

TEST(StackUsage, ReportedAtExitIsWhatWasTouched) {
    for (const StackDesign& base : {contiguous(), vmapped_june(), vmapped_4_9(), vmapped_6_1()}) {
        StackDesign design = base;
        design.usage_tracking = true;
        Machine machine = boot(design, KernelFacts::linux_4_9());
        Random random{11};
        for (int life = 0; life < 20; ++life) {
            const TaskId child{machine.apply(Spawn{kCpu0}).value};
            ASSERT_TRUE(machine.apply(Switch{kCpu0, child}).is_done());
            ASSERT_TRUE(machine.apply(EnterKernel{kCpu0}).is_done());
            for (std::uint64_t calls = random.below(30); calls != 0; --calls) {
                const auto bytes = static_cast<std::uint32_t>(8 + 8 * random.below(50));
                const auto touched = static_cast<std::uint32_t>(8 + 8 * random.below(bytes / 8));
                ASSERT_TRUE(machine.apply(Call{kCpu0, bytes, touched}).is_done());
            }
            Usage usage;
            const std::uint32_t before = machine.state().tasks[child].deepest;
            ASSERT_TRUE(machine.apply(Exit{kCpu0}, &usage, EventLevel::coarse).is_done());
            EXPECT_GE(usage.reported.used, before);
            EXPECT_EQ(usage.reported.used, machine.state().tasks[child].deepest);
            ASSERT_TRUE(machine.apply(Switch{kCpu0, machine.init_task()}).is_done());
        }
    }
}

TEST(StackUsage, FramesOfEveryWordComeAndGo) {
    Machine machine = boot(vmapped_6_1(), KernelFacts::linux_6_1());
    ASSERT_TRUE(machine.apply(EnterKernel{kCpu0}).is_done());
    Random random{5};
    std::vector<std::uint32_t> frames;
    std::uint32_t depth = 168;
    for (int i = 0; i < 2000; ++i) {
        const bool goes_in = frames.empty() || (depth < 8000 && random.below(2) == 0);
        if (goes_in) {
            frames.push_back(static_cast<std::uint32_t>(8 + 8 * random.below(20)));
            depth += frames.back();
            ASSERT_EQ(machine.apply(Call{kCpu0, frames.back(), frames.back()}).value, depth);
        } else {
            depth -= frames.back();
            ASSERT_EQ(machine.apply(Return{kCpu0, frames.back()}).value, depth);
            frames.pop_back();
        }
    }
    EXPECT_EQ(machine.check_invariants(), "");
}

TEST(StackUsage, RandomOffsetIsAtMostAKilobyteAndAligned) {
    StackDesign design = vmapped_6_1();
    design.randomise_offset = true;
    Machine machine = boot(design, KernelFacts::linux_6_1());
    std::uint32_t most = 0;
    std::uint32_t least = 5000;
    for (int i = 0; i < 500; ++i) {
        const std::uint32_t used = machine.apply(EnterKernel{kCpu0}).value;
        EXPECT_EQ((used - 168) % 16, 0U);
        most = std::max(most, used - 168);
        least = std::min(least, used - 168);
    }
    EXPECT_LE(most, 1024U);
    EXPECT_GT(most, 900U);
    EXPECT_LT(least, 100U);
}

} // namespace
} // namespace ksl::core
