// SPDX-License-Identifier: MIT
//
// Whose memory a stack pointer that left its stack runs into, and the record of a stack that was left.
//
// Order of damage, growing down: the magic word; where thread_info lies below it, its fields from the last to the
// first; then whatever lies below the stack.
// Source:  struct thread_info and end_of_stack() of 4.7; captures overflow-4.7 (bytes before and after).
#pragma once

#include "core/events/task_events.h"
#include "core/kernel/kernel_memory.h"
#include "core/kstack/design.h"
#include "core/types/address.h"
#include "core/types/time.h"

#include <cstdint>
#include <string_view>

namespace ksl::core {

/// What a frame's bytes belonged to before an overflow wrote them.
enum class Victim : std::uint8_t {
    nobody,      ///< free memory
    other_stack, ///< another task's stack, from its top down: its saved user registers first
    slab_object,
    page_table,
    page_cache,
    user_page,
    other_kernel,
    reserved,    ///< kernel image, firmware
    stack_end,   ///< the task's own magic word
    thread_info, ///< a field of the task's own thread_info
};
inline constexpr std::size_t kVictims = 10;
[[nodiscard]] std::string_view name_of(Victim victim);

[[nodiscard]] Victim victim_at(const KernelMemory& memory, PhysAddr at);

/// The lowest byte that frames of a task may use: above the magic word, where the design has one.
[[nodiscard]] VirtAddr usable_lowest(const StackDesign& design, VirtAddr lowest);

/// A stack that was left, from its first byte outside to whoever noticed.
struct Overrun {
    std::uint32_t pid = 0;
    std::uint32_t task = 0;
    Cycles first;                    ///< when the first byte was overwritten, on the clock of its CPU
    Cycles noticed;                  ///< when that was noticed; meaningless while nobody has
    VirtAddr lowest;                 ///< the lowest byte overwritten
    std::uint64_t bytes = 0;         ///< overwritten
    std::uint64_t address_limit = 0; ///< what thread_info's addr_limit is now, if it was overwritten
    std::uint32_t cpu_field = 0;     ///< what thread_info's cpu is now, if it was overwritten
    std::uint16_t victims = 0;       ///< bit v: something of Victim v was hit
    std::uint8_t fields = 0;         ///< bit f: field f of thread_info was hit
    Detector detector = Detector::none;

    [[nodiscard]] bool hit(Victim victim) const { return ((victims >> static_cast<unsigned>(victim)) & 1U) != 0; }
    [[nodiscard]] bool is_noticed() const { return detector != Detector::none; }
    /// The task may hand kernel addresses to system calls: its limit lies above user memory.
    [[nodiscard]] bool raises_address_limit() const;

    template <class Archive>
    void describe(Archive& archive) {
        archive(pid, task, first, noticed, lowest, bytes, address_limit, cpu_field, victims, fields, detector);
    }
    friend bool operator==(const Overrun&, const Overrun&) = default;
};

} // namespace ksl::core
