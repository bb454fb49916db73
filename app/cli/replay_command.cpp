// SPDX-License-Identifier: MIT
//
// `kstacklab replay CAPTURE`: a real kernel's recorded requests, put to the engine's allocators from the recorded state
// on; every answer judged.
#include "app/cli/cli.h"
#include "sim/verify/verification_report.h"

#include <cstdio>
#include <memory>

namespace ksl::cli {

namespace {

struct Options {
    std::filesystem::path capture;
    bool json = false;
};

sim::Result<int> replay(const Options& options) {
    KSL_TRY_ASSIGN(verification, sim::verify_replay(options.capture));
    const std::string text = options.json ? sim::to_json(verification) + "\n"
                                          : sim::to_text({&verification, 1}) + sim::summary({&verification, 1}) + "\n";
    std::fwrite(text.data(), 1, text.size(), stdout);
    return verification.is_exact() ? kDone : kDiffers;
}

} // namespace

void add_replay(CommandLine& line) {
    auto options = std::make_shared<Options>();
    CLI::App* command =
        line.add("replay", "Feeds a real kernel's recorded requests to the engine and judges every answer",
                 [options] { return replay(*options); });
    command->add_option("capture", options->capture, "A folder with recorded states and a trace, as replay-* are")
        ->required();
    command->add_flag("--json", options->json, "As JSON");
}

} // namespace ksl::cli
