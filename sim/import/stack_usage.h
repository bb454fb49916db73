// SPDX-License-Identifier: MIT
//
// What is known about the stack that functions use: GCC's -fstack-usage files (*.su) and the text of the kernel's stack
// tracer (/sys/kernel/tracing/stack_trace).
//
// Units:   bytes. A frame of a trace is the function's whole frame with its 8-byte return address, as in a .su file.
// Source:  GCC manual, -fstack-usage; kernel/trace/trace_stack.c.
#pragma once

#include "core/types/address.h"
#include "sim/base/error.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ksl::sim {

enum class FrameKind : std::uint8_t {
    fixed,   ///< "static"
    bounded, ///< "dynamic,bounded": the size given is the most
    dynamic, ///< "dynamic": the size given is the part known at compile time
};

struct FunctionStack {
    std::string file;
    std::uint32_t line = 0;
    std::uint32_t column = 0;
    std::string function;
    core::Bytes bytes;
    FrameKind kind = FrameKind::fixed;

    friend bool operator==(const FunctionStack&, const FunctionStack&) = default;
};

[[nodiscard]] Result<std::vector<FunctionStack>> parse_stack_usage(std::string file, std::string_view text);

struct TracedFrame {
    core::Bytes depth; ///< from the top of the stack down to and including this frame
    core::Bytes size;
    std::string function; ///< without offset: "do_syscall_64"
    core::Bytes offset;   ///< of the return address in the function
    core::Bytes length;   ///< of the function

    friend bool operator==(const TracedFrame&, const TracedFrame&) = default;
};

/// The deepest frame first; depths fall by each frame's size down to the outermost, whose depth is its size.
[[nodiscard]] Result<std::vector<TracedFrame>> parse_stack_trace(std::string file, std::string_view text);

} // namespace ksl::sim
