// SPDX-License-Identifier: MIT
//
// Every text format, whatever the input looks like.
#include "sim/import/import_facts.h"
#include "sim/import/import_summary.h"
#include "sim/import/recognise.h"
#include "sim/text/csv.h"

#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ksl::sim;
    const std::string text{reinterpret_cast<const char*>(data), size};
    std::ignore = recognise("input", text);
    std::ignore = parse_csv(text, "input");
    for (unsigned format = 0; format < static_cast<unsigned>(ImportFormat::crash_dump); ++format) {
        ImportSummary summary;
        summary.file = "input";
        if (add_facts(static_cast<ImportFormat>(format), text, summary)) {
            std::ignore = to_text(summary);
            std::ignore = to_json(summary);
        }
    }
    return 0;
}
