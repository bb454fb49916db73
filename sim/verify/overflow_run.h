// SPDX-License-Identifier: MIT
//
// The overflow of a capture on the engine: a machine with that kernel's design, one thread as deep in the kernel as the
// victim was, and the crash-test driver's recursion or stray read.
//
// Recursion: frames of a filled buffer, a saved register, the stack protector's word (6.1: and one word below the
//            buffer), frame pointer and return address; 1024 + 32 bytes in the driver of 4.7 and 4.9, 512 + 40 in
//            that of 6.1 (the registers in the captured reports show both).
// Source:    lkdtm's recursive_loop of these kernels; captures overflow-* and lkdtm-*.
#pragma once

#include "core/machine/machine.h"
#include "sim/import/overflow_capture.h"

#include <optional>
#include <string>
#include <vector>

namespace ksl::sim {

enum class OverflowKernel : std::uint8_t { linux_4_7, linux_4_9, linux_6_1 };

/// What the capture's own files say of kernel and design.
[[nodiscard]] OverflowKernel kernel_of(const capture::OverflowTest& test);
[[nodiscard]] std::string design_of(const capture::OverflowTest& test);

struct RecursionShape {
    std::uint32_t frame = 0;
    std::uint32_t touched = 0; ///< of it
    std::uint32_t buffer = 0;
    std::uint32_t start = 0; ///< bytes in use above the first frame
    std::uint32_t calls = 0;
};
[[nodiscard]] RecursionShape driver_shape(OverflowKernel kernel);

enum class OverflowAct : std::uint8_t { recursion, read_below, read_above };

struct OverflowPlay {
    core::VirtAddr lowest, top;
    std::optional<core::OverflowNoticed> notice;
    core::VirtAddr sp; ///< when it was noticed, or at the deepest
    bool task_died = false;
    bool machine_died = false;
    std::int64_t deepest = 0;        ///< lowest byte written, relative to the stack
    std::vector<std::uint8_t> bytes; ///< from `deepest` (rounded down to a page) to the stack's top, after the return

    [[nodiscard]] std::int64_t bytes_from() const;
    [[nodiscard]] std::uint8_t at(std::int64_t offset) const;
};

[[nodiscard]] Result<OverflowPlay> play_overflow(const capture::OverflowTest& test, bool checks_stack_end,
                                                 OverflowAct act, const RecursionShape& shape,
                                                 std::optional<core::VirtAddr> per_cpu_offsets);

} // namespace ksl::sim
