// SPDX-License-Identifier: MIT
#include "sim/import/dump/kernel_types.h"

#include "sim/import/csv_fields.h"
#include "sim/import/json_node.h"
#include "sim/import/read_file.h"

#include <algorithm>
#include <array>

namespace ksl::sim {

namespace fs = std::filesystem;

namespace {

constexpr const char* kAnySymbol = "init_task"; // each kernel has it, and not at 0
constexpr const char* kOffsetsFile = "structure_offsets.json";
constexpr std::array<const char*, 3> kSymbolFiles{"kallsyms.txt.gz", "kallsyms.txt", "System.map"};
/// Largest offset or size that is believed: task_struct has some KiB, pglist_data of many nodes some hundred.
constexpr std::uint64_t kMostOffset = std::uint64_t{1} << 24;

fs::path folder_of(const fs::path& dump) {
    return dump.has_parent_path() ? dump.parent_path() : fs::path{"."};
}

/// The first of the files that is there; empty if none is.
fs::path symbol_file_in(const fs::path& folder) {
    std::error_code ignored;
    for (const char* name : kSymbolFiles) {
        if (fs::is_regular_file(folder / name, ignored)) return folder / name;
    }
    return {};
}

} // namespace

bool KernelTypes::are_beside(const fs::path& dump) {
    std::error_code ignored;
    const fs::path folder = folder_of(dump);
    return fs::is_regular_file(folder / kOffsetsFile, ignored) && !symbol_file_in(folder).empty();
}

Result<KernelTypes> KernelTypes::read_beside(const fs::path& dump) {
    const fs::path folder = folder_of(dump);
    KernelTypes types;
    KSL_TRY(types.read_symbols(symbol_file_in(folder)));
    KSL_TRY(types.read_offsets(folder / kOffsetsFile));
    return types;
}

Result<void> KernelTypes::read_symbols(const fs::path& file) {
    KSL_TRY_ASSIGN(text, read_file(file));
    std::string_view rest = text;
    for (int number = 1; !rest.empty(); ++number) {
        const std::string_view line = take_line(rest);
        const std::size_t type = line.find(' ');
        const auto at = parse_number(line.substr(0, type), 16);
        if (type == std::string_view::npos || !at || type + 3 >= line.size() || line[type + 2] != ' ') {
            return fail(file.string(), number, "is no symbol; \"ADDRESS TYPE NAME\" is needed, as in /proc/kallsyms");
        }
        const std::string_view rest_of_line = line.substr(type + 3);
        const std::string_view name = rest_of_line.substr(0, rest_of_line.find('\t')); // "\t[zram]": of a module
        if (name.size() == rest_of_line.size()) symbols_.try_emplace(std::string{name}, *at);
        const char kind = line[type + 1];
        if (kind == 't' || kind == 'T') functions_.push_back({core::VirtAddr{*at}, std::string{name}});
    }
    if (symbol(kAnySymbol) == core::VirtAddr{0})
        return fail(file.string(), 0, "has zeros for addresses; read /proc/kallsyms as root, with kptr_restrict=1");
    // Of names for one address, the first stays in front.
    std::ranges::stable_sort(functions_, {}, &Function::start);
    return {};
}

Result<void> KernelTypes::read_offsets(const fs::path& file) {
    KSL_TRY_ASSIGN(text, read_file(file));
    KSL_TRY_ASSIGN(document, JsonDocument::parse(file.string(), text));
    const JsonNode root = document.root();
    root["structures"].each_member([&](std::string_view type, const JsonNode& members) {
        Members& known = types_[std::string{type}];
        members.each_member([&](std::string_view member, const JsonNode& offset) {
            known.emplace(member, offset.number(kMostOffset));
        });
    });
    if (const auto constants = root.find("constants")) {
        constants->each_member([&](std::string_view name, const JsonNode& value) {
            if (value.is_number()) constants_.emplace(name, value.number(UINT64_MAX));
            if (value.is_text()) constants_.emplace(name, value.hex());
        });
    }
    if (!document.ok()) return std::unexpected(document.error());
    return {};
}

std::optional<core::VirtAddr> KernelTypes::symbol(std::string_view name) const {
    const auto found = symbols_.find(name);
    return found == symbols_.end() ? std::nullopt : std::optional{found->second};
}

std::string_view KernelTypes::function_at(core::VirtAddr at) const {
    auto next = std::ranges::upper_bound(functions_, at, {}, &Function::start);
    if (next == functions_.begin()) return {};
    const core::VirtAddr start = std::prev(next)->start;
    return std::ranges::lower_bound(functions_, start, {}, &Function::start)->name;
}

std::optional<std::uint64_t> KernelTypes::offset(std::string_view type, std::string_view member) const {
    const auto members = types_.find(type);
    if (members == types_.end()) return std::nullopt;
    const auto found = members->second.find(member);
    return found == members->second.end() ? std::nullopt : std::optional{found->second};
}

std::optional<std::uint64_t> KernelTypes::constant(std::string_view name) const {
    const auto found = constants_.find(name);
    return found == constants_.end() ? std::nullopt : std::optional{found->second};
}

} // namespace ksl::sim
