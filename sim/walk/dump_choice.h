// SPDX-License-Identifier: MIT
//
// The page-table dump of a captured kernel in that kernel's own format, from either side: as our engine builds the
// tables from memory map, image and vmalloc areas, or as the captured tables say.
#pragma once

#include "sim/base/error.h"
#include "sim/import/boot_tables.h"
#include "sim/walk/walk_source.h"

#include <filesystem>
#include <string>
#include <vector>

namespace ksl::sim {

/// The moments that a capture has, as prefixes of file names: "before.", "during.", "after.", or one empty prefix.
[[nodiscard]] std::vector<std::string> moments_of(const std::filesystem::path& capture);

/// The engine's tables at that moment. Areas that came and went between the moments leave their table pages behind, as
/// in the kernel.
[[nodiscard]] Result<BuiltTables> build_tables_at(const std::filesystem::path& capture, const std::string& moment);

/// The whole dump as text, from the engine's tables. `moment` is one of moments_of(), without the point; empty: the
/// first.
[[nodiscard]] Result<std::string> built_dump(const std::filesystem::path& capture, const std::string& moment);
/// The whole dump as text, from the captured tables; user mappings left out, as the kernel's dump of itself has none.
[[nodiscard]] std::string captured_dump(const WalkSource& source);

} // namespace ksl::sim
