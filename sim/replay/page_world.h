// SPDX-License-Identifier: MIT
//
// One hypothesis of the page replay (hypotheses.h): the allocator, what was judged so far, and how far the zones' turns
// are.
#pragma once

#include "core/memory/page_allocator.h"
#include "sim/import/capture_folder.h"
#include "sim/replay/page_replay_judge.h"
#include "sim/replay/page_replay_paths.h"
#include "sim/replay/page_replay_zones.h"
#include "sim/replay/replay_result.h"

#include <unordered_map>
#include <vector>

namespace ksl::sim {

/// What all hypotheses share.
struct PageReplayContext {
    const capture::Capture& capture;
    std::vector<FreedPath> paths; ///< one an event
    std::vector<TurnStep> turns;
};

class PageWorld {
public:
    using Alternatives = std::vector<PageWorld>;

    PageWorld(const PageReplayContext& context, core::PageState start);

    /// An event before the first state. Requests tell how far the zones' turns are (4.7): they are made, and undone, on
    /// a copy.
    void rehearse(std::size_t position);
    /// No more events before the first state.
    void begin();
    /// The event at that position; a bulk request's are played by its first page, up to bulk_end().
    void play(std::size_t position, Alternatives& alternatives);
    void compare(std::size_t state, Alternatives& alternatives);

    /// One more for each recorded answer that was taken over: of two explanations that need as many differences, the
    /// one that leaves the engine right is preferred (two falsified answers may look like one error of the engine). And
    /// one more for each unlikely path of a freed page that was assumed.
    [[nodiscard]] std::uint64_t differences() const { return explained_by() + believed_claims_ + unlikely_paths_; }
    /// The same at the end, when what nothing contradicted is believed.
    [[nodiscard]] std::uint64_t explained_by() const { return judge_.differences() + lineage_.size(); }
    /// The same state: from here on the same answers.
    [[nodiscard]] bool goes_on_like(const PageWorld& other) const;
    [[nodiscard]] std::vector<PartResult> parts() const { return judge_.parts(); }
    [[nodiscard]] const std::vector<OwnFrame>& own_frames() const { return own_frames_; }

private:
    /// A request for a page or several at once.
    struct Request {
        std::vector<std::size_t> pages; ///< positions of the answers
        core::AllocRequest request;
    };

    // Events that say nothing about pages.
    template <class Other>
    void on(const Other& /*body*/, std::size_t /*position*/, Alternatives& /*alternatives*/) {}
    void on(const capture::ZoneLockedAlloc& body, std::size_t position, Alternatives& alternatives);
    void on(const capture::Fallback& body, std::size_t position, Alternatives& alternatives);
    void on(const capture::PageAlloc& body, std::size_t position, Alternatives& alternatives);
    void on(const capture::PageFree& body, std::size_t position, Alternatives& alternatives);
    void on(const capture::PageFreeBatched& body, std::size_t position, Alternatives& alternatives);
    void on(const capture::PcpDrain& body, std::size_t position, Alternatives& alternatives);

    [[nodiscard]] const capture::Event& event(std::size_t position) const {
        return context_->capture.log.events[position];
    }
    [[nodiscard]] const capture::PageAlloc& answer(std::size_t position) const {
        return std::get<capture::PageAlloc>(event(position).body);
    }
    [[nodiscard]] core::AllocRequest request_of(const capture::PageAlloc& body) const;
    [[nodiscard]] core::Effects effects() {
        return {nullptr, nullptr, &judge_, core::EventLevel::micro, core::CpuId{0}, core::Cycles{0}, {}};
    }
    [[nodiscard]] Request request_at(std::size_t position);
    /// `follows_zone`: the recorded zone is believed.
    void ask(const Request& request, bool follows_zone, Alternatives& alternatives);
    void follow_zone(const capture::PageAlloc& body, const core::AllocRequest& request, bool follows_zone);
    [[nodiscard]] bool judge_frame(std::size_t position, core::Pfn ours);
    [[nodiscard]] std::string surroundings(const capture::PageAlloc& body) const;
    void take_over(const capture::PageAlloc& body, core::Pfn ours);
    [[nodiscard]] capture::PagePath path_of(std::size_t position) const;
    void free_page(const capture::PageFree& body, capture::PagePath path);
    [[nodiscard]] bool put_in_use(core::Pfn pfn, core::Order order);

    const PageReplayContext* context_;
    core::PageAllocator allocator_;
    core::PageAllocator rehearsal_;
    PageJudge judge_;
    ZoneFollower follower_;
    std::vector<std::uint64_t> lineage_; ///< where recorded answers were taken over: tells allocators apart
    std::uint64_t believed_claims_ = 0;  ///< of pageblocks, against the engine's count
    std::uint32_t last_doubt_ = 0;       ///< the interrupt whose frees are being played, if their path is in doubt
    bool takes_unlikely_path_ = false;
    std::uint64_t unlikely_paths_ = 0;
    std::unordered_map<std::uint64_t, core::MigrateType> remembered_; ///< of pages whose free was announced
    std::unordered_map<std::uint64_t, bool> cold_;                    ///< the same for 4.x
    core::Nanoseconds last_time_;
    std::vector<OwnFrame> own_frames_;
};

/// One past the last event of the request that begins at `position`: more than the next one only for bulk requests.
[[nodiscard]] std::size_t request_end(const capture::EventLog& log, std::size_t position);

} // namespace ksl::sim
