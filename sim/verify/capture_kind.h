// SPDX-License-Identifier: MIT
//
// What kind of capture a folder is, by the beginning of its name, and the captures of a folder.
#pragma once

#include "sim/base/error.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace ksl::sim {

enum class CaptureKind : std::uint8_t {
    replay,     ///< replay-*: states and the requests between them
    mmu,        ///< mmu-*: page-table pages and what an MMU said
    snapshot,   ///< snapshot-*: the kernel's own tables before, during and after threads
    fragmented, ///< fragmented-*: threads created in fragmented memory
    overflow,   ///< overflow-*, lkdtm-*: what an overflow did
    cost,       ///< cost-*: instruction counts
};
[[nodiscard]] std::string_view name_of(CaptureKind kind);

/// By the name; of a folder that is called otherwise, by what is in it.
[[nodiscard]] std::optional<CaptureKind> kind_of(const std::filesystem::path& folder);

/// The folder itself if it is a capture, else those in it, at most three levels down, in the order of their paths.
[[nodiscard]] Result<std::vector<std::filesystem::path>> find_captures(const std::filesystem::path& folder);

} // namespace ksl::sim
