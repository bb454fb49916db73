// SPDX-License-Identifier: MIT
#include "core/machine/kernel_services.h"

#include "core/machine/oom_killer.h"
#include "core/machine/paging_sync.h"
#include "core/machine/shootdown.h"

#include <algorithm>
#include <utility>

namespace ksl::core {

namespace {

/// Slab caches get their pages like anybody else, the out-of-memory killer included.
class PagesThroughKernel final : public SlabPages {
public:
    explicit PagesThroughKernel(KernelServices& kernel) : kernel_(kernel) {}
    [[nodiscard]] std::expected<Pfn, AllocFailure> take(const AllocRequest& request) override {
        if (const auto page = kernel_.allocate(request)) return *page;
        return std::unexpected(AllocFailure::no_memory);
    }
    void give_back(Pfn block, Order order) override { kernel_.free(block, order); }

private:
    KernelServices& kernel_;
};

} // namespace

std::optional<Pfn> KernelServices::allocate(const AllocRequest& request) {
    for (;;) {
        const auto block = state_.memory.pages.allocate(request, fx_, this);
        if (block) return *block;
        if (block.error() != AllocFailure::would_oom) return std::nullopt;
        if (!kill_someone(request.order)) return std::nullopt;
    }
}

std::size_t KernelServices::allocate_bulk(const AllocRequest& request, std::span<Pfn> out) {
    const auto got = state_.memory.pages.allocate_bulk(request, out, fx_, this);
    if (got) return *got;
    const auto one = allocate(request);
    if (!one) return 0;
    out[0] = *one;
    return 1;
}

bool KernelServices::kill_someone(Order order) {
    const TaskId victim = choose_oom_victim(state_);
    fx_.charge(Step::oom_scan);
    if (victim.is_none()) {
        state_.is_dead = true;
        return false;
    }
    ++oom_kills_;
    ++state_.counters.oom_kills;
    fx_.report(EventLevel::coarse, [&] {
        return OutOfMemory{static_cast<std::uint8_t>(order.raw()), victim.raw(),
                           static_cast<std::uint32_t>(state_.memory.pages.free_pages().count())};
    });
    return kill_for_memory(*this, state_, victim);
}

void KernelServices::free(Pfn block, Order order) {
    state_.memory.pages.free(block, order, fx_);
}

std::optional<SlabObject> KernelServices::new_object(SlabCacheId cache) {
    PagesThroughKernel pages{*this};
    const auto object = state_.memory.slabs.allocate(cache, {.gfp = gfp::kKernel, .use = FrameUse::slab}, pages, fx_);
    if (!object) return std::nullopt;
    return *object;
}

void KernelServices::free_object(SlabCacheId cache, SlabObject object) {
    PagesThroughKernel pages{*this};
    state_.memory.slabs.free(cache, object, pages, fx_);
}

void KernelServices::call_rcu(RcuCallback callback) {
    fx_.charge(Step::call_rcu);
    fx_.write(fx_.data().rcu_data(cpu_));
    state_.rcu.queue(cpu_, callback);
    if (!subject_.is_none()) ++state_.tasks.mut(subject_).pieces;
}

void KernelServices::defer_vfree(StackId stack) {
    Cpu& cpu = state_.cpu(cpu_);
    fx_.write(fx_.data().vfree_deferred(cpu_));
    if (!cpu.has_work()) {
        fx_.charge(Step::queue_work);
        fx_.report(EventLevel::fine, [] { return WorkQueued{0}; });
    }
    cpu.deferred_stacks.push_back(stack);
    if (!subject_.is_none()) ++state_.tasks.mut(subject_).pieces;
}

void KernelServices::purge_if_due() {
    VmapAllocator& vmap = state_.memory.vmap;
    if (!vmap.purge_is_due()) return;
    if (vmap.rules().purge_context != PurgeContext::worker) {
        purge();
        return;
    }
    Cpu& cpu = state_.cpu(cpu_);
    if (cpu.purge_queued) return;
    if (!cpu.has_work()) {
        fx_.charge(Step::queue_work);
        fx_.report(EventLevel::fine, [] { return WorkQueued{1}; });
    }
    cpu.purge_queued = true;
}

void KernelServices::purge() {
    const PurgeResult result = state_.memory.vmap.purge(PurgeReason::limit, fx_, *this);
    if (result.areas == 0) return;
    purged_ = true;
    if (state_.counters.purges++ == 0) state_.counters.first_purge_at = state_.stacks.freed_areas();
    fx_.report(EventLevel::coarse, [&] {
        const VirtRange flushed = result.flush.value_or(VirtRange{});
        return AreasPurged{result.areas, result.pages.count(), flushed.lowest.raw(), flushed.top.raw()};
    });
}

void KernelServices::sync_top_level(VirtRange range) {
    sync_after_mapping(state_, range, fx_);
}

std::uint64_t KernelServices::load(VirtAddr at) {
    const auto where = port_.touch(at, false, fx_.ledger());
    return where ? state_.memory.contents.read(align_down(*where, Bytes{8})) : 0;
}

void KernelServices::store(VirtAddr at, std::span<const std::uint64_t> words) {
    while (!words.empty()) {
        const auto line = port_.touch(at, true, fx_.ledger());
        if (!line) return;
        const Bytes left = kCacheLine - Bytes{at.raw() % kCacheLine.count()};
        const std::size_t count = std::min<std::size_t>(words.size(), left.count() / sizeof words[0]);
        state_.memory.contents.write_line(*line, words.first(count));
        words = words.subspan(count);
        at += left;
    }
}

void KernelServices::stream(VirtAddr from, Bytes size, bool is_write) {
    port_.stream(from, size, is_write, fx_.ledger());
}

std::optional<PhysAddr> KernelServices::translate(VirtAddr at) {
    if (state_.memory.layout.direct_map().contains(at)) return state_.memory.layout.phys_addr(at);
    const EntrySlot slot = state_.memory.mapper().find(at);
    if (!slot.entry.is_leaf(slot.level)) return std::nullopt;
    const std::uint64_t offset = at.raw() & ((Pte::frames_of(slot.level) << kPageShift) - 1);
    return slot.entry.address(slot.level) + Bytes{offset};
}

std::optional<AreaObject> KernelServices::new_area_object(Effects& /*fx*/) {
    const auto object = new_object(SlabCacheId::vmap_area);
    if (!object) return std::nullopt;
    return AreaObject{object->number()};
}

void KernelServices::free_area_object(AreaObject object, Effects& /*fx*/) {
    if (object.is_none()) return;
    if (state_.memory.vmap.rules().has_free_tree()) {
        free_object(SlabCacheId::vmap_area, SlabObject{object.raw()});
        return;
    }
    // kfree_rcu: nobody's life waits for it.
    const TaskId subject = std::exchange(subject_, TaskId::none());
    call_rcu({.work = RcuWork::free_vmap_area, .subject = object.raw()});
    subject_ = subject;
}

VirtAddr KernelServices::area_object_address(AreaObject object) const {
    return state_.memory.slabs.kernel_address(SlabCacheId::vmap_area, SlabObject{object.raw()});
}

void KernelServices::flush_kernel_range(VirtRange range, Effects& fx) {
    ipis_ = static_cast<std::uint16_t>(ipis_ + flush_tlb_kernel_range(state_, cpu_, range, fx));
}

void KernelServices::page_moved(Pfn /*from*/, Pfn to) {
    if (state_.memory.pages.state().frames.use(static_cast<FrameTable::Node>(to.raw())) != FrameUse::anonymous) return;
    state_.spaces.page_moved(state_.memory.contents, state_.memory.pages.owner(to), to);
}

bool KernelServices::store_word(VirtAddr at, std::uint64_t value) {
    const auto where = port_.touch(at, true, fx_.ledger());
    if (where) state_.memory.contents.write(*where, value);
    return where.has_value();
}

bool KernelServices::reach(VirtAddr at) {
    return port_.touch_unrepaired(at, fx_.ledger());
}

} // namespace ksl::core
