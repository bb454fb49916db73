// SPDX-License-Identifier: MIT
//
// The TLBs of one processor: first level by kind of access, second level, side arrays, all as a TlbGeometry says.
//
// Fidelity: the second level is not inclusive of the first; a walk fills both, a second-level hit fills the first.
//           Threads of one core are not modelled: each simulated processor has TLBs of its own. No prefetching.
// Source:   Intel SDM vol. 3A, "Caching translation information"; AMD APM vol. 2 section 5.5.
#pragma once

#include "core/events/paging_events.h"
#include "core/tlb/assoc_array.h"
#include "core/tlb/flush_log.h"
#include "core/tlb/tlb_counters.h"
#include "core/tlb/tlb_geometry.h"
#include "core/tlb/tlb_port.h"
#include "core/tlb/translation_memory.h"

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

    [[nodiscard]] const TlbPortMap& port(TlbPort which) const { return ports_[static_cast<std::size_t>(which)]; }
    /// Loads and stores have the same first-level arrays.
    [[nodiscard]] bool stores_are_loads() const { return !infos_.empty() && infos_[0].for_store; }
    [[nodiscard]] AddressClass class_of(VirtAddr at) const { return classes_.of(at); }

    /// Where the 4 KiB page of an access belongs, as far as it has been looked up.
    struct SmallPlaces {
        AssocArray::Place first;
        AssocArray::Place second;
    };

    /// The set of a 2M page at `at` has been swept, so that not finding one there would change nothing.
    [[nodiscard, gnu::always_inline]] bool large_set_is_swept(const TlbPortMap& port, VirtAddr at) {
        const AssocArray& array = port.levels[0].home_of(PageSize::large_2m).array;
        const std::uint64_t page = page_number(at, PageSize::large_2m);
        return array.raw_set_of(memory_.words(), page)[AssocArray::kEpoch] == log_.now();
    }
    /// Where an entry is in the first level.
    struct Spot {
        std::uint32_t set = 0; ///< its first word in the TLB's memory
        std::uint8_t way = 0;
    };
    /// Of an entry that find() has just found there.
    [[nodiscard]] Spot spot_of(const TlbEntry& entry, TlbPort which, VirtAddr at) const {
        const AssocArray& array = port(which).levels[0].home_of(entry.size()).array;
        const std::uint32_t set = array.first_word_of(page_number(at, entry.size()));
        return {.set = set, .way = static_cast<std::uint8_t>(AssocArray::way_of(memory_.words() + set, entry))};
    }
    /// What find() does besides finding: the entry there has been used.
    [[gnu::always_inline]] void use(const TlbPortMap& port, PageSize size, Spot spot) {
        port.levels[0].home_of(size).array.touch_again(memory_.words() + spot.set, spot.way);
    }
    /// The common case, short enough to be inlined: a 4 KiB page in a first level of at most eight ways, whose entry
    /// has `want` in the bits of `mask` (PCID and rights). nullptr: not there, not so, or not so simple; ask find().
    /// `missed` becomes the page's place if it is certain that it is not there.
    [[nodiscard]] const TlbEntry* find_fast(const TlbPortMap& port, VirtAddr at, std::uint64_t mask, std::uint64_t want,
                                            AssocArray::Place& missed) {
        const std::uint64_t page = page_number(at, PageSize::small_4k);
        std::uint64_t* const set = port.front.raw_set_of(memory_.words(), page);
        const std::uint32_t tag = AssocArray::tag_of(page);
        if (set[AssocArray::kEpoch] != log_.now()) [[unlikely]]
            return nullptr;
        const std::uint32_t fits = match_tags_8(AssocArray::tags_of(set), static_cast<std::uint16_t>(tag));
        if (fits == 0) {
            if (port.front_is_real) missed = {.set = set, .tag = tag};
            return nullptr;
        }
        const int way = std::countr_zero(fits);
        const TlbEntry& entry = AssocArray::entry(set, way);
        const std::uint64_t other_page = (entry.key ^ (page | TlbEntry::kValid)) & TlbEntry::kKeyMask;
        if ((other_page | ((entry.data ^ want) & mask)) != 0) [[unlikely]]
            return nullptr;
        port.front.touch_small(set, way);
        return &entry;
    }
    /// The entry of a level for `at`; nullptr if there is none. Counts as a use for replacement. `small`: the place of
    /// the 4 KiB page if it is known not to be there; else it becomes that place, if it is looked at.
    template <TlbLevel kLevel>
    [[nodiscard, gnu::always_inline]] TlbEntry* find(const TlbPortMap& port, VirtAddr at, std::uint64_t pcid_bits,
                                                     AssocArray::Place& small) {
        const TlbRoute& route = port.levels[static_cast<std::size_t>(kLevel)];
        if (!small.is_known() && route.may_hold(PageSize::small_4k)) {
            if (TlbEntry* found = find_in<PageSize::small_4k>(route, at, pcid_bits, small)) return found;
        }
        if ((route.present & ~1U) == 0) [[likely]]
            return nullptr;
        AssocArray::Place ignored;
        if (route.may_hold(PageSize::large_2m)) {
            if (TlbEntry* found = find_in<PageSize::large_2m>(route, at, pcid_bits, ignored)) return found;
        }
        return route.may_hold(PageSize::huge_1g) ? find_in<PageSize::huge_1g>(route, at, pcid_bits, ignored) : nullptr;
    }
    /// Puts a translation for a page of kSize into a level; `at` is the address that caused it, `whose` its class.
    /// `place`: where it belongs, if that is known. Calls `evicted(victim)` for a valid entry that had to go. Nothing
    /// happens if the level has no room for such pages.
    template <TlbLevel kLevel, PageSize kSize, class Evicted>
    [[gnu::always_inline]] void fill(const TlbPortMap& port, VirtAddr at, AddressClass whose, TlbEntry entry,
                                     AssocArray::Place place, TlbCounters& counters, Evicted evicted) {
        const TlbHome& home = port.levels[static_cast<std::size_t>(kLevel)].home_of(kSize);
        if (!home.is_simple) [[unlikely]] {
            if (home.is_none) return;
            if (home.is_smashed) {
                put(home, TlbLevel{kLevel}, whose, smashed(entry, at), counters, evicted);
                return;
            }
            mark_present(home.index, kSize);
            if (home.ways != 0) {
                put(home, TlbLevel{kLevel}, whose, entry, counters, evicted);
                return;
            }
        }
        if (!place.is_known()) place = home.array.place_of(memory_.words(), page_number(at, kSize), log_);
        const TlbEntry victim = home.array.insert(place, with_class(entry, whose));
        count_fill(kLevel, kSize, whose, victim, counters, evicted);
    }

    // Invalidation; what each instruction calls is in mmu.h.
    void flush_all();
    void flush_non_global() { log_.flush_non_global(); }
    void flush_pcid(Pcid pcid) { log_.flush_pcid(pcid); }
    /// The page around `at`, in all sizes and pieces: of one PCID, and globally if `global`.
    void flush_page(VirtAddr at, Pcid pcid, bool global);

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
    [[nodiscard]] const ArrayShape& shape(std::size_t index) const { return arrays_[index].shape(); }
    /// Calls `visit(set, way, entry)` for every entry of an array.
    template <class Visit>
    void for_each(std::size_t index, Visit visit) const {
        arrays_[index].for_each(memory_.words(), log_, visit);
    }

    /// Empty text, or the first broken invariant.
    [[nodiscard]] const char* check_invariants() const;

    friend bool operator==(const Tlb& a, const Tlb& b) {
        return a.log_ == b.log_ && a.memory_ == b.memory_ && a.present_ == b.present_ && a.smashed_ == b.smashed_;
    }
    /// Construct with the same geometry before reading.
    template <class Archive>
    void describe(Archive& archive) {
        archive(log_, memory_, present_, smashed_);
        if constexpr (Archive::kReads) {
            update_ports();
            if (*check_invariants() != '\0') { // a hostile file must not send us to ways that do not exist
                archive.fail();
                reset();
            }
        }
    }

private:
    [[nodiscard]] static constexpr std::uint64_t page_number(VirtAddr at, PageSize size) {
        return at.raw() >> (kPageShift + kIndexBits * static_cast<unsigned>(size));
    }
    template <PageSize kSize>
    [[nodiscard, gnu::always_inline]] TlbEntry* find_in(const TlbRoute& route, VirtAddr at, std::uint64_t pcid_bits,
                                                        AssocArray::Place& place) {
        const AssocArray& array = route.home_of(kSize).array;
        place = array.place_of(memory_.words(), page_number(at, kSize), log_);
        const int way = array.find(place, TlbEntry::key_of(at, kSize), pcid_bits);
        if (way == AssocArray::kNone) return nullptr;
        array.touch(place.set, way);
        return &AssocArray::entry(place.set, way);
    }
    [[nodiscard, gnu::always_inline]] static TlbEntry with_class(TlbEntry entry, AddressClass whose) {
        return {.key = entry.key | std::uint64_t{static_cast<std::uint8_t>(whose)} << TlbEntry::kClassShift,
                .data = entry.data};
    }
    template <class Evicted>
    [[gnu::always_inline]] static void count_fill(TlbLevel level, PageSize size, AddressClass whose, TlbEntry victim,
                                                  TlbCounters& counters, Evicted evicted) {
        ++counters.fills[static_cast<std::size_t>(level)][static_cast<std::size_t>(size)];
        if (!victim.is_valid()) return;
        const auto whom = victim.key >> TlbEntry::kClassShift & (kAddressClasses - 1);
        ++counters.evictions[static_cast<std::size_t>(level)][static_cast<std::size_t>(whose)][whom];
        evicted(victim);
    }
    /// Puts an entry where its own key says, under whatever limits there are.
    template <class Evicted>
    [[gnu::noinline]] void put(const TlbHome& home, TlbLevel level, AddressClass whose, TlbEntry entry,
                               TlbCounters& counters, Evicted evicted) {
        mark_present(home.index, entry.size());
        const AssocArray& array = arrays_[home.index];
        const AssocArray::Place place = array.place_of(memory_.words(), page_number(entry.page(), entry.size()), log_);
        const unsigned ways = home.ways != 0 ? home.ways : array.shape().ways;
        const TlbEntry victim = array.insert_limited(place, with_class(entry, whose), ways);
        count_fill(level, entry.size(), whose, victim, counters, evicted);
    }
    /// The 2M piece of a 1G page around `at`.
    [[nodiscard]] TlbEntry smashed(TlbEntry entry, VirtAddr at);

    /// False if the array has held no page of this size since all was flushed: no need to look for one.
    [[nodiscard]] bool may_hold(std::size_t array, PageSize size) const {
        return (present_[array] >> static_cast<unsigned>(size) & 1) != 0;
    }
    void mark_present(std::size_t array, PageSize size);
    void update_ports();
    void reset();
    /// Adds the arrays of one level and returns the index of the first.
    std::size_t add_arrays(const std::vector<TlbArrayGeometry>& arrays, TlbLevel level, Replacement policy);
    void add_route(TlbLevel level, TlbPort port, const std::vector<TlbArrayGeometry>& arrays, std::size_t first,
                   bool smashes_1g);

    FlushLog log_;
    TranslationMemory memory_;
    std::vector<std::uint8_t> present_; ///< sizes that an array may hold, a bit each
    std::vector<VirtAddr> smashed_;     ///< 1G pages of which pieces may be held
    // Derived from the geometry, and the ports from present_ as well.
    AddressClasses classes_;
    std::array<TlbPortMap, kTlbPorts> ports_{};
    std::vector<AssocArray> arrays_;
    std::vector<ArrayInfo> infos_;
};

} // namespace ksl::core
