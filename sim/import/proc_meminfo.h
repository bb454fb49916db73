// SPDX-License-Identifier: MIT
//
// /proc/meminfo.
//
// Source: meminfo_proc_show, fs/proc/meminfo.c.
#pragma once

#include "core/types/address.h"
#include "sim/base/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ksl::sim::proc {

struct MemInfo {
    struct Entry {
        std::string name;
        std::uint64_t value = 0;
        bool is_kib = true; ///< else a count
        friend bool operator==(const Entry&, const Entry&) = default;
    };
    std::vector<Entry> entries; ///< in the order of the file

    /// The size of that name; none if there is no such entry or it is a count.
    [[nodiscard]] std::optional<core::Bytes> size(std::string_view name) const;
    friend bool operator==(const MemInfo&, const MemInfo&) = default;
};

[[nodiscard]] Result<MemInfo> parse_meminfo(std::string file, std::string_view text);

} // namespace ksl::sim::proc
