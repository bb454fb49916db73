// SPDX-License-Identifier: MIT
#include "sim/replay/slab_replay.h"

#include "core/memory/slab_cache.h"
#include "sim/replay/page_replay_state.h"
#include "sim/replay/task_steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace ksl::sim {

namespace {

using core::Pfn;
using core::SlabObject;

constexpr core::CpuId kCpu{0};
/// Slabs that nobody recorded have frames behind all memory.
constexpr std::uint64_t kUnknownFrames = std::uint64_t{1} << 30;

/// Tasks of before the first recorded slab: the last `third` are in one slab, the `second` before them in another, all
/// earlier ones in a third.
struct Placement {
    std::size_t second = 0;
    std::size_t third = 0;
};

class SlabReplay final : private core::SlabPages {
public:
    explicit SlabReplay(const core::SlabShape& shape) : cache_(shape, 0, 1, core::VirtAddr{0}) {}

    /// Three full slabs that hold these tasks.
    void start(const std::vector<std::uint32_t>& old_tasks, Placement placement) {
        const std::size_t slab = cache_.shape().objects;
        std::vector<SlabObject> objects(3 * slab);
        for (SlabObject& object : objects) object = take();
        const std::size_t first = old_tasks.size() - placement.second - placement.third;
        for (std::size_t i = 0; i < old_tasks.size(); ++i) {
            std::size_t object = i;
            if (i >= first) object = slab + i - first;
            if (i >= first + placement.second) object = 2 * slab + i - first - placement.second;
            objects_[old_tasks[i]] = objects[object];
        }
        part_ = PartResult{std::string{kSlabPages}};
    }

    void play(const TaskStep& step) {
        event_ = step.event;
        is_order_open_ = is_order_open_ || step.is_order_open;
        if (step.kind == TaskStep::Kind::taken) {
            recorded_ = step.blocks;
            objects_[step.task] = take();
            leave_to_others(recorded_.size());
            recorded_.clear();
            return;
        }
        const auto object = objects_.find(step.task);
        if (object == objects_.end()) {
            part_.add_undetermined("a task of before the trace was freed");
            return;
        }
        core::Effects silent;
        cache_.free(object->second, *this, silent);
        objects_.erase(object);
        judge_given_back(step.blocks);
    }

    void leave_to_others(std::size_t slabs) {
        if (slabs != 0) part_.add_undetermined("another cache's slab", slabs);
    }

    /// A slab on the wrong side of a guess is missed twice: where it is given back in one order and where in the other.
    /// So a single deviation is none of those that an open order explains.
    [[nodiscard]] PartResult part() const {
        PartResult part = part_;
        if (open_.size() > 1) {
            part.add_undetermined("tasks were freed while a clone() was on its way, in an order that no event tells",
                                  open_.size());
        } else {
            for (const Difference& difference : open_) part.add_difference(difference);
        }
        return part;
    }
    /// All differences from the recording, those too that the recording leaves open.
    [[nodiscard]] std::uint64_t deviations() const { return part_.differing() + open_.size(); }

private:
    SlabObject take() {
        core::Effects silent;
        return *cache_.allocate({}, *this, silent);
    }

    std::expected<Pfn, core::AllocFailure> take(const core::AllocRequest& /*request*/) override {
        Pfn block{unknown_++};
        if (recorded_.empty()) {
            differ("none taken", "a slab taken");
        } else {
            block = recorded_.front();
            recorded_.erase(recorded_.begin());
            part_.add_exact();
        }
        slabs_.insert(block.raw());
        return block;
    }
    void give_back(Pfn block, core::Order /*order*/) override {
        slabs_.erase(block.raw());
        given_back_.push_back(block);
    }

    void judge_given_back(const std::vector<Pfn>& recorded) {
        const auto ours = std::exchange(given_back_, {});
        std::size_t i = 0;
        for (const Pfn block : recorded) {
            if (i < ours.size() && ours[i] == block) {
                part_.add_exact();
                ++i;
            } else if (slabs_.contains(block.raw())) {
                differ(fmt::format("{} given back", block.raw()), "kept");
            } // else another cache's
        }
        // A block of the right size was given back that nobody is known to have taken: its frame, or that of the slab,
        // was recorded otherwise before, which is the page replay's to judge.
        std::size_t strangers = 0;
        for (const Pfn block : recorded)
            strangers += slabs_.contains(block.raw()) || std::ranges::find(ours, block) != ours.end() ? 0U : 1U;
        for (; i < ours.size(); ++i) {
            if (strangers > 0) {
                --strangers;
                part_.add_undetermined("a slab whose frame was recorded in two ways");
            } else {
                differ("kept", fmt::format("{} given back", ours[i].raw()));
            }
        }
    }
    /// Once a task_struct may have been taken before or after another was freed, the slabs' contents are a guess.
    void differ(std::string recorded, std::string engine) {
        Difference difference{event_, std::string{kSlabPages}, std::move(recorded), std::move(engine), ""};
        if (is_order_open_)
            open_.push_back(std::move(difference));
        else
            part_.add_difference(std::move(difference));
    }

    core::SlabCache cache_;
    std::unordered_map<std::uint32_t, SlabObject> objects_; ///< by task
    std::unordered_set<std::uint64_t> slabs_;               ///< frames of the cache's slabs
    std::vector<Pfn> recorded_;                             ///< slabs that the task of this step asked for
    std::vector<Pfn> given_back_;
    std::uint64_t event_ = 0;
    std::uint64_t unknown_ = kUnknownFrames;
    bool is_order_open_ = false;
    std::vector<Difference> open_; ///< since the order was open
    PartResult part_{std::string{kSlabPages}};
};

core::SlabShape task_slab_of(PageKernel kernel) {
    core::SlabSizes sizes = core::SlabSizes::linux_6_1(1);
    if (kernel == PageKernel::linux_4_7) sizes = core::SlabSizes::linux_4_7(1);
    if (kernel == PageKernel::linux_4_9) sizes = core::SlabSizes::linux_4_9(1);
    return core::shape_of(sizes[core::SlabCacheId::task_struct].size, sizes.rules);
}

/// Tasks that were taken and not freed before `end`.
std::vector<std::uint32_t> tasks_alive_at(const std::vector<TaskStep>& steps, std::size_t end) {
    std::vector<std::uint32_t> tasks;
    for (std::size_t i = 0; i < end; ++i) {
        if (steps[i].kind == TaskStep::Kind::taken)
            tasks.push_back(steps[i].task);
        else
            std::erase(tasks, steps[i].task);
    }
    return tasks;
}

/// The replay that deviates least of those from any placement of the tasks of before the first recorded slab.
SlabReplay best_replay(const core::SlabShape& shape, const TaskSteps& tasks) {
    const std::vector<TaskStep>& steps = tasks.steps;
    const auto is_first_slab = [](const TaskStep& step) {
        return step.kind == TaskStep::Kind::taken && !step.blocks.empty();
    };
    const auto start = static_cast<std::size_t>(std::ranges::find_if(steps, is_first_slab) - steps.begin());
    const std::vector<std::uint32_t> old_tasks = tasks_alive_at(steps, start);
    std::optional<SlabReplay> best;
    for (std::size_t third = 0; third <= std::min<std::size_t>(old_tasks.size(), shape.objects); ++third) {
        for (std::size_t second = 0; second + third <= old_tasks.size() && second <= shape.objects; ++second) {
            if (old_tasks.size() - second - third > shape.objects) continue;
            SlabReplay replay(shape);
            replay.start(old_tasks, {.second = second, .third = third});
            for (std::size_t i = start; i < steps.size(); ++i) replay.play(steps[i]);
            replay.leave_to_others(tasks.slabs_of_others);
            if (!best || replay.deviations() < best->deviations()) best.emplace(std::move(replay));
            if (best->deviations() == 0) return std::move(*best);
        }
    }
    return best ? std::move(*best) : SlabReplay(shape);
}

} // namespace

Result<ReplayResult> replay_slabs(const capture::Capture& capture, const std::vector<OwnFrame>& own_frames) {
    if (capture.states.empty()) return fail(capture.folder, 0, "a capture has at least one state");
    const core::SlabShape shape = task_slab_of(page_kernel_of(capture.states.front()));
    const auto steps_with = [&](TakenAt taken_at) {
        return task_steps(capture.log, shape.order, own_frames, taken_at);
    };
    const TaskSteps tasks = steps_with(TakenAt::first_request);
    SlabReplay best = best_replay(shape, tasks);
    if (best.deviations() != 0) {
        SlabReplay other = best_replay(shape, steps_with(TakenAt::fork_event));
        if (other.deviations() < best.deviations()) best = std::move(other);
    }
    ReplayResult result{.capture = capture.folder, .events = tasks.steps.size(), .states = 0, .parts = {}};
    result.parts.push_back(best.part());
    return result;
}

} // namespace ksl::sim
