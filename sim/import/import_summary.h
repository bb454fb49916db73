// SPDX-License-Identifier: MIT
//
// What is in a file or capture of a real system, in a handful of figures.
//
// JSON: {"schema": "kstacklab.import/1", "file": ..., "format": ..., KEY: VALUE, ..., "rows": [...]}; sizes in bytes.
#pragma once

#include "sim/base/error.h"
#include "sim/text/table.h"

#include <filesystem>
#include <string>
#include <vector>

namespace ksl::sim {

struct ImportFact {
    std::string key;   ///< in JSON
    std::string title; ///< for people
    Cell value;
    Unit unit = Unit::count;
};

struct ImportSummary {
    std::string file;
    std::string format;
    std::vector<ImportFact> facts;
    Table rows; ///< may be empty

    void add(std::string key, std::string title, Cell value, Unit unit = Unit::count) {
        facts.push_back({std::move(key), std::move(title), std::move(value), unit});
    }
};

/// A file of any known format, or a capture's folder. The whole of it is read: what is summed up is sound.
[[nodiscard]] Result<ImportSummary> import_file(const std::filesystem::path& path);

[[nodiscard]] std::string to_text(const ImportSummary& summary);
/// No line end.
[[nodiscard]] std::string to_json(const ImportSummary& summary);

} // namespace ksl::sim
