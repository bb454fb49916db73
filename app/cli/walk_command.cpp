// SPDX-License-Identifier: MIT
//
// `kstacklab walk`: translations through the page tables of a captured machine.
//
//     walk ADDRESS --from CAPTURE [--json]     one walk, entry by entry
//     walk --batch FILE.csv --from CAPTURE     the column `va` of a file, answered as CSV
//     walk --dump --from CAPTURE               the kernel's own page-table dump, as our engine builds its tables
//     walk --dump-tables --from CAPTURE        the same format, as the captured tables say
#include "app/cli/cli.h"
#include "sim/import/csv_fields.h"
#include "sim/walk/dump_choice.h"
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

sim::Result<int> walk(const Options& options) {
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
    const sim::WalkExplanation explanation = sim::explain_walk(source, at);
    return print(options.json ? sim::to_json(explanation) + "\n" : sim::to_text(explanation));
}

} // namespace

void add_walk(CommandLine& line) {
    auto options = std::make_shared<Options>();
    CLI::App* command =
        line.add("walk", "Explains how a captured machine translates an address", [options] { return walk(*options); });
    command->add_option("address", options->address, "The address, in hexadecimal");
    command->add_option("--from", options->from, "A capture with page tables, or a crash dump")->required();
    command->add_option("--batch", options->batch, "Answers the column va of this CSV file, as CSV");
    command->add_flag("--dump", options->dump,
                      "Prints the kernel's page-table dump as our engine builds it from the capture's memory map");
    command->add_flag("--dump-tables", options->dump_tables, "Prints the same dump of the captured tables");
    command->add_option("--at", options->moment, "With --dump: the moment of a capture that has several")
        ->check(CLI::IsMember({"before", "during", "after"}));
    command->add_flag("--json", options->json, "One walk as JSON");
}

} // namespace ksl::cli
