// SPDX-License-Identifier: MIT
//
// Call chains as data: which functions lie on a stack, outermost first, and how much of it each takes.
//
//     CallChain chain = ...;                                   // see chain_source.h
//     KSL_TRY(add_to(chain, ipip_tunnel, 2));                  // two more tunnels
//     KSL_TRY(recurse(chain, "dm_submit_bio", 3));             // the innermost part three times more
//     chain.depth();                                           // bytes from the top of the stack
//
// Units:   bytes; a frame is a function's whole frame with the return address that its caller pushed.
// Entry:   the first frame may be the entry from user mode, an exception or a kernel thread's start: its size has the
//          168 bytes of saved registers in it, which a machine writes by itself (core::EnterKernel).
#pragma once

#include "core/types/address.h"
#include "sim/base/error.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ksl::sim {

struct ChainFrame {
    std::string function;
    core::Bytes bytes;
    friend bool operator==(const ChainFrame&, const ChainFrame&) = default;
};

struct CallChain {
    std::string name;
    std::string title;
    std::string source;
    std::vector<ChainFrame> frames;   ///< outermost first
    std::vector<std::string> remarks; ///< what the sizes do not say: unknown frames, parts that were added
    std::string text;                 ///< the stack tracer's file that it was read from; empty for all others

    /// From the top of the stack, saved registers included where the first frame has them.
    [[nodiscard]] core::Bytes depth() const;
    /// The first frame has the saved registers in it.
    [[nodiscard]] bool begins_with_entry() const;
    friend bool operator==(const CallChain&, const CallChain&) = default;
};

/// Something that can come on top of a chain, or in its middle.
struct ChainAddition {
    std::string name;
    std::string title;
    std::string source;
    std::string after; ///< goes behind the innermost call of this function; empty: on top of everything
    std::vector<ChainFrame> frames;
    friend bool operator==(const ChainAddition&, const ChainAddition&) = default;
};

/// Puts it in so many times. Error: the chain does not call the function that it goes behind.
[[nodiscard]] Result<void> add_to(CallChain& chain, const ChainAddition& addition, unsigned times = 1);

/// Recursion: everything from the innermost call of `function` on is entered so many times more.
[[nodiscard]] Result<void> recurse(CallChain& chain, std::string_view function, unsigned times = 1);

/// Sizes for core::Call on top of core::EnterKernel: the chain's frames, the saved registers taken off the first one.
[[nodiscard]] std::vector<core::Bytes> calls_of(const CallChain& chain);

} // namespace ksl::sim
