// SPDX-License-Identifier: MIT
//
// One test of an overflow-* or lkdtm-* capture: TEST.json (the victim's stack before, bytes and pages before and after,
// who answered afterwards) and TEST.console.txt (the kernel's log).
#pragma once

#include "core/types/address.h"
#include "sim/base/error.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ksl::sim::capture {

/// A page round a contiguous stack.
struct NeighbourPage {
    std::int64_t page = 0; ///< relative to the stack's lowest page
    std::uint64_t pfn = 0;
    std::string owner;                            ///< before the test
    std::uint64_t bytes_changed = 0;              ///< some seconds after it
    std::optional<std::uint64_t> lowest, highest; ///< changed offsets
};

/// Bytes of one value that a frame of the recursion left.
struct FillRun {
    std::int64_t from = 0; ///< relative to the stack's lowest byte
    std::int64_t length = 0;
    std::uint8_t fill = 0;
};

struct OverflowTest {
    static constexpr std::size_t kLowBytes = 64;
    using LowBytes = std::array<std::uint8_t, kLowBytes>;

    std::string name;
    bool is_6_1 = false;
    std::uint64_t memory_mib = 0;
    std::uint32_t pid = 0;
    std::uint64_t cpus = 1;
    std::optional<std::uint32_t> victims_pid; ///< told once more with the victim
    std::optional<std::uint32_t> tgid;
    std::string comm;                                             ///< of the victim
    std::optional<std::uint64_t> info_task, info_cpu, info_limit; ///< fields of thread_info
    std::optional<std::uint64_t> info_flags, info_status;
    std::optional<std::uint64_t> area_flags;
    std::optional<bool> says_vmapped;
    core::VirtRange stack;
    core::VirtAddr task_struct, thread_info;
    std::optional<core::VirtAddr> magic_at, saved_sp, area;
    std::optional<std::uint64_t> magic, area_bytes, area_pages, first_pfn;
    std::uint64_t recursions = 0; ///< calls within the first one; 0: not told
    std::optional<LowBytes> before, after;
    std::vector<NeighbourPage> neighbours;
    std::vector<FillRun> runs;
    bool answers = false; ///< the machine, some seconds after
    bool panic = false;
    std::uint64_t oopses = 0;
    std::vector<std::string> log;        ///< without time stamps
    std::vector<std::string> afterwards; ///< what the machine printed then; empty if it did not answer

    [[nodiscard]] bool is_vmapped() const { return area.has_value(); }
};

/// All tests of the folder, by name.
[[nodiscard]] Result<std::vector<OverflowTest>> read_overflow_tests(const std::filesystem::path& folder);
/// One from its two texts; `file` is the name for errors.
[[nodiscard]] Result<OverflowTest> parse_overflow_test(const std::string& file, std::string_view json,
                                                       std::string_view console);

} // namespace ksl::sim::capture
