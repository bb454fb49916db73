// SPDX-License-Identifier: MIT
//
// `kstacklab import FILE`: reads what was taken from a real system, and says what is in it.
#include "app/cli/cli.h"
#include "sim/import/import_summary.h"

#include <cstdio>
#include <memory>

namespace ksl::cli {

namespace {

struct Options {
    std::vector<std::filesystem::path> files;
    bool json = false;
};

sim::Result<int> import(const Options& options) {
    bool is_first = true;
    for (const auto& file : options.files) {
        KSL_TRY_ASSIGN(summary, sim::import_file(file));
        const std::string text = options.json ? sim::to_json(summary) + "\n" : sim::to_text(summary);
        std::printf("%s%s", is_first || options.json ? "" : "\n", text.c_str());
        is_first = false;
    }
    return kDone;
}

} // namespace

void add_import(CommandLine& line) {
    auto options = std::make_shared<Options>();
    CLI::App* command = line.add("import", "Reads files of a real system and says what is in them",
                                 [options] { return import(*options); });
    command
        ->add_option("files", options->files,
                     "Files of /proc, page-table dumps, ftrace text, stack_trace, *.su, crash dumps, captures")
        ->required();
    command->add_flag("--json", options->json, "As JSON, one object a file");
}

} // namespace ksl::cli
