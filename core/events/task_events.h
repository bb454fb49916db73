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
/// Bytes that are not a task's to use were written through its stack pointer: one event for each thing that they
/// belonged to, the highest first.
struct StackOverran {
    std::uint32_t task;
    std::uint32_t owner; ///< another stack: its task; a slab object: its cache; else 0
    std::uint64_t from;
    std::uint64_t to;
    std::uint64_t value;  ///< the lowest whole word that lies there now
    std::uint32_t offset; ///< of `from` in what it belonged to: bytes below another stack's top, bytes into an object,
                          ///< a page, or thread_info
    std::uint8_t victim;  ///< what the bytes belonged to; kstack/overflow.h
    std::uint8_t field;   ///< of thread_info, by its place in kThreadInfoFields; else 0
};
/// What noticed an overflow, in the order in which files spell them.
enum class Detector : std::uint8_t {
    guard_page_fault,   ///< a page fault next to the stack, with room left to push its frame
    guard_double_fault, ///< that room was lacking: a double fault on its own stack
    stack_end_check,    ///< the magic word was found damaged in schedule()
    oops_report,        ///< an oops for another reason looked at the magic word
    usage_check,        ///< the report of the least free stack at exit
    paging_request,     ///< an ordinary page fault, too far from the stack to be taken for its guard
    double_fault,       ///< a double fault too far from the stack to be taken for its guard
    wild_thread_info,   ///< the kernel used a field of thread_info that had been overwritten
    none
};
struct OverflowNoticed {
    std::uint32_t task;
    std::uint64_t address; ///< what the report names: CR2, or the damaged word
    std::uint64_t after;   ///< cycles since the first byte was overwritten; 0 where the first write was caught
    Detector detector;
    bool machine_dies;
    bool magic_is_gone; ///< the report adds that the thread overran its stack
};
/// What usage tracking (CONFIG_DEBUG_STACK_USAGE) reports of a task that ends.
struct StackUsageReported {
    std::uint32_t task;
    std::uint32_t used; ///< bytes from the stack's top down to the lowest word that was ever written
    std::uint32_t free; ///< bytes below it that never were
};
/// STACKLEAK overwrote what a task had used of its stack, on its way to user mode.
struct StackErased {
    std::uint32_t task;
    std::uint64_t from; ///< lowest byte
    std::uint32_t bytes;
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
