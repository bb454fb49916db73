// SPDX-License-Identifier: MIT
//
// The figures of each format; for use by import_summary.cpp.
#pragma once

#include "sim/import/import_summary.h"
#include "sim/import/recognise.h"

#include <string>

namespace ksl::sim {

/// `text` is the contents of `summary.file`, of that format.
[[nodiscard]] Result<void> add_facts(ImportFormat format, const std::string& text, ImportSummary& summary);
[[nodiscard]] Result<void> add_crash_dump_facts(const std::filesystem::path& path, ImportSummary& summary);
[[nodiscard]] Result<void> add_capture_facts(const std::filesystem::path& folder, ImportSummary& summary);

} // namespace ksl::sim
