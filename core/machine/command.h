// SPDX-License-Identifier: MIT
//
// The only ways to change a Machine. A command is carried out on one processor, whole, and answers with an Outcome; the
// same machine and the same commands give the same bits.
#pragma once

#include "core/cost/ledger.h"
#include "core/kernel/page_use.h"
#include "core/machine/dma_request.h"
#include "core/machine/task.h"
#include "core/types/ids.h"

#include <cstdint>
#include <variant>

namespace ksl::core {

/// The current task of the CPU creates a thread or a process. Outcome: the new task's number.
struct Spawn {
    CpuId cpu{0};
    TaskKind kind = TaskKind::thread;
};
/// The current task ends: everything up to its last switch. A thread reaps itself, a process waits to be reaped.
struct Exit {
    CpuId cpu{0};
};
/// Context switch. `to` none: the idle task. What the dead previous task leaves is done here, as finish_task_switch
/// does.
struct Switch {
    CpuId cpu{0};
    TaskId to;
};
/// The current task waits for another one: its part of a futex or wait4 call; blocks.
struct Wait {
    CpuId cpu{0};
};
/// The current task collects a dead child process.
struct Reap {
    CpuId cpu{0};
    TaskId child;
};
/// The current process replaces its program: old pages out, `pages` new ones in.
struct Exec {
    CpuId cpu{0};
    std::uint32_t pages = 0;
};
/// The current task enters a function with a stack frame of this many bytes, return address included; `touched` of them
/// are written, from the top down.
struct Call {
    CpuId cpu{0};
    std::uint32_t bytes = 0;
    std::uint32_t touched = 0;
};
/// Back to the caller. A frame of 8 bytes has no saved frame pointer to go by: its size must be said.
struct Return {
    CpuId cpu{0};
    std::uint32_t bytes = 0; ///< of the frame; 0: whatever the saved frame pointer says
};
/// The current task comes from user mode: its stack holds the saved registers (168 bytes), the random offset if the
/// design has one, and nothing else. A kernel thread keeps the same room at the top.
struct EnterKernel {
    CpuId cpu{0};
};
/// A driver gives a buffer on the current task's stack to a device. Outcome: a DmaResult.
struct MapDma {
    CpuId cpu{0};
    DmaRequest request;
};
/// Another CPU is taken out of service; nothing runs on it. Outcome: stacks that its cache gave back.
struct UnplugCpu {
    CpuId cpu{0};
    CpuId gone{1};
};
/// A CPU that was taken out comes back.
struct PlugCpu {
    CpuId cpu{0};
    CpuId back{1};
};
/// Kernel code on this CPU asks for a block of pages. Outcome: its first frame.
struct AllocPages {
    CpuId cpu{0};
    Order order;
    PageUse use = PageUse::page_cache;
};
struct FreePages {
    CpuId cpu{0};
    Pfn block;
};
/// vmalloc() of whole pages by other kernel code. Outcome: number of the area.
struct Vmalloc {
    CpuId cpu{0};
    std::uint32_t pages = 1;
};
struct Vfree {
    CpuId cpu{0};
    AreaId area;
};
/// The timer interrupt: RCU, and callbacks whose grace period is over.
struct Tick {
    CpuId cpu{0};
};
/// The CPU's worker runs what was put off to it: deferred frees, purges.
struct RunWork {
    CpuId cpu{0};
};
/// The CPU has nothing to do until `until`: its clock moves on.
struct Idle {
    CpuId cpu{0};
    Cycles until;
};

using Command = std::variant<Spawn, Exit, Switch, Wait, Reap, Exec, Call, Return, AllocPages, FreePages, Vmalloc, Vfree,
                             Tick, RunWork, Idle, EnterKernel, MapDma, UnplugCpu, PlugCpu>;

enum class OutcomeStatus : std::uint8_t {
    done,
    no_memory,        ///< the kernel's -ENOMEM
    try_again,        ///< the kernel's -EAGAIN: more threads than max_threads
    no_address_space, ///< no range in the vmalloc area, no PID slot
    task_killed,      ///< the current task was killed on the way
    machine_died,     ///< the simulated kernel panicked; every further command answers this
    refused,          ///< the command makes no sense in this state
};

struct Outcome {
    OutcomeStatus status = OutcomeStatus::done;
    std::uint32_t value = 0;                                ///< what the command made, where it makes something
    StackSource stack_source = StackSource::page_allocator; ///< of Spawn
    std::uint16_t oom_kills = 0;                            ///< victims of the out-of-memory killer meanwhile
    std::uint16_t ipis = 0;                                 ///< processors interrupted meanwhile
    bool purged = false;                                    ///< lazily freed areas were purged by this command
    Ledger ledger;

    [[nodiscard]] bool is_done() const { return status == OutcomeStatus::done; }
};

} // namespace ksl::core
