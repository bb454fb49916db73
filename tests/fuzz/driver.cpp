// SPDX-License-Identifier: MIT
//
// What libFuzzer would do, for compilers without it: runs each seed, then mutations of it.
//
//     TARGET [--iterations N] [--seed S] FILE...
#include "sim/import/read_file.h"
#include "tests/fuzz/mutate.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

struct Options {
    std::uint64_t iterations = 1000;
    std::uint64_t seed = 1;
    std::vector<std::string> inputs;
};

void run(const std::string& input) {
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

} // namespace

int main(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if ((argument == "--iterations" || argument == "--seed") && i + 1 < argc) {
            (argument == "--seed" ? options.seed : options.iterations) = std::strtoull(argv[++i], nullptr, 10);
            continue;
        }
        const auto text = ksl::sim::read_file(argument);
        if (!text) {
            std::fprintf(stderr, "%s\n", to_string(text.error()).c_str());
            return 2;
        }
        options.inputs.push_back(*text);
    }
    if (options.inputs.empty()) options.inputs.emplace_back(); // The target makes its own seed of an empty input.
    ksl::core::Random random{options.seed};
    for (const std::string& input : options.inputs) {
        run(input);
        for (std::uint64_t i = 0; i < options.iterations; ++i) run(ksl::fuzz::mutated(input, random));
    }
    std::printf("%zu seeds, %llu mutations each: no failure\n", options.inputs.size(),
                static_cast<unsigned long long>(options.iterations));
    return 0;
}
