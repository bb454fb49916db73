// SPDX-License-Identifier: MIT
//
// `kstacklab compare`: runs of a lab database side by side.
#include "app/cli/cli.h"
#include "app/cli/database_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>

namespace ksl::cli {

namespace {

struct CompareOptions {
    DatabaseOptions database;
    std::vector<std::uint32_t> runs;
    std::string scenario;
    std::string kind;
    bool causes = false;
};

/// Without a choice: what was run last, that is the newest run and those that were begun with it.
std::string condition(const CompareOptions& options) {
    std::string text;
    if (!options.runs.empty()) {
        text = fmt::format("run IN ({})", fmt::join(options.runs, ","));
    } else if (!options.scenario.empty()) {
        text = fmt::format("scenario = '{}'", options.scenario);
    } else {
        text = "run IN (SELECT id FROM run WHERE id = (SELECT coalesce(baseline, id) FROM run ORDER BY id DESC LIMIT 1)"
               " OR baseline = (SELECT coalesce(baseline, id) FROM run ORDER BY id DESC LIMIT 1))";
    }
    if (!options.kind.empty()) return text + fmt::format(" AND kind = '{}'", options.kind);
    return text + " AND kind IN ('clone_exit', 'clone', 'fork', 'exit', 'call')";
}

std::string query(const CompareOptions& options) {
    if (options.causes) {
        return fmt::format("SELECT kind, design, run, cycles, step_cycles, memory_cycles, tlb_cycles, lock_cycles,"
                           " l1_dtlb_misses, stlb_misses, walk_references, lines_l2, lines_l3, lines_memory"
                           " FROM cost WHERE {} ORDER BY kind, run",
                           condition(options));
    }
    return fmt::format("SELECT kind, design, run, seed, operations, failed, mean_ns, p50_ns, p99_ns, p999_ns, max_ns,"
                       " mean_ratio, p99_ratio, mean_difference_ns FROM comparison WHERE {} ORDER BY kind, run",
                       condition(options));
}

sim::Result<int> compare(const CompareOptions& options) {
    KSL_TRY_ASSIGN(store, sim::RunStore::open(options.database.path, sim::OpenMode::read));
    KSL_TRY_ASSIGN(table, store.query(query(options)));
    print(table, options.database.format);
    return kDone;
}

/// Names go into a query: letters, digits, and what names of scenarios and designs may have.
std::string check_name(const std::string& text) {
    constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._- ";
    return text.find_first_not_of(kAllowed) == std::string::npos ? "" : "letters, digits, '.', '_' and '-' only";
}

} // namespace

void add_compare(CommandLine& line) {
    auto options = std::make_shared<CompareOptions>();
    CLI::App* command =
        line.add("compare", "Puts runs of a lab database side by side", [options] { return compare(*options); });
    add_database_options(*command, options->database);
    command->add_option("runs", options->runs, "Numbers of runs; without any, those begun last");
    command->add_option("--scenario", options->scenario, "All runs of this scenario")->check(check_name);
    command->add_option("--kind", options->kind, "Only this kind of operation: clone, exit, clone_exit, ...")
        ->check(check_name);
    command->add_flag("--causes", options->causes, "Mean cycles by cause, TLB misses and cache lines instead");
}

} // namespace ksl::cli
