// SPDX-License-Identifier: MIT
#include "sim/verify/replay_checks.h"

#include "sim/import/capture_folder.h"
#include "sim/replay/page_replay.h"
#include "sim/replay/slab_replay.h"
#include "sim/replay/stack_block_replay.h"
#include "sim/replay/vmap_replay.h"
#include "sim/verify/area_figures.h"
#include "sim/verify/area_releases.h"
#include "sim/verify/stack_check.h"
#include "sim/verify/stack_offers.h"
#include "sim/verify/state_constants.h"
#include "sim/verify/task_events.h"
#include "sim/verify/task_figures.h"
#include "sim/verify/trace_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace ksl::sim {

namespace {

/// Parts of the replays, by the names that a verification gives them.
struct Renamed {
    std::string_view part;
    std::string_view as;
};
constexpr std::array kParts{
    Renamed{kPageFrames, "allocations"},
    Renamed{kZoneChoices, "zone_choices"},
    Renamed{kBlocksTaken, "blocks"},
    Renamed{kFallbacks, "fallbacks"},
    Renamed{kPageblockClaims, "pageblock_claims"},
    Renamed{kDrains, "drains"},
    Renamed{"vmalloc addresses", "vmalloc"},
    Renamed{"areas released", "areas_released"},
    Renamed{"purges", "purges"},
    Renamed{"purged areas", "purged_areas"},
    Renamed{"purge flushes", "purge_flushes"},
    Renamed{"stacks of new tasks", "stack_cache"},
    Renamed{"stacks given back", "stacks_given_back"},
    Renamed{kStackBlocks, "stack_blocks"},
    Renamed{kSlabPages, "slabs"},
    Renamed{kPageStates, "states"},
};
/// Parts that every replay has, if only with nothing to judge.
constexpr std::array<std::string_view, 5> kAlways{"allocations", "drains", "states", "vmalloc", "stack_cache"};

std::string_view renamed(std::string_view part) {
    const auto known = std::ranges::find(kParts, part, &Renamed::part);
    return known == kParts.end() ? "states" : known->as; // all others are "states: ..."
}

void add_parts(Verification& verification, const ReplayResult& result) {
    for (const PartResult& part : result.parts) {
        std::ranges::find(verification.parts, renamed(part.name()), &PartResult::name)->add(part);
    }
}

/// With more than `enough` differences, the rest is left out.
Result<void> judge(capture::Capture capture, Verification& verification, std::uint64_t enough = UINT64_MAX) {
    for (const Renamed& part : kParts) verification.parts.emplace_back(std::string{part.as});
    PartResult& states = *std::ranges::find(verification.parts, "states", &PartResult::name);
    settle_constants(capture.states, states);
    settle_moments(capture, states);
    PartResult& given_back = *std::ranges::find(verification.parts, "stacks_given_back", &PartResult::name);
    PartResult tasks{"tasks"};
    settle_forks(capture, tasks);
    settle_deaths(capture, tasks);
    KSL_TRY(settle_releases(capture, *std::ranges::find(verification.parts, "areas_released", &PartResult::name)));
    KSL_TRY(settle_offers(capture, given_back));
    settle_callbacks(capture, given_back);
    KSL_TRY_ASSIGN(pages, replay_pages(capture, enough));
    KSL_TRY_ASSIGN(areas, replay_vmap(capture));
    KSL_TRY_ASSIGN(slabs, replay_slabs(capture, pages.own_frames));
    const ReplayResult blocks = replay_stack_blocks(capture, pages.own_frames);
    for (const ReplayResult* result : {&std::as_const(pages), &std::as_const(areas), &std::as_const(slabs), &blocks})
        add_parts(verification, *result);
    PartResult& layout = verification.parts.emplace_back("stack_layout");
    for (std::size_t i = 0; i < capture.states.size(); ++i)
        judge_stack_layout(capture.states[i].tasks, capture.states[i].vmap.direct_map_base,
                           fmt::format("state_{:02}", i), layout);
    judge_tasks(capture, tasks);
    verification.parts.push_back(std::move(tasks));
    judge_areas(capture, {.own_frames = pages.own_frames, .addresses = areas.part("vmalloc addresses")},
                verification.parts.emplace_back("areas"));
    verification.events = pages.events;
    verification.states = pages.states;
    std::erase_if(verification.parts, [](const PartResult& part) {
        return part.total() == 0 && part.undetermined().empty() &&
               std::ranges::find(kAlways, part.name()) == kAlways.end();
    });
    return {};
}

Result<std::uint64_t> count_differences(const capture::Capture& capture, std::uint64_t enough) {
    Verification verification;
    KSL_TRY(judge(capture, verification, enough));
    std::uint64_t sum = 0;
    for (const PartResult& part : verification.parts) sum += part.differing();
    return sum;
}

} // namespace

Result<void> check_replay(Verification& verification) {
    KSL_TRY_ASSIGN(capture, capture::read_capture(verification.folder));
    KSL_TRY_ASSIGN(text, capture::read_trace_text(verification.folder));
    PartResult told{"trace_text"};
    if (text) KSL_TRY(settle_trace(capture, *text, count_differences, told));
    KSL_TRY(judge(std::move(capture), verification));
    if (text) verification.parts.push_back(std::move(told));
    return {};
}

} // namespace ksl::sim
