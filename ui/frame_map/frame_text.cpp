// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/frame_map/frame_text.h"

#include "ui/format/format.h"

#include <QCoreApplication>
#include <numeric>

namespace ksl::ui {

using core::Pfn;

namespace {

class FrameText {
    Q_DECLARE_TR_FUNCTIONS(FrameText)
};

FrameByte byte_of(const FrameMapSource& source, Pfn frame) {
    const auto bytes = source.frame_bytes();
    return frame.raw() < bytes.size() ? bytes[frame.raw()] : frame_byte(FrameClass::hole, 0);
}

QString largest_free(unsigned order_plus1) {
    return order_plus1 == 0 ? FrameText::tr("nothing free")
                            : FrameText::tr("largest free order %1").arg(order_plus1 - 1);
}

} // namespace

QString name_of(FrameClass kind) {
    switch (kind) {
    case FrameClass::hole: return FrameText::tr("hole");
    case FrameClass::free: return FrameText::tr("free");
    case FrameClass::movable: return FrameText::tr("movable");
    case FrameClass::reclaimable: return FrameText::tr("reclaimable");
    case FrameClass::unmovable: return FrameText::tr("unmovable");
    case FrameClass::page_table: return FrameText::tr("page table");
    case FrameClass::cached_stack: return FrameText::tr("cached stack");
    case FrameClass::kernel_stack: return FrameText::tr("kernel stack");
    case FrameClass::damage: return FrameText::tr("overflow damage");
    }
    return {};
}

QString name_of(MapMode mode) {
    switch (mode) {
    case MapMode::frame_class: return FrameText::tr("Class");
    case MapMode::free_order: return FrameText::tr("Free order");
    case MapMode::age: return FrameText::tr("Age");
    case MapMode::owner: return FrameText::tr("Owner");
    case MapMode::selection: return FrameText::tr("Selection");
    }
    return {};
}

QString frame_sentence(const FrameMapSource& source, Pfn frame) {
    const FrameByte byte = byte_of(source, frame);
    QString text = FrameText::tr("Frame %1, %2").arg(format_pfn(frame), name_of(class_of(byte)));
    if (class_of(byte) == FrameClass::hole) return text;
    text += FrameText::tr(", order %1").arg(order_of(byte));
    const QString details = source.frame_details(frame);
    return details.isEmpty() ? text : text + QStringLiteral(", ") + details;
}

QString buddy_sentence(const FrameMapSource& source, Pfn frame) {
    const FrameByte byte = byte_of(source, frame);
    if (class_of(byte) == FrameClass::hole) return {};
    const core::Order order{order_of(byte)};
    if (order == core::kMaxOrder) return FrameText::tr("A block of the largest order has no buddy.");
    const Pfn buddy{(frame.raw() & ~(order.frames() - 1)) ^ order.frames()};
    const FrameByte other = byte_of(source, buddy);
    const QString name = format_pfn(buddy);
    if (class_of(byte) != FrameClass::free)
        return FrameText::tr("Its buddy is %1; a block in use does not merge.").arg(name);
    if (class_of(other) != FrameClass::free) {
        return FrameText::tr("It cannot merge: its buddy %1 is %2.").arg(name, name_of(class_of(other)));
    }
    if (order_of(other) != order.raw()) {
        return FrameText::tr("It cannot merge: its buddy %1 is split, its first part is of order %2.")
            .arg(name)
            .arg(order_of(other));
    }
    // The allocator merges when a block is freed, so two free buddies are a moment in between or on a per-CPU list.
    return FrameText::tr("It could merge with its buddy %1 into order %2.").arg(name).arg(order.raw() + 1);
}

QString fragmentation_sentence(const FragmentationSummary& summary) {
    const unsigned order = summary.needed_order;
    const QString stack = format_bytes(core::bytes_of(core::Pages{std::uint64_t{1} << order}));
    if (!summary.needs_contiguous) {
        std::uint64_t frames = 0;
        for (unsigned k = 0; k < core::kOrders; ++k) frames += summary.free_blocks[k] << k;
        const QString count = format_count(frames);
        return frames >= std::uint64_t{1} << order
                   ? FrameText::tr("%1 free frames, a %2 stack of single frames would succeed").arg(count, stack)
                   : FrameText::tr("%1 free frames, a %2 stack of single frames would fail").arg(count, stack);
    }
    const std::uint64_t fitting = summary.free_blocks[order];
    const auto first = summary.free_blocks.begin() + order + 1;
    const std::uint64_t larger = std::accumulate(first, summary.free_blocks.end(), std::uint64_t{0});
    if (fitting != 0) {
        return FrameText::tr("%1 free order-%2 blocks, a %3 contiguous stack would succeed")
            .arg(format_count(fitting))
            .arg(order)
            .arg(stack);
    }
    if (larger != 0) {
        return FrameText::tr(
                   "no free order-%1 block but %2 larger ones, a %3 contiguous stack would succeed after a split")
            .arg(order)
            .arg(format_count(larger))
            .arg(stack);
    }
    return FrameText::tr("no free block of order %1 or larger, a %2 contiguous stack would fail").arg(order).arg(stack);
}

QString cell_sentence(LodCell cell) {
    if (!cell.has(LodCell::kHasFrames)) return name_of(FrameClass::hole);
    return FrameText::tr("%1 free, mostly %2, %3")
        .arg(format_percent(cell.free_share / 255.0), name_of(cell.dominant), largest_free(cell.free_order_plus1));
}

QString map_sentence(const FrameLod& lod, core::Pages frames) {
    const FrameLod::Census census = lod.census();
    std::uint64_t present = 0;
    for (const FrameClass kind : kAllFrameClasses) {
        if (kind != FrameClass::hole) present += census[index_of(kind)];
    }
    const double share =
        present == 0 ? 0 : static_cast<double>(census[index_of(FrameClass::free)]) / static_cast<double>(present);
    unsigned order_plus1 = 0;
    const unsigned top = lod.levels() - 1;
    for (std::uint32_t y = 0; y < lod.height(top); ++y) {
        for (const LodCell cell : lod.row(top, y)) order_plus1 = std::max<unsigned>(order_plus1, cell.free_order_plus1);
    }
    return FrameText::tr("Physical memory map, %1, %2 free, %3")
        .arg(format_bytes(core::bytes_of(frames)), format_percent(share), largest_free(order_plus1));
}

} // namespace ksl::ui
