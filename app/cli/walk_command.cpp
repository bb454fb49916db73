// SPDX-License-Identifier: MIT
//
// `kstacklab walk`: translations through the page tables of a captured or a simulated machine.
//
//     walk ADDRESS --from CAPTURE [--json]     one walk, entry by entry
//     walk ADDRESS --scenario NAME [--json]    the same on a scenario's machine
//     walk --batch FILE.csv --from CAPTURE     the column `va` of a file, answered as CSV
//     walk --dump --from CAPTURE               the kernel's own page-table dump, as our engine builds its tables
//     walk --dump-tables --from CAPTURE        the same format, as the captured tables say
#include "app/cli/cli.h"
#include "app/cli/scenario_options.h"
#include "sim/import/csv_fields.h"
#include "sim/walk/dump_choice.h"
#include "sim/walk/machine_walk.h"
#include "sim/walk/walk_batch.h"
#include "sim/walk/walk_explanation.h"
#include "sim/walk/walk_source.h"

#include <cstdio>
#include <memory>

namespace ksl::cli {

namespace {

struct Options {
    std::string address;
    std::filesystem::path from;
    std::filesystem::path batch;
    std::string moment;
    bool dump = false;
    bool dump_tables = false;
    bool json = false;
    ScenarioOptions scenario;
    sim::WalkMoment when;
};

sim::Result<int> print(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return kDone;
}

sim::Result<core::VirtAddr> address_of(const std::string& text) {
    auto number = sim::parse_number(text);
    if (!number) number = sim::parse_number(text, 16); // as the kernel prints addresses, without 0x
    if (!number) return sim::fail("", 0, "\"" + text + "\" is no address; write one like 0xffffc90000000000");
    return core::VirtAddr{*number};
}

sim::Result<int> explain(const sim::WalkSource& source, core::VirtAddr at, bool as_json) {
    const sim::WalkExplanation explanation = sim::explain_walk(source, at);
    return print(as_json ? sim::to_json(explanation) + "\n" : sim::to_text(explanation));
}

/// On the machine that a scenario simulates.
sim::Result<int> walk_scenario(const CommandLine& line, const Options& options) {
    if (options.address.empty() || !options.from.empty() || !options.batch.empty() || options.dump ||
        options.dump_tables)
        return sim::fail("", 0, "walk --scenario takes an ADDRESS, or \"stack\"; the other ways need --from CAPTURE");
    KSL_TRY_ASSIGN(assets, line.assets());
    KSL_TRY_ASSIGN(scenario, load(assets, options.scenario));
    KSL_TRY_ASSIGN(machine, sim::machine_at(assets, scenario, options.when));
    const core::CpuId cpu{options.when.cpu};
    const sim::WalkSource source = sim::walk_source_of(machine, cpu);
    if (options.address == "stack") return explain(source, sim::stack_pointer_of(machine, cpu), options.json);
    KSL_TRY_ASSIGN(at, address_of(options.address));
    return explain(source, at, options.json);
}

sim::Result<int> walk(const CommandLine& line, const Options& options) {
    if (!options.scenario.scenario.empty()) return walk_scenario(line, options);
    if (options.from.empty()) return sim::fail("", 0, "walk needs --from CAPTURE or --scenario NAME");
    const int asked =
        int{!options.address.empty()} + int{!options.batch.empty()} + int{options.dump} + int{options.dump_tables};
    if (asked != 1) return sim::fail("", 0, "walk needs one of ADDRESS, --batch, --dump and --dump-tables");
    if (options.dump) {
        KSL_TRY_ASSIGN(text, sim::built_dump(options.from, options.moment));
        return print(text);
    }
    KSL_TRY_ASSIGN(source, sim::open_walk_source(options.from));
    if (options.dump_tables) return print(sim::captured_dump(source));
    if (!options.batch.empty()) {
        KSL_TRY_ASSIGN(batch, sim::read_addresses(options.batch));
        return print(sim::answers_csv(source.tables, batch));
    }
    KSL_TRY_ASSIGN(at, address_of(options.address));
    return explain(source, at, options.json);
}

} // namespace

void add_walk(CommandLine& line) {
    auto options = std::make_shared<Options>();
    CLI::App* command = line.add("walk", "Explains how a captured or a simulated machine translates an address",
                                 [&line, options] { return walk(line, *options); });
    command->add_option("address", options->address,
                        "The address, in hexadecimal; with --scenario also \"stack\": the stack pointer");
    command->add_option("--from", options->from, "A capture with page tables, or a crash dump");
    command->add_option("--scenario", options->scenario.scenario, "The machine of a scenario instead");
    command->add_option("--design", options->when.design, "With --scenario: which of its designs, if not the first");
    command->add_option("--after", options->when.operations,
                        "With --scenario: operations of the workload that are done before; 1 if not said");
    command->add_option("--cpu", options->when.cpu, "With --scenario: whose page tables; 0 if not said");
    add_scenario_changes(*command, options->scenario);
    command->add_option("--batch", options->batch, "Answers the column va of this CSV file, as CSV");
    command->add_flag("--dump", options->dump,
                      "Prints the kernel's page-table dump as our engine builds it from the capture's memory map");
    command->add_flag("--dump-tables", options->dump_tables, "Prints the same dump of the captured tables");
    command->add_option("--at", options->moment, "With --dump: the moment of a capture that has several")
        ->check(CLI::IsMember({"before", "during", "after"}));
    command->add_flag("--json", options->json, "One walk as JSON");
}

} // namespace ksl::cli
