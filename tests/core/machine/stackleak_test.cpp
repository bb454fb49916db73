// SPDX-License-Identifier: MIT
//
// What STACKLEAK leaves of a stack's words, and when.
#include "core/kstack/thread_info.h"
#include "core/machine/stackleak.h"
#include "tests/core/machine/test_machines.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace ksl::core {
namespace {

using namespace testing;

constexpr CpuId kCpu0{0};

class Erasures final : public EventSink {
public:
    void on_event(const Event& event) override {
        if (const auto* body = std::get_if<StackErased>(&event.body)) all.push_back(*body);
    }
    std::vector<StackErased> all;
};

Machine boot(StackDesign design, bool stackleak) {
    design.stackleak = stackleak;
    auto machine = Machine::boot(small_machine(design, KernelFacts::linux_4_9()));
    if (!machine) throw std::runtime_error(machine.error());
    EXPECT_TRUE(machine->apply(Switch{kCpu0, kInitTask}).is_done());
    return std::move(*machine);
}

std::uint64_t word_at(const Machine& machine, VirtAddr at) {
    const KernelLayout& layout = machine.state().memory.layout;
    if (layout.direct_map().contains(at)) return machine.state().memory.contents.read(layout.phys_addr(at));
    const auto found = inspect(machine.state().memory.contents, layout.geometry(), EntryRules{},
                               machine.state().memory.tables.root, at);
    return found ? machine.state().memory.contents.read(found->at) : 0;
}

/// Words of the task's stack that hold poison.
std::size_t poisoned(const Machine& machine, TaskId task) {
    const MachineState& state = machine.state();
    const VirtAddr lowest = state.stacks.lowest(state.tasks[task].stack, state.memory);
    std::size_t count = 0;
    for (Bytes offset{0}; offset < machine.config().design.stack_bytes(); offset += Bytes{8}) {
        if (word_at(machine, lowest + offset) == kStackleakPoison) ++count;
    }
    return count;
}

std::vector<StackDesign> designs() {
    return {contiguous(), vmapped_june(), vmapped_4_9(), vmapped_6_1()};
}

TEST(Stackleak, FirstReturnToUserModeOverwritesAllThatIsNotInUse) {
    for (const StackDesign& design : designs()) {
        Machine machine = boot(design, true);
        const TaskId child{machine.apply(Spawn{kCpu0}).value};
        EXPECT_EQ(poisoned(machine, child), 0U) << "it has not run yet";
        ASSERT_TRUE(machine.apply(Switch{kCpu0, child}).is_done());
        const std::size_t in_use = machine.state().tasks[child].stack_used / 8;
        EXPECT_EQ(poisoned(machine, child), erasable_words(machine.state(), child) - in_use);
        const VirtAddr lowest =
            machine.state().stacks.lowest(machine.state().tasks[child].stack, machine.state().memory);
        EXPECT_EQ(word_at(machine, magic_address(machine.config().design, lowest)), kStackEndMagic);
        EXPECT_EQ(machine.check_invariants(), "");
    }
}

TEST(Stackleak, ASystemCallIsFollowedByTheErasureOfWhatItUsed) {
    for (const StackDesign& design : designs()) {
        Machine machine = boot(design, true);
        ASSERT_TRUE(machine.apply(EnterKernel{kCpu0}).is_done());
        ASSERT_TRUE(machine.apply(Call{kCpu0, 512, 512}).is_done());
        ASSERT_TRUE(machine.apply(Call{kCpu0, 1024, 1024}).is_done());
        ASSERT_TRUE(machine.apply(Return{kCpu0}).is_done());
        const std::size_t before = poisoned(machine, kInitTask);
        Erasures erasures;
        ASSERT_TRUE(machine.apply(Return{kCpu0}, &erasures, EventLevel::coarse).is_done());
        ASSERT_EQ(erasures.all.size(), 1U);
        EXPECT_EQ(erasures.all[0].bytes, 512U + 1024U);
        EXPECT_EQ(poisoned(machine, kInitTask), before + erasures.all[0].bytes / 8);
    }
}

TEST(Stackleak, CloneErasesWhatItWentDownOnItsCallersStack) {
    Machine machine = boot(vmapped_6_1(), true);
    ASSERT_TRUE(machine.apply(Spawn{kCpu0}).is_done());
    Erasures erasures;
    ASSERT_TRUE(machine.apply(Spawn{kCpu0}, &erasures, EventLevel::coarse).is_done());
    ASSERT_EQ(erasures.all.size(), 1U);
    const std::uint64_t depth = machine.config().kernel.clone_depth.count() / 8 * 8;
    EXPECT_EQ(erasures.all[0].bytes, depth - machine.state().tasks[kInitTask].stack_used);
}

TEST(Stackleak, CostsNothingWhereItIsOffAndChangesNoWord) {
    for (const StackDesign& design : designs()) {
        Machine with = boot(design, true);
        Machine without = boot(design, false);
        const Outcome dear = with.apply(Spawn{kCpu0});
        const Outcome cheap = without.apply(Spawn{kCpu0});
        EXPECT_GT(dear.ledger.total, cheap.ledger.total);
        ASSERT_TRUE(without.apply(Switch{kCpu0, TaskId{cheap.value}}).is_done());
        EXPECT_EQ(poisoned(without, TaskId{cheap.value}), 0U);
        EXPECT_EQ(cheap.ledger.count(Step::stackleak_words), 0U);
    }
}

TEST(Stackleak, KernelThreadsNeverGoToUserMode) {
    Machine machine = boot(vmapped_4_9(), true);
    const TaskId child{machine.apply(Spawn{kCpu0, TaskKind::kernel_thread}).value};
    Erasures erasures;
    ASSERT_TRUE(machine.apply(Switch{kCpu0, child}, &erasures, EventLevel::coarse).is_done());
    EXPECT_TRUE(erasures.all.empty());
}

} // namespace
} // namespace ksl::core
