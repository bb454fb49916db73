// SPDX-License-Identifier: GPL-3.0-or-later
//
// What every view of a machine can do: draw another moment.
#pragma once

#include "ui/engine/snapshot.h"

#include <algorithm>
#include <cstdint>
#include <memory>

namespace ksl::ui {

using SnapshotPtr = std::shared_ptr<const Snapshot>;

/// True if few enough steps lead from the one moment to the other, either way, for what changed to be moved there: one,
/// or as many as somebody who pressed a key for a whole clone meant.
[[nodiscard]] inline bool is_short_way(const SnapshotPtr& before, const SnapshotPtr& now) {
    constexpr std::uint64_t kMostSteps = 12;
    if (before == nullptr || now == nullptr) return false;
    const std::uint64_t steps = std::max(before->position, now->position) - std::min(before->position, now->position);
    return steps == 1 || (steps != 0 && steps <= kMostSteps && now->activity == Activity::paused);
}

class SnapshotView {
public:
    virtual ~SnapshotView() = default;
    /// Null: there is no machine.
    virtual void show_snapshot(const SnapshotPtr& snapshot) = 0;

protected:
    SnapshotView() = default;
    SnapshotView(const SnapshotView&) = default;
    SnapshotView& operator=(const SnapshotView&) = default;
    SnapshotView(SnapshotView&&) = default;
    SnapshotView& operator=(SnapshotView&&) = default;
};

} // namespace ksl::ui
