// SPDX-License-Identifier: MIT
//
// `kstacklab export`: a table or view of a lab database, or any query, as CSV or JSON.
#include "app/cli/cli.h"
#include "app/cli/database_options.h"

#include <memory>

namespace ksl::cli {

namespace {

struct ExportOptions {
    DatabaseOptions database;
    std::string what = "comparison";
    std::string query;
    std::uint32_t run = 0;
};

const std::vector<std::string> kTables{"run",    "operation",  "operation_total", "latency_count", "step_total",
                                       "metric", "series",     "event",           "latency",       "comparison",
                                       "cost",   "step_share", "failure",         "recipe",        "price"};

sim::Result<int> write(const ExportOptions& options) {
    KSL_TRY_ASSIGN(store, sim::RunStore::open(options.database.path, sim::OpenMode::read));
    std::string query = options.query;
    if (query.empty()) {
        query = "SELECT * FROM " + options.what;
        const std::string column = options.what == "run" ? "id" : "run";
        if (options.run != 0) query += " WHERE " + column + " = " + std::to_string(options.run);
    }
    KSL_TRY_ASSIGN(table, store.query(query));
    print(table, options.database.format == TableFormat::text ? TableFormat::csv : options.database.format);
    return kDone;
}

} // namespace

void add_export(CommandLine& line) {
    auto options = std::make_shared<ExportOptions>();
    CLI::App* command =
        line.add("export", "Prints a table of a lab database as CSV or JSON", [options] { return write(*options); });
    add_database_options(*command, options->database);
    command->add_option("what", options->what, "Table or view")->check(CLI::IsMember(kTables))->capture_default_str();
    command->add_option("--run", options->run, "Only this run");
    command->add_option("--query", options->query, "Any SELECT instead");
}

} // namespace ksl::cli
