// SPDX-License-Identifier: MIT
//
// Would this call chain survive that stack design, and with how much room? The chain is played on a small machine of
// the design: its frames are real words, its page faults real translations.
//
// Depth:   what the chain takes below the stack's top. The kernel may add up to 1 KiB at random (randomise_offset) and,
//          at any moment, an interrupt's saved registers (176 bytes; its handlers have a stack of their own).
// Room:    bytes between the chain's deepest point and the first one that is not the stack's to use: the magic word,
//          thread_info where that lies at the bottom, or the stack's end.
// JSON:    docs/json.md, kstacklab.stack/1.
#pragma once

#include "core/kstack/overflow.h"
#include "sim/base/assets.h"
#include "sim/base/error.h"
#include "sim/chain/call_chain.h"
#include "sim/scenario/design_file.h"
#include "sim/text/table.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ksl::sim {

enum class TrialVerdict : std::uint8_t {
    fits,
    unnoticed,    ///< something was overwritten, and nobody noticed
    noticed_late, ///< the magic word was found damaged at the next switch: the machine dies
    crashed,      ///< something was overwritten, and using it crashed the kernel
    task_killed,  ///< stopped at the guard; the task is lost
    machine_dies, ///< stopped at the guard; the kernel panics
};
[[nodiscard]] std::string_view name_of(TrialVerdict verdict);

struct StackTrial {
    std::string design;
    core::Bytes stack;
    core::Bytes usable;      ///< of it, for frames and saved registers
    core::Bytes depth;       ///< of the chain
    core::Bytes offset_most; ///< what the design may add at random
    core::Bytes reached;     ///< as deep as the machine got, its random offset included
    TrialVerdict verdict = TrialVerdict::fits;
    std::optional<std::size_t> first_too_deep; ///< index of the first frame that does not fit, without the offset
    std::optional<core::Victim> victim;        ///< of what was written outside the stack

    /// Negative: so many bytes too deep.
    [[nodiscard]] std::int64_t room() const {
        return static_cast<std::int64_t>(usable.count()) - static_cast<std::int64_t>(depth.count());
    }
    [[nodiscard]] std::int64_t room_at_worst() const { return room() - static_cast<std::int64_t>(offset_most.count()); }
};

/// Bytes of a stack of this design that frames may take.
[[nodiscard]] core::Bytes usable_bytes(const core::StackDesign& design);

[[nodiscard]] Result<StackTrial> try_chain(const Assets& assets, const CallChain& chain, const DesignProfile& design);

/// A row a design.
[[nodiscard]] Table trial_table(const CallChain& chain, std::span<const StackTrial> trials);
/// A row a frame, outermost first, with its depth.
[[nodiscard]] Table frame_table(const CallChain& chain);
/// No line end.
[[nodiscard]] std::string trial_json(const CallChain& chain, std::span<const StackTrial> trials);

} // namespace ksl::sim
