// SPDX-License-Identifier: MIT
#include "sim/verify/area_releases.h"

#include "sim/replay/vmap_replay.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace ksl::sim {

namespace {

constexpr std::string_view kReleased = "areas released";
/// A free that is put right may show that another one is wrong.
constexpr int kRounds = 4;

std::uint64_t differences(const ReplayResult& result) {
    std::uint64_t sum = 0;
    for (const PartResult& part : result.parts) sum += part.differing();
    return sum;
}

/// What a record was before it was put right.
struct Repaired {
    std::size_t position = 0;
    capture::EventBody before;
    Difference difference;
};

/// Puts right what the replay did not believe.
std::vector<Repaired> repair(capture::Capture& capture, const ReplayResult& replay) {
    std::vector<Repaired> repaired;
    const PartResult* part = replay.part(kReleased);
    if (part == nullptr) return repaired;
    for (const OwnRelease& own : replay.own_releases) {
        const auto event = std::ranges::lower_bound(capture.log.events, own.event, {}, &capture::Event::index);
        const auto difference = std::ranges::find_if(part->differences(), [&](const Difference& any) {
            return any.event == own.event && any.where == "vmap_free";
        });
        if (event == capture.log.events.end() || difference == part->differences().end()) continue;
        repaired.push_back({static_cast<std::size_t>(event - capture.log.events.begin()), event->body, *difference});
        event->body = capture::VmapLazyFree{own.range};
    }
    return repaired;
}

} // namespace

Result<void> settle_releases(capture::Capture& capture, PartResult& part) {
    KSL_TRY_ASSIGN(first, replay_vmap(capture));
    if (first.own_releases.empty()) return {};
    std::vector<Repaired> all;
    ReplayResult last = first;
    for (int round = 0; round < kRounds && !last.own_releases.empty(); ++round) {
        for (Repaired& one : repair(capture, last)) all.push_back(std::move(one));
        KSL_TRY_ASSIGN(next, replay_vmap(capture));
        last = std::move(next);
    }
    const bool is_better = all.size() + differences(last) <= differences(first);
    std::vector<std::size_t> seen;
    for (auto& one : all) {
        if (std::ranges::find(seen, one.position) != seen.end()) continue; // put right twice: it is one record
        seen.push_back(one.position);
        if (is_better)
            part.add_difference(std::move(one.difference));
        else
            capture.log.events[one.position].body = one.before;
    }
    return {};
}

} // namespace ksl::sim
