// SPDX-License-Identifier: MIT
//
// One processor's memory-management unit: control registers, TLBs, paging-structure caches and the walker behind them.
// An access asks the first-level TLB, then the second, then walks; whatever the tables say now, it is what the TLB
// remembers that counts, until software invalidates it.
//
// Units:    stalls in cycles of this processor. A hit in the first level costs nothing; a miss costs the second level's
//           extra latency; a walk costs its overhead and the latencies of the entries it reads, which the caller's
//           cache model gives.
// Errors:   a fault is an answer (MmuAnswer::faulted); fault() says which.
// Fidelity: no structure caches an entry that is not present or malformed. A violation seen in a TLB entry is reported
//           without looking at the tables, so a stale entry can cause one spurious fault; delivery of the fault drops
//           the entry. A walk that faults fills nothing. No speculation, no prefetch.
// Source:   Intel SDM vol. 3A, "Caching translation information" (what may be cached, invalidation, delivery of page
//           faults); instruction pages of INVLPG, INVPCID, MOV to control registers.
#pragma once

#include "core/memory/phys_memory.h"
#include "core/paging/page_fault.h"
#include "core/paging/paging_mode.h"
#include "core/paging/walker.h"
#include "core/tlb/recent_pages.h"
#include "core/tlb/tlb.h"
#include "core/tlb/tlb_counters.h"
#include "core/tlb/tlb_geometry.h"
#include "core/tlb/walk_caches.h"
#include "core/types/cow_array.h"
#include "core/types/time.h"

#include <array>
#include <cstdint>

namespace ksl::core {

/// What the MMU needs to know of a processor.
struct MmuConfig {
    TlbGeometry tlb;
    PagingFeatures features;
    Cycles second_level_extra{8}; ///< added on a first-level miss
    Cycles walk_overhead{8};      ///< added on a walk, to the latency of the entries it reads

    friend bool operator==(const MmuConfig&, const MmuConfig&) = default;
};

/// How an access was answered.
enum class MmuOutcome : std::uint8_t { first_level, second_level, walked, faulted };

/// Two words, so that it is returned in registers.
class MmuAnswer {
public:
    constexpr MmuAnswer() = default;
    constexpr MmuAnswer(PhysAddr at, MmuOutcome outcome, std::uint64_t story)
        : at_(at), story_(story | std::uint64_t{static_cast<std::uint8_t>(outcome)} << kOutcomeShift) {}

    /// Meaningless if it faulted.
    [[nodiscard]] constexpr PhysAddr at() const { return at_; }
    [[nodiscard]] constexpr MmuOutcome outcome() const { return static_cast<MmuOutcome>(story_ >> kOutcomeShift & 3); }
    [[nodiscard]] constexpr bool faulted() const { return outcome() == MmuOutcome::faulted; }
    [[nodiscard]] constexpr Cycles stall() const { return Cycles{story_ & 0xffff'ffff}; }
    /// Entries read by a walk.
    [[nodiscard]] constexpr unsigned references() const {
        return static_cast<unsigned>(story_ >> kReferencesShift & 7);
    }
    /// In the first level; also of a fault.
    [[nodiscard]] constexpr bool missed_first() const { return (story_ & kMissedFirst) != 0; }

    // How the story is told: stall cycles in the low half, added up; above them flags and counts.
    static constexpr unsigned kReferencesShift = 32;
    static constexpr std::uint64_t kOneReference = std::uint64_t{1} << kReferencesShift;
    static constexpr std::uint64_t kMissedFirst = std::uint64_t{1} << 36;
    static constexpr unsigned kOutcomeShift = 40;

private:
    PhysAddr at_;
    std::uint64_t story_ = 0;
};
static_assert(sizeof(MmuAnswer) == 16);

/// What an access may ask of its surroundings; this one has none. `reference` is the latency of reading or writing the
/// page-table entry at a physical address; `report` gets events of paging_events.h if `wants_events`.
struct NoHooks {
    [[nodiscard]] static std::uint32_t reference(PhysAddr /*entry_at*/, bool /*is_write*/) { return 0; }
    [[nodiscard]] static constexpr bool wants_events() { return false; }
    template <class Event>
    static void report(const Event& /*event*/) {}
};

enum class InvpcidType : std::uint8_t { address = 0, single_context = 1, all_with_global = 2, all_without_global = 3 };

class Mmu {
public:
    Mmu() = default;
    Mmu(const MmuConfig& config, const AddressClasses& classes);

    /// One access at `at` by this processor. Sets accessed and dirty bits in `memory`. Inlined wherever it is called,
    /// so that the kind of access is a constant.
    template <class Hooks>
    [[gnu::always_inline]] MmuAnswer access(VirtAddr at, Access access, PhysMemory& memory, Hooks&& hooks) {
        State& state = state_.mut();
        const Check& check = check_for(access);
        if (const RecentPages::Piece* last = recent_.find_last(at, check.port);
            last != nullptr && check.denied_keys == 0 && check.allows_known(last->data)) {
            ++state.counters.first_hits[static_cast<std::size_t>(last->size)];
            return {last->translate(at), MmuOutcome::first_level, 0};
        }
        const TlbPortMap& port = state.tlb.port(check.port);
        AssocArray::Place missed;
        const TlbEntry* entry = state.tlb.find_fast(port, at, check.mask, check.want, missed);
        if (entry != nullptr && check.denied_keys == 0) [[likely]] {
            ++state.counters.first_hits[static_cast<std::size_t>(PageSize::small_4k)];
            const MmuAnswer answer = answer_from(entry->data, PageSize::small_4k, at, MmuOutcome::first_level, 0);
            recent_.note_last(at, answer.at(), entry->data, PageSize::small_4k, port.alike);
            return answer;
        }
        const bool is_not_small = missed.is_known() || !port.levels[0].may_hold(PageSize::small_4k);
        if (is_not_small && check.denied_keys == 0) [[likely]] {
            const RecentPages::Page* recent = recent_.find(at, check.port);
            if (recent != nullptr && check.allows_known(recent->data) && state.tlb.large_set_is_swept(port, at))
                return answer_recent(state, port, *recent, at);
        }
        return access_slowly(state, at, check, missed, memory, hooks);
    }
    [[gnu::always_inline]] MmuAnswer access(VirtAddr at, Access access, PhysMemory& memory) {
        NoHooks hooks;
        return this->access(at, access, memory, hooks);
    }

    /// The last fault, after an answer that faulted().
    [[nodiscard]] const Fault& fault() const { return fault_; }

    // Control registers, with what writing them invalidates.
    [[nodiscard]] const ControlRegisters& registers() const { return registers_; }
    [[nodiscard]] const PagingMode& mode() const { return mode_; }
    [[nodiscard]] Pcid pcid() const {
        return mode_.pcid ? static_cast<Pcid>(registers_.cr3 & cr3::kPcidMask) : Pcid{0};
    }
    void set_cr0(std::uint64_t value);
    /// MOV to CR3, bit 63 (keep what is cached) included.
    void load_cr3(std::uint64_t value);
    /// A change of PGE, or PCIDE becoming 0, drops everything; a change of PAE, or SMEP becoming 1, what the current
    /// PCID has. Other bits take effect at once on what is cached.
    void set_cr4(std::uint64_t value);
    void set_efer(std::uint64_t value);
    void set_pkru(std::uint32_t value);
    void set_pkrs(std::uint32_t value);

    // Invalidation by instructions.
    void invlpg(VirtAddr at);
    void invpcid(InvpcidType type, Pcid pcid, VirtAddr at);
    /// Delivery of a page fault: CR2, and what the processor drops by itself.
    void deliver_page_fault(VirtAddr at);

    [[nodiscard]] const Tlb& tlb() const { return state_->tlb; }
    [[nodiscard]] const WalkCaches& walk_caches() const { return state_->walk_caches; }
    [[nodiscard]] const TlbCounters& counters() const { return state_->counters; }
    void reset_counters() { state_.mut().counters = {}; }
    /// True if no access or invalidation has happened on either side since one was copied from the other.
    [[nodiscard]] bool shares_state(const Mmu& other) const { return state_.shares(other.state_); }
    [[nodiscard]] const char* check_invariants() const;

    friend bool operator==(const Mmu& a, const Mmu& b) {
        return a.registers_ == b.registers_ && a.features_ == b.features_ && a.fault_ == b.fault_ &&
               a.state_ == b.state_;
    }
    /// Construct with the same configuration before reading.
    template <class Archive>
    void describe(Archive& archive) {
        archive(registers_, features_, second_level_extra_, walk_overhead_, state_, fault_.vector, fault_.error_code,
                fault_.address, fault_.level, fault_.entry);
        if constexpr (Archive::kReads) {
            update_mode();
            recent_.assume_anything();
            if (*check_invariants() != '\0') { // counters of a hostile file; the arrays have checked themselves
                archive.fail();
                reset_counters();
            }
        }
    }

private:
    struct State {
        Tlb tlb;
        WalkCaches walk_caches;
        TlbCounters counters;
        friend bool operator==(const State&, const State&) = default;
        template <class Archive>
        void describe(Archive& archive) {
            archive(tlb, walk_caches, counters);
        }
    };
    /// What an entry's data must look like for one kind of access, the PCID included; worked out once for each setting
    /// of the registers. A global entry may have another PCID and still be right.
    struct Check {
        std::uint64_t mask = 0;
        std::uint64_t want = 0;
        std::uint64_t rights_mask = 0; ///< mask without PCID and dirty bit: what a walk must find
        std::uint32_t denied_keys = 0; ///< bit: protection key, plus 16 for user pages
        TlbPort port = TlbPort::load;
        Access access;

        [[nodiscard]] bool allows(std::uint64_t data) const {
            return ((data ^ want) & mask & ~TlbEntry::kPcidBits) == 0 && (denied_keys == 0 || !denies_key(data));
        }
        /// The same where no key denies anything and the PCID is right.
        [[nodiscard, gnu::always_inline]] bool allows_known(std::uint64_t data) const {
            return ((data ^ want) & mask & ~TlbEntry::kPcidBits) == 0;
        }
        /// The same of a translation that a walk has found: the PCID is right, the dirty bit can still be set.
        [[nodiscard, gnu::always_inline]] bool allows_found(std::uint64_t data) const {
            return ((data ^ want) & rights_mask) == 0 && (denied_keys == 0 || !denies_key(data));
        }
        [[nodiscard]] bool denies_key(std::uint64_t data) const {
            const Rights rights = TlbEntry{.key = 0, .data = data}.rights();
            return (denied_keys >> (rights.key + (rights.user ? 16U : 0U)) & 1) != 0;
        }
    };
    static constexpr std::size_t kChecks = std::size_t{2} * kPrivileges * kAccessKinds;

    [[nodiscard]] const Check& check_for(Access access) const {
        return checks_[(static_cast<std::size_t>(access.stack) * kPrivileges +
                        static_cast<std::size_t>(access.privilege)) *
                           kAccessKinds +
                       static_cast<std::size_t>(access.kind)];
    }
    [[nodiscard]] static MmuAnswer answer_from(std::uint64_t data, PageSize size, VirtAddr at, MmuOutcome outcome,
                                               std::uint64_t story) {
        const std::uint64_t inside = bytes_of(size).count() - 1;
        return {PhysAddr{(data & Pte::kFrame.mask() & ~inside) | (at.raw() & inside)}, outcome, story};
    }
    [[nodiscard, gnu::always_inline]] MmuAnswer answer_recent(State& state, const TlbPortMap& port,
                                                              const RecentPages::Page& page, VirtAddr at) {
        state.tlb.use(port, page.size, page.spot);
        ++state.counters.first_hits[static_cast<std::size_t>(page.size)];
        const PhysAddr found = page.translate(at);
        if (page.may_be_used_once) [[likely]]
            recent_.note_last(at, found, page.data, page.size, page.ports);
        else
            recent_.forget_last();
        return {found, MmuOutcome::first_level, 0};
    }

    /// What is known of an access on its way.
    struct SoFar {
        Tlb::SmallPlaces places;       ///< where a 4 KiB page belongs
        AssocArray::Place table_place; ///< where the entry that points to its table belongs
        AddressClass whose = AddressClass::user;
        std::uint64_t story = 0;                       ///< of the answer
        std::uint64_t all_entries = ~std::uint64_t{0}; ///< the AND of the entries read

        [[nodiscard]] unsigned references() const {
            return static_cast<unsigned>(story >> MmuAnswer::kReferencesShift & 7);
        }
    };
    /// Where a walk begins to ask memory, and with what rights.
    struct WalkStart {
        Pfn table;
        CombinedRights rights;
        static WalkStart from(const TlbEntry& cached) {
            return {.table = Pte{cached.data}.table(), .rights = CombinedRights{cached.data}};
        }
    };
    struct FailedWalk {
        Pte entry;
        std::uint64_t data; ///< of the translation that does not allow the access
        Level level;
        bool is_complete; ///< the walk reached a page
    };

    /// Everything but a plain first-level hit. `missed`: the set of the first level that certainly does not hold the 4
    /// KiB page; nullptr if that is not known.
    template <class Hooks>
    MmuAnswer access_slowly(State& state, VirtAddr at, const Check& check, AssocArray::Place missed, PhysMemory& memory,
                            Hooks& hooks);
    /// The entry is there but does not allow it: a fault, or a dirty bit to set.
    template <class Hooks>
    MmuAnswer refuse(State& state, VirtAddr at, const Check& check, TlbEntry entry, std::uint64_t story,
                     PhysMemory& memory, Hooks& hooks);
    template <class Hooks>
    MmuAnswer walk(State& state, VirtAddr at, const Check& check, SoFar& so_far, PhysMemory& memory, Hooks& hooks);
    template <class Hooks>
    MmuAnswer walk_from_above(State& state, VirtAddr at, const Check& check, SoFar& so_far, PhysMemory& memory,
                              Hooks& hooks);
    template <Level kLevel, class Hooks>
    MmuAnswer descend(State& state, VirtAddr at, const Check& check, SoFar& so_far, WalkStart from, PhysMemory& memory,
                      Hooks& hooks);
    template <PageSize kSize, class Hooks>
    MmuAnswer finish(State& state, VirtAddr at, const Check& check, SoFar& so_far, Pte leaf, std::uint64_t data,
                     PhysMemory& memory, Hooks& hooks);
    template <class Hooks>
    MmuAnswer fail_walk(State& state, VirtAddr at, const Check& check, const FailedWalk& walk, std::uint64_t story,
                        Hooks& hooks);
    template <class Hooks>
    std::uint32_t set_accessed_and_dirty(State& state, VirtAddr at, Level leaf, unsigned references, AccessKind kind,
                                         PhysMemory& memory, Hooks& hooks);
    template <class Hooks>
    void fill_first(State& state, const TlbPortMap& port, VirtAddr at, const SoFar& so_far, TlbEntry entry,
                    Hooks& hooks);
    template <TlbLevel kLevel, PageSize kSize, class Hooks>
    void fill(State& state, const TlbPortMap& port, VirtAddr at, AddressClass whose, TlbEntry entry,
              AssocArray::Place place, Hooks& hooks);
    MmuAnswer fail(const Fault& fault, std::uint64_t story);
    [[nodiscard]] static Fault non_canonical(VirtAddr at, bool stack);
    /// An entry as it is cached: with combined rights and the PCID.
    [[nodiscard]] std::uint64_t cached_data(Pte entry, CombinedRights rights) const {
        return (entry.bits() & keep_mask_) | rights.bits() | pcid_bits_;
    }
    void update_mode();
    [[nodiscard]] Check check_of(Access access) const;
    void update_pcid();

    ControlRegisters registers_;
    PagingFeatures features_;
    std::uint32_t second_level_extra_ = 8;
    std::uint32_t walk_overhead_ = 8;
    Fault fault_;
    CowValue<State> state_;
    RecentPages recent_; ///< not state
    // Derived from the registers.
    PagingMode mode_;
    std::uint64_t pcid_bits_ = 0;
    std::array<Check, kChecks> checks_{};
    std::uint64_t keep_mask_ = 0;                   ///< bits of an entry that are cached as they are
    std::array<std::uint64_t, 6> reserved_table_{}; ///< reserved bits by level, of entries that point to tables
    std::array<std::uint64_t, 6> reserved_leaf_{};  ///< and of leaves
};

} // namespace ksl::core

#include "core/tlb/mmu_access.h" // IWYU pragma: keep
