// SPDX-License-Identifier: MIT
#include "tests/core/tlb/plain_mmu.h"

#include <array>
#include <utility>

namespace ksl::core::testing {

namespace {

constexpr std::array<Level, 4> kCachedLevels{Level::pd, Level::pdpt, Level::pml4, Level::pml5};

std::uint64_t page_number(VirtAddr at, PageSize size) {
    return at.raw() / bytes_of(size).count();
}
VirtAddr first_of(const PlainEntry& entry) {
    return VirtAddr{entry.number * bytes_of(static_cast<PageSize>(entry.size)).count()};
}
bool all(const PlainEntry& /*entry*/) {
    return true;
}

} // namespace

PlainMmu::PlainMmu(MmuConfig config) : config_(std::move(config)) {
    const TlbGeometry& tlb = config_.tlb;
    for (const auto* level : {&tlb.load, &tlb.store, &tlb.fetch, &tlb.second, &tlb.second_fetch}) {
        const bool is_first = level != &tlb.second && level != &tlb.second_fetch;
        for (const TlbArrayGeometry& array : *level)
            arrays_.emplace_back(array.entries, array.ways, is_first ? tlb.first_policy : tlb.second_policy);
    }
    for (const WalkCacheGeometry& cache : tlb.walk_caches)
        walk_caches_.emplace_back(cache.entries, cache.ways, tlb.walk_cache_policy);
}

PlainMmu::Home PlainMmu::home(AccessKind kind, unsigned level, PageSize size) const {
    const TlbGeometry& tlb = config_.tlb;
    const std::array<const std::vector<TlbArrayGeometry>*, 5> lists{&tlb.load, &tlb.store, &tlb.fetch, &tlb.second,
                                                                    &tlb.second_fetch};
    std::size_t which = 0;
    if (level == 1) {
        if (kind == AccessKind::write && !tlb.store.empty()) which = 1;
        if (kind == AccessKind::fetch) which = 2;
    } else {
        which = kind == AccessKind::fetch && !tlb.second_fetch.empty() ? 4 : 3;
    }
    std::size_t first = 0;
    for (std::size_t i = 0; i < which; ++i) first += lists[i]->size();
    for (std::size_t i = 0; i < lists[which]->size(); ++i) {
        if ((*lists[which])[i].holds.has(size)) return {.geometry = &(*lists[which])[i], .index = first + i};
    }
    const bool smashes = level == 1 ? kind == AccessKind::fetch : tlb.second_smashes_1g;
    if (size != PageSize::huge_1g || !smashes) return {};
    Home large = home(kind, level, PageSize::large_2m);
    large.is_smashed = true;
    return large;
}

bool PlainMmu::has_level(AccessKind kind, unsigned level) const {
    return level == 1 || !config_.tlb.second.empty() ||
           (kind == AccessKind::fetch && !config_.tlb.second_fetch.empty());
}

PlainEntry* PlainMmu::look_up(AccessKind kind, unsigned level, VirtAddr at) {
    for (PageSize size : kAllPageSizes) {
        const Home where = home(kind, level, size);
        if (where.geometry == nullptr || where.is_smashed) continue;
        PlainEntry* found = arrays_[where.index].find(page_number(at, size), static_cast<unsigned>(size), pcid());
        if (found != nullptr) return found;
    }
    return nullptr;
}

void PlainMmu::fill(AccessKind kind, unsigned level, VirtAddr at, const PlainEntry& entry) {
    const auto size = static_cast<PageSize>(entry.size);
    const Home where = home(kind, level, size);
    if (where.geometry == nullptr) return;
    PlainEntry kept = entry;
    if (where.is_smashed) {
        const std::uint64_t large = bytes_of(PageSize::large_2m).count();
        kept.number = page_number(at, PageSize::large_2m);
        kept.size = static_cast<unsigned>(PageSize::large_2m);
        kept.address += at.raw() % bytes_of(PageSize::huge_1g).count() / large * large;
        kept.is_piece = true;
    }
    const unsigned most = where.geometry->most_ways[kept.size];
    std::optional<unsigned> limit;
    if (most != 0 || where.is_smashed) limit = most != 0 ? most : where.geometry->ways;
    arrays_[where.index].insert(kept, limit);
}

PlainMmu::Answer PlainMmu::access(VirtAddr at, Access access, PhysMemory& memory) {
    Answer answer;
    if (const PlainEntry* found = look_up(access.kind, 1, at)) {
        answer.outcome = MmuOutcome::first_level;
        return use(PlainEntry{*found}, at, access, answer, memory);
    }
    if (has_level(access.kind, 2)) {
        answer.stall += config_.second_level_extra.count();
        if (const PlainEntry* found = look_up(access.kind, 2, at)) {
            const PlainEntry copy = *found;
            fill(access.kind, 1, at, copy);
            answer.outcome = MmuOutcome::second_level;
            return use(copy, at, access, answer, memory);
        }
    }
    return walk(at, access, answer, memory);
}

PlainMmu::Answer PlainMmu::use(const PlainEntry& entry, VirtAddr at, Access access, Answer so_far, PhysMemory& memory) {
    if (const std::uint32_t error = protection_error(mode(), entry.rights, access); error != 0) {
        so_far.outcome = MmuOutcome::faulted;
        so_far.error_code = error;
        return so_far;
    }
    if (access.kind == AccessKind::write && !entry.is_dirty) {
        flush_page(at, pcid(), true);
        return walk(at, access, so_far, memory);
    }
    const std::uint64_t bytes = bytes_of(static_cast<PageSize>(entry.size)).count();
    so_far.at = PhysAddr{entry.address + at.raw() % bytes};
    return so_far;
}

PlainMmu::Answer PlainMmu::walk(VirtAddr at, Access access, Answer so_far, PhysMemory& memory) {
    const PagingMode now = mode();
    so_far.outcome = MmuOutcome::faulted;
    if (!now.geometry.is_canonical(at)) {
        so_far.vector = access.stack ? Vector::stack_segment : Vector::general_protection;
        return so_far;
    }
    so_far.stall += config_.walk_overhead.count();
    Level level = now.geometry.top();
    std::uint64_t table = registers.cr3 & 0x000f'ffff'ffff'f000;
    Rights rights{.writable = true, .user = true};
    for (Level cached : kCachedLevels) {
        PlainArray& cache = walk_caches_[number_of(cached) - 2];
        if (cache.is_empty() || cached > now.geometry.top()) continue;
        if (const PlainEntry* found = cache.find(at.raw() >> shift_of(cached), number_of(cached), pcid())) {
            level = below(cached);
            table = found->address;
            rights = found->rights;
            break;
        }
    }
    struct Used {
        PhysAddr entry_at;
        Pte entry;
        Level level;
        Rights rights;
    };
    std::vector<Used> used;
    for (;; level = below(level)) {
        const PhysAddr entry_at{table + std::uint64_t{8} * index_of(at, level)};
        const Pte entry = read_entry(memory, entry_at);
        ++so_far.references;
        so_far.error_code = access_bits(now, access);
        if (!entry.is_present()) return so_far;
        if ((entry.bits() & reserved_bits(kind_of(entry, level), now.rules)) != 0) {
            so_far.error_code |= page_fault::kProtection | page_fault::kReserved;
            return so_far;
        }
        rights = {.writable = rights.writable && entry.has(Pte::kWritable),
                  .user = rights.user && entry.has(Pte::kUser),
                  .no_execute = rights.no_execute || entry.has(Pte::kNoExecute),
                  .key = static_cast<std::uint8_t>(entry.get(Pte::kKey))};
        used.push_back({entry_at, entry, level, rights});
        if (entry.is_leaf(level)) break;
        table = entry.bits() & 0x000f'ffff'ffff'f000;
    }
    if (const std::uint32_t error = protection_error(now, rights, access); error != 0) {
        so_far.error_code = error;
        return so_far;
    }
    const bool is_write = access.kind == AccessKind::write;
    for (const Used& one : used) {
        const bool is_leaf = &one == &used.back();
        const Pte before = read_entry(memory, one.entry_at);
        const Pte after{before.bits() | 0x20 | (is_leaf && is_write ? 0x40 : 0)};
        if (after != before && frame_of(one.entry_at).raw() < memory.frames().count())
            memory.write(one.entry_at, after.bits());
    }
    const Pte leaf = used.back().entry;
    const auto size = page_size_of(level);
    const PlainEntry translation{.number = page_number(at, size),
                                 .size = static_cast<unsigned>(size),
                                 .pcid = pcid(),
                                 .is_global = leaf.has(Pte::kGlobal) && now.global_pages,
                                 .is_piece = false,
                                 .is_dirty = leaf.has(Pte::kDirty) || is_write,
                                 .rights = rights,
                                 .address = leaf.address(level).raw()};
    fill(access.kind, 2, at, translation);
    fill(access.kind, 1, at, translation);
    for (const Used& one : used) {
        if (&one == &used.back()) break;
        PlainArray& cache = walk_caches_[number_of(one.level) - 2];
        if (cache.is_empty()) continue;
        cache.insert({.number = at.raw() >> shift_of(one.level),
                      .size = number_of(one.level),
                      .pcid = pcid(),
                      .rights = one.rights,
                      .address = address_of(one.entry.table()).raw()});
    }
    so_far.outcome = MmuOutcome::walked;
    so_far.at = PhysAddr{translation.address + at.raw() % bytes_of(size).count()};
    so_far.error_code = 0;
    return so_far;
}

void PlainMmu::flush(const std::function<bool(const PlainEntry&)>& of_tlb,
                     const std::function<bool(const PlainEntry&)>& of_caches) {
    for (PlainArray& array : arrays_) array.remove_if(of_tlb);
    for (PlainArray& cache : walk_caches_) cache.remove_if(of_caches);
}

void PlainMmu::flush_page(VirtAddr at, Pcid of, bool global) {
    const auto applies = [&](const PlainEntry& entry) { return entry.is_global ? global : entry.pcid == of; };
    const std::uint64_t huge = bytes_of(PageSize::huge_1g).count();
    flush(
        [&](const PlainEntry& entry) {
            if (!applies(entry)) return false;
            const bool covers = page_number(at, static_cast<PageSize>(entry.size)) == entry.number;
            return covers || (entry.is_piece && first_of(entry).raw() / huge == at.raw() / huge);
        },
        [](const PlainEntry&) { return false; });
}

void PlainMmu::load_cr3(std::uint64_t value) {
    const bool keeps = mode().pcid && (value >> 63) != 0;
    registers.cr3 = value & ~cr3::kNoFlush;
    if (keeps) return;
    const Pcid now = pcid();
    if (mode().pcid) {
        flush([&](const PlainEntry& entry) { return !entry.is_global && entry.pcid == now; },
              [&](const PlainEntry& entry) { return entry.pcid == now; });
    } else {
        flush([](const PlainEntry& entry) { return !entry.is_global; }, all);
    }
}

void PlainMmu::set_cr4(std::uint64_t value) {
    const std::uint64_t changed = registers.cr4 ^ value;
    const Pcid before = pcid();
    const bool loses_pcids = (changed & registers.cr4 & cr4::kPcid) != 0;
    if ((changed & cr4::kGlobalPages) != 0 || loses_pcids)
        flush(all, all);
    else if ((changed & value & cr4::kSmep) != 0)
        flush([&](const PlainEntry& entry) { return !entry.is_global && entry.pcid == before; },
              [&](const PlainEntry& entry) { return entry.pcid == before; });
    registers.cr4 = value;
}

void PlainMmu::invlpg(VirtAddr at) {
    if (!mode().geometry.is_canonical(at)) return;
    flush_page(at, pcid(), true);
    const Pcid now = pcid();
    flush([](const PlainEntry&) { return false; }, [&](const PlainEntry& entry) { return entry.pcid == now; });
}

void PlainMmu::invpcid(InvpcidType type, Pcid pcid, VirtAddr at) {
    const auto of_pcid = [&](const PlainEntry& entry) { return entry.pcid == pcid; };
    const auto local_of_pcid = [&](const PlainEntry& entry) { return !entry.is_global && entry.pcid == pcid; };
    switch (type) {
    case InvpcidType::address:
        flush_page(at, pcid, false);
        flush([](const PlainEntry&) { return false; }, of_pcid);
        break;
    case InvpcidType::single_context: flush(local_of_pcid, of_pcid); break;
    case InvpcidType::all_with_global: flush(all, all); break;
    case InvpcidType::all_without_global: flush([](const PlainEntry& entry) { return !entry.is_global; }, all); break;
    }
}

void PlainMmu::deliver_page_fault(VirtAddr at) {
    registers.cr2 = at.raw();
    flush_page(at, pcid(), true);
    const Pcid now = pcid();
    flush([](const PlainEntry&) { return false; },
          [&](const PlainEntry& entry) {
              return entry.pcid == now && at.raw() >> shift_of(static_cast<Level>(entry.size)) == entry.number;
          });
}

} // namespace ksl::core::testing
