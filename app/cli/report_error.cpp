// SPDX-License-Identifier: MIT
#include "app/cli/cli.h"

#include <cstdio>

namespace ksl::cli {

int report_error(const sim::Error& error) {
    std::fprintf(stderr, "kstacklab: %s\n", to_string(error).c_str());
    return exit_code(error.kind);
}

} // namespace ksl::cli
