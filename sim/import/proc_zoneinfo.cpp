// SPDX-License-Identifier: MIT
#include "sim/import/proc_zoneinfo.h"

#include "sim/import/text_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bitset>

namespace ksl::sim::proc {

using core::Pages;

namespace {

constexpr std::uint64_t kMostPages = (std::uint64_t{1} << 40U) - 1;
constexpr std::uint64_t kMostCpus = 8192;

/// The fields that every zone has, in the order of kRequired's bits.
enum Field : std::uint8_t { free_pages, min, low, high, spanned, present, managed, protection, kFields };
constexpr std::array<const char*, kFields> kFieldNames{"pages free", "min",     "low",     "high",
                                                       "spanned",    "present", "managed", "protection"};

class ZoneReader {
public:
    explicit ZoneReader(TextReader& reader) : reader_(reader) {}

    void read_line(std::vector<ZoneInfo>& zones) {
        if (reader_.line().starts_with("Node")) {
            start_zone(zones);
            return;
        }
        if (zones.empty()) {
            reader_.refuse("does not begin with a zone; \"Node 0, zone DMA\" is needed");
            return;
        }
        read_field(zones.back());
    }
    /// All fields of the zone that ends here were there.
    void end_zone(const std::vector<ZoneInfo>& zones) {
        if (zones.empty()) return;
        for (std::size_t field = 0; field < kFields; ++field) {
            if (!seen_[field]) {
                reader_.refuse(
                    fmt::format("zone {} has no field {}; it is needed", zones.back().zone, kFieldNames[field]));
            }
        }
    }

private:
    void start_zone(std::vector<ZoneInfo>& zones) {
        end_zone(zones);
        seen_.reset();
        in_node_stats_ = false;
        ZoneInfo zone;
        reader_.expect("Node");
        std::string_view node = reader_.word();
        if (node.ends_with(',')) node.remove_suffix(1);
        zone.node = static_cast<std::uint32_t>(reader_.number_in("the node", node, 10, 1024));
        reader_.expect("zone");
        zone.zone = reader_.word();
        if (zone.zone.empty()) reader_.refuse("the zone has no name");
        zones.push_back(std::move(zone));
    }
    void read_field(ZoneInfo& zone) {
        const std::string_view name = reader_.word();
        if (name == "per-node") {
            in_node_stats_ = true;
        } else if (name == "pages") {
            in_node_stats_ = false;
            reader_.expect("free");
            set(zone.free, free_pages);
        } else if (name == "protection:") {
            read_protection(zone);
        } else if (name == "cpu:") {
            start_pageset(zone);
        } else if (name == "start_pfn:") {
            zone.start = core::Pfn{reader_.number("start_pfn", kMostPages)};
        } else if (!read_size(zone, name) && !read_pageset(zone, name)) {
            read_counter(in_node_stats_ ? zone.node_counters : zone.counters, name);
        }
    }
    bool read_size(ZoneInfo& zone, std::string_view name) {
        if (in_node_stats_ || !zone.pagesets.empty()) return false;
        if (name == "boost") {
            zone.boost = Pages{reader_.number("boost", kMostPages)};
            return true;
        }
        const std::array<std::pair<Pages*, Field>, 6> sizes{{{&zone.min, min},
                                                             {&zone.low, low},
                                                             {&zone.high, high},
                                                             {&zone.spanned, spanned},
                                                             {&zone.present, present},
                                                             {&zone.managed, managed}}};
        const auto* const found =
            std::ranges::find_if(sizes, [&](const auto& entry) { return name == kFieldNames[entry.second]; });
        if (found == sizes.end()) return false;
        set(*found->first, found->second);
        return true;
    }
    void set(Pages& size, Field field) {
        size = Pages{reader_.number(kFieldNames[field], kMostPages)};
        seen_[field] = true;
    }
    /// "(0, 476, 476, 476)".
    void read_protection(ZoneInfo& zone) {
        std::string_view list = reader_.rest_of_line();
        seen_[protection] = true;
        if (!list.starts_with('(') || !list.ends_with(')')) {
            reader_.refuse("protection is not a list; \"(0, 476, ...)\" is needed");
            return;
        }
        list = list.substr(1, list.size() - 2);
        while (!list.empty() && reader_.ok()) {
            const std::size_t comma = std::min(list.find(','), list.size());
            zone.protection.emplace_back(reader_.number_in("a protection", list.substr(0, comma), 10, kMostPages));
            list.remove_prefix(std::min(comma + 1, list.size()));
            while (list.starts_with(' ')) list.remove_prefix(1);
        }
    }
    void start_pageset(ZoneInfo& zone) {
        PageSet set;
        set.cpu = static_cast<std::uint32_t>(reader_.number("the CPU", kMostCpus));
        zone.pagesets.push_back(set);
    }
    bool read_pageset(ZoneInfo& zone, std::string_view name) {
        if (zone.pagesets.empty()) return false;
        PageSet& set = zone.pagesets.back();
        const std::array<std::pair<std::string_view, std::uint32_t*>, 3> fields{
            {{"count:", &set.count}, {"high:", &set.high}, {"batch:", &set.batch}}};
        const auto* const found = std::ranges::find_if(fields, [&](const auto& field) { return name == field.first; });
        if (found == fields.end()) return false;
        *found->second = static_cast<std::uint32_t>(reader_.number(name, UINT32_MAX));
        return true;
    }
    /// "nr_free_pages 3977", "vm stats threshold: 2", "pagesets" and whatever else there may be.
    void read_counter(Counters& counters, std::string_view first) {
        std::string name{first};
        std::string_view value;
        for (const std::string_view word : reader_.words()) {
            if (!value.empty()) (name += ' ') += value;
            value = word;
        }
        if (value.empty()) return;
        if (name.ends_with(':')) name.pop_back();
        counters.emplace_back(std::move(name), reader_.number_in("a counter", value));
    }

    TextReader& reader_;
    std::bitset<kFields> seen_;
    bool in_node_stats_ = false;
};

} // namespace

Result<std::vector<ZoneInfo>> parse_zoneinfo(std::string file, std::string_view text) {
    TextReader reader{std::move(file), text};
    std::vector<ZoneInfo> zones;
    ZoneReader zone_reader{reader};
    while (reader.next()) zone_reader.read_line(zones);
    zone_reader.end_zone(zones);
    if (zones.empty()) reader.refuse("has no zones; \"Node 0, zone DMA\" is needed");
    return reader.result(std::move(zones));
}

} // namespace ksl::sim::proc
