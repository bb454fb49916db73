// SPDX-License-Identifier: MIT
//
// The per-CPU cache of two stacks, replayed: a new task takes slot 0 if it is filled, else slot 1, else new memory; a
// stack given back goes into slot 0 if it is empty, else into slot 1, else away.
//
// Order:   the trace records a new task after its stack was chosen. A callback that ran in between offered its stack
//          later than the choice, though it stands before it. Where the order of the trace contradicts what became of
//          the stacks, and an earlier choice does not, the earlier choice is taken and the answer counts as
//          undetermined.
// Source:  alloc_thread_stack_node, free_thread_stack, thread_stack_free_rcu; kernel/fork.c of 4.9 and 6.1.
#pragma once

#include "core/types/address.h"
#include "sim/import/capture_state.h"
#include "sim/replay/replay_result.h"
#include "sim/replay/stack_fates.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ksl::sim {

/// The slots of one CPU; address 0 = empty.
struct StackSlots {
    std::array<core::VirtAddr, 2> slots;

    /// The stack that a new task gets, or 0.
    core::VirtAddr take();
    /// False: both slots are full.
    bool put(core::VirtAddr stack);
    /// Takes this stack out, wherever it is; false if it is nowhere.
    bool remove(core::VirtAddr stack);
    [[nodiscard]] bool is_empty() const { return slots[0] == core::VirtAddr{0} && slots[1] == core::VirtAddr{0}; }

    friend bool operator==(const StackSlots&, const StackSlots&) = default;
};
[[nodiscard]] std::string to_string(const StackSlots& slots);

class StackCacheReplay {
public:
    StackCacheReplay() = default;
    /// `recorded`: the slots of the one CPU; none: this kernel has no such cache, and nothing is judged.
    explicit StackCacheReplay(const std::optional<std::vector<capture::CachedStacks>>& recorded);

    [[nodiscard]] bool exists() const { return exists_; }

    /// Who offers a stack: a task that was switched away from for good, or a callback.
    enum class Offerer : std::uint8_t { dead_task, callback };
    /// A stack was offered; what became of it is judged when the next choice is.
    void offer(std::uint64_t event, core::VirtAddr stack, StackFate fate, Offerer offerer);

    /// The slots as they would be if everything offered so far were settled.
    [[nodiscard]] StackSlots peek() const;
    /// The choice fell on new memory, so the slots must have been empty.
    void chose_new_memory(std::uint64_t event, const StackSlots& at_request);
    /// The choice fell on the cache, and on `recorded`. Where callbacks ran just before the record, the choice may have
    /// preceded some of them: these are the numbers of offers before it that agree with everything known, each with
    /// another outcome, the order of the trace first. None: no order explains it.
    [[nodiscard]] std::vector<std::size_t> possible_choices(core::VirtAddr recorded) const;
    /// Takes one of them.
    void choose_after(std::size_t offers);
    /// None was possible: the engine's own choice, in the order of the trace, is a difference.
    void chose_otherwise(std::uint64_t event, core::VirtAddr recorded);
    /// The same after a range had been reserved for the stack.
    void chose_otherwise_than_reserved(std::uint64_t event, core::VirtAddr recorded, core::VirtAddr reserved);
    /// After chose_otherwise(): goes on as if the recorded stack had been taken. False if it was not there.
    bool take_over(core::VirtAddr recorded);

    /// Judges what was offered, in the order of the trace, and returns the slots.
    const StackSlots& settle();
    void replace_slots(const StackSlots& slots) { slots_ = slots; }

    [[nodiscard]] const PartResult& new_tasks() const { return new_tasks_; }
    [[nodiscard]] const PartResult& given_back() const { return given_back_; }
    [[nodiscard]] std::uint64_t differences() const { return new_tasks_.differing() + given_back_.differing(); }
    /// The same slots and offers: from here on the same answers.
    [[nodiscard]] bool goes_on_like(const StackCacheReplay& other) const {
        return slots_ == other.slots_ && offers_ == other.offers_;
    }

private:
    struct Offer {
        std::uint64_t event = 0;
        core::VirtAddr stack;
        StackFate fate = StackFate::unknown;
        Offerer offerer = Offerer::dead_task;
        friend bool operator==(const Offer&, const Offer&) = default;
    };
    struct Course {
        StackSlots slots;
        core::VirtAddr chosen;
        bool agrees = true; ///< with what became of every stack
    };
    /// What happens if the choice falls after the first `before` offers.
    [[nodiscard]] Course course(std::size_t before) const;
    void judge_offers(std::size_t choice_after);
    bool exists_ = false;
    StackSlots slots_;          ///< before the offers
    std::vector<Offer> offers_; ///< since the last choice
    core::VirtAddr wrongly_chosen_;
    PartResult new_tasks_{"stacks of new tasks"};
    PartResult given_back_{"stacks given back"};
};

} // namespace ksl::sim
