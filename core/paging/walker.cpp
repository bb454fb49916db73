// SPDX-License-Identifier: MIT
#include "core/paging/walker.h"

namespace ksl::core {

namespace {

/// Records nothing: the fast variant.
struct NoTrace {
    void clear() {}
    void add(const WalkStep& /*step*/) {}
    void set_after(std::size_t /*index*/, Pte /*after*/) {}
};

/// The entries of a walk down to its leaf, or to the entry that stopped it.
struct Descent {
    std::array<PhysAddr, WalkTrace::kMost> at{};
    std::array<Pte, WalkTrace::kMost> entry{};
    std::size_t count = 0;
    Level level = Level::pt;
    Rights rights;
    std::uint32_t error = 0; ///< kNotPresent, kReserved, or 0
    bool failed = false;
};

template <class Trace>
Descent descend(const PhysMemory& memory, Geometry geometry, const EntryRules& rules, Pfn root, VirtAddr at,
                Trace& trace) {
    Descent down;
    std::uint64_t all = ~std::uint64_t{0};
    std::uint64_t any = 0;
    Pfn table = root;
    for (Level level = geometry.top();; level = below(level)) {
        const PhysAddr entry_at = address_of(table) + Bytes{index_of(at, level) * sizeof(std::uint64_t)};
        const Pte entry = read_entry(memory, entry_at);
        trace.add({.level = level, .entry_at = entry_at, .before = entry, .after = entry});
        down.at[down.count] = entry_at;
        down.entry[down.count++] = entry;
        down.level = level;
        const EntryKind kind = kind_of(entry, level);
        if (kind == EntryKind::not_present) {
            down.failed = true;
            return down;
        }
        if ((entry.bits() & reserved_bits(kind, rules)) != 0) {
            down.failed = true;
            down.error = page_fault::kProtection | page_fault::kReserved;
            return down;
        }
        all &= entry.bits();
        any |= entry.bits();
        if (entry.is_leaf(level)) {
            down.rights = {.writable = Pte{all}.has(Pte::kWritable),
                           .user = Pte{all}.has(Pte::kUser),
                           .no_execute = Pte{any}.has(Pte::kNoExecute),
                           .key = static_cast<std::uint8_t>(entry.get(Pte::kKey))};
            return down;
        }
        table = entry.table();
    }
}

Fault fault_of(const Descent& down, VirtAddr at, std::uint32_t error) {
    return {.vector = Vector::page_fault,
            .error_code = error,
            .address = at,
            .level = down.level,
            .entry = down.entry[down.count - 1]};
}

Translation translation_of(const Descent& down, VirtAddr at) {
    const Pte leaf = down.entry[down.count - 1];
    const Bytes offset{at.raw() & (span_of(down.level).count() - 1)};
    return {.at = leaf.address(down.level) + offset,
            .leaf_level = down.level,
            .leaf = leaf,
            .leaf_at = down.at[down.count - 1],
            .rights = down.rights,
            .references = static_cast<std::uint8_t>(down.count)};
}

Fault non_canonical(VirtAddr at, bool stack) {
    return {.vector = stack ? Vector::stack_segment : Vector::general_protection, .address = at};
}

template <class Trace>
std::expected<Translation, Fault> walk_with(PhysMemory& memory, const PagingMode& mode, Pfn root, VirtAddr at,
                                            Access access, Trace& trace) {
    trace.clear();
    if (!mode.geometry.is_canonical(at)) return std::unexpected(non_canonical(at, access.stack));
    Descent down = descend(memory, mode.geometry, mode.rules, root, at, trace);
    if (down.failed) return std::unexpected(fault_of(down, at, down.error | access_bits(mode, access)));
    if (const std::uint32_t error = protection_error(mode, down.rights, access); error != 0)
        return std::unexpected(fault_of(down, at, error));

    for (std::size_t i = 0; i < down.count; ++i) {
        const bool is_leaf = i + 1 == down.count;
        Pte after = down.entry[i].with(Pte::kAccessed, 1);
        if (is_leaf && access.kind == AccessKind::write) after = after.with(Pte::kDirty, 1);
        if (after == down.entry[i]) continue;
        memory.write(down.at[i], after.bits());
        down.entry[i] = after;
        trace.set_after(i, after);
    }
    return translation_of(down, at);
}

} // namespace

std::expected<Translation, Fault> walk(PhysMemory& memory, const PagingMode& mode, Pfn root, VirtAddr at,
                                       Access access) {
    NoTrace none;
    return walk_with(memory, mode, root, at, access, none);
}

std::expected<Translation, Fault> walk(PhysMemory& memory, const PagingMode& mode, Pfn root, VirtAddr at, Access access,
                                       WalkTrace& trace) {
    return walk_with(memory, mode, root, at, access, trace);
}

std::expected<Translation, Fault> inspect(const PhysMemory& memory, Geometry geometry, const EntryRules& rules,
                                          Pfn root, VirtAddr at) {
    if (!geometry.is_canonical(at)) return std::unexpected(non_canonical(at, false));
    NoTrace none;
    const Descent down = descend(memory, geometry, rules, root, at, none);
    if (down.failed) return std::unexpected(fault_of(down, at, down.error));
    return translation_of(down, at);
}

} // namespace ksl::core
