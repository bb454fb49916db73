// SPDX-License-Identifier: MIT
//
// The slow half of Mmu::access(): second level, rights, walk. In a header because the surroundings of an access are a
// template parameter; include mmu.h.
#pragma once

#include "core/tlb/mmu.h"

#include <cstdint>

namespace ksl::core {

template <class Hooks>
void Mmu::fill(TlbLevel level, TlbPort port, VirtAddr at, const TlbEntry& entry, Hooks& hooks) {
    State& state = state_.mut();
    state.tlb.fill(level, port, at, entry, state.counters, [&](const TlbEntry& victim) {
        if (hooks.wants_events()) [[unlikely]]
            hooks.report(
                TlbEvicted{.address = victim.page().raw(), .size = victim.size(), .level = level, .by = at.raw()});
    });
    if (hooks.wants_events()) [[unlikely]]
        hooks.report(TlbFilled{.address = at.raw(), .size = entry.size(), .level = level});
}

template <class Hooks>
[[gnu::noinline]] MmuAnswer Mmu::access_slowly(VirtAddr at, Access access, TlbEntry* entry, PhysMemory& memory,
                                               Hooks& hooks) {
    State& state = state_.mut();
    const Check& check = checks_[check_index(access)];
    if (entry != nullptr) return refuse(at, access, *entry, 0, false, memory, hooks);

    const auto whose = static_cast<std::size_t>(state.tlb.class_of(at));
    ++state.counters.first_misses[whose];
    if (hooks.wants_events()) [[unlikely]]
        hooks.report(TlbMissed{.address = at.raw(), .level = TlbLevel::l1});
    std::uint32_t stall = 0;
    if (state.tlb.has_second_level(check.port)) {
        stall = static_cast<std::uint32_t>(second_level_extra_.count());
        if (const TlbEntry* found = state.tlb.find_second(check.port, at, pcid_bits_)) {
            ++state.counters.second_hits[static_cast<std::size_t>(found->size())];
            const TlbEntry copy = *found;
            fill(TlbLevel::l1, check.port, at, copy, hooks);
            if (!check.allows(copy.data)) return refuse(at, access, copy, stall, true, memory, hooks);
            MmuAnswer answer = answer_from(copy, at, MmuOutcome::second_level);
            answer.stall_cycles = stall;
            answer.missed_first = true;
            return answer;
        }
    }
    ++state.counters.second_misses[whose];
    if (hooks.wants_events()) [[unlikely]]
        hooks.report(TlbMissed{.address = at.raw(), .level = TlbLevel::l2});
    return walk(at, access, {.stall = stall, .missed_first = true, .is_cached = false}, memory, hooks);
}

template <class Hooks>
MmuAnswer Mmu::refuse(VirtAddr at, Access access, const TlbEntry& entry, std::uint32_t stall, bool missed_first,
                      PhysMemory& memory, Hooks& hooks) {
    if (const std::uint32_t error = protection_error(mode_, entry.rights(), access); error != 0) {
        if (hooks.wants_events()) [[unlikely]]
            hooks.report(PageFaulted{.address = at.raw(), .error_code = error});
        return fail({.vector = Vector::page_fault, .error_code = error, .address = at}, stall, missed_first);
    }
    ++state_.mut().counters.dirty_walks;
    return walk(at, access, {.stall = stall, .missed_first = missed_first, .is_cached = true}, memory, hooks);
}

template <class Hooks>
[[gnu::noinline]] MmuAnswer Mmu::walk(VirtAddr at, Access access, SoFar before, PhysMemory& memory, Hooks& hooks) {
    State& state = state_.mut();
    auto [stall, missed_first, is_cached] = before;
    if (!mode_.geometry.is_canonical(at)) {
        return fail({.vector = access.stack ? Vector::stack_segment : Vector::general_protection, .address = at}, stall,
                    missed_first);
    }
    ++state.counters.walks;
    stall += static_cast<std::uint32_t>(walk_overhead_.count());

    Level level = mode_.geometry.top();
    Pfn table{registers_.cr3 >> kPageShift & TlbEntry::kFrameMask};
    std::uint64_t rights = TlbEntry::kRights;
    if (const TlbEntry* cached = state.walk_caches.find(at, level, pcid_bits_)) {
        level = below(cached->level());
        table = cached->frame();
        rights &= cached->data;
        ++state.counters.walk_cache_hits[number_of(cached->level()) - 2];
    }
    const std::uint64_t inherited = rights; // of the levels that a cache stood for

    struct Used {
        PhysAddr at;
        Pte entry;
        Level level;
    };
    std::array<Used, WalkTrace::kMost> used; // NOLINT(*-member-init): only the first `count` are read
    std::uint8_t count = 0;
    Pte entry;
    for (;; level = below(level)) {
        const PhysAddr entry_at = address_of(table) + Bytes{index_of(at, level) * sizeof(std::uint64_t)};
        stall += hooks.reference(entry_at, false);
        entry = read_entry(memory, entry_at);
        used[count++] = {.at = entry_at, .entry = entry, .level = level};
        const bool is_leaf = entry.is_leaf(level);
        const std::uint64_t reserved = (is_leaf ? reserved_leaf_ : reserved_table_)[number_of(level)];
        if (!entry.is_present() || (entry.bits() & reserved) != 0) [[unlikely]] {
            const std::uint32_t error = access_bits(mode_, access) |
                                        (entry.is_present() ? page_fault::kProtection | page_fault::kReserved : 0U);
            state.counters.walk_references += count;
            if (hooks.wants_events()) {
                hooks.report(PageWalked{.address = at.raw(),
                                        .references = count,
                                        .leaf_level = static_cast<std::uint8_t>(number_of(level)),
                                        .faulted = true});
                hooks.report(PageFaulted{.address = at.raw(), .error_code = error});
            }
            MmuAnswer answer =
                fail({.vector = Vector::page_fault, .error_code = error, .address = at, .level = level, .entry = entry},
                     stall, missed_first);
            answer.references = count;
            return answer;
        }
        rights &= TlbEntry::rights_bits(entry.bits(), entry.bits());
        if (is_leaf) break;
        table = entry.table();
    }
    state.counters.walk_references += count;

    const PageSize size = page_size_of(level);
    TlbEntry translation{.key = TlbEntry::key_of(at, size),
                         .data = entry.frame(level).raw() | pcid_bits_ | rights | TlbEntry::leaf_bits(entry.bits()) |
                                 std::uint64_t{entry.pat_index(level)} << TlbEntry::kPatShift};
    if (!mode_.global_pages) translation.data &= ~TlbEntry::kGlobal;
    const Check& check = checks_[check_index(access)];
    const std::uint32_t error =
        check.allows(translation.data | TlbEntry::kDirty) ? 0 : protection_error(mode_, translation.rights(), access);
    if (hooks.wants_events()) [[unlikely]]
        hooks.report(PageWalked{.address = at.raw(),
                                .references = count,
                                .leaf_level = static_cast<std::uint8_t>(number_of(level)),
                                .faulted = error != 0});
    if (error != 0) [[unlikely]] {
        if (hooks.wants_events()) hooks.report(PageFaulted{.address = at.raw(), .error_code = error});
        MmuAnswer answer =
            fail({.vector = Vector::page_fault, .error_code = error, .address = at, .level = level, .entry = entry},
                 stall, missed_first);
        answer.references = count;
        return answer;
    }

    // Accessed and dirty bits, then everything that the walk learnt.
    const bool is_write = access.kind == AccessKind::write;
    for (std::uint8_t i = 0; i < count; ++i) {
        const bool is_leaf = i + 1 == count;
        Pte after = used[i].entry.with(Pte::kAccessed, 1);
        if (is_leaf && is_write) after = after.with(Pte::kDirty, 1);
        if (after == used[i].entry) [[likely]]
            continue;
        memory.write(used[i].at, after.bits());
        stall += hooks.reference(used[i].at, true);
    }
    if (is_write) translation.data |= TlbEntry::kDirty;
    ++state.counters.walks_by_size[static_cast<std::size_t>(size)];
    std::uint64_t so_far = inherited;
    for (std::uint8_t i = 0; i + 1 < count; ++i) {
        so_far &= TlbEntry::rights_bits(used[i].entry.bits(), used[i].entry.bits());
        state.walk_caches.fill(at, used[i].level, used[i].entry.table().raw() | pcid_bits_ | so_far);
    }
    // A walk for a dirty bit replaces the entries that lacked it.
    if (is_cached) state.tlb.flush_page(at, pcid(), true);
    fill(TlbLevel::l2, check.port, at, translation, hooks);
    fill(TlbLevel::l1, check.port, at, translation, hooks);
    MmuAnswer answer = answer_from(translation, at, MmuOutcome::walked);
    answer.stall_cycles = stall;
    answer.references = count;
    answer.missed_first = missed_first;
    return answer;
}

} // namespace ksl::core
