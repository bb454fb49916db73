// SPDX-License-Identifier: MIT
#include "sim/verify/verification.h"

#include "sim/verify/cost_figures.h"
#include "sim/verify/fragmented_check.h"
#include "sim/verify/overflow_check.h"
#include "sim/verify/replay_checks.h"
#include "sim/verify/table_checks.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

namespace ksl::sim {

namespace fs = std::filesystem;

bool Verification::is_exact() const {
    return std::ranges::all_of(parts, [](const PartResult& part) { return part.differing() == 0; });
}

const PartResult* Verification::part(std::string_view name) const {
    const auto found = std::ranges::find(parts, name, &PartResult::name);
    return found == parts.end() ? nullptr : &*found;
}

namespace {

Result<Verification> start(const fs::path& folder) {
    std::error_code ignored;
    if (!fs::is_directory(folder, ignored)) return fail(folder.string(), 0, "is not a folder; a capture is needed");
    Verification verification;
    verification.capture = (folder.has_filename() ? folder : folder.parent_path()).filename().string();
    verification.folder = folder;
    return verification;
}

} // namespace

Result<Verification> verify_replay(const fs::path& folder) {
    KSL_TRY_ASSIGN(verification, start(folder));
    KSL_TRY(check_replay(verification));
    return std::move(verification);
}

Result<Verification> verify_capture(const fs::path& folder) {
    KSL_TRY_ASSIGN(verification, start(folder));
    const auto kind = kind_of(folder);
    if (!kind)
        return fail(folder.string(), 0, "is not a capture; its name does not begin with a kind, as replay- does");
    verification.kind = *kind;
    switch (*kind) {
    case CaptureKind::replay: KSL_TRY(check_replay(verification)); break;
    case CaptureKind::mmu: KSL_TRY(check_machine(verification)); break;
    case CaptureKind::snapshot: KSL_TRY(check_snapshot(verification)); break;
    case CaptureKind::cost: KSL_TRY(check_cost(verification)); break;
    case CaptureKind::overflow: KSL_TRY(check_overflow(verification)); break;
    case CaptureKind::fragmented: KSL_TRY(check_fragmented(verification)); break;
    }
    return std::move(verification);
}

std::vector<Result<Verification>> verify_captures(const std::vector<fs::path>& folders, unsigned workers) {
    std::vector<Result<Verification>> results(folders.size());
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        for (std::size_t i = next++; i < folders.size(); i = next++) results[i] = verify_capture(folders[i]);
    };
    std::vector<std::jthread> others;
    for (unsigned i = 1; i < std::min<std::size_t>(workers, folders.size()); ++i) others.emplace_back(work);
    work();
    others.clear();
    return results;
}

} // namespace ksl::sim
