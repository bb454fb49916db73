// SPDX-License-Identifier: MIT
#include "core/tlb/tlb.h"

#include "core/types/assert.h"

#include <algorithm>

namespace ksl::core {

Tlb::Tlb(const TlbGeometry& geometry, const AddressClasses& classes) : classes_(classes) {
    KSL_ASSERT(geometry.check().empty(), "the geometry is possible");
    const std::size_t load = add_arrays(geometry.load, TlbLevel::l1, geometry.first_policy);
    const bool has_store = !geometry.store.empty();
    const std::size_t store = has_store ? add_arrays(geometry.store, TlbLevel::l1, geometry.first_policy) : load;
    const std::size_t fetch = add_arrays(geometry.fetch, TlbLevel::l1, geometry.first_policy);
    const std::size_t second = add_arrays(geometry.second, TlbLevel::l2, geometry.second_policy);
    const bool has_second_fetch = !geometry.second_fetch.empty();
    const std::size_t second_fetch =
        has_second_fetch ? add_arrays(geometry.second_fetch, TlbLevel::l2, geometry.second_policy) : second;
    KSL_ASSERT(arrays_.size() <= kMostArrays, "a processor has few TLB arrays");

    route(TlbPort::load, TlbLevel::l1, geometry.load, load, false);
    route(TlbPort::store, TlbLevel::l1, has_store ? geometry.store : geometry.load, store, false);
    // Instruction TLBs have no entries for 1G pages: they hold the 2M piece that is executed.
    route(TlbPort::fetch, TlbLevel::l1, geometry.fetch, fetch, true);
    const bool smashes = geometry.second_smashes_1g;
    route(TlbPort::load, TlbLevel::l2, geometry.second, second, smashes);
    route(TlbPort::store, TlbLevel::l2, geometry.second, second, smashes);
    route(TlbPort::fetch, TlbLevel::l2, has_second_fetch ? geometry.second_fetch : geometry.second, second_fetch,
          smashes);
}

std::size_t Tlb::add_arrays(const std::vector<TlbArrayGeometry>& arrays, TlbLevel level, Replacement policy) {
    const std::size_t first = arrays_.size();
    for (const TlbArrayGeometry& array : arrays) {
        arrays_.emplace_back(ArrayShape{.entries = array.entries, .ways = array.ways, .policy = policy});
        ArrayInfo info;
        info.level = level;
        info.holds = array.holds;
        infos_.push_back(info);
    }
    return first;
}

void Tlb::route(TlbPort port, TlbLevel level, const std::vector<TlbArrayGeometry>& arrays, std::size_t first,
                bool smashes_1g) {
    Route& route = routes_[static_cast<std::size_t>(port)];
    auto& probes = level == TlbLevel::l1 ? route.first : route.second;
    auto& targets = level == TlbLevel::l1 ? route.first_target : route.second_target;
    for (std::size_t i = 0; i < arrays.size(); ++i) {
        const auto index = static_cast<std::uint8_t>(first + i);
        ArrayInfo& info = infos_[index];
        (port == TlbPort::load ? info.for_load : port == TlbPort::store ? info.for_store : info.for_fetch) = true;
        for (PageSize size : kAllPageSizes) {
            if (!arrays[i].holds.has(size)) continue;
            const auto place = static_cast<std::size_t>(size);
            const std::uint16_t most = arrays[i].most_ways[place];
            probes[place] = {.array = index, .size = size};
            targets[place] = {
                .array = index, .size = size, .ways = static_cast<std::uint8_t>(most != 0 ? most : arrays[i].ways)};
        }
    }
    constexpr auto kHuge = static_cast<std::size_t>(PageSize::huge_1g);
    constexpr auto kLarge = static_cast<std::size_t>(PageSize::large_2m);
    if (smashes_1g && targets[kHuge].array == kNoArray) targets[kHuge] = targets[kLarge];
    if (level == TlbLevel::l2) route.second_is_empty = arrays.empty();
}

TlbEntry Tlb::fragment_of(const TlbEntry& entry, VirtAddr at, PageSize size) {
    TlbEntry fragment = entry;
    fragment.key = TlbEntry::key_of(at, size) | TlbEntry::kFragment;
    const std::uint64_t inside = at.raw() & (bytes_of(entry.size()).count() - 1);
    const std::uint64_t frames = inside / bytes_of(size).count() * (bytes_of(size).count() >> kPageShift);
    fragment.data += frames; // the frame of a larger page is aligned, so nothing carries out of its field
    return fragment;
}

void Tlb::mark_dirty(VirtAddr at, std::uint64_t pcid_bits) {
    for (std::size_t index = 0; index < arrays_.size(); ++index) {
        AssocArray& array = arrays_[index];
        for (PageSize size : kAllPageSizes) {
            if (!may_hold(index, size)) continue;
            const std::uint64_t key = TlbEntry::key_of(at, size);
            AssocArray::Set set = array.set_at(set_of(array, key, size), log_);
            const int way = array.find(set, key, pcid_bits);
            if (way != AssocArray::kNone) set.entry(way).data |= TlbEntry::kDirty;
        }
    }
}

void Tlb::flush_page(VirtAddr at, Pcid pcid, bool global) {
    const std::uint64_t pcid_bits = std::uint64_t{pcid} << TlbEntry::kPcidShift;
    const auto applies = [&](const TlbEntry& entry) {
        return entry.is_global() ? global : (entry.data & TlbEntry::kPcidMask) == pcid_bits;
    };
    for (std::size_t index = 0; index < arrays_.size(); ++index) {
        AssocArray& array = arrays_[index];
        for (PageSize size : kAllPageSizes) {
            if (!may_hold(index, size)) continue;
            const std::uint64_t key = TlbEntry::key_of(at, size);
            AssocArray::Set set = array.set_at(set_of(array, key, size), log_);
            for (int way = 0; way < array.shape().ways; ++way) {
                const TlbEntry& entry = set.entry(way);
                if ((entry.key & TlbEntry::kKeyMask) == key && applies(entry)) array.remove(set, way);
            }
        }
    }
    // Pieces of the same 1G page elsewhere go as well.
    const VirtAddr huge_page = align_down(at, bytes_of(PageSize::huge_1g));
    if (std::ranges::find(smashed_, huge_page) == smashed_.end()) return;
    for (AssocArray& array : arrays_) {
        array.remove_if(log_, [&](const TlbEntry& entry) {
            return entry.is_fragment() && applies(entry) &&
                   align_down(entry.page(), bytes_of(PageSize::huge_1g)) == huge_page;
        });
    }
}

void Tlb::remember_smashed(VirtAddr at) {
    const VirtAddr huge_page = align_down(at, bytes_of(PageSize::huge_1g));
    if (std::ranges::find(smashed_, huge_page) == smashed_.end()) smashed_.push_back(huge_page);
}

const char* Tlb::check_invariants() const {
    for (std::size_t index = 0; index < arrays_.size(); ++index) {
        const char* broken = arrays_[index].check_invariants(log_);
        if (*broken != '\0') return broken;
        arrays_[index].for_each(log_, [&](std::uint32_t set, int, const TlbEntry& entry) {
            if (!infos_[index].holds.has(entry.size())) broken = "an array holds only its page sizes";
            if (entry.is_fragment() &&
                std::ranges::find(smashed_, align_down(entry.page(), bytes_of(PageSize::huge_1g))) == smashed_.end())
                broken = "1G pages that are held in pieces are known";
            if (set != set_of(arrays_[index], entry.key, entry.size())) broken = "an entry lies in its set";
            if (!may_hold(index, entry.size())) broken = "sizes that are present are marked so";
        });
        if (*broken != '\0') return broken;
    }
    return "";
}

} // namespace ksl::core
