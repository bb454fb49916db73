// SPDX-License-Identifier: MIT
//
// The tasks of the machine: what task_struct says of a task, as far as stacks are concerned, and the life of a task as
// it is accounted: its record stays until everything that its end put off (RCU callback, deferred vfree) has been done
// and paid.
//
// Memory:  48 bytes a task.
#pragma once

#include "core/kstack/stack_table.h"
#include "core/types/cow_array.h"
#include "core/types/ids.h"

#include <cstdint>

namespace ksl::core {

/// The first process: there from boot on, parent of last resort, never killed.
inline constexpr TaskId kInitTask{0};

enum class TaskState : std::uint8_t {
    unused,   ///< the record is free
    runnable, ///< ready or running
    blocked,
    dying, ///< past its last instruction, still on its stack until the next switch
    dead,  ///< switched away from for the last time; its record waits for deferred work
};

enum class TaskKind : std::uint8_t { thread, process, kernel_thread, idle };

struct TaskRecord {
    std::uint32_t pid = 0;
    std::uint32_t parent = 0;     ///< of an unused record: the next unused one
    StackId stack{};              ///< none once it was given back
    std::uint32_t object = 0;     ///< struct task_struct in its slab cache
    SpaceId space{};              ///< address space; none for kernel threads
    std::uint32_t stack_used = 0; ///< bytes between the stack's top and the saved stack pointer
    std::uint32_t deepest = 0;    ///< how far down from the top it was ever written; a frame need not be written whole
    std::uint32_t frame = 0;      ///< bytes between the stack's top and the saved frame pointer; 0 = no call frame yet
    std::uint32_t deferred_cycles = 0; ///< paid for it after its end, by whoever
    std::uint32_t children = 0;        ///< live threads and processes that it created
    CpuId cpu{0};                      ///< last CPU
    std::uint8_t pieces = 0;           ///< deferred work that has still to be done for it
    TaskState state = TaskState::unused;
    TaskKind kind = TaskKind::thread;
    std::uint8_t has_object : 1 = 0; ///< its task_struct has not been freed yet
    std::uint8_t is_oom_victim : 1 = 0;
    std::uint8_t is_reaped : 1 = 0; ///< released by its parent or by itself: nobody asks for it any more
    std::uint8_t unused : 5 = 0;    ///< no bit of a record is padding: records are hashed as bytes
    std::uint16_t unerased = 0; ///< STACKLEAK: words from the stack's top down to the lowest used and not overwritten
    friend bool operator==(const TaskRecord&, const TaskRecord&) = default;
};
static_assert(sizeof(TaskRecord) == 48);

class TaskTable {
public:
    [[nodiscard]] TaskId add(const TaskRecord& record) {
        std::uint32_t index = free_;
        if (index != kNone) {
            free_ = records_[index].parent;
        } else {
            index = static_cast<std::uint32_t>(records_.size());
            records_.resize(records_.size() + 1);
        }
        records_.mut(index) = record;
        ++live_;
        return TaskId{index};
    }
    void remove(TaskId id) {
        TaskRecord gone;
        gone.parent = free_;
        records_.mut(id.raw()) = gone;
        free_ = id.raw();
        --live_;
    }
    [[nodiscard]] const TaskRecord& operator[](TaskId id) const { return records_[id.raw()]; }
    [[nodiscard]] TaskRecord& mut(TaskId id) { return records_.mut(id.raw()); }
    /// Records in use, those of dead tasks that wait for deferred work included.
    [[nodiscard]] std::uint32_t live() const { return live_; }
    [[nodiscard]] std::uint32_t limit() const { return static_cast<std::uint32_t>(records_.size()); }
    [[nodiscard]] bool is_live(TaskId id) const {
        return !id.is_none() && id.raw() < records_.size() && records_[id.raw()].state != TaskState::unused;
    }

    template <class Archive>
    void describe(Archive& archive) {
        archive(records_, free_, live_);
    }
    friend bool operator==(const TaskTable&, const TaskTable&) = default;

private:
    static constexpr std::uint32_t kNone = 0xffffffffU;
    CowArray<TaskRecord, 256> records_;
    std::uint32_t free_ = kNone;
    std::uint32_t live_ = 0;
};

} // namespace ksl::core
