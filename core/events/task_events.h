// SPDX-License-Identifier: MIT
//
// What tasks, kernel stacks and deferred work report.
#pragma once

#include <cstdint>

namespace ksl::core {

enum class StackSource : std::uint8_t { page_allocator, vmalloc, stack_cache, pid_slot };
enum class StackSink : std::uint8_t { page_allocator, vmalloc, stack_cache, deferred, pid_slot };

struct TaskCreated {
    std::uint32_t task;
    std::uint32_t parent;
    std::uint64_t stack_lowest;
    StackSource source;
};
struct CloneFailed {
    std::uint32_t parent;
    std::uint8_t errno_value;
};
struct TaskExited {
    std::uint32_t task;
};
/// Everything that the task's end put off has been done.
struct TaskReleased {
    std::uint32_t task;
    std::uint32_t deferred_cycles; ///< what that cost, wherever it was paid
};
struct StackReleased {
    std::uint32_t task;
    std::uint64_t stack_lowest;
    StackSink sink;
};
struct ContextSwitched {
    std::uint32_t from;
    std::uint32_t to;
};
struct CallPushed {
    std::uint32_t task;
    std::uint32_t bytes;
    std::uint64_t sp;
};
struct CallReturned {
    std::uint32_t task;
    std::uint64_t sp;
};
/// Bytes outside a task's stack were written through its stack pointer.
struct StackOverran {
    std::uint32_t task;
    std::uint64_t from;
    std::uint64_t to;
    std::uint8_t victim; ///< what the bytes belonged to; kstack/overflow.h
};
enum class Detector : std::uint8_t {
    guard_page_fault,
    guard_double_fault,
    stack_end_check,
    oops_report,
    usage_check,
    none
};
struct OverflowNoticed {
    std::uint32_t task;
    std::uint64_t address;
    Detector detector;
    bool machine_dies;
};
/// What usage tracking (CONFIG_DEBUG_STACK_USAGE) reports of a task that ends.
struct StackUsageReported {
    std::uint32_t task;
    std::uint32_t used; ///< bytes from the stack's top down to the lowest word that was ever written
    std::uint32_t free; ///< bytes below it that never were
};
/// A buffer on a stack was given to a device. The numbers are those of DmaCall and DmaResult.
struct DmaMapped {
    std::uint32_t task;
    std::uint8_t call;
    std::uint8_t result;
    bool warned; ///< a check printed a warning and let it go on
    std::uint32_t length;
    std::uint64_t buffer; ///< where the driver has it
    std::uint64_t bus;    ///< what the device was told
};
/// A device wrote to memory that was not the buffer's.
struct DmaStruck {
    std::uint32_t task;
    std::uint64_t from; ///< physical
    std::uint64_t to;
    std::uint8_t victim; ///< what the bytes belonged to; kstack/overflow.h
};
struct CpuUnplugged {
    std::uint32_t cpu;
    std::uint32_t stacks_freed;
    std::uint32_t stacks_kept; ///< in a cache that nothing reaches any more
    std::uint32_t callbacks_moved;
};
struct CpuPlugged {
    std::uint32_t cpu;
};
struct TaskKilled {
    std::uint32_t task;
};
struct MachineDied {
    std::uint32_t task;
};
struct GracePeriodStarted {
    std::uint64_t number;
};
struct GracePeriodEnded {
    std::uint64_t number;
};
struct CallbacksRun {
    std::uint32_t count;
};
struct WorkQueued {
    std::uint8_t kind;
};
struct WorkDone {
    std::uint8_t kind;
    std::uint32_t items;
};

} // namespace ksl::core
