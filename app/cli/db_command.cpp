// SPDX-License-Identifier: MIT
//
// `kstacklab db merge SHARD... --db FILE`: runs of other lab databases joined to one; `kstacklab db runs`: what is in
// it.
#include "app/cli/cli.h"
#include "app/cli/database_options.h"

#include <cstdio>
#include <memory>

namespace ksl::cli {

namespace {

struct DbOptions {
    DatabaseOptions database;
    std::vector<std::string> shards;
};

sim::Result<int> merge(const DbOptions& options) {
    KSL_TRY_ASSIGN(store, sim::RunStore::open(options.database.path, sim::OpenMode::append));
    for (const std::string& shard : options.shards) {
        KSL_TRY_ASSIGN(runs, store.merge(shard));
        std::printf("%s: %zu runs\n", shard.c_str(), runs.size());
    }
    KSL_TRY(store.close());
    return kDone;
}

sim::Result<int> show_runs(const DbOptions& options) {
    KSL_TRY_ASSIGN(store, sim::RunStore::open(options.database.path, sim::OpenMode::read));
    KSL_TRY_ASSIGN(table, store.query("SELECT id AS run, scenario, design, kernel, processor, seed, status,"
                                      " operations, simulated_ns, wall_started FROM run ORDER BY id"));
    print(table, options.database.format);
    return kDone;
}

} // namespace

void add_db(CommandLine& line) {
    auto options = std::make_shared<DbOptions>();
    CLI::App* db = line.app.add_subcommand("db", "Looks after lab databases");
    db->require_subcommand(1);
    CLI::App* merging = db->add_subcommand("merge", "Adds the runs of other databases");
    merging->add_option("shards", options->shards, "Databases to read")->required();
    merging->add_option("--db", options->database.path, "Database to add to")->capture_default_str();
    merging->callback([&line, options] { line.action = [options] { return merge(*options); }; });
    CLI::App* listing = db->add_subcommand("runs", "Lists the runs");
    add_database_options(*listing, options->database);
    listing->callback([&line, options] { line.action = [options] { return show_runs(*options); }; });
}

} // namespace ksl::cli
