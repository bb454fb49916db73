// SPDX-License-Identifier: MIT
#include "sim/chain/call_chain.h"

#include "core/kstack/thread_info.h"
#include "sim/text/similar.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

namespace ksl::sim {

namespace {

/// entry_SYSCALL_64_after_hwframe, asm_exc_page_fault, ret_from_fork, and what they were called before 5.8.
bool is_entry(std::string_view function) {
    return function.starts_with("entry_") || function.starts_with("asm_") || function.starts_with("ret_from_fork") ||
           function == "page_fault" || function == "async_page_fault" || function == "system_call_fastpath";
}

/// Index of the innermost call; the number of frames if there is none.
std::size_t innermost(const CallChain& chain, std::string_view function) {
    const auto outwards = std::views::reverse(chain.frames);
    const auto found = std::ranges::find(outwards, function, &ChainFrame::function);
    if (found == outwards.end()) return chain.frames.size();
    return static_cast<std::size_t>(outwards.end() - found) - 1;
}

std::string times_text(std::string_view what, unsigned times) {
    return times == 1 ? std::string{what} : fmt::format("{} x {}", times, what);
}

} // namespace

core::Bytes CallChain::depth() const {
    core::Bytes sum;
    for (const ChainFrame& frame : frames) sum += frame.bytes;
    return sum;
}

bool CallChain::begins_with_entry() const {
    return !frames.empty() && is_entry(frames.front().function) && frames.front().bytes > core::kPtRegs;
}

Result<void> add_to(CallChain& chain, const ChainAddition& addition, unsigned times) {
    std::size_t at = chain.frames.size();
    if (!addition.after.empty()) {
        at = innermost(chain, addition.after) + 1;
        if (at > chain.frames.size()) {
            return fail("", 0,
                        fmt::format("{} goes behind a call of {}, and {} has none; a path that gets there would be "
                                    "right",
                                    addition.name, addition.after, chain.name));
        }
    }
    for (unsigned i = 0; i < times; ++i) {
        chain.frames.insert(chain.frames.begin() + static_cast<std::ptrdiff_t>(at), addition.frames.begin(),
                            addition.frames.end());
    }
    chain.remarks.push_back(fmt::format("added: {}", times_text(addition.name, times)));
    return {};
}

Result<void> recurse(CallChain& chain, std::string_view function, unsigned times) {
    const std::size_t from = innermost(chain, function);
    if (from == chain.frames.size()) {
        std::vector<std::string> names;
        names.reserve(chain.frames.size());
        for (const ChainFrame& frame : chain.frames) names.push_back(frame.function);
        return fail("", 0, fmt::format("{} does not call {}{}", chain.name, function, did_you_mean(function, names)));
    }
    const std::vector<ChainFrame> part{chain.frames.begin() + static_cast<std::ptrdiff_t>(from), chain.frames.end()};
    for (unsigned i = 0; i < times; ++i) chain.frames.insert(chain.frames.end(), part.begin(), part.end());
    chain.remarks.push_back(fmt::format("recursion: {} once more from {} on", times_text("the path", times), function));
    return {};
}

std::vector<core::Bytes> calls_of(const CallChain& chain) {
    std::vector<core::Bytes> calls;
    calls.reserve(chain.frames.size());
    for (const ChainFrame& frame : chain.frames) calls.push_back(frame.bytes);
    if (chain.begins_with_entry()) calls.front() = calls.front() - core::kPtRegs;
    return calls;
}

} // namespace ksl::sim
