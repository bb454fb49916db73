// SPDX-License-Identifier: MIT
//
// An experiment as a user describes it: a machine, its memory, the designs to compare, a workload, what is expected of
// the results. Scenarios are TOML files, assets/scenarios/NAME.toml or a user's own; docs/scenario.md lists every key.
//
//     KSL_TRY_ASSIGN(scenario, load_scenario(assets, "article", {"machine.cpus=8"}));
//
// Errors:  "FILE:LINE:COLUMN: key `machine.cpus`: what is wrong; what would be right". A scenario that was read can be
//          run, but for what only shows on its memory (see memory_start.h).
#pragma once

#include "core/tlb/processor_preset.h"
#include "sim/base/assets.h"
#include "sim/base/error.h"
#include "sim/scenario/design_file.h"
#include "sim/scenario/lesson.h"
#include "sim/scenario/workload_spec.h"
#include "sim/store/run_record.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ksl::sim {

struct MachineSpec {
    std::uint16_t cpus = 1;
    std::uint8_t levels = 4;
    std::uint16_t hz = 250;
    bool kaslr = false;
    std::uint32_t threads_max = 0; ///< kernel.threads-max; 0: the kernel's own choice
    core::ProcessorPreset processor;
    std::string processor_text; ///< the file that it was read from
};

/// A frame takes 16 bytes of this program's memory: 2 GiB for this much.
inline constexpr core::Bytes kMostMemory{std::uint64_t{512} << 30};

enum class MemoryStartKind : std::uint8_t {
    booted, ///< as the kernel hands it over
    aged,   ///< booted, then an ager ran
    real,   ///< as a real machine's /proc shows it
};

struct MemorySpec {
    core::Bytes size;                     ///< booted and aged; a real machine has its own
    std::optional<core::Bytes> low_limit; ///< RAM above is moved to 4 GiB; none: where PC firmware puts the limit
    MemoryStartKind start = MemoryStartKind::booted;
    std::string folder; ///< real: where the files of /proc, or copies of them, are
    Ager age;           ///< aged
};

/// Something that must hold for the results.
struct Expectation {
    enum class Relation : std::uint8_t { none, difference, ratio };

    std::string metric; ///< "clone_exit.latency_ns.mean"
    std::string design; ///< empty: each design
    Relation relation = Relation::none;
    std::string reference; ///< the design whose value is subtracted from it, or that it is divided by
    std::optional<double> at_least;
    std::optional<double> at_most;
    std::optional<double> equals;
    std::string why; ///< where the figures come from
    friend bool operator==(const Expectation&, const Expectation&) = default;
};

struct SweepAxis {
    std::string key;                 ///< "machine.cpus"
    std::vector<std::string> values; ///< as TOML writes them
    friend bool operator==(const SweepAxis&, const SweepAxis&) = default;
};

struct Scenario {
    std::string name; ///< "article"
    std::string title;
    std::string summary;
    std::vector<std::string> assumptions;
    std::uint64_t seed = 1;
    MachineSpec machine;
    MemorySpec memory;
    std::vector<DesignProfile> designs; ///< at least one; names differ
    std::size_t baseline = 0;           ///< index of the design that the others are compared with
    WorkloadSpec workload;
    std::vector<Expectation> expectations;
    std::vector<SweepAxis> sweep;
    std::optional<Lesson> lesson;

    std::string text;                ///< the file
    std::vector<InputRecord> inputs; ///< other files that it names and that were read with it
    std::vector<std::string> overrides;
};

/// `origin` is for messages. Each override is "KEY=VALUE" (see sim/toml/toml_reader.h).
[[nodiscard]] Result<Scenario> read_scenario(const Assets& assets, std::string_view text, std::string_view origin,
                                             std::span<const std::string> overrides = {});

/// The asset scenarios/NAME.toml, or a file: whatever has a "/" in it or ends in ".toml".
[[nodiscard]] Result<Scenario> load_scenario(const Assets& assets, std::string_view name_or_path,
                                             std::span<const std::string> overrides = {});

/// The cross product of the sweep's axes, the last one fastest: the overrides of each point, to be added to the
/// scenario's own. Without axes: one point without overrides.
[[nodiscard]] std::vector<std::vector<std::string>> sweep_points(std::span<const SweepAxis> axes);

} // namespace ksl::sim
