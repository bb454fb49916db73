// SPDX-License-Identifier: GPL-3.0-or-later
//
// Snapshots without a thread: a scripted run, step by step, as the window would get it.
#pragma once

#include "tests/ui/support/scripted_source.h"
#include "ui/engine/snapshot.h"

namespace ksl::ui::test {

class Moments {
public:
    explicit Moments(const core::MachineConfig& config) : source(config) {}

    void forward(int steps) {
        for (int i = 0; i < steps; ++i) {
            const std::vector<CpuMark> before = marks_of(source.machine());
            if (!source.forward()) return;
            records.push_back(record_of(before, source.machine(), source.now(), source.last_events()));
        }
    }
    [[nodiscard]] std::shared_ptr<const Snapshot> now() const {
        auto snapshot = std::make_shared<Snapshot>();
        snapshot->machine = std::make_shared<const core::Machine>(source.machine());
        snapshot->now = source.now();
        snapshot->position = source.position();
        snapshot->known_end = source.known_end();
        snapshot->events.assign(source.last_events().begin(), source.last_events().end());
        if (!records.empty()) snapshot->last = records.back();
        return snapshot;
    }

    ScriptedSource source;
    std::vector<StepRecord> records;
};

} // namespace ksl::ui::test
