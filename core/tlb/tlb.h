// SPDX-License-Identifier: MIT
//
// The TLBs of one processor: first level by kind of access, second level, side arrays, all as a TlbGeometry says.
//
// Fidelity: the second level is not inclusive of the first; a walk fills both, a second-level hit fills the first.
// Threads
//           of one core are not modelled: each simulated processor has TLBs of its own. No prefetching.
// Source:   Intel SDM vol. 3A, "Caching translation information"; AMD APM vol. 2 section 5.5.
#pragma once

#include "core/events/paging_events.h"
#include "core/tlb/assoc_array.h"
#include "core/tlb/flush_log.h"
#include "core/tlb/tlb_counters.h"
#include "core/tlb/tlb_geometry.h"

#include <array>
#include <cstdint>
#include <vector>

namespace ksl::core {

/// Which first-level TLB an access uses.
enum class TlbPort : std::uint8_t { load, store, fetch };
inline constexpr unsigned kTlbPorts = 3;

class Tlb {
public:
    Tlb() = default;
    /// `geometry.check()` is empty.
    Tlb(const TlbGeometry& geometry, const AddressClasses& classes);

    /// The first-level entry for `at`; nullptr if there is none. Counts as a use for replacement.
    [[nodiscard]] TlbEntry* find_first(TlbPort port, VirtAddr at, std::uint64_t pcid_bits) {
        const Route& route = routes_[static_cast<std::size_t>(port)];
        for (const Probe& probe : route.first) {
            if (TlbEntry* found = find_in(probe, at, pcid_bits)) return found;
        }
        return nullptr;
    }
    [[nodiscard]] TlbEntry* find_second(TlbPort port, VirtAddr at, std::uint64_t pcid_bits) {
        const Route& route = routes_[static_cast<std::size_t>(port)];
        for (const Probe& probe : route.second) {
            if (TlbEntry* found = find_in(probe, at, pcid_bits)) return found;
        }
        return nullptr;
    }
    [[nodiscard]] bool has_second_level(TlbPort port) const {
        return !routes_[static_cast<std::size_t>(port)].second_is_empty;
    }

    /// Puts a translation into a level; `at` is the address that caused it. Calls `evicted(victim)` for a valid entry
    /// that had to go. Nothing happens if the level has no room for such pages.
    template <class Evicted>
    void fill(TlbLevel level, TlbPort port, VirtAddr at, const TlbEntry& entry, TlbCounters& counters,
              Evicted evicted) {
        const Route& route = routes_[static_cast<std::size_t>(port)];
        const Target& target =
            (level == TlbLevel::l1 ? route.first_target : route.second_target)[static_cast<std::size_t>(entry.size())];
        if (target.array == kNoArray) return;
        const bool is_smashed = target.size != entry.size();
        const TlbEntry stored = is_smashed ? fragment_of(entry, at, target.size) : entry;
        if (is_smashed) [[unlikely]]
            remember_smashed(at);
        AssocArray& array = arrays_[target.array];
        AssocArray::Set set = array.set_at(set_of(array, stored.key, target.size), log_);
        const TlbEntry victim = array.insert(set, stored, target.ways);
        mark_present(target.array, target.size);
        ++counters.fills[static_cast<std::size_t>(level)][static_cast<std::size_t>(target.size)];
        if (!victim.is_valid()) return;
        const auto by = static_cast<std::size_t>(classes_.of(at));
        const auto whom = static_cast<std::size_t>(classes_.of(victim.page()));
        ++counters.evictions[static_cast<std::size_t>(level)][by][whom];
        evicted(victim);
    }

    /// Sets the dirty bit of every entry that maps `at` for this PCID.
    void mark_dirty(VirtAddr at, std::uint64_t pcid_bits);

    // Invalidation; what each instruction calls is in mmu.h.
    void flush_all() {
        log_.flush_all();
        sizes_present_.fill(0);
        smashed_.clear();
    }
    void flush_non_global() { log_.flush_non_global(); }
    void flush_pcid(Pcid pcid) { log_.flush_pcid(pcid); }
    /// The page around `at`, in all sizes and fragments: of one PCID, and globally if `global`.
    void flush_page(VirtAddr at, Pcid pcid, bool global);

    [[nodiscard]] AddressClass class_of(VirtAddr at) const { return classes_.of(at); }

    /// For views: what an array is and what it holds.
    struct ArrayInfo {
        TlbLevel level = TlbLevel::l1;
        bool for_load = false;
        bool for_store = false;
        bool for_fetch = false;
        PageSizeSet holds;
    };
    [[nodiscard]] std::size_t array_count() const { return arrays_.size(); }
    [[nodiscard]] const ArrayInfo& info(std::size_t index) const { return infos_[index]; }
    [[nodiscard]] const AssocArray& array(std::size_t index) const { return arrays_[index]; }
    [[nodiscard]] const FlushLog& log() const { return log_; }

    /// Empty text, or the first broken invariant.
    [[nodiscard]] const char* check_invariants() const;

    friend bool operator==(const Tlb& a, const Tlb& b) { return a.log_ == b.log_ && a.arrays_ == b.arrays_; }
    /// The geometry must be that of the archive's Tlb: construct with it before reading.
    template <class Archive>
    void describe(Archive& archive) {
        archive(log_, arrays_, sizes_present_, smashed_);
        if constexpr (Archive::kReads) {
            if (arrays_.size() != infos_.size()) archive.fail();
            arrays_.resize(infos_.size());
        }
    }

private:
    static constexpr std::uint8_t kNoArray = 0xff;
    static constexpr std::size_t kMostArrays = 16;

    /// Where to look for pages of one size.
    struct Probe {
        std::uint8_t array = kNoArray;
        PageSize size = PageSize::small_4k;
    };
    /// Where translations of one size are put, and as what.
    struct Target {
        std::uint8_t array = kNoArray;
        PageSize size = PageSize::small_4k;
        std::uint8_t ways = 0;
    };
    struct Route {
        std::array<Probe, kPageSizes> first{};
        std::array<Probe, kPageSizes> second{};
        std::array<Target, kPageSizes> first_target{};
        std::array<Target, kPageSizes> second_target{};
        bool second_is_empty = true;
    };

    [[nodiscard]] static std::uint32_t set_of(const AssocArray& array, std::uint64_t key, PageSize size) {
        return array.set_of(key, kIndexBits * static_cast<unsigned>(size));
    }
    [[nodiscard]] TlbEntry* find_in(const Probe& probe, VirtAddr at, std::uint64_t pcid_bits) {
        if (probe.array == kNoArray) return nullptr;
        if (!may_hold(probe.array, probe.size)) return nullptr;
        AssocArray& array = arrays_[probe.array];
        const std::uint64_t key = TlbEntry::key_of(at, probe.size);
        AssocArray::Set set = array.set_at(set_of(array, key, probe.size), log_);
        const int way = array.find(set, key, pcid_bits);
        if (way == AssocArray::kNone) return nullptr;
        array.touch(set, way);
        return &set.entry(way);
    }
    /// False if the array has held no page of this size since it was last empty: no need to look for one.
    [[nodiscard]] bool may_hold(std::size_t array, PageSize size) const {
        return (sizes_present_[array] >> static_cast<unsigned>(size) & 1) != 0;
    }
    void mark_present(std::size_t array, PageSize size) {
        sizes_present_[array] = static_cast<std::uint8_t>(sizes_present_[array] | 1U << static_cast<unsigned>(size));
    }
    void remember_smashed(VirtAddr at);
    [[nodiscard]] static TlbEntry fragment_of(const TlbEntry& entry, VirtAddr at, PageSize size);
    /// Adds the arrays of one level and returns the index of the first.
    std::size_t add_arrays(const std::vector<TlbArrayGeometry>& arrays, TlbLevel level, Replacement policy);
    void route(TlbPort port, TlbLevel level, const std::vector<TlbArrayGeometry>& arrays, std::size_t first,
               bool smashes_1g);

    AddressClasses classes_;
    FlushLog log_;
    std::vector<AssocArray> arrays_;
    std::array<std::uint8_t, kMostArrays> sizes_present_{}; ///< a bit a page size, by array
    std::vector<VirtAddr> smashed_;                         ///< 1G pages of which pieces may be held
    std::array<Route, kTlbPorts> routes_{};                 ///< derived from the geometry, as are the infos
    std::vector<ArrayInfo> infos_;
};

} // namespace ksl::core
