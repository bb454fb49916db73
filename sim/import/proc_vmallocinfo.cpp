// SPDX-License-Identifier: MIT
#include "sim/import/proc_vmallocinfo.h"

#include "sim/import/text_reader.h"

#include <fmt/format.h>

#include <array>

namespace ksl::sim::proc {

using core::VirtAddr;

namespace {

std::uint64_t hex(TextReader& reader, std::string_view what, std::string_view text) {
    if (text.starts_with("0x")) text.remove_prefix(2);
    return reader.number_in(what, text, 16);
}

core::VirtRange read_range(TextReader& reader) {
    const std::string_view text = reader.word();
    constexpr std::string_view kHidden = "is hidden; the file must be read as root, and with kernel.kptr_restrict at 1";
    if (text.contains("ptrval")) reader.refuse(fmt::format("the address {}", kHidden));
    const std::size_t dash = std::min(text.find('-'), text.size());
    const core::VirtRange range{VirtAddr{hex(reader, "the start", text.substr(0, dash))},
                                VirtAddr{hex(reader, "the end", text.substr(std::min(dash + 1, text.size())))}};
    const std::uint64_t size = reader.number("the size");
    if (reader.ok() && range.lowest == VirtAddr{0}) {
        reader.refuse(fmt::format("the address {}", kHidden));
    }
    if (reader.ok() && (range.is_empty() || range.size().count() != size)) {
        reader.refuse(fmt::format("the size is {}; the range has {} bytes", size, (range.top - range.lowest).count()));
    }
    return range;
}

void read_word(TextReader& reader, VmallocArea& area, std::string_view word) {
    static constexpr std::array<std::pair<std::string_view, VmallocUse>, 7> kUses{{
        {"vmalloc", VmallocUse::vmalloc},
        {"ioremap", VmallocUse::ioremap},
        {"vmap", VmallocUse::vmap},
        {"user", VmallocUse::user},
        {"dma-coherent", VmallocUse::dma},
        {"vm_map_ram", VmallocUse::vm_map_ram},
        {"unpurged", VmallocUse::unpurged},
    }};
    for (const auto& [name, use] : kUses) {
        if (word != name) continue;
        // "vmalloc user": the second says more.
        area.use = use;
        return;
    }
    if (word.starts_with("pages=")) {
        area.pages = static_cast<std::uint32_t>(reader.number_in("pages", word.substr(6), 10, UINT32_MAX));
    } else if (word.starts_with("phys=")) {
        area.phys = core::PhysAddr{hex(reader, "phys", word.substr(5))};
    } else if (area.caller.empty() && word.find("+0x") != std::string_view::npos) {
        area.caller = word;
    }
    // Everything else is detail that nobody here uses: module names, NUMA counts, vpages.
}

} // namespace

Result<std::vector<VmallocArea>> parse_vmallocinfo(std::string file, std::string_view text) {
    TextReader reader{std::move(file), text};
    std::vector<VmallocArea> areas;
    while (reader.next()) {
        VmallocArea area;
        area.range = read_range(reader);
        for (const std::string_view word : reader.words()) read_word(reader, area, word);
        areas.push_back(std::move(area));
    }
    return reader.result(std::move(areas));
}

} // namespace ksl::sim::proc
