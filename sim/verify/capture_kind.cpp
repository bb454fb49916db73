// SPDX-License-Identifier: MIT
#include "sim/verify/capture_kind.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <system_error>

namespace ksl::sim {

namespace fs = std::filesystem;

namespace {

struct Known {
    std::string_view prefix;
    CaptureKind kind;
};
constexpr std::array kByName{
    Known{"replay-", CaptureKind::replay},     Known{"mmu-", CaptureKind::mmu},
    Known{"snapshot-", CaptureKind::snapshot}, Known{"fragmented-", CaptureKind::fragmented},
    Known{"overflow-", CaptureKind::overflow}, Known{"lkdtm-", CaptureKind::overflow},
    Known{"cost-", CaptureKind::cost},
};
constexpr std::array kByContents{
    Known{"state_00.json.gz", CaptureKind::replay},
    Known{"state_00.json", CaptureKind::replay},
    Known{"table_pages.bin.gz", CaptureKind::mmu},
    Known{"before.page_tables_kernel.txt", CaptureKind::snapshot},
};
constexpr unsigned kDeepest = 3;

/// Folders that cannot be read are the caller's to report: only the first one is an error.
Result<void> collect(const fs::path& folder, unsigned depth, std::vector<fs::path>& found) {
    std::error_code error;
    fs::directory_iterator at{folder, error};
    if (error) return fail(folder.string(), 0, fmt::format("cannot be read: {}", error.message()));
    std::vector<fs::path> folders;
    for (; at != fs::directory_iterator{}; at.increment(error)) {
        if (error) return fail(folder.string(), 0, fmt::format("cannot be read: {}", error.message()));
        std::error_code ignored;
        if (at->is_directory(ignored)) folders.push_back(at->path());
    }
    std::ranges::sort(folders);
    for (const fs::path& inner : folders) {
        if (kind_of(inner)) {
            found.push_back(inner);
        } else if (depth < kDeepest) {
            KSL_TRY(collect(inner, depth + 1, found));
        }
    }
    return {};
}

} // namespace

std::string_view name_of(CaptureKind kind) {
    static constexpr std::array<std::string_view, 6> kNames{"replay",     "mmu",      "snapshot",
                                                            "fragmented", "overflow", "cost"};
    return kNames[static_cast<std::size_t>(kind)];
}

std::optional<CaptureKind> kind_of(const fs::path& folder) {
    // "captures/replay-x/" ends with an empty name.
    const fs::path named = folder.has_filename() ? folder : folder.parent_path();
    const std::string name = named.filename().string();
    for (const Known& known : kByName) {
        if (name.starts_with(known.prefix)) return known.kind;
    }
    std::error_code ignored;
    for (const Known& known : kByContents) {
        if (fs::exists(folder / known.prefix, ignored)) return known.kind;
    }
    return std::nullopt;
}

Result<std::vector<fs::path>> find_captures(const fs::path& folder) {
    std::error_code ignored;
    if (!fs::is_directory(folder, ignored)) {
        return fail(folder.string(), 0, "is not a folder; a capture or a folder of captures is needed");
    }
    if (kind_of(folder)) return std::vector{folder};
    std::vector<fs::path> found;
    KSL_TRY(collect(folder, 1, found));
    if (found.empty()) {
        return fail(
            folder.string(), 0,
            "holds no capture; folders called replay-*, mmu-*, snapshot-*, fragmented-*, overflow-*, lkdtm-* or "
            "cost-* are");
    }
    return found;
}

} // namespace ksl::sim
