// SPDX-License-Identifier: MIT
#include "sim/import/proc_meminfo.h"

#include "sim/import/text_reader.h"

#include <algorithm>

namespace ksl::sim::proc {

std::optional<core::Bytes> MemInfo::size(std::string_view name) const {
    const auto found = std::ranges::find(entries, name, &Entry::name);
    if (found == entries.end() || !found->is_kib) return std::nullopt;
    return core::Bytes{found->value << 10U};
}

Result<MemInfo> parse_meminfo(std::string file, std::string_view text) {
    TextReader reader{std::move(file), text};
    MemInfo info;
    while (reader.next()) {
        MemInfo::Entry entry;
        std::string_view name = reader.word();
        if (!name.ends_with(':')) reader.refuse("is not a line of meminfo; \"NAME: NUMBER kB\" is needed");
        if (!name.empty()) name.remove_suffix(1);
        entry.name = name;
        entry.value = reader.number("the value", std::uint64_t{1} << 53U);
        entry.is_kib = reader.skip("kB");
        if (reader.ok() && !reader.rest_of_line().empty())
            reader.refuse("something follows the value; kB or nothing may");
        info.entries.push_back(std::move(entry));
    }
    if (reader.ok() && !info.size("MemTotal")) reader.refuse("MemTotal is missing; it is needed");
    return reader.result(std::move(info));
}

} // namespace ksl::sim::proc
