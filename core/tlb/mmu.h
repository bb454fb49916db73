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
struct MmuAnswer {
    PhysAddr at; ///< of a fault: meaningless
    std::uint32_t stall_cycles = 0;
    MmuOutcome outcome = MmuOutcome::faulted;
    std::uint8_t references = 0; ///< entries read by a walk
    bool missed_first = false;   ///< in the first level; also of a fault
    std::uint8_t pat_index = 0;  ///< memory type: index into IA32_PAT

    [[nodiscard]] bool faulted() const { return outcome == MmuOutcome::faulted; }
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

    /// One access at `at` by this processor. Sets accessed and dirty bits in `memory`.
    template <class Hooks>
    MmuAnswer access(VirtAddr at, Access access, PhysMemory& memory, Hooks&& hooks) {
        State& state = state_.mut();
        ++state.counters.accesses;
        const Check& check = checks_[check_index(access)];
        TlbEntry* entry = state.tlb.find_first(check.port, at, pcid_bits_);
        if (entry != nullptr && check.allows(entry->data)) [[likely]] {
            ++state.counters.first_hits[static_cast<std::size_t>(entry->size())];
            return answer_from(*entry, at, MmuOutcome::first_level);
        }
        return access_slowly(at, access, entry, memory, hooks);
    }
    MmuAnswer access(VirtAddr at, Access access, PhysMemory& memory) {
        NoHooks hooks;
        return this->access(at, access, memory, hooks);
    }

    /// The last fault, after an answer that faulted().
    [[nodiscard]] const Fault& fault() const { return fault_; }

    // Control registers, with what writing them invalidates.
    [[nodiscard]] const ControlRegisters& registers() const { return registers_; }
    [[nodiscard]] const PagingMode& mode() const { return mode_; }
    [[nodiscard]] Pcid pcid() const { return static_cast<Pcid>(pcid_bits_ >> TlbEntry::kPcidShift); }
    void set_cr0(std::uint64_t value);
    /// MOV to CR3, bit 63 (keep what is cached) included.
    void load_cr3(std::uint64_t value);
    /// A change of PGE, or PCIDE becoming 0, drops everything; a change of PAE, or SMEP becoming 1, what the current PCID
    /// has. Other bits take effect at once on what is cached.
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
        if constexpr (Archive::kReads) update_mode();
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
    /// What an entry's data must look like for one kind of access, worked out once for each setting of the registers.
    struct Check {
        std::uint64_t mask = 0;
        std::uint64_t want = 0;
        std::uint32_t denied_keys = 0; ///< bit: protection key, plus 16 for user pages
        TlbPort port = TlbPort::load;

        [[nodiscard]] bool allows(std::uint64_t data) const {
            return ((data ^ want) & mask) == 0 && (denied_keys == 0 || !denies_key(data));
        }
        [[nodiscard]] bool denies_key(std::uint64_t data) const {
            const bool user = (data & TlbEntry::kUser) != 0;
            return (denied_keys >> ((data >> TlbEntry::kKeyShift & 15) + (user ? 16U : 0U)) & 1) != 0;
        }
    };
    /// User, supervisor, supervisor with AC, implicit; for each kind.
    static constexpr std::size_t kChecks = 4 * kAccessKinds;

    [[nodiscard]] static std::size_t check_index(Access access) {
        const unsigned who = access.user ? 0U : access.implicit ? 3U : access.ac ? 2U : 1U;
        return who * kAccessKinds + static_cast<std::size_t>(access.kind);
    }
    [[nodiscard]] static Access access_of(std::size_t check_index);
    [[nodiscard]] static MmuAnswer answer_from(const TlbEntry& entry, VirtAddr at, MmuOutcome outcome) {
        const std::uint64_t offset = at.raw() & (bytes_of(entry.size()).count() - 1);
        return {.at = PhysAddr{(entry.data & TlbEntry::kFrameMask) << kPageShift | offset},
                .outcome = outcome,
                .pat_index = static_cast<std::uint8_t>(entry.pat_index())};
    }

    /// Everything but a plain first-level hit. `entry`: first-level entry that does not allow the access, or nullptr.
    template <class Hooks>
    MmuAnswer access_slowly(VirtAddr at, Access access, TlbEntry* entry, PhysMemory& memory, Hooks& hooks);
    /// The entry is there but does not allow it: a fault, or a dirty bit to set.
    template <class Hooks>
    MmuAnswer refuse(VirtAddr at, Access access, const TlbEntry& entry, std::uint32_t stall, bool missed_first,
                     PhysMemory& memory, Hooks& hooks);
    /// What happened to an access before it came to a walk.
    struct SoFar {
        std::uint32_t stall;
        bool missed_first;
        bool is_cached; ///< the TLB has a translation, but without the dirty bit
    };
    template <class Hooks>
    MmuAnswer walk(VirtAddr at, Access access, SoFar before, PhysMemory& memory, Hooks& hooks);
    template <class Hooks>
    void fill(TlbLevel level, TlbPort port, VirtAddr at, const TlbEntry& entry, Hooks& hooks);
    MmuAnswer fail(const Fault& fault, std::uint32_t stall, bool missed_first);
    void update_mode();

    ControlRegisters registers_;
    PagingFeatures features_;
    Cycles second_level_extra_{8};
    Cycles walk_overhead_{8};
    Fault fault_;
    CowValue<State> state_;
    // Derived from the registers.
    PagingMode mode_;
    std::uint64_t pcid_bits_ = 0;
    std::array<Check, kChecks> checks_{};
    std::array<std::uint64_t, 6> reserved_table_{}; ///< reserved bits by level, of entries that point to tables
    std::array<std::uint64_t, 6> reserved_leaf_{};  ///< and of leaves
};

} // namespace ksl::core

#include "core/tlb/mmu_access.h" // IWYU pragma: keep
