// SPDX-License-Identifier: MIT
//
// What must hold of a slab cache between any two calls.
#include "core/memory/slab_cache.h"

#include <algorithm>

namespace ksl::core {

namespace {

std::string of_slab(std::uint32_t slab, const char* what) {
    return "slab " + std::to_string(slab) + ": " + what;
}

constexpr const char* kNoRecord = "lists lead to slabs"; // the state may come from a damaged file

} // namespace

/// Objects on a free list; more than a slab has if the list is broken.
std::uint32_t SlabCache::free_list_length(SlabIndex slab, Link first) const {
    std::uint32_t length = 0;
    for (Link at = first; at != kEnd; at = links_[link_at(slab, at)]) {
        ++length;
        if (at >= slabs_[slab].objects || length > slabs_[slab].objects) return shape_.objects + 1U;
    }
    return length;
}

std::string SlabCache::check_slab(SlabIndex index) const {
    const Slab& slab = slabs_[index];
    if (slab.objects != shape_.objects && slab.objects != shape_.min_objects)
        return of_slab(index, "has as many objects as fit");
    const std::uint32_t free = free_list_length(index, slab.free);
    if (free + slab.taken != slab.objects) return of_slab(index, "each object is on the free list or taken");
    if (slab.place == Place::full && free != 0) return of_slab(index, "a full slab has no free object");
    if (slab.place == Place::node_partial && free == 0) return of_slab(index, "a partial slab has a free object");
    if (slab.place == Place::cpu_partial && free == 0) return of_slab(index, "a CPU's partial slab has a free object");
    std::uint32_t in_use = 0;
    for (Link i = 0; i < slab.objects; ++i) in_use += links_[link_at(index, i)] == kInUse ? 1U : 0U;
    std::uint32_t free_on_cpu = 0;
    if (slab.place == Place::cpu_own) {
        const auto owner = std::ranges::find(cpus_, index, &CpuSlab::slab);
        if (owner == cpus_.end()) return of_slab(index, "a CPU's own slab has that CPU");
        free_on_cpu = free_list_length(index, owner->free);
    }
    if (in_use + free_on_cpu != slab.taken) return of_slab(index, "a taken object is in use or on its CPU's list");
    return "";
}

std::string SlabCache::check_node_list() const {
    std::size_t listed = 0;
    SlabIndex previous = kNoSlab;
    for (SlabIndex at = partial_first_; at != kNoSlab; previous = at, at = slabs_[at].next) {
        if (!is_record(at)) return kNoRecord;
        if (++listed > partial_count_) return "the node's list is as long as it is counted";
        if (slabs_[at].place != Place::node_partial) return of_slab(at, "is where its list says");
        if (slabs_[at].previous != previous) return of_slab(at, "is linked both ways");
    }
    return listed == partial_count_ && previous == partial_last_ ? "" : "the node's list ends where it ends";
}

std::string SlabCache::check_cpu(const CpuSlab& cpu) const {
    if (cpu.slab == kNoSlab && cpu.free != kEnd) return "free objects of a CPU are of its slab";
    if (cpu.slab != kNoSlab) {
        if (!is_record(cpu.slab)) return kNoRecord;
        if (slabs_[cpu.slab].place != Place::cpu_own) return of_slab(cpu.slab, "is its CPU's");
    }
    std::size_t length = 0;
    for (SlabIndex at = cpu.partial; at != kNoSlab; at = slabs_[at].next) {
        if (!is_record(at)) return kNoRecord;
        if (++length > cpu.partial_count) return "a CPU's list is as long as it is counted";
        if (slabs_[at].place != Place::cpu_partial) return of_slab(at, "is where its list says");
    }
    return length == cpu.partial_count ? "" : "a CPU's list is as long as it is counted";
}

std::string SlabCache::check_lists() const {
    if (std::string broken = check_node_list(); !broken.empty()) return broken;
    std::size_t listed = partial_count_;
    std::size_t on_cpus = 0;
    std::size_t own = 0;
    for (const CpuSlab& cpu : cpus_) {
        if (std::string broken = check_cpu(cpu); !broken.empty()) return broken;
        on_cpus += cpu.partial_count;
        own += cpu.slab != kNoSlab ? 1U : 0U;
    }
    for (SlabIndex i = 0; i < slabs_.size(); ++i) {
        if (slabs_[i].place == Place::node_partial) --listed;
        if (slabs_[i].place == Place::cpu_partial) --on_cpus;
        if (slabs_[i].place == Place::cpu_own) --own;
    }
    if (listed != 0 || on_cpus != 0 || own != 0) return "every slab is on the list that it says it is on";
    return check_free_records();
}

/// Records of slabs that were given back form one list.
std::string SlabCache::check_free_records() const {
    std::size_t unused = 0;
    for (SlabIndex i = 0; i < slabs_.size(); ++i) unused += slabs_[i].place == Place::nowhere ? 1U : 0U;
    for (SlabIndex at = free_slots_; at != kNoSlab; at = slabs_[at].next) {
        if (!is_record(at)) return kNoRecord;
        if (slabs_[at].place != Place::nowhere || unused-- == 0) return "records that wait for a slab have none";
    }
    return unused == 0 ? "" : "a record without a slab waits for one";
}

std::string SlabCache::check_invariants() const {
    if (links_.size() != slabs_.size() * shape_.objects) return "there is a link for each object";
    std::uint32_t in_use = 0;
    for (SlabIndex i = 0; i < slabs_.size(); ++i) {
        if (slabs_[i].place == Place::nowhere) continue;
        if (std::string broken = check_slab(i); !broken.empty()) return broken;
        for (Link at = 0; at < slabs_[i].objects; ++at) in_use += links_[link_at(i, at)] == kInUse ? 1U : 0U;
    }
    if (in_use != in_use_) return "objects in use are counted";
    return check_lists();
}

std::string SlabCache::check_pages(const PageAllocator& pages) const {
    for (SlabIndex i = 0; i < slabs_.size(); ++i) {
        const Slab& slab = slabs_[i];
        if (slab.place == Place::nowhere) continue;
        const auto node = static_cast<FrameTable::Node>(slab.block);
        const FrameTable& frames = pages.state().frames;
        if (slab.block >= frames.frames().count()) return of_slab(i, "its pages lie in memory");
        if (frames.state(node) != BlockState::in_use || frames.order(node) != slab.order)
            return of_slab(i, "its pages are in use");
        if (frames.use(node) != FrameUse::slab || frames.owner(node) != FrameOwner{.id = i, .detail = number_})
            return of_slab(i, "its pages say whose they are");
    }
    return "";
}

SlabCounts SlabCache::counts() const {
    SlabCounts counts;
    for (SlabIndex i = 0; i < slabs_.size(); ++i) {
        const Slab& slab = slabs_[i];
        if (slab.place == Place::nowhere) continue;
        ++counts.slabs;
        counts.objects += slab.objects;
        counts.active += slab.place == Place::node_partial ? slab.taken : slab.objects;
    }
    return counts;
}

} // namespace ksl::core
