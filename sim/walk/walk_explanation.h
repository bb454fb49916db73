// SPDX-License-Identifier: MIT
//
// One translation, entry by entry, for a person to read: which table, which entry, what its bits say, and what that
// means for each kind of access.
//
// Source: the walk is core/paging/walker.h's; words for bits are those of core/paging/pte.h.
#pragma once

#include "core/paging/walker.h"
#include "sim/walk/walk_source.h"

#include <expected>
#include <string>
#include <vector>

namespace ksl::sim {

struct ExplainedEntry {
    core::Level level = core::Level::pt;
    core::Pfn table;
    unsigned index = 0;
    core::PhysAddr at;
    core::Pte entry;

    friend bool operator==(const ExplainedEntry&, const ExplainedEntry&) = default;
};

/// What one access to the address would get: 0 = allowed, else the error code of the page fault.
struct ExplainedAccess {
    core::Access access;
    std::uint32_t error_code = 0;

    friend bool operator==(const ExplainedAccess&, const ExplainedAccess&) = default;
};

struct WalkExplanation {
    core::VirtAddr at;
    core::PagingMode mode;
    core::Pfn root;
    std::string region;                  ///< "vmalloc", ...; empty if the layout is not known
    std::vector<ExplainedEntry> entries; ///< from the top down; none for a non-canonical address
    std::expected<core::Translation, core::Fault> outcome;
    /// Reads, writes and fetches by user and kernel; only of an address that is mapped.
    std::vector<ExplainedAccess> accesses;
};

[[nodiscard]] WalkExplanation explain_walk(const WalkSource& source, core::VirtAddr at);

/// Several lines, each ended.
[[nodiscard]] std::string to_text(const WalkExplanation& walk);
/// One JSON object, schema kstacklab.walk/1; no line end.
[[nodiscard]] std::string to_json(const WalkExplanation& walk);

/// "present, writable, supervisor only, accessed, not executable": the bits of an entry that say something.
[[nodiscard]] std::string bits_in_words(core::Pte entry, core::Level level);
/// "user write", "kernel fetch".
[[nodiscard]] std::string name_of(const core::Access& access);

} // namespace ksl::sim
