// SPDX-License-Identifier: MIT
//
// What a file of a real system is, by its contents: nobody has to name it.
#pragma once

#include "sim/base/error.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace ksl::sim {

enum class ImportFormat : std::uint8_t {
    buddyinfo,
    pagetypeinfo,
    zoneinfo,
    vmallocinfo,
    iomem,
    meminfo,
    page_table_dump,
    ftrace,
    stack_trace,
    stack_usage,
    events,     ///< events.csv of a replay capture
    state,      ///< state_NN.json of a capture
    crash_dump, ///< ELF core or kdump
};
[[nodiscard]] std::string_view name_of(ImportFormat format);

/// Of text. `file` is the name for errors, and tells *.su apart from other text.
[[nodiscard]] Result<ImportFormat> recognise(const std::string& file, std::string_view text);

} // namespace ksl::sim
