// SPDX-License-Identifier: MIT
//
// The page allocator: alloc_pages(), __free_pages() and their relatives, over zones, buddy lists and per-CPU page
// lists, as 4.7, 4.9 or 6.1 do it (PageRules).
//
// Units:     frames of 4 KiB, blocks of 2^order of them.
// Contract:  a block belongs to its caller until it is freed, with the order it was allocated with (or split before).
//            While it is in use the caller may keep two words in the frame table (set_owner).
// Errors:    a refusal is a value and an event. Freeing what is not in use is a bug of ours.
// Cost:      every step is charged to the Effects, and every line of kernel data that the steps touch. A silent Effects
//            takes a path without any of it.
// Exactness: frames, their order on every list, drains, steals and pageblock types are those of the real kernels; see
//            tests/sim/replay and sim/replay/page_replay.h.
// Fidelity:  one node; no cpusets, no dirty throttling, no memory control groups, no high memory. The slow path is that
//            of slow_path.h with what it leaves out.
// Threads:   none.
#pragma once

#include "core/effects/effects.h"
#include "core/memory/gfp.h"
#include "core/memory/page_owners.h"
#include "core/memory/page_state.h"

#include <expected>
#include <optional>
#include <span>

namespace ksl::core {

struct AllocRequest {
    Order order{};
    Gfp gfp = gfp::kKernel;
    FrameUse use = FrameUse::unmovable;
    FrameOwner owner{};
    bool is_oom_victim = false; ///< the task was chosen by the out-of-memory killer and is on its way out
    bool is_reclaiming = false; ///< PF_MEMALLOC: asked for by reclaim or compaction itself
};

enum class AllocFailure : std::uint8_t {
    no_memory, ///< NULL: the caller did not want to wait, to retry, or must not
    would_oom, ///< the out-of-memory killer has to choose a victim; then the request is made again
};

/// How a block is freed.
enum class FreePath : std::uint8_t {
    page_list,      ///< free_pages: to the per-CPU lists if its order has any
    page_list_cold, ///< 4.x: the same for a page that is not in the cache
    buddy,          ///< straight to the buddy lists
    buddy_tail,     ///< the same, never first to be used again (__free_pages_ok with FPI_TO_TAIL)
};

class PageAllocator {
public:
    PageAllocator() = default;
    explicit PageAllocator(PageState state) : state_(std::move(state)) {}

    /// One block. The CPU is that of `fx`.
    [[nodiscard]] std::expected<Pfn, AllocFailure> allocate(const AllocRequest& request, Effects& fx,
                                                            PageOwners* owners = nullptr);
    /// Single pages into `out`, as many as one go through the page list gives, at least one unless there is no memory
    /// (alloc_pages_bulk of 6.1; on kernels without it one page is allocated). `request.order` is 0.
    [[nodiscard]] std::expected<std::size_t, AllocFailure>
    allocate_bulk(const AllocRequest& request, std::span<Pfn> out, Effects& fx, PageOwners* owners = nullptr);

    /// The zone that allocate() would turn to first, as far as watermarks and turns decide; nothing if it would have to
    /// reclaim.
    [[nodiscard]] std::optional<ZoneId> zone_for(const AllocRequest& request, CpuId cpu);

    void free(Pfn block, Order order, Effects& fx, FreePath path = FreePath::page_list);
    /// Single pages at once: all are prepared, then all are put on the lists (free_unref_page_list; 4.x:
    /// free_hot_cold_page_list, where the two steps alternate).
    void free_batch(std::span<const Pfn> pages, Effects& fx, FreePath path = FreePath::page_list);
    /// The second of free_batch's two steps for one page; `remembered` is its pageblock's type at the first.
    void commit_free(Pfn page, MigrateType remembered, Effects& fx);

    /// drain_pages: all pages of a CPU's lists back to the buddy lists; of one zone, or of all.
    void drain(CpuId cpu, Effects& fx);
    void drain(CpuId cpu, ZoneId zone, Effects& fx);
    /// refresh_cpu_vm_stats: the CPU reports its unreported counter changes; the kernel does it once a second and
    /// before it stops the tick.
    void report_counters(CpuId cpu);

    /// A block in use becomes single pages in use (split_page). Owners of the parts are unset.
    void split_block(Pfn block);
    void set_owner(Pfn block, FrameOwner owner) {
        state_.frames.set_owner(static_cast<FrameTable::Node>(block.raw()), owner);
    }
    [[nodiscard]] FrameOwner owner(Pfn block) const {
        return state_.frames.owner(static_cast<FrameTable::Node>(block.raw()));
    }
    void set_use(Pfn block, FrameUse use);

    /// A page in use goes to the recently used end of its zone's LRU list; its owner words are given up for that.
    void lru_add(Pfn page);
    void lru_remove(Pfn page);

    /// Pages on the buddy lists of all zones.
    [[nodiscard]] Pages free_pages() const;
    [[nodiscard]] const PageState& state() const { return state_; }
    /// For start states and replays, which set what no request can.
    [[nodiscard]] PageState& mutable_state() { return state_; }

    template <class Archive>
    void describe(Archive& archive) {
        archive(state_);
    }
    friend bool operator==(const PageAllocator&, const PageAllocator&) = default;

private:
    PageState state_;
};

} // namespace ksl::core
