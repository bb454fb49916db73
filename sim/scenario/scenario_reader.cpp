// SPDX-License-Identifier: MIT
#include "sim/scenario/scenario_reader.h"

#include "core/kernel/rcu.h"
#include "sim/processors/processor.h"
#include "sim/scenario/workload_reader.h"
#include "sim/text/similar.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace ksl::sim {

namespace {

using namespace core::literals;

constexpr std::size_t kMostDesigns = 64;

/// Where PC firmware may end low memory.
constexpr core::Bytes kLeastLowLimit = 16_MiB;
constexpr core::Bytes kMostLowLimit{3584ULL << 20};

std::vector<std::string> names_of(const std::vector<DesignProfile>& designs) {
    std::vector<std::string> names;
    names.reserve(designs.size());
    for (const DesignProfile& design : designs) names.push_back(design.name);
    return names;
}

/// Index of a design that a key names; 0 after a mistake.
std::size_t design_index(TomlTable& table, std::string_view key, const std::string& name,
                         const std::vector<DesignProfile>& designs) {
    const std::vector<std::string> names = names_of(designs);
    const auto found = std::ranges::find(names, name);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    table.refuse(
        key, fmt::format("the scenario has no design \"{}\"; one of {} would be right", name, fmt::join(names, ", ")));
    return 0;
}

MemoryStartKind read_start(TomlTable& table, MemorySpec& memory) {
    const std::string start = table.text("start", "booted");
    if (start == "booted") return MemoryStartKind::booted;
    if (start == "aged") return MemoryStartKind::aged;
    if (start.find('/') == std::string::npos) {
        const std::array<std::string, 2> known{"booted", "aged"};
        const std::string meant = did_you_mean(start, known);
        table.refuse("start", fmt::format("\"{}\" is neither booted nor aged nor a folder{}", start,
                                          meant.empty() ? "; a folder has a \"/\": \"/proc\", or \"./copies\" with "
                                                          "copies of its files"
                                                        : meant));
    }
    memory.folder = start;
    return MemoryStartKind::real;
}

Result<DesignProfile> read_design_choice(const Assets& assets, TomlTable& table) {
    const std::string name = table.text("name");
    DesignProfile profile;
    if (table.has("name")) {
        auto loaded = load_design(assets, name);
        // A mistake in the design's own file has its place there.
        if (!loaded && !loaded.error().file.empty()) return loaded;
        if (loaded)
            profile = std::move(*loaded);
        else
            table.refuse("name", loaded.error().message);
    }
    profile.name = table.text("label", profile.name);
    if (table.has("label") && profile.name.empty()) table.refuse("label", "is empty; a name for tables would be right");
    override_design(table, profile);
    return profile;
}

void check_levels(TomlTable& table, const MachineSpec& machine) {
    if (machine.levels == 5 && machine.processor.features.five_levels == core::Availability::no)
        table.refuse("levels", fmt::format("{} has no 5-level page tables; 4 would be right", machine.processor.name));
}

void read_bounds(TomlTable& table, Expectation& expectation) {
    constexpr Limits<double> kAny{};
    if (table.has("at_least")) expectation.at_least = table.number("at_least", kAny);
    if (table.has("at_most")) expectation.at_most = table.number("at_most", kAny);
    if (table.has("equals")) expectation.equals = table.number("equals", kAny);
    if (!expectation.at_least && !expectation.at_most && !expectation.equals)
        table.refuse("bounds nothing; at_least, at_most or equals would be right");
    if (expectation.equals && (expectation.at_least || expectation.at_most))
        table.refuse("equals", "leaves nothing to at_least and at_most; one or the other would be right");
    if (expectation.at_least && expectation.at_most && *expectation.at_most < *expectation.at_least)
        table.refuse("at_most", fmt::format("{} is below at_least = {}; nothing would ever be right",
                                            *expectation.at_most, *expectation.at_least));
}

void read_relation(TomlTable& table, const std::vector<DesignProfile>& designs, Expectation& expectation) {
    using Relation = Expectation::Relation;
    for (const auto& [key, relation] :
         {std::pair{"difference_to", Relation::difference}, std::pair{"ratio_to", Relation::ratio}}) {
        if (!table.has(key)) continue;
        if (expectation.relation != Relation::none)
            table.refuse(key, "stands beside difference_to; one of the two would be right");
        expectation.relation = relation;
        expectation.reference = table.text(key);
        static_cast<void>(design_index(table, key, expectation.reference, designs));
    }
}

bool is_metric_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

Expectation read_expectation(TomlTable& table, const std::vector<DesignProfile>& designs) {
    Expectation expectation;
    expectation.metric = table.text("metric");
    if (table.has("metric") &&
        (expectation.metric.empty() || !std::ranges::all_of(expectation.metric, is_metric_character)))
        table.refuse("metric", fmt::format("\"{}\" is no name of a metric; one like \"clone_exit.latency_ns.mean\" "
                                           "would be right",
                                           expectation.metric));
    if (table.has("design")) {
        expectation.design = table.text("design");
        static_cast<void>(design_index(table, "design", expectation.design, designs));
    }
    read_relation(table, designs, expectation);
    read_bounds(table, expectation);
    expectation.why = table.text("why", "");
    return expectation;
}

/// A key with dots is written as tables within tables, or in quotes.
void add_axes(TomlTable& table, const std::string& prefix, std::vector<SweepAxis>& axes) {
    for (const std::string& key : table.keys()) {
        if (table.has_table(key)) {
            TomlTable inner = table.table(key);
            add_axes(inner, fmt::format("{}{}.", prefix, key), axes);
            continue;
        }
        axes.push_back({.key = prefix + key, .values = table.literals(key)});
        if (axes.back().values.empty()) table.refuse(key, "has no values; a list of them would be right");
        if (axes.back().key.starts_with("sweep.") || axes.back().key == "sweep")
            table.refuse(key, "sweeps the sweep; a key of another section would be right");
    }
}

} // namespace

Result<MachineSpec> read_machine(const Assets& assets, TomlTable table) {
    MachineSpec machine;
    machine.cpus = table.integer<std::uint16_t>("cpus", {1, core::kMaxCpus}, machine.cpus);
    machine.levels = table.integer<std::uint8_t>("levels", {4, 5}, machine.levels);
    machine.hz = table.integer<std::uint16_t>("hz", {100, 1000}, machine.hz);
    machine.kaslr = table.boolean("kaslr", false);
    machine.threads_max = table.integer<std::uint32_t>("threads_max", {0, 1U << 23}, 0);
    const std::string id = table.text("processor", "haswell");
    auto asset = assets.find(fmt::format("processors/{}.toml", id));
    if (!asset && asset.error().kind == ErrorKind::environment) return std::unexpected(asset.error());
    if (!asset) {
        KSL_TRY_ASSIGN(all, load_processors(assets));
        std::vector<std::string> ids;
        ids.reserve(all.size());
        for (const core::ProcessorPreset& preset : all) ids.push_back(preset.id);
        table.refuse("processor",
                     fmt::format("there is no processor \"{}\"; one of {} would be right", id, fmt::join(ids, ", ")));
        return machine;
    }
    KSL_TRY_ASSIGN(preset, read_processor(asset->text, asset->origin));
    machine.processor = std::move(preset);
    machine.processor_text = std::move(asset->text);
    check_levels(table, machine);
    return machine;
}

MemorySpec read_memory(TomlTable table) {
    MemorySpec memory;
    memory.start = read_start(table, memory);
    memory.size = table.bytes("size", {32_MiB, kMostMemory}, 4_GiB);
    if (memory.size.count() % core::kPageBytes != 0)
        table.refuse("size", "memory comes in pages; a multiple of 4 KiB would be right");
    if (table.has("low_limit")) {
        memory.low_limit = table.bytes("low_limit", {kLeastLowLimit, kMostLowLimit});
        if (memory.low_limit->count() % core::kPageBytes != 0)
            table.refuse("low_limit", "memory comes in pages; a multiple of 4 KiB would be right");
    }
    TomlTable age = table.table("age");
    if (memory.start == MemoryStartKind::aged)
        memory.age = read_ager(age);
    else if (memory.start == MemoryStartKind::booted && age.exists())
        age.refuse("is for start = \"aged\", and the memory starts booted; without one or the other would be right");
    else
        age.skip(); // so that --set memory.start=/proc works on an aged scenario
    return memory;
}

Result<std::vector<DesignProfile>> read_designs(const Assets& assets, TomlTable root) {
    std::vector<DesignProfile> designs;
    std::vector<TomlTable> tables = root.tables("design");
    for (TomlTable& table : tables) {
        KSL_TRY_ASSIGN(profile, read_design_choice(assets, table));
        const auto same = std::ranges::find(designs, profile.name, &DesignProfile::name);
        if (same != designs.end())
            table.refuse(
                fmt::format(R"(is a second design "{}"; a label = "..." of its own would be right)", profile.name));
        designs.push_back(std::move(profile));
    }
    if (tables.empty()) {
        root.refuse(R"(names no design; [design] or several [[design]] with name = "linux-4.9" would be right)");
        designs.emplace_back();
    }
    if (designs.size() > kMostDesigns)
        root.refuse("design", fmt::format("{} designs; at most {} would be right", designs.size(), kMostDesigns));
    return designs;
}

std::size_t read_baseline(TomlTable root, const std::vector<DesignProfile>& designs) {
    return root.has("baseline") ? design_index(root, "baseline", root.text("baseline"), designs) : 0;
}

std::vector<Expectation> read_expectations(TomlTable root, const std::vector<DesignProfile>& designs) {
    std::vector<Expectation> expectations;
    for (TomlTable& table : root.tables("expect")) expectations.push_back(read_expectation(table, designs));
    return expectations;
}

std::vector<SweepAxis> read_sweep(TomlTable table) {
    std::vector<SweepAxis> axes;
    add_axes(table, "", axes);
    return axes;
}

} // namespace ksl::sim
