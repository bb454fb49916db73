// SPDX-License-Identifier: MIT
//
// A scenario in miniature that uses every kind of value, so that the corpus can contain every kind of mistake.
#pragma once

#include "sim/toml/toml_reader.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace ksl::sim::testing {

enum class Backing : std::uint8_t { direct_map, vmap, pid_slot };
inline constexpr std::array kBackings{Spelling{std::string_view{"direct-map"}, Backing::direct_map},
                                      Spelling{std::string_view{"vmap"}, Backing::vmap},
                                      Spelling{std::string_view{"pid-slot"}, Backing::pid_slot}};

struct SampleDesign {
    std::string name;
    Backing backing{};
    core::Bytes stack;
    std::uint8_t guard_pages = 0;
    friend bool operator==(const SampleDesign&, const SampleDesign&) = default;
};

struct SampleScenario {
    std::string name;
    std::uint16_t cpus = 0;
    core::Bytes memory;
    core::Nanoseconds grace_period;
    double fill = 0;
    bool is_aged = false;
    std::vector<SampleDesign> designs;
    std::vector<std::int64_t> seeds;
    std::vector<double> weights;
    std::vector<std::string> tags;
    std::vector<std::pair<std::string, std::vector<std::string>>> sweep;
    friend bool operator==(const SampleScenario&, const SampleScenario&) = default;
};

inline SampleDesign read_design(TomlTable table) {
    using namespace core::literals;
    SampleDesign design;
    design.name = table.text("name");
    design.backing = table.choice("backing", kBackings, Backing::vmap);
    design.stack = table.bytes("stack", {4_KiB, 64_KiB}, 16_KiB);
    design.guard_pages = table.integer<std::uint8_t>("guard_pages", {0, 16}, 1);
    if (design.backing == Backing::direct_map && design.guard_pages != 0) {
        table.refuse("guard_pages", "a stack in the direct map has no room for a guard page; 0 would be right");
    }
    return design;
}

inline Result<SampleScenario> read_sample(std::string_view text, std::string_view file,
                                          std::span<const std::string> overrides = {}) {
    using namespace core::literals;
    KSL_TRY_ASSIGN(reader, TomlReader::parse(text, file, overrides));
    TomlTable root = reader.root();
    SampleScenario scenario;
    scenario.name = root.text("name");
    TomlTable machine = root.table("machine");
    scenario.cpus = machine.integer<std::uint16_t>("cpus", {1, 256});
    scenario.memory = machine.bytes("memory", {16_MiB, 1_TiB}, 4_GiB);
    scenario.grace_period = machine.duration(
        "grace_period", {core::Nanoseconds{1'000}, core::Nanoseconds{1'000'000'000}}, core::Nanoseconds{10'000'000});
    scenario.fill = machine.number("fill", {0, 1}, 0.5);
    scenario.is_aged = machine.boolean("aged", false);
    for (const TomlTable& design : root.tables("design")) scenario.designs.push_back(read_design(design));
    TomlTable workload = root.table("workload");
    scenario.seeds = workload.integers("seeds", {0, 1'000'000});
    scenario.weights = workload.numbers("weights", {0, 100});
    scenario.tags = workload.texts("tags");
    TomlTable sweep = root.table("sweep");
    for (const std::string& key : sweep.keys()) scenario.sweep.emplace_back(key, sweep.literals(key));
    root.table("lesson").skip();
    KSL_TRY(reader.finish());
    return scenario;
}

} // namespace ksl::sim::testing
