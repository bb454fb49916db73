// SPDX-License-Identifier: MIT
//
// What all commands that read a lab database understand, and how they print tables.
#pragma once

#include "sim/store/run_store.h"
#include "sim/text/table.h"

#include <CLI/CLI.hpp>
#include <string>

namespace ksl::cli {

enum class TableFormat : std::uint8_t { text, csv, json };

struct DatabaseOptions {
    std::string path = "lab.sqlite";
    TableFormat format = TableFormat::text;
};

/// --db, --json, --csv.
void add_database_options(CLI::App& command, DatabaseOptions& options);
void print(const sim::Table& table, TableFormat format);

} // namespace ksl::cli
