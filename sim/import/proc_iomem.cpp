// SPDX-License-Identifier: MIT
#include "sim/import/proc_iomem.h"

#include "sim/import/text_reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace ksl::sim::proc {

using core::Bytes;
using core::PhysAddr;

namespace {

/// "  01000000-0125b66b : Kernel code".
Resource read_resource(TextReader& reader) {
    Resource resource;
    const std::size_t indent = reader.line().find_first_not_of(' ');
    resource.depth = static_cast<unsigned>(indent / 2);
    const std::string_view range = reader.word();
    const std::size_t dash = std::min(range.find('-'), range.size());
    const std::uint64_t first = reader.number_in("the start", range.substr(0, dash), 16);
    const std::uint64_t last =
        reader.number_in("the end", range.substr(std::min(dash + 1, range.size())), 16, UINT64_MAX - 1);
    resource.range = {PhysAddr{first}, PhysAddr{last} + Bytes{1}};
    reader.expect(":");
    resource.name = reader.rest_of_line();
    if (reader.ok() && last < first) reader.refuse("the range ends before it starts");
    if (reader.ok() && resource.name.empty()) reader.refuse("the range has no name");
    return resource;
}

/// A resource lies inside the one that it is indented under.
void check_place(TextReader& reader, const std::vector<Resource>& path, const Resource& resource) {
    if (resource.depth > path.size()) {
        reader.refuse("is indented under nothing");
        return;
    }
    if (resource.depth == 0) return;
    const core::PhysRange outer = path[resource.depth - 1].range;
    if (resource.range.lowest < outer.lowest || outer.top < resource.range.top) {
        reader.refuse(fmt::format("is not inside \"{}\", under which it stands", path[resource.depth - 1].name));
    }
}

} // namespace

Result<std::vector<Resource>> parse_iomem(std::string file, std::string_view text) {
    TextReader reader{std::move(file), text};
    std::vector<Resource> resources;
    std::vector<Resource> path;
    while (reader.next()) {
        Resource resource = read_resource(reader);
        check_place(reader, path, resource);
        if (!reader.ok()) break;
        path.resize(resource.depth);
        path.push_back(resource);
        resources.push_back(std::move(resource));
    }
    const bool is_hidden = resources.size() > 1 && std::ranges::all_of(resources, [](const Resource& resource) {
                               return resource.range.top == PhysAddr{1};
                           });
    if (is_hidden) reader.refuse("all addresses are 0; the file must be read with privileges");
    if (resources.empty()) reader.refuse("has no ranges; lines like \"00001000-0009fbff : System RAM\" are needed");
    return reader.result(std::move(resources));
}

std::vector<core::PhysRange> system_ram(const std::vector<Resource>& resources) {
    std::vector<core::PhysRange> ram;
    for (const Resource& resource : resources) {
        if (resource.name == "System RAM") ram.push_back(resource.range);
    }
    return ram;
}

} // namespace ksl::sim::proc
