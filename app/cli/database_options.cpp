// SPDX-License-Identifier: MIT
#include "app/cli/database_options.h"

#include <cstdio>

namespace ksl::cli {

void add_database_options(CLI::App& command, DatabaseOptions& options) {
    command.add_option("--db", options.path, "Lab database")->capture_default_str();
    auto* const json =
        command.add_flag_callback("--json", [&options] { options.format = TableFormat::json; }, "Print JSON");
    command.add_flag_callback("--csv", [&options] { options.format = TableFormat::csv; }, "Print CSV")->excludes(json);
}

void print(const sim::Table& table, TableFormat format) {
    switch (format) {
    case TableFormat::text: std::printf("%s", to_text(table).c_str()); break;
    case TableFormat::csv: std::printf("%s", to_csv(table).c_str()); break;
    case TableFormat::json: std::printf("%s\n", to_json(table).c_str()); break;
    }
}

} // namespace ksl::cli
