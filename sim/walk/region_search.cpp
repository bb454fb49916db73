// SPDX-License-Identifier: MIT
#include "sim/walk/region_search.h"

#include "core/paging/walker.h"
#include "core/types/function_ref.h"

namespace ksl::sim {

namespace {

using core::Bytes;
using core::Level;
using core::VirtAddr;

constexpr Bytes kGiB{std::uint64_t{1} << 30};
/// Tables that lead to themselves would have leaves without end.
constexpr std::size_t kMostLeaves = 4'000'000;

/// Visits mapped pages of the kernel half in ascending order, until `visit` says that it has seen enough.
class KernelLeaves {
public:
    /// Returns true to stop.
    using Visit = core::FunctionRef<bool(VirtAddr, core::Pte, Level)>;

    explicit KernelLeaves(const TablePagesCapture& tables) : tables_(tables), geometry_(tables.mode().geometry) {}

    void visit_from(VirtAddr from, Visit visit) {
        left_ = kMostLeaves;
        std::ignore = visit_table(tables_.root(), geometry_.top(), VirtAddr{0}, from, visit);
    }

private:
    bool visit_table(core::Pfn table, Level level, VirtAddr base, VirtAddr from, Visit visit) {
        for (std::uint64_t i = 0; i < core::kEntriesPerTable; ++i) {
            const VirtAddr at = geometry_.canonical(base + core::span_of(level) * i);
            const VirtAddr last = at + (core::span_of(level) - Bytes{1});
            if (last < from) continue;
            const core::PhysAddr place = core::address_of(table) + Bytes{i * sizeof(std::uint64_t)};
            const core::Pte entry = core::read_entry(tables_.memory, place);
            if (!entry.is_present()) continue;
            if (left_-- == 0) return true;
            if (level == Level::pt || entry.is_leaf(level)) {
                if (visit(at, entry, level)) return true;
            } else if (visit_table(entry.table(), core::below(level), at, from, visit)) {
                return true;
            }
        }
        return false;
    }

    const TablePagesCapture& tables_;
    core::Geometry geometry_;
    std::size_t left_ = kMostLeaves;
};

} // namespace

std::optional<core::KernelLayout> find_layout(const TablePagesCapture& tables, core::LayoutEra era) {
    core::KernelLayout layout{era, tables.mode().geometry};
    KernelLeaves leaves{tables};
    std::optional<VirtAddr> direct_map;
    leaves.visit_from(layout.geometry().kernel_half(), [&](VirtAddr at, core::Pte entry, Level level) {
        if (entry.address(level) == core::PhysAddr{0} && core::is_aligned(at, kGiB)) direct_map = at;
        return direct_map.has_value();
    });
    if (!direct_map) return std::nullopt;
    // The first page that does not lie as far behind the base as its frame behind frame 0 belongs to the next region.
    std::optional<VirtAddr> vmalloc;
    leaves.visit_from(*direct_map, [&](VirtAddr at, core::Pte entry, Level level) {
        const bool is_direct = (at - *direct_map).count() == entry.address(level).raw();
        if (!is_direct) vmalloc = core::align_down(at, kGiB);
        return !is_direct;
    });
    if (!vmalloc) return std::nullopt;
    std::optional<VirtAddr> vmemmap;
    leaves.visit_from(*vmalloc + layout.vmalloc().size(), [&](VirtAddr at, core::Pte /*entry*/, Level /*level*/) {
        vmemmap = core::align_down(at, kGiB);
        return true;
    });
    if (!vmemmap || *vmemmap >= layout.randomization_end()) return std::nullopt;
    layout.place(*direct_map, *vmalloc, *vmemmap);
    return *layout.check_invariants() == '\0' ? std::optional{layout} : std::nullopt;
}

core::DumpOptions find_sections(const TablePagesCapture& tables, const core::KernelLayout& layout) {
    KernelLeaves leaves{tables};
    const auto is_used = [&](core::Region region) {
        const auto range = layout.range_of(region);
        bool is_found = false;
        if (!range) return false;
        leaves.visit_from(range->lowest, [&](VirtAddr at, core::Pte /*entry*/, Level /*level*/) {
            is_found = at < range->top;
            return true;
        });
        return is_found;
    };
    return {.espfix = is_used(core::Region::espfix),
            .efi = is_used(core::Region::efi),
            .ldt_remap = is_used(core::Region::ldt_remap)};
}

} // namespace ksl::sim
