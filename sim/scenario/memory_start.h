// SPDX-License-Identifier: MIT
//
// The memory that a run starts from: a PC's memory map and nothing more (the kernel of each design hands it over at
// boot), or what a real machine's /proc shows of its free memory.
//
// Real:     buddyinfo and zoneinfo must be readable; pagetypeinfo, iomem and meminfo make it more exact and may be
//           missing, each with a warning that says what was assumed instead. A folder may hold copies, named as in
//           /proc, with ".txt" behind, or with "before." in front, as a capture has them.
// Exact:    size and zones; free blocks of each zone and order, to the block; of each type where pagetypeinfo is
//           readable.
// Assumed:  where the blocks lie (no kernel shows it; the seed decides); which frames are reserved (only their number
//           is known): those that the free blocks leave, in long runs. Memory nodes are one, zone Movable is part of
//           Normal, per-CPU page lists start empty.
// Repeat:   the files' texts are kept as inputs; memory_start_from() makes the same start from them.
// Errors:   "FILE:LINE: what is wrong; what would be right".
#pragma once

#include "core/memory/counted_state.h"
#include "core/memory/memory_map.h"
#include "sim/base/error.h"
#include "sim/scenario/scenario.h"
#include "sim/store/run_record.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ksl::sim {

/// A real machine's free memory, by zone.
struct CountedStart {
    std::vector<core::CountedZone> zones;
    std::uint32_t min_free_kib = 0;
    std::uint32_t page_cache_permille = 300; ///< of the used movable pages
};

struct MemoryStart {
    core::MemoryMap map;
    std::optional<CountedStart> counted; ///< none: freshly booted
    std::vector<InputRecord> inputs;     ///< what it was read from
    std::vector<std::string> warnings;   ///< what was assumed, a sentence each
};

/// Reads the files that the specification names, if it names any. `cpus`: of the machine that will have this memory.
[[nodiscard]] Result<MemoryStart> make_memory_start(const MemorySpec& memory, unsigned cpus);

/// The texts of the files that there are in a folder; `warnings` gets a sentence for each one that is missed.
[[nodiscard]] Result<std::vector<InputRecord>> read_proc_files(const std::string& folder,
                                                               std::vector<std::string>& warnings);
/// The start that such texts describe.
[[nodiscard]] Result<MemoryStart> memory_start_from(std::span<const InputRecord> inputs, unsigned cpus);

/// RAM as a PC has it: below 3.5 GiB in one piece but for the hole under 1 MiB, else 3 GiB there and the rest above
/// 4 GiB (QEMU's i440fx machine, hw/i386/pc_piix.c; most firmware does alike).
[[nodiscard]] core::MemoryMap pc_memory_map(core::Bytes size, std::optional<core::Bytes> low_limit = std::nullopt);

} // namespace ksl::sim
