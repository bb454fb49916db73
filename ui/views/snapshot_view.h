// SPDX-License-Identifier: GPL-3.0-or-later
//
// What every view of a machine can do: draw another moment.
#pragma once

#include "ui/engine/snapshot.h"

#include <memory>

namespace ksl::ui {

using SnapshotPtr = std::shared_ptr<const Snapshot>;

/// True if one step leads from the one moment to the other, either way: what changed is little enough to be moved.
[[nodiscard]] inline bool is_one_step(const SnapshotPtr& before, const SnapshotPtr& now) {
    if (before == nullptr || now == nullptr) return false;
    return before->position + 1 == now->position || now->position + 1 == before->position;
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
