// SPDX-License-Identifier: MIT
//
// Where chains come from: the built-in ones (assets/chains: what the stack tracer of a real kernel printed), a user's
// own stack_trace file, or the stack-usage files of a user's own build.
//
// Reading:  the stack tracer counts, in its row 0, its own trampoline as if it were part of the traced function's
//           frame, and sees that function at its entry only. All that is known of it is the return address: 8 bytes.
// Builds:   a .su file knows sizes, not who calls whom; the path is the user's, or a trace's.
#pragma once

#include "sim/base/assets.h"
#include "sim/chain/call_chain.h"
#include "sim/import/stack_usage.h"

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ksl::sim {

/// assets/chains/NAME.toml.
[[nodiscard]] Result<CallChain> load_chain(const Assets& assets, std::string_view name);
/// assets/additions/NAME.toml.
[[nodiscard]] Result<ChainAddition> load_addition(const Assets& assets, std::string_view name);

/// What the stack tracer printed.
[[nodiscard]] CallChain chain_from_trace(std::string name, const std::vector<TracedFrame>& rows);
/// A file with the text of /sys/kernel/tracing/stack_trace; may be compressed.
[[nodiscard]] Result<CallChain> read_trace_chain(const std::filesystem::path& file);

/// Frame sizes of a build, by function. Of several functions of one name, the largest.
class FrameSizes {
public:
    /// A .su file, or a folder: all those in it and below.
    [[nodiscard]] Result<void> read(const std::filesystem::path& path);
    [[nodiscard]] const FunctionStack* find(std::string_view function) const;
    [[nodiscard]] bool is_empty() const { return functions_.empty(); }
    /// Names, for messages.
    [[nodiscard]] std::vector<std::string> names() const;

private:
    void add(const FunctionStack& function);
    std::map<std::string, FunctionStack, std::less<>> functions_;
};

/// The system call's entry, then these functions, the outermost first. Error: one that the build does not have.
[[nodiscard]] Result<CallChain> chain_from_usage(const FrameSizes& sizes, std::span<const std::string> path);
/// The same path in another build: every function that the build has takes what it takes there.
void resize(CallChain& chain, const FrameSizes& sizes);

} // namespace ksl::sim
