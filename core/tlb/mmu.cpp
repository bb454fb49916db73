// SPDX-License-Identifier: MIT
#include "core/tlb/mmu.h"

#include <algorithm>

namespace ksl::core {

Mmu::Mmu(const MmuConfig& config, const AddressClasses& classes)
    : features_(config.features), second_level_extra_(static_cast<std::uint32_t>(config.second_level_extra.count())),
      walk_overhead_(static_cast<std::uint32_t>(config.walk_overhead.count())),
      state_(State{.tlb = Tlb{config.tlb, classes}, .walk_caches = WalkCaches{config.tlb}, .counters = {}}) {
    update_mode();
}

void Mmu::update_mode() {
    recent_.forget();
    mode_ = PagingMode::of(registers_, features_);
    pcid_bits_ = TlbEntry::bits_of(pcid());
    keep_mask_ = ~(TlbEntry::kPcidBits | TlbEntry::kRights | (mode_.global_pages ? 0 : Pte::kGlobal.mask()));
    for (Level level : {Level::pt, Level::pd, Level::pdpt, Level::pml4, Level::pml5}) {
        const Pte table{Pte::kPresent.mask()};
        const Pte leaf = table.with(Pte::kPageSize, 1);
        reserved_table_[number_of(level)] = reserved_bits(kind_of(table, level), mode_.rules);
        reserved_leaf_[number_of(level)] = reserved_bits(kind_of(leaf, level), mode_.rules);
    }
    for (std::size_t i = 0; i < kChecks; ++i) {
        Check& check = checks_[i];
        check = check_of({.kind = static_cast<AccessKind>(i % kAccessKinds),
                          .privilege = static_cast<Privilege>(i / kAccessKinds % kPrivileges),
                          .stack = i >= kChecks / 2});
        check.rights_mask = check.mask & ~(TlbEntry::kPcidBits | Pte::kDirty.mask());
    }
}

/// What page_fault.h says case by case, as bits of an entry.
Mmu::Check Mmu::check_of(Access access) const {
    constexpr std::uint64_t kUser = Pte::kUser.mask();
    constexpr std::uint64_t kWritable = Pte::kWritable.mask();
    constexpr std::uint64_t kDirty = Pte::kDirty.mask();
    constexpr std::uint64_t kNoExecute = Pte::kNoExecute.mask();
    Check check;
    check.access = access;
    const auto require = [&](std::uint64_t bits, std::uint64_t value) {
        check.mask |= bits;
        check.want |= value;
    };
    require(TlbEntry::kPcidBits, pcid_bits_);
    if (access.is_user()) require(kUser, kUser);
    switch (access.kind) {
    case AccessKind::read: check.port = TlbPort::load; break;
    case AccessKind::write:
        check.port = TlbPort::store;
        require(kDirty, kDirty);
        if (access.is_user() || mode_.write_protect) require(kWritable, kWritable);
        break;
    case AccessKind::fetch:
        check.port = TlbPort::fetch;
        if (mode_.rules.no_execute) require(kNoExecute, 0);
        if (!access.is_user() && mode_.smep) require(kUser, 0);
        return check;
    }
    if (mode_.smap && access.is_restrained()) require(kUser, 0);
    for (std::uint8_t key = 0; key < 32; ++key) {
        const Rights rights{
            .writable = true, .user = key >= 16, .no_execute = false, .key = static_cast<std::uint8_t>(key % 16)};
        if (key_denies(mode_, rights, access)) check.denied_keys |= 1U << key;
    }
    return check;
}

MmuAnswer Mmu::fail(const Fault& fault, std::uint64_t story) {
    fault_ = fault;
    TlbCounters& counters = state_.mut().counters;
    ++counters.faults;
    if (fault.vector != Vector::page_fault) ++counters.non_canonical;
    return {PhysAddr{}, MmuOutcome::faulted, story};
}

Fault Mmu::non_canonical(VirtAddr at, bool stack) {
    return {.vector = stack ? Vector::stack_segment : Vector::general_protection, .address = at};
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

void Mmu::update_pcid() {
    pcid_bits_ = TlbEntry::bits_of(pcid());
    for (Check& check : checks_) check.want = (check.want & ~TlbEntry::kPcidBits) | pcid_bits_;
}

void Mmu::load_cr3(std::uint64_t value) {
    const bool keeps = mode_.pcid && (value & cr3::kNoFlush) != 0;
    registers_.cr3 = value & ~cr3::kNoFlush;
    recent_.forget();
    if (mode_.pcid) update_pcid();
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
    recent_.forget();
    State& state = state_.mut();
    ++state.counters.invlpg;
    if (!mode_.geometry.is_canonical(at)) return; // INVLPG of a non-canonical address does nothing
    state.tlb.flush_page(at, pcid(), true);
    state.walk_caches.flush_pcid(pcid());
}

void Mmu::invpcid(InvpcidType type, Pcid pcid, VirtAddr at) {
    recent_.forget();
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
    recent_.forget();
    State& state = state_.mut();
    state.tlb.flush_page(at, pcid(), true);
    state.walk_caches.flush_address(at, pcid_bits_);
}

const char* Mmu::check_invariants() const {
    if (const char* broken = state_->tlb.check_invariants(); *broken != '\0') return broken;
    if (const char* broken = state_->walk_caches.check_invariants(); *broken != '\0') return broken;
    const TlbCounters& counters = state_->counters;
    std::uint64_t misses = 0;
    std::uint64_t answered = 0;
    for (std::uint64_t count : counters.first_misses) misses += count;
    for (std::uint64_t count : counters.second_hits) answered += count;
    for (std::uint64_t count : counters.second_misses) answered += count;
    if (misses != answered) return "every first-level miss hits or misses the second level";
    return "";
}

} // namespace ksl::core
