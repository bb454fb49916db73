// SPDX-License-Identifier: MIT
//
// Work that was put off: RCU callbacks in softirq context after a tick (kernel/rcu/tree.c), frees and purges by the
// worker (free_work and drain_vmap_area_work of mm/vmalloc.c).
#include "core/machine/life.h"
#include "core/memory/kswapd.h"

namespace ksl::core {

namespace {

/// rcu_process_callbacks runs this many before it looks round (blimit).
constexpr unsigned kCallbackBatch = 10;

/// delayed_put_task_struct -> free_task: up to 4.8 with the stack.
void free_task(MachineState& state, KernelServices& kernel, TaskId task) {
    Effects& fx = kernel.fx();
    fx.charge(Step::task_free);
    TaskRecord& record = state.tasks.mut(task);
    const VirtAddr object = state.memory.slabs.kernel_address(SlabCacheId::task_struct, SlabObject{record.object});
    fx.write(object);
    if (!record.stack.is_none()) {
        const StackId stack = std::exchange(record.stack, StackId::none());
        const VirtAddr lowest = state.stacks.lowest(stack, state.memory);
        kernel.set_subject(task);
        const StackSink sink = state.stacks.release(kernel, stack);
        kernel.set_subject(TaskId::none());
        fx.report(EventLevel::coarse, [&] { return StackReleased{task.raw(), lowest.raw(), sink}; });
    }
    kernel.free_object(SlabCacheId::task_struct, SlabObject{record.object});
    state.tasks.mut(task).has_object = 0;
}

void run_callback(MachineState& state, KernelServices& kernel, const RcuCallback& callback) {
    Effects& fx = kernel.fx();
    const Cycles before = fx.ledger().total;
    fx.charge(Step::rcu_callback);
    TaskId task;
    switch (callback.work) {
    case RcuWork::free_task:
        task = TaskId{callback.subject};
        free_task(state, kernel, task);
        break;
    case RcuWork::free_stack: {
        const StackId stack{callback.subject};
        task = TaskId{state.stacks.stacks()[stack].task};
        kernel.set_subject(task);
        state.stacks.release_after_rcu(kernel, stack);
        kernel.set_subject(TaskId::none());
        break;
    }
    case RcuWork::free_vmap_area: kernel.free_object(SlabCacheId::vmap_area, SlabObject{callback.subject}); return;
    }
    finish_piece(state, kernel, task, fx.ledger().total - before);
}

unsigned run_callbacks(MachineState& state, KernelServices& kernel) {
    unsigned run = 0;
    kernel.set_in_interrupt(true);
    while (const auto callback = state.rcu.take_ready(kernel.cpu())) {
        if (run++ % kCallbackBatch == 0) kernel.fx().charge(Step::rcu_softirq);
        run_callback(state, kernel, *callback);
    }
    kernel.set_in_interrupt(false);
    return run;
}

} // namespace

void tick(MachineState& state, KernelServices& kernel, const Tick& command, Outcome& outcome) {
    Effects& fx = kernel.fx();
    fx.charge(Step::timer_tick);
    fx.write(fx.data().rcu_data(command.cpu));
    std::bitset<kMaxCpus> idle;
    for (std::size_t i = 0; i < state.cpus.size(); ++i) idle[i] = state.cpus[i].is_idle();
    const Rcu::TickResult result = state.rcu.tick(command.cpu, idle);
    if (result.ended) fx.report(EventLevel::coarse, [&] { return GracePeriodEnded{state.rcu.completed_periods()}; });
    if (result.started) fx.report(EventLevel::coarse, [&] { return GracePeriodStarted{result.number}; });
    outcome.value = run_callbacks(state, kernel);
    if (outcome.value != 0) fx.report(EventLevel::coarse, [&] { return CallbacksRun{outcome.value}; });
    state.cpu(command.cpu).overhead += fx.ledger().total;
}

void run_work(MachineState& state, KernelServices& kernel, const RunWork& command, Outcome& outcome) {
    Effects& fx = kernel.fx();
    Cpu& cpu = state.cpu(command.cpu);
    if (!cpu.has_work() && !wants_kswapd(state.memory.pages.state())) return;
    fx.charge(Step::context_switch, 2);
    fx.charge(Step::worker_run);
    state.rcu.note_quiescent(command.cpu);
    const std::vector<StackId> stacks = std::exchange(cpu.deferred_stacks, {});
    for (const StackId stack : stacks) {
        const TaskId task{state.stacks.stacks()[stack].task};
        const Cycles before = fx.ledger().total;
        kernel.set_subject(task);
        state.stacks.free_deferred(kernel, stack);
        kernel.set_subject(TaskId::none());
        finish_piece(state, kernel, task, fx.ledger().total - before);
    }
    if (!stacks.empty()) {
        fx.report(EventLevel::fine, [&] { return WorkDone{0, static_cast<std::uint32_t>(stacks.size())}; });
    }
    if (std::exchange(cpu.purge_queued, false)) {
        kernel.purge();
        fx.report(EventLevel::fine, [] { return WorkDone{1, 1}; });
    }
    if (wants_kswapd(state.memory.pages.state())) run_kswapd(state.memory.pages, fx, &kernel);
    outcome.value = static_cast<std::uint32_t>(stacks.size());
    state.cpu(command.cpu).overhead += fx.ledger().total;
}

} // namespace ksl::core
