// SPDX-License-Identifier: MIT
#include "core/paging/mapper.h"

#include "core/types/assert.h"

#include <utility>

namespace ksl::core {

namespace {

/// First address after the entry at `level` that covers `at`, but not beyond `top`.
VirtAddr end_of_entry(VirtAddr at, Level level, VirtAddr top) {
    const VirtAddr next = align_down(at, span_of(level)) + span_of(level);
    // An entry at the very end of the address space ends at 2^64, which is 0.
    return next.raw() == 0 || next > top ? top : next;
}

/// The largest page at or below `largest` that may start at `at` and `frame` and ends within `room`.
PageSize fitting_size(VirtAddr at, Pfn frame, Bytes room, PageSize largest) {
    for (PageSize size : {PageSize::huge_1g, PageSize::large_2m}) {
        if (size <= largest && is_aligned(at, bytes_of(size)) && is_aligned(address_of(frame), bytes_of(size)) &&
            room >= bytes_of(size))
            return size;
    }
    return PageSize::small_4k;
}

} // namespace

EntrySlot Mapper::find(VirtAddr at) const {
    Effects silent;
    return find(at, silent);
}

EntrySlot Mapper::find(VirtAddr at, Effects& fx) const {
    Pfn table = root_;
    for (Level level = geometry_.top();; level = below(level)) {
        const PhysAddr place = entry_at(table, at, level);
        const Pte entry = read(place);
        if (level == Level::pt || !entry.is_present() || entry.is_leaf(level))
            return {.at = place, .level = level, .entry = entry};
        fx.read(kernel_address(place));
        table = entry.table();
    }
}

void Mapper::write_entry(const EntrySlot& slot, Pte value, Effects& fx) {
    fx.write(kernel_address(slot.at));
    if (slot.entry == value) return;
    memory_->write(slot.at, value.bits());
    report_write(slot, value, fx);
}

void Mapper::report_write(const EntrySlot& slot, Pte value, Effects& fx) {
    fx.report(EventLevel::micro, [&] {
        return PteWritten{.entry_at = slot.at.raw(),
                          .before = slot.entry.bits(),
                          .after = value.bits(),
                          .level = static_cast<std::uint8_t>(number_of(slot.level))};
    });
}

std::expected<Pfn, MapFailure> Mapper::add_table(const EntrySlot& parent, VirtAddr at, TakeFrame take, Effects& fx) {
    const std::optional<Pfn> frame = take();
    if (!frame) return std::unexpected(MapFailure::no_frame);
    memory_->clear(*frame);
    static_cast<void>(memory_->writable_words(*frame)); // stored as a whole from the start: walks read it directly
    fx.charge(Step::table_page_new);
    fx.report(EventLevel::fine, [&] {
        return TablePageAdded{.pfn = static_cast<std::uint32_t>(frame->raw()),
                              .level = static_cast<std::uint8_t>(number_of(parent.level) - 1),
                              .covers = align_down(at, span_of(parent.level)).raw()};
    });
    write_entry(parent, kernel_attributes::kTable.with(Pte::kFrame, frame->raw()), fx);
    return *frame;
}

std::expected<Pfn, MapFailure> Mapper::descend_to(VirtAddr at, Level level, TakeFrame take, Effects& fx) {
    fx.charge(Step::table_descend);
    Pfn table = root_;
    for (Level above = geometry_.top(); above > level; above = below(above)) {
        const PhysAddr place = entry_at(table, at, above);
        fx.read(kernel_address(place));
        const Pte entry = read(place);
        if (entry.is_leaf(above)) return std::unexpected(MapFailure::occupied);
        if (entry.is_present()) {
            table = entry.table();
            continue;
        }
        const auto added = add_table({.at = place, .level = above, .entry = entry}, at, take, fx);
        if (!added) return added;
        table = *added;
    }
    return table;
}

MapResult Mapper::map(VirtAddr at, Pfn frame, PageSize size, Pte attributes, TakeFrame take, Effects& fx) {
    return map_run(at, frame, 1, size, attributes, take, fx);
}

MapResult Mapper::map_run(VirtAddr at, Pfn frame, std::uint64_t pages, PageSize size, Pte attributes, TakeFrame take,
                          Effects& fx) {
    const Level level = leaf_level_of(size);
    KSL_ASSERT(is_aligned(at, bytes_of(size)) && is_aligned(address_of(frame), bytes_of(size)),
               "a page starts at a multiple of its size");
    KSL_ASSERT(index_of(at, level) + pages <= kEntriesPerTable, "a run of pages stays in one table");
    const auto table = descend_to(at, level, take, fx);
    if (!table) return std::unexpected(table.error());
    const Pte flags = attributes_at(attributes, level);
    EntrySlot slot{.at = entry_at(*table, at, level), .level = level, .entry = Pte{}};
    std::uint64_t* word = memory_->writable_words(*table) + index_of(at, level);
    for (std::uint64_t page = 0; page < pages; ++page, ++word, slot.at += Bytes{sizeof(std::uint64_t)}) {
        if (*word != 0) return std::unexpected(MapFailure::occupied);
        const Pte leaf{flags.bits() | (frame.raw() + page * Pte::frames_of(level)) << kPageShift};
        fx.charge(Step::pte_write);
        fx.write(kernel_address(slot.at));
        *word = leaf.bits();
        report_write(slot, leaf, fx);
    }
    return {};
}

MapResult Mapper::map_frames(VirtAddr lowest, std::span<const Pfn> frames, Pte attributes, TakeFrame take,
                             Effects& fx) {
    const VirtAddr top = lowest + bytes_of(Pages{frames.size()});
    std::size_t next = 0;
    for (VirtAddr at = lowest; next < frames.size();) {
        const auto table = descend_to(at, Level::pt, take, fx);
        if (!table) return std::unexpected(table.error());
        const VirtAddr end = end_of_entry(at, Level::pd, top);
        std::uint64_t* words = memory_->writable_words(*table);
        for (; at != end; at += Bytes{kPageBytes}) {
            const EntrySlot slot{.at = entry_at(*table, at, Level::pt), .level = Level::pt, .entry = Pte{}};
            std::uint64_t& word = words[index_of(at, Level::pt)];
            if (word != 0) return std::unexpected(MapFailure::occupied);
            const Pte leaf = attributes.with(Pte::kFrame, frames[next++].raw());
            fx.charge(Step::pte_write);
            fx.write(kernel_address(slot.at));
            word = leaf.bits();
            report_write(slot, leaf, fx);
        }
    }
    return {};
}

MapResult Mapper::map_contiguous(VirtRange range, Pfn first, PageSize largest, Pte attributes, TakeFrame take,
                                 Effects& fx) {
    for (VirtAddr at = range.lowest; at < range.top;) {
        const Pfn frame = first + pages_for(at - range.lowest);
        const PageSize size = fitting_size(at, frame, range.top - at, largest);
        // Pages of one size up to where a larger one may begin, or to the end of the table.
        const auto above = static_cast<Level>(number_of(leaf_level_of(size)) + 1);
        const VirtAddr end = end_of_entry(at, above, range.top);
        const std::uint64_t pages = (end - at).count() / bytes_of(size).count();
        if (MapResult mapped = map_run(at, frame, pages, size, attributes, take, fx); !mapped) return mapped;
        at += bytes_of(size) * pages;
    }
    return {};
}

std::uint64_t Mapper::unmap(VirtRange range, Effects& fx) {
    std::uint64_t unmapped = 0;
    for (VirtAddr at = range.lowest; at < range.top;) {
        fx.charge(Step::table_descend_clear);
        EntrySlot slot = find(at, fx);
        if (slot.level != Level::pt) {
            const VirtAddr end = end_of_entry(at, slot.level, range.top);
            if (slot.entry.is_present() && end - at == span_of(slot.level)) {
                fx.charge(Step::pte_clear);
                write_entry(slot, Pte{}, fx);
                unmapped += Pte::frames_of(slot.level);
            }
            at = end;
            continue;
        }
        const VirtAddr end = end_of_entry(at, Level::pd, range.top);
        std::uint64_t* words = memory_->writable_words(frame_of(slot.at));
        for (; at != end; at += Bytes{kPageBytes}, slot.at += Bytes{sizeof(std::uint64_t)}) {
            slot.entry = Pte{std::exchange(words[index_of(at, Level::pt)], 0)};
            // The kernel exchanges every entry of the area, that of the guard page included.
            fx.charge(Step::pte_clear);
            fx.write(kernel_address(slot.at));
            if (slot.entry.is_present()) ++unmapped;
            if (!slot.entry.is_clear()) report_write(slot, Pte{}, fx);
        }
    }
    return unmapped;
}

MapResult Mapper::split_slot(const EntrySlot& slot, VirtAddr at, TakeFrame take, Effects& fx) {
    KSL_ASSERT(slot.entry.is_leaf(slot.level) && slot.level != Level::pt, "only large pages can be split");
    const std::optional<Pfn> frame = take();
    if (!frame) return std::unexpected(MapFailure::no_frame);
    const Level smaller = below(slot.level);
    const Pte attributes = attributes_at(small_attributes(slot.entry, slot.level), smaller);
    memory_->clear(*frame);
    std::uint64_t* words = memory_->writable_words(*frame);
    const std::uint64_t first = slot.entry.frame(slot.level).raw();
    for (std::uint64_t i = 0; i < kEntriesPerTable; ++i) {
        words[i] = attributes.bits() | (first + i * Pte::frames_of(smaller)) << kPageShift;
    }
    fx.charge(Step::direct_map_split);
    fx.charge(Step::table_page_new);
    fx.report(EventLevel::fine, [&] {
        return TablePageAdded{.pfn = static_cast<std::uint32_t>(frame->raw()),
                              .level = static_cast<std::uint8_t>(number_of(smaller)),
                              .covers = align_down(at, span_of(slot.level)).raw()};
    });
    fx.report(EventLevel::fine, [&] {
        return DirectMapSplit{.address = align_down(at, span_of(slot.level)).raw(), .from = page_size_of(slot.level)};
    });
    write_entry(slot, kernel_attributes::kTable.with(Pte::kFrame, frame->raw()), fx);
    return {};
}

MapResult Mapper::split(VirtAddr at, TakeFrame take, Effects& fx) {
    return split_slot(find(at), at, take, fx);
}

MapResult Mapper::protect(VirtRange range, Pte set, Pte clear, TakeFrame take, Effects& fx) {
    for (VirtAddr at = range.lowest; at < range.top;) {
        const EntrySlot slot = find(at);
        const VirtAddr end = end_of_entry(at, slot.level, range.top);
        if (slot.entry.is_present()) {
            const bool is_whole = end - at == span_of(slot.level);
            const Pte before = small_attributes(slot.entry, slot.level);
            const Pte after{(before.bits() & ~clear.bits()) | set.bits()};
            if (after != before && !is_whole) {
                if (MapResult done = split_slot(slot, at, take, fx); !done) return done;
                continue;
            }
            if (after != before) {
                fx.charge(Step::pte_write);
                const Pte leaf{attributes_at(after, slot.level).bits() | slot.entry.frame(slot.level).raw()
                                                                             << kPageShift};
                write_entry(slot, leaf, fx);
            }
        }
        at = end;
    }
    return {};
}

MapResult Mapper::populate(VirtRange range, Level level, TakeFrame take, Effects& fx) {
    const auto parent = static_cast<Level>(number_of(level) + 1);
    for (VirtAddr at = range.lowest; at < range.top; at = end_of_entry(at, parent, range.top)) {
        if (const auto table = descend_to(at, level, take, fx); !table) return std::unexpected(table.error());
    }
    return {};
}

} // namespace ksl::core
