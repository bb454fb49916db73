// SPDX-License-Identifier: MIT
//
// The slow half of Mmu::access(): other first-level arrays, second level, walk. The surroundings of an access are a
// template parameter: mmu.h includes this after the class, nobody else does. What happens on most misses is inlined
// into one function without loops, one copy of the last steps for each page size; what is rare is kept apart.
#pragma once

#include <cstdint>

namespace ksl::core {

template <class Hooks>
[[gnu::noinline]] MmuAnswer Mmu::access_slowly(State& state, VirtAddr at, const Check& check, AssocArray::Place missed,
                                               PhysMemory& memory, Hooks& hooks) {
    recent_.forget_last();
    const TlbPortMap& port = state.tlb.port(check.port);
    SoFar so_far;
    so_far.places.first = missed;
    if (const TlbEntry* entry = state.tlb.find<TlbLevel::l1>(port, at, pcid_bits_, so_far.places.first)) {
        ++state.counters.first_hits[static_cast<std::size_t>(entry->size())];
        if (!check.allows(entry->data)) [[unlikely]]
            return refuse(state, at, check, *entry, 0, memory, hooks);
        if (entry->size() != PageSize::small_4k) recent_.note(state.tlb, check.port, at, *entry);
        return answer_from(entry->data, entry->size(), at, MmuOutcome::first_level, 0);
    }
    so_far.story = MmuAnswer::kMissedFirst;
    so_far.whose = state.tlb.class_of(at);
    ++state.counters.first_misses[static_cast<std::size_t>(so_far.whose)];
    if (hooks.wants_events()) [[unlikely]]
        hooks.report(TlbMissed{.address = at.raw(), .level = TlbLevel::l1});
    if (!port.levels[1].is_empty) {
        so_far.story += second_level_extra_;
        if (const TlbEntry* found = state.tlb.find<TlbLevel::l2>(port, at, pcid_bits_, so_far.places.second)) {
            const TlbEntry copy = found->plain();
            ++state.counters.second_hits[static_cast<std::size_t>(copy.size())];
            fill_first(state, port, at, so_far, copy, hooks);
            if (!check.allows(copy.data)) [[unlikely]]
                return refuse(state, at, check, copy, so_far.story, memory, hooks);
            return answer_from(copy.data, copy.size(), at, MmuOutcome::second_level, so_far.story);
        }
    }
    ++state.counters.second_misses[static_cast<std::size_t>(so_far.whose)];
    if (hooks.wants_events()) [[unlikely]]
        hooks.report(TlbMissed{.address = at.raw(), .level = TlbLevel::l2});
    return walk(state, at, check, so_far, memory, hooks);
}

template <class Hooks>
[[gnu::noinline, gnu::cold]] MmuAnswer Mmu::refuse(State& state, VirtAddr at, const Check& check, TlbEntry entry,
                                                   std::uint64_t story, PhysMemory& memory, Hooks& hooks) {
    if (const std::uint32_t error = protection_error(mode_, entry.rights(), check.access); error != 0) {
        if (hooks.wants_events()) hooks.report(PageFaulted{.address = at.raw(), .error_code = error});
        return fail({.vector = Vector::page_fault, .error_code = error, .address = at}, story);
    }
    // The dirty bit is missing: a walk sets it, and its result replaces what lacked it.
    ++state.counters.dirty_walks;
    recent_.forget();
    state.tlb.flush_page(at, pcid(), true);
    SoFar so_far;
    so_far.whose = state.tlb.class_of(at);
    so_far.story = story;
    return walk(state, at, check, so_far, memory, hooks);
}

template <class Hooks>
[[gnu::always_inline]] inline MmuAnswer Mmu::walk(State& state, VirtAddr at, const Check& check, SoFar& so_far,
                                                  PhysMemory& memory, Hooks& hooks) {
    if (!mode_.geometry.is_canonical(at)) [[unlikely]]
        return fail(non_canonical(at, check.access.stack), so_far.story);
    so_far.story += walk_overhead_;
    if (const TlbEntry* cached = state.walk_caches.find<Level::pd>(at, pcid_bits_, so_far.table_place)) {
        ++state.counters.walk_cache_hits[0];
        return descend<Level::pt>(state, at, check, so_far, WalkStart::from(*cached), memory, hooks);
    }
    AssocArray::Place ignored;
    if (const TlbEntry* cached = state.walk_caches.find<Level::pdpt>(at, pcid_bits_, ignored)) [[likely]] {
        ++state.counters.walk_cache_hits[1];
        return descend<Level::pd>(state, at, check, so_far, WalkStart::from(*cached), memory, hooks);
    }
    SoFar copy = so_far; // so that what the common case knows may stay in registers
    return walk_from_above(state, at, check, copy, memory, hooks);
}

/// The first walk in a GiB: no cached entry near the leaves.
template <class Hooks>
[[gnu::noinline]] MmuAnswer Mmu::walk_from_above(State& state, VirtAddr at, const Check& check, SoFar& so_far,
                                                 PhysMemory& memory, Hooks& hooks) {
    WalkCaches& caches = state.walk_caches;
    AssocArray::Place ignored;
    if (const TlbEntry* cached = caches.find<Level::pml4>(at, pcid_bits_, ignored)) {
        ++state.counters.walk_cache_hits[2];
        return descend<Level::pdpt>(state, at, check, so_far, WalkStart::from(*cached), memory, hooks);
    }
    const WalkStart root{.table = Pte{registers_.cr3}.table(), .rights = {}};
    if (mode_.geometry.top() == Level::pml4) return descend<Level::pml4>(state, at, check, so_far, root, memory, hooks);
    if (const TlbEntry* cached = caches.find<Level::pml5>(at, pcid_bits_, ignored)) {
        ++state.counters.walk_cache_hits[3];
        return descend<Level::pml4>(state, at, check, so_far, WalkStart::from(*cached), memory, hooks);
    }
    return descend<Level::pml5>(state, at, check, so_far, root, memory, hooks);
}

template <Level kLevel, class Hooks>
[[gnu::always_inline]] inline MmuAnswer Mmu::descend(State& state, VirtAddr at, const Check& check, SoFar& so_far,
                                                     WalkStart from, PhysMemory& memory, Hooks& hooks) {
    constexpr bool kMayBeLeaf = kLevel <= Level::pdpt;
    const PhysAddr entry_at = address_of(from.table) + Bytes{index_of(at, kLevel) * sizeof(std::uint64_t)};
    so_far.story += MmuAnswer::kOneReference + hooks.reference(entry_at, false);
    const Pte entry = read_entry(memory, entry_at);
    const bool is_leaf = kLevel == Level::pt || (kMayBeLeaf && entry.has(Pte::kPageSize));
    const std::uint64_t reserved = (is_leaf ? reserved_leaf_ : reserved_table_)[number_of(kLevel)];
    // Present and nothing reserved, in one test.
    if ((entry.bits() & (reserved | 1)) != 1) [[unlikely]]
        return fail_walk(state, at, check, {.entry = entry, .data = 0, .level = kLevel, .is_complete = false},
                         so_far.story, hooks);
    from.rights.add(entry);
    so_far.all_entries &= entry.bits();
    const std::uint64_t data = cached_data(entry, from.rights);
    if constexpr (kMayBeLeaf) {
        if (is_leaf) return finish<page_size_of(kLevel)>(state, at, check, so_far, entry, data, memory, hooks);
    }
    if constexpr (kLevel > Level::pt) {
        from.table = entry.table();
        const MmuAnswer answer = descend<below(kLevel)>(state, at, check, so_far, from, memory, hooks);
        if (!answer.faulted()) [[likely]]
            state.walk_caches.fill<kLevel>(at, data, kLevel == Level::pd ? so_far.table_place : AssocArray::Place{});
        return answer;
    }
}

/// A page was found: rights, accessed and dirty bits, and the TLB learns it.
template <PageSize kSize, class Hooks>
[[gnu::always_inline]] inline MmuAnswer Mmu::finish(State& state, VirtAddr at, const Check& check, SoFar& so_far,
                                                    Pte leaf, std::uint64_t data, PhysMemory& memory, Hooks& hooks) {
    constexpr Level kLevel = leaf_level_of(kSize);
    if (!check.allows_found(data)) [[unlikely]]
        return fail_walk(state, at, check, {.entry = leaf, .data = data, .level = kLevel, .is_complete = true},
                         so_far.story, hooks);
    ++state.counters.walks_by_size[static_cast<std::size_t>(kSize)];
    state.counters.walk_references += so_far.references();
    if (hooks.wants_events()) [[unlikely]]
        hooks.report(PageWalked{.address = at.raw(),
                                .references = static_cast<std::uint8_t>(so_far.references()),
                                .leaf_level = static_cast<std::uint8_t>(number_of(kLevel)),
                                .faulted = false});
    const bool is_write = check.access.kind == AccessKind::write;
    const bool lacks_dirty = is_write && !leaf.has(Pte::kDirty);
    if ((so_far.all_entries & Pte::kAccessed.mask()) == 0 || lacks_dirty) [[unlikely]] {
        so_far.story +=
            set_accessed_and_dirty(state, at, kLevel, so_far.references(), check.access.kind, memory, hooks);
        if (is_write) data |= Pte::kDirty.mask();
    }
    const TlbEntry translation{.key = TlbEntry::key_of(at, kSize), .data = data};
    const TlbPortMap& port = state.tlb.port(check.port);
    fill<TlbLevel::l2, kSize>(state, port, at, so_far.whose, translation, so_far.places.second, hooks);
    fill<TlbLevel::l1, kSize>(state, port, at, so_far.whose, translation, so_far.places.first, hooks);
    return answer_from(data, kSize, at, MmuOutcome::walked, so_far.story);
}

template <class Hooks>
[[gnu::noinline, gnu::cold]] MmuAnswer Mmu::fail_walk(State& state, VirtAddr at, const Check& check,
                                                      const FailedWalk& walk, std::uint64_t story, Hooks& hooks) {
    const MmuAnswer answer{PhysAddr{}, MmuOutcome::faulted, story};
    state.counters.walk_references += answer.references();
    std::uint32_t error = access_bits(mode_, check.access);
    if (walk.is_complete)
        error = protection_error(mode_, TlbEntry{.key = 0, .data = walk.data}.rights(), check.access);
    else if (walk.entry.is_present())
        error |= page_fault::kProtection | page_fault::kReserved;
    if (hooks.wants_events()) {
        hooks.report(PageWalked{.address = at.raw(),
                                .references = static_cast<std::uint8_t>(answer.references()),
                                .leaf_level = static_cast<std::uint8_t>(number_of(walk.level)),
                                .faulted = true});
        hooks.report(PageFaulted{.address = at.raw(), .error_code = error});
    }
    return fail(
        {.vector = Vector::page_fault, .error_code = error, .address = at, .level = walk.level, .entry = walk.entry},
        story);
}

/// Goes the way of a walk that has just succeeded once more, from where it began: the entries that a cache stood for
/// have been used before, and the tables in memory may lead elsewhere by now.
template <class Hooks>
[[gnu::noinline, gnu::cold]] std::uint32_t Mmu::set_accessed_and_dirty(State& state, VirtAddr at, Level leaf,
                                                                       unsigned references, AccessKind kind,
                                                                       PhysMemory& memory, Hooks& hooks) {
    std::uint32_t stall = 0;
    auto level = static_cast<Level>(number_of(leaf) + references - 1U);
    const TlbEntry* cached = nullptr;
    if (level != mode_.geometry.top())
        cached = state.walk_caches.peek(at, static_cast<Level>(number_of(level) + 1U), pcid_bits_);
    Pfn table = Pte{cached != nullptr ? cached->data : registers_.cr3}.table();
    for (;; level = below(level)) {
        const PhysAddr entry_at = address_of(table) + Bytes{index_of(at, level) * sizeof(std::uint64_t)};
        const Pte entry = read_entry(memory, entry_at);
        Pte after = entry.with(Pte::kAccessed, 1);
        if (level == leaf && kind == AccessKind::write) after = after.with(Pte::kDirty, 1);
        const bool exists = frame_of(entry_at).raw() < memory.frames().count();
        if (after != entry && exists) {
            memory.write(entry_at, after.bits());
            stall += hooks.reference(entry_at, true);
        }
        if (level == leaf) return stall;
        table = entry.table();
    }
}

template <class Hooks>
[[gnu::always_inline]] inline void Mmu::fill_first(State& state, const TlbPortMap& port, VirtAddr at,
                                                   const SoFar& so_far, TlbEntry entry, Hooks& hooks) {
    if (entry.size() == PageSize::small_4k) [[likely]]
        fill<TlbLevel::l1, PageSize::small_4k>(state, port, at, so_far.whose, entry, so_far.places.first, hooks);
    else if (entry.size() == PageSize::large_2m)
        fill<TlbLevel::l1, PageSize::large_2m>(state, port, at, so_far.whose, entry, {}, hooks);
    else
        fill<TlbLevel::l1, PageSize::huge_1g>(state, port, at, so_far.whose, entry, {}, hooks);
}

template <TlbLevel kLevel, PageSize kSize, class Hooks>
[[gnu::always_inline]] inline void Mmu::fill(State& state, const TlbPortMap& port, VirtAddr at, AddressClass whose,
                                             TlbEntry entry, AssocArray::Place place, Hooks& hooks) {
    if constexpr (kSize != PageSize::small_4k) place = {};
    if constexpr (kLevel == TlbLevel::l1 && kSize != PageSize::small_4k) recent_.note_fill(port, at, kSize);
    state.tlb.fill<kLevel, kSize>(port, at, whose, entry, place, state.counters, [&](TlbEntry victim) {
        if (hooks.wants_events()) [[unlikely]]
            hooks.report(
                TlbEvicted{.address = victim.page().raw(), .size = victim.size(), .level = kLevel, .by = at.raw()});
    });
    if (hooks.wants_events()) [[unlikely]]
        hooks.report(TlbFilled{.address = at.raw(), .size = kSize, .level = kLevel});
}

} // namespace ksl::core
