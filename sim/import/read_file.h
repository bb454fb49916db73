// SPDX-License-Identifier: MIT
//
// Whole files in memory: plain, gzip (.gz) or zstd (.zst), told apart by the end of the name.
//
// Errors:  missing, not a file, unreadable, too large, not of the format that the name says, truncated, corrupt: each
//          with its own sentence. Nothing is returned for a damaged file.
// Memory:  never more than the limit and a constant, whatever the file claims about its size.
#pragma once

#include "core/types/address.h"
#include "sim/base/error.h"

#include <filesystem>
#include <string>

namespace ksl::sim {

/// The largest capture so far is 26 MB of text.
inline constexpr core::Bytes kDefaultFileLimit{256U << 20U};

/// The file's contents, decompressed.
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path, core::Bytes limit = kDefaultFileLimit);

} // namespace ksl::sim
