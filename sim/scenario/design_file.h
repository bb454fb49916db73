// SPDX-License-Identifier: MIT
//
// Stack designs from files: assets/designs/NAME.toml, or a user's own in the same form. The axes are those of
// core/kstack/design.h; docs/scenario.md lists their keys.
//
// Errors:  "FILE:LINE:COLUMN: key `stack.guard_above`: what is wrong; what would be right". Two axes that cannot go
//          together are one of them, with the physical reason.
#pragma once

#include "core/kernel/kernel_facts.h"
#include "core/kstack/design.h"
#include "sim/base/assets.h"
#include "sim/base/error.h"
#include "sim/toml/toml_reader.h"

#include <string>
#include <string_view>

namespace ksl::sim {

/// A design with the kernel that it lives in.
struct DesignProfile {
    std::string name; ///< as results show it: "linux-4.9", or a label that the scenario chose
    std::string base; ///< the profile that it was made from; the name, if it is one
    std::string title;
    std::string summary;
    std::string source;
    std::string kernel; ///< "linux-4.9": whose page allocator, sizes and prices
    core::StackDesign stack;

    [[nodiscard]] core::KernelFacts facts() const;
    friend bool operator==(const DesignProfile&, const DesignProfile&) = default;
};

/// `origin` is for messages.
[[nodiscard]] Result<DesignProfile> read_design(std::string_view text, std::string_view origin, std::string_view name);

/// assets/designs/NAME.toml.
[[nodiscard]] Result<DesignProfile> load_design(const Assets& assets, std::string_view name);

/// Changes a profile by the axis keys (and `kernel`) of a scenario's [design]; keys that it does not know are left for
/// others to read. Mistakes are the table's.
void override_design(TomlTable& table, DesignProfile& profile);

/// The whole profile as a file that read_design() takes: every axis, whatever its value.
[[nodiscard]] std::string design_text(const DesignProfile& profile);

} // namespace ksl::sim
