// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/physical_memory_view.h"

#include "core/memory/fragmentation.h"
#include "ui/format/format.h"
#include "ui/machine/stack_reading.h"
#include "ui/views/event_text.h"

#include <algorithm>
#include <array>

namespace ksl::ui {

using core::Machine;
using core::Pfn;

namespace {

class MemoryText {
    Q_DECLARE_TR_FUNCTIONS(MemoryText)
};

QString migrate_type_name(core::MigrateType type) {
    switch (type) {
    case core::MigrateType::unmovable: return MemoryText::tr("unmovable pageblock");
    case core::MigrateType::movable: return MemoryText::tr("movable pageblock");
    case core::MigrateType::reclaimable: return MemoryText::tr("reclaimable pageblock");
    case core::MigrateType::highatomic: return MemoryText::tr("highatomic pageblock");
    }
    return {};
}

QString use_name(core::FrameUse use) {
    switch (use) {
    case core::FrameUse::page_table: return MemoryText::tr("page table");
    case core::FrameUse::kernel_stack: return MemoryText::tr("stack");
    case core::FrameUse::slab: return MemoryText::tr("slab objects");
    case core::FrameUse::page_cache: return MemoryText::tr("page cache");
    case core::FrameUse::anonymous: return MemoryText::tr("user memory");
    case core::FrameUse::unmovable: return MemoryText::tr("kernel memory");
    case core::FrameUse::movable: return MemoryText::tr("movable kernel memory");
    case core::FrameUse::reclaimable: return MemoryText::tr("kernel caches");
    case core::FrameUse::unknown: return MemoryText::tr("in use since before the run");
    }
    return {};
}

QString whose_stack(const Machine& machine, const StackReading& stack) {
    switch (stack.holder) {
    case StackHolder::task: return MemoryText::tr("the stack of %1").arg(task_name(machine, stack.task));
    case StackHolder::cache: return MemoryText::tr("a stack in the cache of %1").arg(cpu_name(stack.cache_cpu));
    case StackHolder::deferred: return MemoryText::tr("a stack that waits to be freed");
    }
    return {};
}

/// "page 2 of 4 of the stack of task 5".
QString stack_details(const Machine& machine, Pfn frame) {
    const auto stack = stack_of_frame(machine, frame);
    const auto reading = stack ? read_stack(machine, *stack) : std::nullopt;
    if (!reading) return use_name(core::FrameUse::kernel_stack);
    const auto page = std::ranges::find(reading->frames, std::optional{frame}) - reading->frames.begin();
    return MemoryText::tr("page %1 of %2 of %3")
        .arg(page + 1)
        .arg(reading->frames.size())
        .arg(whose_stack(machine, *reading));
}

} // namespace

FragmentationSummary MachineFrames::fragmentation() const {
    FragmentationSummary summary;
    if (reading_.machine() == nullptr) return summary;
    const core::StackDesign& design = reading_.machine()->config().design;
    summary.needed_order = design.order;
    summary.needs_contiguous = design.is_contiguous();
    core::ContiguousPages sum;
    for (const core::Zone& zone : reading_.machine()->state().memory.pages.state().zones) {
        for (unsigned order = 0; order < core::kOrders; ++order) summary.free_blocks[order] += zone.free_blocks[order];
        const core::ContiguousPages pages = contiguous_pages(zone, core::Order{design.order});
        sum.free_pages += pages.free_pages;
        sum.suitable_blocks += pages.suitable_blocks;
    }
    // unusable_free_index() of the kernel, over all zones at once.
    if (sum.free_pages != 0) {
        const std::uint64_t usable = sum.suitable_blocks << design.order;
        summary.index = static_cast<double>(sum.free_pages - usable) / static_cast<double>(sum.free_pages);
    }
    return summary;
}

QString MachineFrames::frame_details(Pfn frame) const {
    const Machine& machine = *reading_.machine();
    const core::PageState& pages = machine.state().memory.pages.state();
    QString zone;
    for (const core::Zone& candidate : pages.zones) {
        if (!candidate.spans(frame.raw())) continue;
        zone = MemoryText::tr("zone %1").arg(latin(core::kZoneNames[static_cast<std::size_t>(candidate.id)]));
    }
    const QString block = migrate_type_name(pages.pageblock_type(frame.raw()));
    const auto covering = pages.frames.block_of(frame);
    QString use;
    if (!covering) {
        use = MemoryText::tr("taken before the page allocator started");
    } else if (covering->state == core::BlockState::page_list) {
        use = MemoryText::tr("on a per-CPU page list");
    } else if (covering->state != core::BlockState::free) {
        const core::FrameUse what = pages.frames.use(static_cast<core::FrameTable::Node>(covering->first.raw()));
        use = what == core::FrameUse::kernel_stack ? stack_details(machine, frame) : use_name(what);
    }
    QStringList parts{use, zone, block};
    parts.removeAll(QString());
    return parts.join(QStringLiteral(", "));
}

PhysicalMemoryView::PhysicalMemoryView(const Theme& theme, QWidget* parent) : FrameMapView(theme, parent) {}

void PhysicalMemoryView::show_snapshot(const SnapshotPtr& snapshot) {
    snapshot_ = snapshot;
    if (snapshot == nullptr) {
        set_source(nullptr);
        frames_.reading() = FrameReading{};
        return;
    }
    const core::Pages before = frames_.frames();
    const bool is_first = frames_.reading().machine() == nullptr;
    const std::vector<std::uint32_t> dirty = frames_.reading().update(snapshot->machine);
    if (is_first || before != frames_.frames()) {
        set_source(&frames_);
    } else {
        refresh(dirty);
    }
    const auto changed = frames_.reading().changed();
    std::vector<Pfn> ringed;
    ringed.reserve(changed.size());
    for (const std::uint32_t frame : changed) ringed.emplace_back(frame);
    canvas().set_changed(std::move(ringed), moves_);
    refresh_selection();
}

void PhysicalMemoryView::select_stack(core::StackId stack) {
    selected_ = stack;
    refresh_selection();
}

void PhysicalMemoryView::refresh_selection() {
    std::vector<Pfn> selected;
    if (snapshot_ != nullptr) {
        if (const auto stack = read_stack(*snapshot_->machine, selected_)) {
            for (const auto& frame : stack->frames) {
                if (frame) selected.push_back(*frame);
            }
        }
    }
    canvas().set_selection(std::move(selected));
}

} // namespace ksl::ui
