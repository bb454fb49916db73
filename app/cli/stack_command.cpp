// SPDX-License-Identifier: MIT
//
// `kstacklab stack CHAIN`: would this path survive each stack design, and with how much room?
//
//     stack xfs-nbd-tcp-bridge-vxlan-ipip-vlan-veth --add ipip-tunnel*2 --add reclaim    a built-in chain, and more
//     stack ./stack_trace --design linux-4.7                  what the stack tracer of one's own kernel saw
//     stack ./stack_trace --usage build/                      the same path with the frames of another build
//     stack --usage build/ --path vfs_write,ext4_file_write_iter     a path of one's own, sizes from gcc -fstack-usage
#include "app/cli/cli.h"
#include "sim/chain/chain_choice.h"
#include "sim/chain/chain_source.h"
#include "sim/run/stack_trial.h"

#include <algorithm>
#include <cstdio>
#include <memory>

namespace ksl::cli {

namespace {

struct Options {
    std::string chain;
    std::vector<std::string> designs;
    std::string size;
    std::vector<std::string> additions;
    std::vector<std::string> recursions;
    std::vector<std::filesystem::path> usage;
    std::vector<std::string> path;
    bool shows_frames = false;
    bool must_fit = false;
    bool json = false;
};

sim::Result<sim::CallChain> read_chain(const sim::Assets& assets, const Options& options) {
    sim::FrameSizes sizes;
    for (const std::filesystem::path& path : options.usage) KSL_TRY(sizes.read(path));
    if (!options.path.empty()) {
        if (!options.chain.empty()) return sim::fail("", 0, "stack takes a chain or --path, not both");
        if (sizes.is_empty()) {
            return sim::fail("", 0, "--path needs --usage: the *.su files that the frames' sizes come from");
        }
        return sim::chain_from_usage(sizes, options.path);
    }
    if (options.chain.empty()) {
        return sim::fail("", 0, "stack needs a chain (`kstacklab list chains`), a stack_trace file, or --path");
    }
    if (options.chain.ends_with(".su")) {
        return sim::fail(options.chain, 0,
                         "has sizes, but does not say who calls whom; stack --usage FILE --path OUTER,...,INNER "
                         "would be right");
    }
    std::error_code ignored;
    const bool is_file =
        options.chain.find('/') != std::string::npos || std::filesystem::is_regular_file(options.chain, ignored);
    auto chain = is_file ? sim::read_trace_chain(options.chain) : sim::load_chain(assets, options.chain);
    if (chain && !sizes.is_empty()) resize(*chain, sizes);
    return chain;
}

sim::Result<std::vector<sim::DesignProfile>> read_designs(const sim::Assets& assets, const Options& options) {
    std::vector<std::string> names = options.designs;
    if (names.empty()) {
        for (const std::string& path : assets.list("designs")) {
            names.push_back(std::filesystem::path{path}.stem().string());
        }
    }
    std::vector<sim::DesignProfile> designs;
    for (const std::string& name : names) {
        KSL_TRY_ASSIGN(design, sim::load_design(assets, name));
        if (!options.size.empty()) {
            KSL_TRY_ASSIGN(reader, sim::TomlReader::parse("", "", std::vector{"size=\"" + options.size + "\""}));
            sim::TomlTable table = reader.root();
            sim::override_design(table, design);
            KSL_TRY(reader.finish());
        }
        designs.push_back(std::move(design));
    }
    return designs;
}

void print(const sim::CallChain& chain, const std::vector<sim::StackTrial>& trials, bool shows_frames) {
    std::printf("%s\n", chain.title.c_str());
    std::printf("%zu frames, %llu bytes deep; from %s\n", chain.frames.size(),
                static_cast<unsigned long long>(chain.depth().count()), chain.source.c_str());
    for (const std::string& remark : chain.remarks) std::printf("%s\n", remark.c_str());
    if (shows_frames) std::printf("\n%s", to_text(frame_table(chain)).c_str());
    std::printf("\n%s", to_text(trial_table(chain, trials)).c_str());
}

sim::Result<int> stack(const CommandLine& line, const Options& options) {
    KSL_TRY_ASSIGN(assets, line.assets());
    KSL_TRY_ASSIGN(chain, read_chain(assets, options));
    KSL_TRY(compose(chain, assets, options.additions, options.recursions));
    KSL_TRY_ASSIGN(designs, read_designs(assets, options));
    std::vector<sim::StackTrial> trials;
    for (const sim::DesignProfile& design : designs) {
        KSL_TRY_ASSIGN(trial, try_chain(assets, chain, design));
        trials.push_back(std::move(trial));
    }
    if (options.json)
        std::printf("%s\n", trial_json(chain, trials).c_str());
    else
        print(chain, trials, options.shows_frames);
    const bool all_fit = std::ranges::all_of(
        trials, [](const sim::StackTrial& trial) { return trial.verdict == sim::TrialVerdict::fits; });
    return options.must_fit && !all_fit ? kDiffers : kDone;
}

} // namespace

void add_stack(CommandLine& line) {
    auto options = std::make_shared<Options>();
    CLI::App* command = line.add("stack", "Says whether a call chain survives each stack design, with how much room",
                                 [&line, options] { return stack(line, *options); });
    command->add_option("chain", options->chain, "A built-in chain, or a file of the kernel's stack tracer");
    command->add_option("--design", options->designs, "Only this design; may be repeated")->allow_extra_args(false);
    command->add_option("--size", options->size, "With stacks of this size: \"8 KiB\"");
    command
        ->add_option("--add", options->additions,
                     "What comes on top: an addition or FUNCTION=BYTES, with *N for N times; may be repeated")
        ->allow_extra_args(false);
    command
        ->add_option("--recurse", options->recursions, "Enter the path from FUNCTION on once more; FUNCTION*N: N times")
        ->allow_extra_args(false);
    command->add_option("--usage", options->usage, "Frame sizes from gcc -fstack-usage: a .su file, or a folder")
        ->allow_extra_args(false);
    command->add_option("--path", options->path, "With --usage: the functions, outermost first")->delimiter(',');
    command->add_flag("--frames", options->shows_frames, "Show every frame");
    command->add_flag("--check", options->must_fit, "Exit code 1 unless it fits everywhere");
    command->add_flag("--json", options->json, "As JSON");
}

} // namespace ksl::cli
