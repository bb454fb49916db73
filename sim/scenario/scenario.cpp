// SPDX-License-Identifier: MIT
#include "sim/scenario/scenario.h"

#include "sim/import/read_file.h"
#include "sim/scenario/scenario_reader.h"
#include "sim/scenario/workload_reader.h"
#include "sim/text/similar.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>

namespace ksl::sim {

namespace {

using namespace core::literals;

constexpr std::string_view kFolder = "scenarios/";
constexpr std::string_view kExtension = ".toml";

void check_paging(TomlTable& root, const Scenario& scenario) {
    if (scenario.machine.levels != 5) return;
    for (const DesignProfile& design : scenario.designs) {
        if (design.kernel == "linux-6.1") continue;
        TomlTable machine = root.table("machine");
        machine.refuse("levels", fmt::format("design {} lives in {}, and kernels before 4.14 have no 5-level page "
                                             "tables; 4 would be right",
                                             design.name, design.kernel));
    }
}

Result<Scenario> read_without_checking_the_sweep(const Assets& assets, std::string_view text, std::string_view origin,
                                                 std::span<const std::string> overrides) {
    KSL_TRY_ASSIGN(reader, TomlReader::parse(text, origin, overrides));
    TomlTable root = reader.root();
    Scenario scenario;
    scenario.name = std::filesystem::path{origin}.stem().string();
    scenario.title = root.text("title");
    scenario.summary = root.text("summary", "");
    scenario.assumptions = root.texts("assumptions");
    scenario.seed = static_cast<std::uint64_t>(
        root.integer<std::int64_t>("seed", {0, std::numeric_limits<std::int64_t>::max()}, 1));
    KSL_TRY_ASSIGN(machine, read_machine(assets, root.table("machine")));
    scenario.machine = std::move(machine);
    scenario.memory = read_memory(root.table("memory"));
    KSL_TRY_ASSIGN(designs, read_designs(assets, root));
    scenario.designs = std::move(designs);
    check_paging(root, scenario);
    scenario.baseline = read_baseline(root, scenario.designs);
    scenario.workload = read_workload(assets, root.table("workload"), scenario.inputs);
    scenario.expectations = read_expectations(root, scenario.designs);
    scenario.sweep = read_sweep(root.table("sweep"));
    scenario.lesson = read_lesson(root.table("lesson"), scenario.designs);
    KSL_TRY(reader.finish());
    scenario.text = text;
    scenario.overrides.assign(overrides.begin(), overrides.end());
    return scenario;
}

/// Every value of every axis must make a scenario by itself.
Result<void> check_sweep(const Assets& assets, const Scenario& scenario, std::string_view origin) {
    for (const SweepAxis& axis : scenario.sweep) {
        for (const std::string& value : axis.values) {
            std::vector<std::string> overrides = scenario.overrides;
            overrides.push_back(fmt::format("{}={}", axis.key, value));
            const auto point = read_without_checking_the_sweep(assets, scenario.text, origin, overrides);
            if (point) continue;
            return fail(std::string{origin}, 0,
                        fmt::format("[sweep] {} = {}: {}", axis.key, value, point.error().message));
        }
    }
    return {};
}

bool is_path(std::string_view name) {
    return name.find('/') != std::string_view::npos || name.ends_with(kExtension);
}

} // namespace

Result<Scenario> read_scenario(const Assets& assets, std::string_view text, std::string_view origin,
                               std::span<const std::string> overrides) {
    KSL_TRY_ASSIGN(scenario, read_without_checking_the_sweep(assets, text, origin, overrides));
    KSL_TRY(check_sweep(assets, scenario, origin));
    return std::move(scenario);
}

namespace {

/// The built-in scenario of this name, with or without its folder; empty if there is none.
std::string asset_path(const Assets& assets, std::string_view name) {
    for (const std::string& path : assets.list("scenarios")) {
        if (path == fmt::format("{}{}{}", kFolder, name, kExtension)) return path;
        if (std::filesystem::path{path}.stem().string() == name) return path;
    }
    return "";
}

} // namespace

Result<Scenario> load_scenario(const Assets& assets, std::string_view name_or_path,
                               std::span<const std::string> overrides) {
    const std::string path = asset_path(assets, name_or_path);
    if (path.empty() && is_path(name_or_path)) {
        KSL_TRY_ASSIGN(text, read_file(std::filesystem::path{name_or_path}, 1_MiB));
        return read_scenario(assets, text, name_or_path, overrides);
    }
    const auto asset = assets.find(path.empty() ? fmt::format("{}{}{}", kFolder, name_or_path, kExtension) : path);
    if (asset) return read_scenario(assets, asset->text, asset->origin, overrides);
    if (asset.error().kind == ErrorKind::environment) return std::unexpected(asset.error());
    std::vector<std::string> names;
    for (const std::string& other : assets.list("scenarios"))
        names.push_back(std::filesystem::path{other}.stem().string());
    const std::string meant = did_you_mean(name_or_path, names);
    return fail("", 0,
                fmt::format("there is no scenario \"{}\"{}", name_or_path,
                            meant.empty() ? "; `kstacklab list scenarios` shows those that there are, and a file of "
                                            "your own ends in .toml"
                                          : meant));
}

std::vector<std::vector<std::string>> sweep_points(std::span<const SweepAxis> axes) {
    std::vector<std::vector<std::string>> points{{}};
    for (const SweepAxis& axis : axes) {
        std::vector<std::vector<std::string>> longer;
        for (const std::vector<std::string>& point : points) {
            for (const std::string& value : axis.values) {
                longer.push_back(point);
                longer.back().push_back(fmt::format("{}={}", axis.key, value));
            }
        }
        points = std::move(longer);
    }
    return points;
}

} // namespace ksl::sim
