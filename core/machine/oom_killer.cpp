// SPDX-License-Identifier: MIT
#include "core/machine/oom_killer.h"

namespace ksl::core {

namespace {

constexpr std::uint32_t kInitPid = 1;

/// Neither init nor threads of it.
bool may_be_killed(const MachineState& state, const TaskRecord& task) {
    const bool has_user_half = task.kind == TaskKind::process || task.kind == TaskKind::thread;
    const bool is_alive = task.state == TaskState::runnable || task.state == TaskState::blocked;
    return has_user_half && is_alive && task.is_oom_victim == 0 && task.pid != kInitPid && !task.space.is_none() &&
           task.space != state.tasks[kInitTask].space;
}

} // namespace

TaskId choose_oom_victim(const MachineState& state) {
    TaskId chosen;
    std::uint64_t most = 0;
    for (std::uint32_t index = 0; index < state.tasks.limit(); ++index) {
        const TaskRecord& task = state.tasks[TaskId{index}];
        if (!may_be_killed(state, task)) continue;
        // Kernel stacks are not in the score, as in the kernel; a process of many threads has nothing to fear from
        // them.
        const std::uint64_t score = 1 + state.spaces.own_pages(task.space);
        if (score <= most) continue;
        most = score;
        chosen = TaskId{index};
    }
    return chosen;
}

bool kill_for_memory(KernelServices& kernel, MachineState& state, TaskId victim) {
    const SpaceId space = state.tasks[victim].space;
    bool is_current = false;
    for (std::uint32_t index = 0; index < state.tasks.limit(); ++index) {
        const TaskId id{index};
        if (!state.tasks.is_live(id) || state.tasks[id].space != space) continue;
        state.tasks.mut(id).is_oom_victim = 1;
        is_current = is_current || id == state.cpu(kernel.cpu()).current;
    }
    state.spaces.drop_pages(kernel, space);
    kernel.fx().report(EventLevel::coarse, [&] { return TaskKilled{victim.raw()}; });
    return !is_current;
}

} // namespace ksl::core
