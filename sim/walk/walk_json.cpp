// SPDX-License-Identifier: MIT
#include "sim/walk/walk_explanation.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace ksl::sim {

namespace {

using Json = nlohmann::ordered_json;

std::string hex(std::uint64_t number) {
    return fmt::format("{:#x}", number);
}

Json json_of(const ExplainedEntry& step) {
    const core::EntryKind kind = core::kind_of(step.entry, step.level);
    Json fields = Json::object();
    for (const core::BitField& field : core::fields_of(kind)) {
        if (field.name == "ignored" || field.name == "reserved") continue;
        const std::uint64_t value = step.entry.get(field);
        fields[std::string{field.name}] = field.width == 1 ? Json(value) : Json(hex(value));
    }
    return Json{{"level", core::number_of(step.level)},
                {"name", core::name_of(step.level)},
                {"table", hex(core::address_of(step.table).raw())},
                {"index", step.index},
                {"entry_address", hex(step.at.raw())},
                {"entry", hex(step.entry.bits())},
                {"kind", core::name_of(kind)},
                {"fields", std::move(fields)},
                {"words", bits_in_words(step.entry, step.level)}};
}

Json outcome_of(const WalkExplanation& walk) {
    if (walk.outcome) {
        const core::Translation& found = *walk.outcome;
        return Json{{"result", "OK"},
                    {"physical_address", hex(found.at.raw())},
                    {"page_size", core::bytes_of(found.size()).count()},
                    {"leaf_level", core::number_of(found.leaf_level)},
                    {"user", found.rights.user},
                    {"writable", found.rights.writable},
                    {"no_execute", found.rights.no_execute},
                    {"global", found.is_global()},
                    {"accessed", found.leaf.has(core::Pte::kAccessed)},
                    {"dirty", found.leaf.has(core::Pte::kDirty)},
                    {"pat_index", found.pat_index()}};
    }
    const core::Fault& fault = walk.outcome.error();
    if (fault.vector != core::Vector::page_fault) return Json{{"result", "NONCANONICAL"}};
    const bool is_reserved = (fault.error_code & core::page_fault::kReserved) != 0;
    return Json{{"result", is_reserved ? "RESERVED" : "NOT_PRESENT"}, {"level", core::number_of(fault.level)}};
}

} // namespace

std::string to_json(const WalkExplanation& walk) {
    Json json{{"schema", "kstacklab.walk/1"},
              {"address", hex(walk.at.raw())},
              {"region", walk.region.empty() ? Json(nullptr) : Json(walk.region)},
              {"cr3", hex(core::address_of(walk.root).raw())},
              {"levels", walk.mode.geometry.levels()},
              {"entries", Json::array()},
              {"outcome", outcome_of(walk)},
              {"accesses", Json::array()}};
    for (const ExplainedEntry& step : walk.entries) json["entries"].push_back(json_of(step));
    for (const ExplainedAccess& one : walk.accesses) {
        json["accesses"].push_back({{"access", name_of(one.access)},
                                    {"allowed", one.error_code == 0},
                                    {"error_code", one.error_code == 0 ? Json(nullptr) : Json(hex(one.error_code))}});
    }
    return json.dump(2);
}

} // namespace ksl::sim
