// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/support/scripted_source.h"
#include "ui/machine/stack_reading.h"

#include <gtest/gtest.h>

#include <numeric>

namespace ksl::ui {
namespace {

using core::Bytes;
using core::CpuId;
using core::Machine;
using core::StackId;

class CallingMachine : public testing::Test {
protected:
    explicit CallingMachine(const core::MachineConfig& config = test::vmapped_machine(1))
        : machine(test::booted(config)) {
        apply(core::Switch{kCpu, core::kInitTask});
        task = core::TaskId{apply(core::Spawn{kCpu, core::TaskKind::thread}).value};
        apply(core::Switch{kCpu, task});
    }
    core::Outcome apply(const core::Command& command) {
        const core::Outcome outcome = machine.apply(command);
        EXPECT_TRUE(outcome.is_done());
        return outcome;
    }
    [[nodiscard]] StackReading read() const {
        auto reading = read_stack(machine, machine.state().tasks[task].stack);
        if (!reading) throw std::runtime_error("no stack");
        return *reading;
    }
    static constexpr CpuId kCpu{0};
    Machine machine;
    core::TaskId task;
};

TEST_F(CallingMachine, ItemsAreWhatWasPushedFromTheTopDown) {
    apply(core::Call{kCpu, 96, 96});
    apply(core::Call{kCpu, 312, 200});
    apply(core::Call{kCpu, 904, 904});
    const StackReading stack = read();
    std::vector<std::uint64_t> sizes;
    for (const StackItem& item : stack.items) sizes.push_back(item.size.count());
    EXPECT_EQ(sizes, (std::vector<std::uint64_t>{168, 56, 96, 312, 904}));
    EXPECT_EQ(stack.items[0].kind, StackItem::Kind::user_registers);
    EXPECT_EQ(stack.items[1].kind, StackItem::Kind::fork_frame);
    EXPECT_NE(stack.items[4].return_to.raw(), 0U);
    EXPECT_EQ(stack.used, Bytes{168 + 56 + 96 + 312 + 904});
    EXPECT_TRUE(stack.is_running);
    apply(core::Return{kCpu});
    EXPECT_EQ(read().items.size(), 4U);
    EXPECT_EQ(read().deepest, stack.used) << "the high-water mark stays";
}

TEST_F(CallingMachine, EveryPageOfAMappedStackHasAFrameOfTheStackKind) {
    const StackReading stack = read();
    ASSERT_EQ(stack.frames.size(), 4U);
    for (const auto& frame : stack.frames) {
        ASSERT_TRUE(frame.has_value());
        const auto& table = machine.state().memory.pages.state().frames;
        EXPECT_EQ(table.use(static_cast<core::FrameTable::Node>(frame->raw())), core::FrameUse::kernel_stack);
        EXPECT_EQ(stack_of_frame(machine, *frame), stack.id);
    }
    EXPECT_EQ(stack.guard_above, Bytes{core::kPageBytes});
    EXPECT_EQ(stack.guard_below, Bytes{0});
    EXPECT_TRUE(stack.is_canary_intact);
    EXPECT_FALSE(stack.thread_info.has_value());
}

TEST_F(CallingMachine, ADeadTasksStackIsFoundInTheCache) {
    const StackId stack = read().id;
    apply(core::Exit{kCpu});
    apply(core::Switch{kCpu, core::kInitTask});
    const auto cached = read_stack(machine, stack);
    ASSERT_TRUE(cached.has_value());
    EXPECT_EQ(cached->holder, StackHolder::cache);
    EXPECT_EQ(cached->cache_slot, 0U);
    EXPECT_TRUE(cached->items.empty());
}

class ContiguousStack : public CallingMachine {
protected:
    ContiguousStack() : CallingMachine(test::contiguous_machine(1)) {}
};

TEST_F(ContiguousStack, HasThreadInfoAtItsBottomAndNoGuard) {
    const StackReading stack = read();
    ASSERT_TRUE(stack.thread_info.has_value());
    EXPECT_EQ(stack.thread_info->lowest, stack.stack.lowest);
    ASSERT_EQ(stack.thread_info_values.size(), core::kThreadInfoFields.size());
    EXPECT_EQ(stack.thread_info_values[4].name, "addr_limit");
    EXPECT_EQ(stack.thread_info_values[4].value, core::kUserAddressLimit);
    EXPECT_EQ(stack.guard_below, Bytes{0});
    EXPECT_EQ(stack.guard_above, Bytes{0});
    for (std::size_t page = 1; page < stack.frames.size(); ++page)
        EXPECT_EQ(stack.frames[page]->raw(), stack.frames[page - 1]->raw() + 1);
}

TEST_F(ContiguousStack, ACanaryThatWasOverwrittenIsSeen) {
    const Bytes room = machine.config().design.stack_bytes() - read().used;
    const auto whole = static_cast<std::uint32_t>(room.count() - core::kThreadInfoBytes.count());
    ASSERT_TRUE(read().is_canary_intact);
    (void)machine.apply(core::Call{kCpu, whole, whole});
    const StackReading stack = read();
    EXPECT_FALSE(stack.is_canary_intact);
    EXPECT_EQ(stack.thread_info_values[4].value, core::kUserAddressLimit) << "not yet overwritten";
}

} // namespace
} // namespace ksl::ui
