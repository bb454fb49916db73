// SPDX-License-Identifier: MIT
//
// What must hold between the parts of a machine; what must hold inside each part, the part checks itself.
#include "core/kstack/thread_info.h"
#include "core/machine/machine.h"

namespace ksl::core {

namespace {

class Check {
public:
    explicit Check(const MachineState& state) : state_(state) {}

    std::string run() {
        // In this order: what comes later follows indices that were looked at before, and the state may come from a
        // damaged file.
        for (const auto step : {&Check::parts, &Check::tasks, &Check::stacks, &Check::processors}) {
            if (problem_.empty()) (this->*step)();
        }
        return std::move(problem_);
    }

private:
    void fail(std::string_view what) {
        if (problem_.empty()) problem_ = what;
    }
    void parts() {
        fail_if_not_empty(state_.memory.contents.check_invariants());
        fail_if_not_empty(core::check_invariants(state_.memory.pages.state()));
        fail_if_not_empty(state_.memory.slabs.check_invariants(state_.memory.pages));
        fail_if_not_empty(state_.memory.vmap.check_invariants());
        fail_if_not_empty(state_.memory.layout.check_invariants());
        fail_if_not_empty(state_.rcu.check_invariants());
        fail_if_not_empty(state_.caches.check_invariants());
        fail_if_not_empty(state_.spaces.top_level().check_invariants(state_.memory.contents));
        for (const Cpu& cpu : state_.cpus) fail_if_not_empty(cpu.mmu.check_invariants());
    }
    void fail_if_not_empty(std::string_view problem) {
        if (!problem.empty()) fail(problem);
    }

    /// A task has a stack until it is given back, and no two tasks have the same.
    void tasks() {
        std::vector<bool> taken(state_.stacks.stacks().limit());
        std::uint32_t live = 0;
        std::uint32_t threads = 0;
        for (std::uint32_t index = 0; index < state_.tasks.limit(); ++index) {
            const TaskRecord& task = state_.tasks[TaskId{index}];
            if (task.state == TaskState::unused) continue;
            ++live;
            if (task.is_reaped == 0) ++threads;
            if (task.state != TaskState::dead && task.stack.is_none()) fail("a task that can run has a stack");
            if (task.stack.is_none()) continue;
            if (!state_.stacks.stacks().is_live(task.stack)) return fail("a task's stack exists");
            if (taken[task.stack.raw()]) fail("a stack belongs to one task");
            taken[task.stack.raw()] = true;
            if (task.frame > task.deepest) fail("the last frame was written, so the deepest point is no higher");
        }
        if (threads != state_.threads) fail("as many threads as are counted");
        if (live != state_.tasks.live()) fail("as many tasks as are counted");
    }

    /// Every page of a stack is mapped to a frame of its own that is used as a stack, and nothing is mapped round it
    /// where the design has guards.
    void stacks() {
        const StackTable& table = state_.stacks.stacks();
        std::vector<bool> seen(state_.memory.contents.frames().count());
        for (std::uint32_t index = 0; index < table.limit(); ++index) {
            const StackId stack{index};
            if (table.is_live(stack)) one_stack(stack, seen);
        }
    }
    void one_stack(StackId stack, std::vector<bool>& seen) {
        const StackDesign& design = state_.config().design;
        if (!state_.stacks.has_place(stack, state_.memory)) return fail("a stack's area exists");
        const VirtAddr lowest = state_.stacks.lowest(stack, state_.memory);
        for (unsigned page = 0; page < design.stack_pages(); ++page) {
            const auto frame = frame_at(lowest + bytes_of(Pages{page}));
            if (!frame) {
                if (design.backing != Backing::dynamic || page + 1 == design.stack_pages()) {
                    fail("a stack's pages are mapped");
                }
                continue;
            }
            if (frame->raw() >= seen.size()) return fail("a stack's frames lie in memory");
            if (seen[frame->raw()]) fail("a stack's frame is no other stack's");
            seen[frame->raw()] = true;
            const auto block = state_.memory.pages.state().frames.block_of(*frame);
            const bool is_stack =
                block && state_.memory.pages.state().frames.use(static_cast<FrameTable::Node>(block->first.raw())) ==
                             FrameUse::kernel_stack;
            if (!is_stack) fail("a stack's frame is in use as a stack");
        }
        if (design.guard.below != 0 && frame_at(lowest - Bytes{8})) fail("the page below a stack is not mapped");
        if (design.guard.above != 0 && frame_at(lowest + design.stack_bytes())) {
            fail("the page above a stack is not mapped");
        }
    }
    [[nodiscard]] std::optional<Pfn> frame_at(VirtAddr at) const {
        if (state_.memory.layout.direct_map().contains(at)) return frame_of(state_.memory.layout.phys_addr(at));
        const auto found = inspect(state_.memory.contents, state_.memory.layout.geometry(), EntryRules{},
                                   state_.memory.tables.root, at);
        if (!found) return std::nullopt;
        return frame_of(found->at);
    }

    void processors() {
        for (const Cpu& cpu : state_.cpus) {
            if (!state_.tasks.is_live(cpu.current)) fail("a processor's current task exists");
            if (cpu.is_offline && (!cpu.is_idle() || cpu.has_work())) fail("a processor that is off does nothing");
            if (cpu.idle > cpu.now) fail("a processor was idle no longer than it ran");
        }
    }

    const MachineState& state_;
    std::string problem_;
};

} // namespace

std::string Machine::check_invariants() const {
    return Check{state_}.run();
}

} // namespace ksl::core
