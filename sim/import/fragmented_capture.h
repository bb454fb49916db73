// SPDX-License-Identifier: MIT
//
// Captures of threads on fragmented memory (fragmented-*): what was free when the first thread was created, one row a
// thread, and what the out-of-memory killer said if it came.
//
// Files:   result.txt ("## " headings, among them "buddyinfo punched" and "pagetypeinfo punched"), clone.csv (thread,
//          create_instructions, errno, free_kb_after), oom.console.txt where there was one.
// Errors:  "FILE:LINE: what is wrong; what would be right".
#pragma once

#include "sim/base/error.h"
#include "sim/import/proc_buddyinfo.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ksl::sim::capture {

struct FragmentedThread {
    std::uint64_t number = 0;
    std::uint64_t instructions = 0; ///< of clone()
    std::uint64_t error = 0;        ///< errno of clone(); 0: created
    std::uint64_t free_kib = 0;     ///< afterwards
    bool is_missing = false;        ///< not recorded: put in where the numbers of the others leave a gap
};

/// What the out-of-memory killer said: of each report the free lists, one after the other.
struct OomReport {
    std::uint64_t order = 0;             ///< of the request that failed
    std::vector<proc::BuddyZone> free;   ///< blocks by zone and order
    std::vector<std::uint64_t> free_kib; ///< the same as the report adds it up, by zone
};

struct FragmentedCapture {
    std::vector<proc::BuddyZone> free; ///< before the first thread
    proc::PageTypes types;             ///< the same by migrate type
    std::uint64_t free_kib = 0;
    std::vector<FragmentedThread> threads;
    bool counts_by_zone = false;          ///< vmstat counts stalls by zone: 4.8 and later
    std::optional<std::uint64_t> created; ///< as the capture counts them, if it got that far
    std::optional<OomReport> oom;
    std::vector<FragmentedThread> copies;      ///< the rows of threads once more, as the machine printed them
    std::vector<std::string> oom_lists;        ///< lines of free lists in the killer's log, without time stamps
    std::vector<std::string> oom_lists_copies; ///< the same as the machine printed them
};

[[nodiscard]] Result<FragmentedCapture> read_fragmented(const std::filesystem::path& folder);

/// The parts by themselves; `file` is for messages.
[[nodiscard]] Result<void> parse_fragmented_result(const std::string& file, std::string_view text,
                                                   FragmentedCapture& into);
[[nodiscard]] Result<std::vector<FragmentedThread>> parse_fragmented_threads(const std::string& file,
                                                                             std::string_view text);
[[nodiscard]] Result<OomReport> parse_oom_report(const std::string& file, std::string_view text);

} // namespace ksl::sim::capture
