// SPDX-License-Identifier: MIT
#include "core/tlb/mmu.h"

#include <algorithm>

namespace ksl::core {

Mmu::Mmu(const MmuConfig& config, const AddressClasses& classes)
    : features_(config.features), second_level_extra_(config.second_level_extra), walk_overhead_(config.walk_overhead),
      state_(State{.tlb = Tlb{config.tlb, classes}, .walk_caches = WalkCaches{config.tlb}, .counters = {}}) {
    update_mode();
}

Access Mmu::access_of(std::size_t check_index) {
    const std::size_t who = check_index / kAccessKinds;
    return {.kind = static_cast<AccessKind>(check_index % kAccessKinds),
            .user = who == 0,
            .implicit = who == 3,
            .ac = who == 2,
            .stack = false};
}

void Mmu::update_mode() {
    mode_ = PagingMode::of(registers_, features_);
    pcid_bits_ = mode_.pcid ? (registers_.cr3 & cr3::kPcidMask) << TlbEntry::kPcidShift : 0;
    for (Level level : {Level::pt, Level::pd, Level::pdpt, Level::pml4, Level::pml5}) {
        const Pte table{Pte::kPresent.mask()};
        const Pte leaf = table.with(Pte::kPageSize, 1);
        reserved_table_[number_of(level)] = reserved_bits(kind_of(table, level), mode_.rules);
        reserved_leaf_[number_of(level)] = reserved_bits(kind_of(leaf, level), mode_.rules);
    }
    for (std::size_t i = 0; i < kChecks; ++i) {
        const Access access = access_of(i);
        Check check;
        check.port = access.kind == AccessKind::read    ? TlbPort::load
                     : access.kind == AccessKind::write ? TlbPort::store
                                                        : TlbPort::fetch;
        const auto require = [&](std::uint64_t bit, bool value) {
            check.mask |= bit;
            if (value) check.want |= bit;
        };
        // What page_fault.h says case by case, as bits of an entry.
        if (access.user) require(TlbEntry::kUser, true);
        if (access.kind == AccessKind::write) {
            if (access.user || mode_.write_protect) require(TlbEntry::kWritable, true);
            require(TlbEntry::kDirty, true);
        }
        if (access.kind == AccessKind::fetch) {
            if (mode_.rules.no_execute) require(TlbEntry::kExecutable, true);
            if (!access.user && mode_.smep) require(TlbEntry::kUser, false);
        } else {
            if (!access.user && mode_.smap && (access.implicit || !access.ac)) require(TlbEntry::kUser, false);
            for (std::uint8_t key = 0; key < 32; ++key) {
                const Rights rights{.writable = true,
                                    .user = key >= 16,
                                    .no_execute = false,
                                    .key = static_cast<std::uint8_t>(key % 16)};
                if (key_denies(mode_, rights, access)) check.denied_keys |= 1U << key;
            }
        }
        checks_[i] = check;
    }
}

MmuAnswer Mmu::fail(const Fault& fault, std::uint32_t stall, bool missed_first) {
    fault_ = fault;
    ++state_.mut().counters.faults;
    MmuAnswer answer;
    answer.stall_cycles = stall;
    answer.outcome = MmuOutcome::faulted;
    answer.missed_first = missed_first;
    return answer;
}

void Mmu::set_cr0(std::uint64_t value) {
    const bool paging_changes = ((registers_.cr0 ^ value) & cr0::kPaging) != 0;
    registers_.cr0 = value;
    if (paging_changes) {
        State& state = state_.mut();
        state.tlb.flush_all();
        state.walk_caches.flush_all();
        ++state.counters.full_flushes;
    }
    update_mode();
}

void Mmu::load_cr3(std::uint64_t value) {
    const bool keeps = mode_.pcid && (value & cr3::kNoFlush) != 0;
    registers_.cr3 = value & ~cr3::kNoFlush;
    if (mode_.pcid) pcid_bits_ = (registers_.cr3 & cr3::kPcidMask) << TlbEntry::kPcidShift;
    State& state = state_.mut();
    ++state.counters.cr3_loads;
    if (keeps) return;
    ++state.counters.cr3_flushes;
    if (mode_.pcid) {
        state.tlb.flush_pcid(pcid());
        state.walk_caches.flush_pcid(pcid());
    } else {
        state.tlb.flush_non_global();
        state.walk_caches.flush_all();
    }
}

void Mmu::set_cr4(std::uint64_t value) {
    const std::uint64_t changed = registers_.cr4 ^ value;
    const std::uint64_t set = changed & value;
    const std::uint64_t cleared = changed & ~value;
    State& state = state_.mut();
    if ((changed & cr4::kGlobalPages) != 0 || (cleared & cr4::kPcid) != 0) {
        state.tlb.flush_all();
        state.walk_caches.flush_all();
        ++state.counters.full_flushes;
    } else if ((changed & cr4::kPhysicalAddressExtension) != 0 || (set & cr4::kSmep) != 0) {
        state.tlb.flush_pcid(pcid());
        state.walk_caches.flush_pcid(pcid());
    }
    registers_.cr4 = value;
    update_mode();
}

void Mmu::set_efer(std::uint64_t value) {
    registers_.efer = value;
    update_mode();
}
void Mmu::set_pkru(std::uint32_t value) {
    registers_.pkru = value;
    update_mode();
}
void Mmu::set_pkrs(std::uint32_t value) {
    registers_.pkrs = value;
    update_mode();
}

void Mmu::invlpg(VirtAddr at) {
    State& state = state_.mut();
    ++state.counters.invlpg;
    if (!mode_.geometry.is_canonical(at)) return; // INVLPG of a non-canonical address does nothing
    state.tlb.flush_page(at, pcid(), true);
    state.walk_caches.flush_pcid(pcid());
}

void Mmu::invpcid(InvpcidType type, Pcid pcid, VirtAddr at) {
    State& state = state_.mut();
    switch (type) {
    case InvpcidType::address:
        state.tlb.flush_page(at, pcid, false);
        state.walk_caches.flush_pcid(pcid);
        break;
    case InvpcidType::single_context:
        state.tlb.flush_pcid(pcid);
        state.walk_caches.flush_pcid(pcid);
        break;
    case InvpcidType::all_with_global:
        state.tlb.flush_all();
        state.walk_caches.flush_all();
        ++state.counters.full_flushes;
        break;
    case InvpcidType::all_without_global:
        state.tlb.flush_non_global();
        state.walk_caches.flush_all();
        break;
    }
}

void Mmu::deliver_page_fault(VirtAddr at) {
    registers_.cr2 = at.raw();
    State& state = state_.mut();
    state.tlb.flush_page(at, pcid(), true);
    state.walk_caches.flush_address(at, mode_.geometry.top(), pcid_bits_);
}

const char* Mmu::check_invariants() const {
    if (const char* broken = state_->tlb.check_invariants(); *broken != '\0') return broken;
    if (const char* broken = state_->walk_caches.check_invariants(); *broken != '\0') return broken;
    const TlbCounters& counters = state_->counters;
    std::uint64_t accounted = 0;
    for (std::uint64_t hits : counters.first_hits) accounted += hits;
    for (std::uint64_t misses : counters.first_misses) accounted += misses;
    if (accounted > counters.accesses) return "every access is counted once";
    return "";
}

} // namespace ksl::core
