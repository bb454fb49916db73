// SPDX-License-Identifier: MIT
#include "sim/walk/dump_choice.h"

#include "core/paging/dump.h"

#include <fmt/format.h>

#include <algorithm>

namespace ksl::sim {

namespace fs = std::filesystem;

namespace {

std::string dump_of(const core::PhysMemory& memory, const core::KernelLayout& layout, core::Pfn root,
                    const core::DumpOptions& options) {
    return core::dump_text(core::dump_page_tables(memory, layout, root, options), layout.geometry());
}

} // namespace

std::vector<std::string> moments_of(const fs::path& capture) {
    std::vector<std::string> moments;
    std::error_code ignored;
    for (const char* moment : {"before.", "during.", "after."}) {
        if (fs::exists(capture / (std::string{moment} + "vmallocinfo.txt"), ignored)) moments.emplace_back(moment);
    }
    return moments.empty() ? std::vector<std::string>{""} : moments;
}

Result<BuiltTables> build_tables_at(const fs::path& capture, const std::string& moment) {
    KSL_TRY_ASSIGN(config, read_boot_config(capture));
    KSL_TRY_ASSIGN(built, build_boot_tables(config));
    core::Mapper mapper{built.memory, built.config.layout.geometry(), built.tables.root,
                        built.config.layout.direct_map().lowest};
    core::Effects silent;
    std::vector<VmallocLine> mapped;
    for (const std::string& next : moments_of(capture)) {
        KSL_TRY_ASSIGN(areas, read_vmallocinfo(capture / (next + "vmallocinfo.txt")));
        for (const VmallocLine& area : mapped) mapper.unmap(area.range, silent);
        KSL_TRY(map_vmalloc_areas(built, areas));
        mapped = std::move(areas);
        if (next == moment) break;
    }
    return std::move(built);
}

Result<std::string> built_dump(const fs::path& capture, const std::string& moment) {
    const std::vector<std::string> moments = moments_of(capture);
    const std::string prefix = moment.empty() ? moments.front() : moment + ".";
    if (std::ranges::find(moments, prefix) == moments.end()) {
        return fail(capture.string(), 0, fmt::format("has no moment \"{}\"", moment));
    }
    KSL_TRY_ASSIGN(built, build_tables_at(capture, prefix));
    return dump_of(built.memory, built.config.layout, built.tables.root, read_dump_options(capture));
}

std::string captured_dump(const WalkSource& source) {
    const core::KernelLayout layout =
        source.layout.value_or(core::KernelLayout{core::LayoutEra::linux_6_1, source.tables.mode().geometry});
    return dump_of(source.tables.memory, layout, source.tables.root(), source.sections);
}

} // namespace ksl::sim
