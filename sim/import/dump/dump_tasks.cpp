// SPDX-License-Identifier: MIT
//
// Every thread of every process: the list of thread-group leaders from init_task, and each group's threads.
#include "sim/import/dump/dump_state.h"

namespace ksl::sim {

using core::Bytes;
using core::VirtAddr;

namespace {

constexpr std::size_t kCommLength = 16;                  // TASK_COMM_LEN
constexpr std::size_t kMostTasks = std::size_t{1} << 22; // PID_MAX_LIMIT
constexpr Bytes kUsualThreadSize{16 << 10};

class TaskReader {
public:
    explicit TaskReader(KernelMemory& memory) : memory_(memory), regions_(read_dump_regions(memory)) {}

    capture::TasksState read() {
        capture::TasksState tasks;
        tasks.sizeof_task_struct = Bytes{memory_.offset("task_struct", "_sizeof")};
        tasks.sizeof_thread_info = Bytes{memory_.offset("thread_info", "_sizeof")};
        tasks.thread_size = Bytes{memory_.types().constant("THREAD_SIZE").value_or(kUsualThreadSize.count())};
        const VirtAddr leaders = memory_.member(memory_.symbol("init_task"), "task_struct", "tasks");
        memory_.each(leaders, "task_struct", "tasks", [&](VirtAddr leader) {
            const VirtAddr group = memory_.pointer(leader, "task_struct", "signal");
            memory_.each(memory_.member(group, "signal_struct", "thread_head"), "task_struct", "thread_node",
                         [&](VirtAddr task) { tasks.tasks.push_back(read_task(task, tasks.thread_size)); });
            if (tasks.tasks.size() > kMostTasks) memory_.refuse("has more tasks than there are PIDs");
        });
        return tasks;
    }

private:
    capture::TaskState read_task(VirtAddr at, Bytes thread_size) {
        capture::TaskState task;
        task.pid = memory_.read<std::uint32_t>(at, "task_struct", "pid");
        task.tgid = memory_.read<std::uint32_t>(at, "task_struct", "tgid");
        task.comm = memory_.text(memory_.member(at, "task_struct", "comm"), kCommLength);
        task.task_struct = at;
        task.thread_info.address = memory_.member(at, "task_struct", "thread_info");
        task.thread_info.flags = memory_.read<std::uint64_t>(task.thread_info.address, "thread_info", "flags");
        task.thread_info.cpu = memory_.read<std::uint32_t>(task.thread_info.address, "thread_info", "cpu");
        const VirtAddr stack = memory_.pointer(at, "task_struct", "stack");
        task.stack = {stack, stack + thread_size};
        task.saved_sp = memory_.pointer(memory_.member(at, "task_struct", "thread"), "thread_struct", "sp");
        task.end_magic = memory_.read<std::uint64_t>(stack);
        if (memory_.types().offset("task_struct", "stack_vm_area")) {
            task.area = read_vm_struct(memory_, regions_, memory_.pointer(at, "task_struct", "stack_vm_area"));
        } else {
            task.first_pfn = core::Pfn{(stack - regions_.direct_map).count() / core::kPageBytes};
        }
        return task;
    }

    KernelMemory& memory_;
    DumpRegions regions_;
};

constexpr Bytes kWord{8};

} // namespace

core::Bytes read_deepest_use(KernelMemory& memory, const capture::TaskState& task) {
    VirtAddr at = task.stack.lowest + kWord; // the lowest word is STACK_END_MAGIC
    while (at < task.stack.top && memory.ok() && memory.read<std::uint64_t>(at) == 0) at += kWord;
    return task.stack.top - at;
}

capture::TasksState read_dump_tasks(KernelMemory& memory) {
    return TaskReader{memory}.read();
}

} // namespace ksl::sim
