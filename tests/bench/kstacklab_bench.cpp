// SPDX-License-Identifier: MIT
//
// kstacklab-bench LOAD [--option value ...]: times one part of the engine by a published load, one result line a run.
#include "tests/bench/loads/load.h"
#include "tests/bench/loads/loads.h"

#include <cstdio>
#include <string_view>

int main(int argc, char** argv) {
    using namespace ksl::bench;
    const std::string_view wanted = argc > 1 ? argv[1] : "";
    for (const Load& load : kLoads) {
        if (load.name == wanted) return load.run(Arguments{{argv + 2, static_cast<std::size_t>(argc - 2)}});
    }
    std::fprintf(stderr, "usage: kstacklab-bench LOAD [--option value ...]\nloads:\n");
    for (const Load& load : kLoads) {
        std::fprintf(stderr, "  %-12.*s %.*s\n", static_cast<int>(load.name.size()), load.name.data(),
                     static_cast<int>(load.what.size()), load.what.data());
    }
    return 2;
}
