// SPDX-License-Identifier: MIT
#include "core/paging/address_space.h"

#include "core/types/assert.h"

#include <algorithm>

namespace ksl::core {

Pte AddressSpaces::read_entry(Pfn root, unsigned index, const PhysMemory& memory, Effects& fx) const {
    const PhysAddr at = entry_at(root, index);
    fx.read(layout_.address_of(at));
    return Pte{memory.read(at)};
}

std::optional<SpaceId> AddressSpaces::create(PhysMemory& memory, TakeFrame take, Effects& fx) {
    const std::optional<Pfn> root = take();
    if (!root) return std::nullopt;
    KSL_ASSERT(*root != kNoRoot, "frame 0 is never a table");
    memory.clear(*root);
    static_cast<void>(memory.writable_words(*root)); // stored as a whole from the start: walks read it directly
    fx.charge(Step::table_page_new);
    fx.report(EventLevel::fine, [&] {
        return TablePageAdded{.pfn = static_cast<std::uint32_t>(root->raw()),
                              .level = static_cast<std::uint8_t>(number_of(top())),
                              .covers = 0};
    });
    constexpr unsigned kEntriesPerLine = 8;
    for (unsigned index = kFirstKernelEntry; index < kEntries; ++index) {
        const PhysAddr from = entry_at(kernel_root_, index);
        const PhysAddr to = entry_at(*root, index);
        if (index % kEntriesPerLine == 0) {
            fx.read(layout_.address_of(from));
            fx.write(layout_.address_of(to));
        }
        memory.write(to, memory.read(from));
    }
    if (free_.empty()) {
        roots_.push_back(*root);
        return SpaceId{static_cast<std::uint32_t>(roots_.size() - 1)};
    }
    const std::uint32_t id = free_.back();
    free_.pop_back();
    roots_[id] = *root;
    return SpaceId{id};
}

void AddressSpaces::destroy(SpaceId space, FunctionRef<void(Pfn)> give_back) {
    KSL_ASSERT(exists(space), "an address space is destroyed once");
    give_back(roots_[space.raw()]);
    roots_[space.raw()] = kNoRoot;
    free_.push_back(space.raw());
}

void AddressSpaces::copy_entry(SpaceId space, unsigned index, Pte entry, bool by_fault, PhysMemory& memory,
                               Effects& fx) {
    const PhysAddr at = entry_at(root(space), index);
    fx.charge(Step::pgd_copy_entry);
    fx.write(layout_.address_of(at));
    fx.report(EventLevel::fine, [&] {
        return PgdEntryCopied{.space = space.raw(), .index = static_cast<std::uint16_t>(index), .by_fault = by_fault};
    });
    memory.write(at, entry.bits());
}

PgdRepair AddressSpaces::repair(SpaceId space, VirtAddr at, PhysMemory& memory, Effects& fx) {
    const bool has_handler = sync_ == PgdSync::lazy_fault || sync_ == PgdSync::touch_before_switch;
    if (!has_handler || !layout_.is_vmalloc_addr(at)) return PgdRepair::not_for_us;
    fx.charge(Step::pgd_fault);
    const unsigned index = index_of(at, top());
    const Pte ours = read_entry(root(space), index, memory, fx);
    const Pte kernels = read_entry(kernel_root_, index, memory, fx);
    if (!kernels.is_present()) return PgdRepair::unmapped;
    if (!ours.is_present())
        copy_entry(space, index, kernels, true, memory, fx);
    else if (ours.table() != kernels.table())
        return PgdRepair::conflict;
    // Everything below is shared; the handler makes sure that it leads somewhere.
    const Mapper kernel{memory, layout_.geometry(), kernel_root_, layout_.direct_map().lowest};
    const EntrySlot leaf = kernel.find(at, fx);
    fx.read(layout_.address_of(leaf.at));
    return leaf.entry.is_present() ? PgdRepair::repaired : PgdRepair::unmapped;
}

bool AddressSpaces::before_cr3_load(SpaceId next, VirtAddr stack_pointer, PhysMemory& memory, Effects& fx) {
    if (sync_ != PgdSync::touch_before_switch) return false;
    const unsigned index = index_of(stack_pointer, top());
    if (read_entry(root(next), index, memory, fx).is_present()) return false;
    copy_entry(next, index, read_entry(kernel_root_, index, memory, fx), false, memory, fx);
    return true;
}

std::uint32_t AddressSpaces::sync(VirtRange range, PhysMemory& memory, Effects& fx) {
    if (sync_ != PgdSync::synced_at_allocation || range.lowest >= range.top) return 0;
    std::uint32_t copied = 0;
    const unsigned last = index_of(range.top - Bytes{1}, top());
    for (unsigned index = index_of(range.lowest, top()); index <= last; ++index) {
        const Pte kernels = read_entry(kernel_root_, index, memory, fx);
        if (!kernels.is_present()) continue;
        for_each([&](SpaceId space, Pfn root) {
            if (read_entry(root, index, memory, fx).is_present()) return;
            copy_entry(space, index, kernels, false, memory, fx);
            ++copied;
        });
    }
    return copied;
}

const char* AddressSpaces::check_lists() const {
    const auto free_roots = static_cast<std::size_t>(std::ranges::count(roots_, kNoRoot));
    if (free_roots != free_.size()) return "every free id is listed";
    std::vector<std::uint32_t> sorted = free_;
    std::ranges::sort(sorted);
    if (std::ranges::adjacent_find(sorted) != sorted.end()) return "a free id is listed once";
    for (std::uint32_t id : sorted) {
        if (id >= roots_.size() || roots_[id] != kNoRoot) return "only free ids are listed as free";
    }
    return "";
}

const char* AddressSpaces::check_invariants(const PhysMemory& memory) const {
    if (const char* broken = check_lists(); *broken != '\0') return broken;
    const auto lies_in_memory = [&](Pfn root) { return root.raw() < memory.frames().count(); };
    bool all_in_memory = lies_in_memory(kernel_root_);
    for_each([&](SpaceId, Pfn root) { all_in_memory &= lies_in_memory(root); });
    if (!all_in_memory) return "top-level tables lie in memory";
    Effects silent;
    const char* broken = "";
    for_each([&](SpaceId, Pfn root) {
        for (unsigned index = kFirstKernelEntry; index < kEntries; ++index) {
            const Pte ours = read_entry(root, index, memory, silent);
            const Pte kernels = read_entry(kernel_root_, index, memory, silent);
            if (ours.is_present() && (!kernels.is_present() || ours.table() != kernels.table()))
                broken = "a kernel half leads where the kernel's own leads";
        }
    });
    return broken;
}

} // namespace ksl::core
