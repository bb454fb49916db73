// SPDX-License-Identifier: MIT
//
// One hypothesis of the vmalloc replay: the allocator and the stack cache, and what was judged so far.
#pragma once

#include "core/vmalloc/vmap_allocator.h"
#include "sim/import/capture_folder.h"
#include "sim/replay/replay_result.h"
#include "sim/replay/stack_cache_replay.h"
#include "sim/replay/stack_fates.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ksl::sim {

/// What all hypotheses share.
struct VmapReplayContext {
    const capture::Capture& capture;
    StackFates fates;
};

class VmapWorld {
public:
    using Alternatives = std::vector<VmapWorld>;

    VmapWorld(const VmapReplayContext& context, core::VmapAllocator allocator, const capture::State& start);

    /// `position`: of the event in the log.
    void play(std::size_t position, Alternatives& alternatives);
    /// Compares with a recorded state.
    void compare(std::size_t state, Alternatives& alternatives);
    void finish();

    /// One more for each recorded answer that was taken over, see PageWorld.
    [[nodiscard]] std::uint64_t differences() const;
    /// The same state: from here on the same answers.
    [[nodiscard]] bool goes_on_like(const VmapWorld& other) const;
    [[nodiscard]] std::vector<PartResult> parts() const;
    [[nodiscard]] const std::vector<OwnRelease>& own_releases() const { return own_releases_; }

private:
    /// Per task that is asking for a range.
    struct Request {
        core::AreaRequest request;
        StackSlots slots; ///< when it asked
        friend bool operator==(const Request&, const Request&) = default;
    };
    struct Reserved {
        core::VirtRange range;
        StackSlots slots;
        friend bool operator==(const Reserved&, const Reserved&) = default;
    };
    struct RunningPurge {
        std::vector<core::VirtRange> areas; ///< in the order in which they leave
        std::size_t left = 0;               ///< how many of them were seen leaving
        std::optional<core::VirtRange> flush;
        bool was_flush_seen = false;
    };

    void on(const capture::VmapRequest& asked, std::size_t position, Alternatives& alternatives);
    void on(const capture::VmapResultRange& result, std::size_t position, Alternatives& alternatives);
    void on(const capture::VmapLazyFree& freed, std::size_t position, Alternatives& alternatives);
    void on(const capture::Vunmap& unmapped, std::size_t position, Alternatives& alternatives);
    void on(const capture::VmapErase& erased, std::size_t position, Alternatives& alternatives);
    void on(const capture::VmapPurgeEnter& entered, std::size_t position, Alternatives& alternatives);
    void on(const capture::VmapPurgeExit& exited, std::size_t position, Alternatives& alternatives);
    void on(const capture::TlbFlushKernel& flush, std::size_t position, Alternatives& alternatives);
    void on(const capture::NewTask& task, std::size_t position, Alternatives& alternatives);
    void on(const capture::PutStack& put, std::size_t position, Alternatives& alternatives);
    void on(const capture::StackFreeRcu& callback, std::size_t position, Alternatives& alternatives);
    template <class Other>
    void on(const Other& /*event*/, std::size_t /*position*/, Alternatives& /*alternatives*/) {}

    [[nodiscard]] const capture::Event& event(std::size_t position) const {
        return context_->capture.log.events[position];
    }
    /// The area in use that a recorded free means; none() if there is none.
    [[nodiscard]] core::AreaId area_freed(core::VirtRange recorded, std::optional<core::VirtAddr> unmapped,
                                          std::size_t position);
    /// This area goes on being used: another event frees it, or it is still there at the end.
    [[nodiscard]] bool stays_in_use(core::VirtRange area, std::size_t position) const;
    /// How many records say that it is freed later, or that it is still there at the end.
    [[nodiscard]] unsigned later_records_of(core::VirtRange area, std::size_t position) const;
    [[nodiscard]] bool is_purged_next(std::size_t position) const;
    void judge_due_purge(std::size_t position);
    [[nodiscard]] std::string around(core::VirtAddr address) const;
    /// Goes on as if this range had been chosen; false if part of it is taken.
    [[nodiscard]] bool take_over(core::VirtRange recorded, std::optional<core::AreaId> own, std::size_t position,
                                 const StackSlots& slots);
    void compare_ranges(PartResult& part, std::size_t state, const std::vector<core::VirtRange>& recorded,
                        const std::vector<core::VirtRange>& engine);
    void compare_cache(std::size_t state, const core::VmapSnapshot& recorded, const core::VmapSnapshot& engine);
    void compare_stacks(std::size_t state);
    [[nodiscard]] std::uint64_t events_before(std::size_t state) const {
        return context_->capture.states[state].events_before.value_or(0);
    }

    const VmapReplayContext* context_;
    core::VmapAllocator allocator_;
    std::vector<std::uint64_t> lineage_; ///< where recorded answers were taken over: tells allocators apart
    std::uint64_t taken_over_ = 0;       ///< how often a recorded answer was
    core::SilentVmapHost host_;
    core::Effects silent_;
    StackCacheReplay stacks_;
    std::map<std::uint32_t, Request> requests_;        ///< by pid
    std::map<std::uint32_t, Reserved> reserved_;       ///< by pid: the last range, until the pid's next task
    std::map<std::uint32_t, core::VirtAddr> unmapped_; ///< by pid: what it is about to free (4.x)
    std::optional<RunningPurge> purge_;
    std::vector<OwnRelease> own_releases_;

    PartResult addresses_{"vmalloc addresses"};
    PartResult released_{"areas released"};
    PartResult purges_{"purges"};
    PartResult purged_{"purged areas"};
    PartResult flushes_{"purge flushes"};
    PartResult state_areas_{"states: areas"};
    PartResult state_pending_{"states: waiting for a purge"};
    PartResult state_free_{"states: free ranges"};
    PartResult state_cache_{"states: search variables"};
    PartResult state_lazy_{"states: pages waiting"};
    PartResult state_stacks_{"states: cached stacks"};
};

} // namespace ksl::sim
