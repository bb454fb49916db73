// SPDX-License-Identifier: MIT
//
// `kstacklab verify [DIR...]`: every capture in the folders against the engine, part by part; exit code 1 where one
// answer differs, 2 where a capture cannot be read.
#include "app/cli/cli.h"
#include "sim/verify/verification_report.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>
#include <system_error>

namespace ksl::cli {

namespace {

constexpr unsigned kWorkers = 2;
constexpr const char* kDefaultFolder = "tests/data/captures";
constexpr int kBrokenInput = 2;

struct Options {
    std::vector<std::filesystem::path> folders;
    std::filesystem::path markdown;
    unsigned jobs = kWorkers;
    bool json = false;
};

sim::Result<std::vector<std::filesystem::path>> captures_in(std::vector<std::filesystem::path> folders) {
    if (folders.empty()) {
        std::error_code ignored;
        if (!std::filesystem::is_directory(kDefaultFolder, ignored)) {
            return sim::fail("", 0,
                             std::string{"verify needs a folder of captures, because here is no "} + kDefaultFolder);
        }
        std::fprintf(stderr, "kstacklab: verifying %s\n", kDefaultFolder);
        folders.emplace_back(kDefaultFolder);
    }
    std::vector<std::filesystem::path> captures;
    for (const auto& folder : folders) {
        KSL_TRY_ASSIGN(found, sim::find_captures(folder));
        captures.insert(captures.end(), found.begin(), found.end());
    }
    return captures;
}

/// The page's text stands among the assets; the tables take the place of one line of it.
sim::Result<void> write_page(const CommandLine& line, const Options& options,
                             const std::vector<sim::Verification>& verifications, std::size_t unreadable) {
    KSL_TRY_ASSIGN(assets, line.assets());
    KSL_TRY_ASSIGN(page, assets.find("pages/fidelity.md"));
    constexpr std::string_view kPlace = "{{captures}}\n";
    const std::size_t place = page.text.find(kPlace);
    if (place == std::string::npos) return sim::fail(page.origin, 0, "has no line {{captures}}");
    std::string text = page.text;
    text.replace(place, kPlace.size(),
                 sim::summary(verifications, unreadable) + ".\n\n" + sim::to_markdown(verifications));
    std::ofstream file{options.markdown, std::ios::binary};
    file << text;
    if (!file.flush()) return sim::fail_environment(options.markdown.string(), "cannot be written");
    return {};
}

sim::Result<int> verify(const CommandLine& line, const Options& options) {
    KSL_TRY_ASSIGN(captures, captures_in(options.folders));
    std::vector<sim::Verification> verifications;
    std::size_t unreadable = 0;
    for (auto& result : sim::verify_captures(captures, options.jobs)) {
        if (result) {
            verifications.push_back(*std::move(result));
        } else {
            report_error(result.error());
            ++unreadable;
        }
    }
    const std::string text = options.json
                                 ? sim::to_json(verifications) + "\n"
                                 : sim::to_text(verifications) + sim::summary(verifications, unreadable) + "\n";
    std::fwrite(text.data(), 1, text.size(), stdout);
    if (!options.markdown.empty()) KSL_TRY(write_page(line, options, verifications, unreadable));
    if (unreadable != 0) return kBrokenInput;
    return std::ranges::all_of(verifications, &sim::Verification::is_exact) ? kDone : kDiffers;
}

} // namespace

void add_verify(CommandLine& line) {
    auto options = std::make_shared<Options>();
    CLI::App* command = line.add("verify", "Holds the engine against captures from real kernels, part by part",
                                 [&line, options] { return verify(line, *options); });
    command->add_option("folders", options->folders, "Captures, or folders of captures");
    command->add_flag("--json", options->json, "As JSON");
    command->add_option("--markdown", options->markdown, "Writes a page with the results to this file");
    command->add_option("--jobs", options->jobs, "Captures at once")
        ->check(CLI::Range(1U, 256U))
        ->capture_default_str();
}

} // namespace ksl::cli
