// SPDX-License-Identifier: MIT
#include "core/paging/direct_map.h"

#include <algorithm>
#include <utility>

namespace ksl::core {

namespace {

constexpr std::uint64_t kFrames2m = Pte::frames_of(Level::pd);
constexpr std::uint64_t kFrames1g = Pte::frames_of(Level::pdpt);
constexpr Pfn kIsaEnd{256}; ///< 1 MiB

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t step) {
    return (value + step - 1) / step * step;
}
constexpr std::uint64_t round_down(std::uint64_t value, std::uint64_t step) {
    return value / step * step;
}

/// A piece of physical memory and the largest page that may map it.
struct Piece {
    FrameRange frames;
    PageSize largest = PageSize::small_4k;
};

class Builder {
public:
    Builder(Mapper& mapper, std::span<const FrameRange> ram, const DirectMapOptions& options, TakeFrame take,
            Effects& fx)
        : mapper_(mapper), ram_(ram), largest_(largest_of(options)), take_(take), fx_(fx) {
        attributes_ = kernel_attributes::kPage.with(Pte::kGlobal, options.global ? 1 : 0);
    }

    MapResult map_range(FrameRange frames) {
        for (const Piece& piece : pieces_of(frames)) {
            if (MapResult done = map_piece(piece); !done) return done;
        }
        add_mapped(frames);
        return {};
    }
    /// init_range_memory_mapping(): the RAM in a range. Returns how many frames that was.
    std::expected<std::uint64_t, MapFailure> map_ram_in(FrameRange range) {
        std::uint64_t mapped = 0;
        for (const FrameRange& ram : ram_) {
            const FrameRange part{.lowest = std::max(ram.lowest, range.lowest), .top = std::min(ram.top, range.top)};
            if (part.is_empty()) continue;
            if (MapResult done = map_range(part); !done) return std::unexpected(done.error());
            mapped += part.size().count();
        }
        return mapped;
    }
    MapResult map_top_down(Pfn lowest, Pfn top, std::span<const FrameRange> reserved);
    DirectMap take_result() { return std::move(result_); }

private:
    static PageSize largest_of(const DirectMapOptions& options) {
        if (!options.large_pages) return PageSize::small_4k;
        return options.huge_pages ? PageSize::huge_1g : PageSize::large_2m;
    }
    [[nodiscard]] PageSize allowed(PageSize size) const { return std::min(size, largest_); }
    /// memblock_is_region_memory(): one range of RAM holds it all.
    [[nodiscard]] bool is_all_ram(std::uint64_t lowest, std::uint64_t top) const {
        return std::ranges::any_of(
            ram_, [&](const FrameRange& ram) { return ram.lowest.raw() <= lowest && top <= ram.top.raw(); });
    }
    [[nodiscard]] std::vector<Piece> pieces_of(FrameRange frames) const;
    [[nodiscard]] Piece grown(Piece piece) const;
    [[nodiscard]] VirtAddr address_of_frame(std::uint64_t frame) const {
        return mapper_.direct_map() + bytes_of(Pages{frame});
    }
    [[nodiscard]] PageSize size_at(std::uint64_t at, PageSize size, EntrySlot& slot) const;
    MapResult map_piece(const Piece& piece);
    void add_mapped(FrameRange frames);

    Mapper& mapper_;
    std::span<const FrameRange> ram_;
    PageSize largest_;
    TakeFrame take_;
    Effects& fx_;
    Pte attributes_;
    DirectMap result_;
};

/// adjust_range_page_size_mask(): a piece too small for a large page gets one after all if everything round it is RAM.
Piece Builder::grown(Piece piece) const {
    for (PageSize size : {PageSize::large_2m, PageSize::huge_1g}) {
        if (size > largest_ || size <= piece.largest) continue;
        const std::uint64_t step = bytes_of(size).count() >> kPageShift;
        if (is_all_ram(round_down(piece.frames.lowest.raw(), step), round_up(piece.frames.top.raw(), step)))
            piece.largest = size;
    }
    return piece;
}

/// split_mem_range(): head, 2M head, 1G middle, 2M tail, tail; neighbours with the same page size are merged.
std::vector<Piece> Builder::pieces_of(FrameRange frames) const {
    const std::uint64_t limit = frames.top.raw();
    std::uint64_t at = frames.lowest.raw();
    std::vector<Piece> pieces;
    const auto cut = [&](std::uint64_t end, PageSize size) {
        if (at >= end) return;
        const Piece piece = grown({.frames = {.lowest = Pfn{at}, .top = Pfn{end}}, .largest = allowed(size)});
        at = end;
        if (!pieces.empty() && pieces.back().largest == piece.largest)
            pieces.back().frames.top = piece.frames.top;
        else
            pieces.push_back(piece);
    };
    cut(std::min(round_up(at, kFrames2m), limit), PageSize::small_4k);
    cut(std::min(round_up(at, kFrames1g), round_down(limit, kFrames2m)), PageSize::large_2m);
    cut(round_down(limit, kFrames1g), PageSize::huge_1g);
    cut(round_down(limit, kFrames2m), PageSize::large_2m);
    cut(limit, PageSize::small_4k);
    return pieces;
}

/// The largest page at or below `size` for frame `at`: where a table stands already, only what fits into it.
PageSize Builder::size_at(std::uint64_t at, PageSize size, EntrySlot& slot) const {
    for (;; size = static_cast<PageSize>(std::to_underlying(size) - 1)) {
        const std::uint64_t start = round_down(at, bytes_of(size).count() >> kPageShift);
        slot = mapper_.find(address_of_frame(start));
        if (slot.level >= leaf_level_of(size)) return size;
    }
}

MapResult Builder::map_piece(const Piece& piece) {
    const std::uint64_t top = piece.frames.top.raw();
    for (std::uint64_t at = piece.frames.lowest.raw(); at < top;) {
        EntrySlot slot;
        const PageSize size = size_at(at, piece.largest, slot);
        const Level level = leaf_level_of(size);
        const bool is_leaf = slot.entry.is_leaf(slot.level);
        if (is_leaf && slot.level > level) {
            // A larger page than this piece may have: same frames and attributes, smaller pages.
            if (MapResult done = mapper_.split(address_of_frame(at), take_, fx_); !done) return done;
            continue;
        }
        const std::uint64_t step = Pte::frames_of(level);
        const std::uint64_t start = round_down(at, step);
        const std::uint64_t end =
            size == PageSize::small_4k ? std::min(round_down(at, kFrames2m) + kFrames2m, top) : start + step;
        if (!is_leaf) {
            const VirtRange range{.lowest = address_of_frame(start), .top = address_of_frame(end)};
            if (MapResult done = mapper_.map_contiguous(range, Pfn{start}, size, attributes_, take_, fx_); !done)
                return done;
        }
        result_.counters.add(size, (end - start) / step);
        at = end;
    }
    return {};
}

void Builder::add_mapped(FrameRange frames) {
    auto& ranges = result_.mapped;
    ranges.push_back(frames);
    std::ranges::sort(ranges);
    std::vector<FrameRange> merged;
    for (const FrameRange& range : ranges) {
        if (!merged.empty() && range.lowest <= merged.back().top)
            merged.back().top = std::max(merged.back().top, range.top);
        else
            merged.push_back(range);
    }
    ranges = std::move(merged);
}

/// The highest aligned 2 MiB of free RAM in [lowest, top): the kernel maps that first, to have room for table pages.
std::uint64_t first_chunk_top(std::span<const FrameRange> ram, std::span<const FrameRange> reserved, Pfn lowest,
                              Pfn top) {
    const std::uint64_t least = round_up(lowest.raw(), kFrames2m);
    for (std::uint64_t at = round_down(top.raw(), kFrames2m); at >= least + kFrames2m; at -= kFrames2m) {
        const FrameRange chunk{.lowest = Pfn{at - kFrames2m}, .top = Pfn{at}};
        const auto holds = [&](const FrameRange& range) {
            return range.lowest <= chunk.lowest && chunk.top <= range.top;
        };
        const auto overlaps = [&](const FrameRange& range) { return range.overlaps(chunk); };
        if (std::ranges::any_of(ram, holds) && std::ranges::none_of(reserved, overlaps)) return at;
    }
    return std::max(lowest.raw(), round_down(top.raw(), kFrames2m));
}

MapResult Builder::map_top_down(Pfn lowest, Pfn top, std::span<const FrameRange> reserved) {
    const std::uint64_t real_end = first_chunk_top(ram_, reserved, lowest, top);
    std::uint64_t step = kFrames2m;
    std::uint64_t mapped = 0;
    for (std::uint64_t last = real_end; last > lowest.raw();) {
        const std::uint64_t start = last > step ? std::max(round_down(last - 1, step), lowest.raw()) : lowest.raw();
        const auto done = map_ram_in({.lowest = Pfn{start}, .top = Pfn{last}});
        if (!done) return std::unexpected(done.error());
        last = start;
        mapped += *done;
        // What is mapped now holds the tables of the next, larger step: one bit less than a table's worth of pages.
        if (mapped >= step) step <<= kIndexBits - 1;
    }
    if (real_end < top.raw()) {
        if (const auto done = map_ram_in({.lowest = Pfn{real_end}, .top = top}); !done)
            return std::unexpected(done.error());
    }
    return {};
}

} // namespace

void DirectMapCounters::split(PageSize from) {
    const std::size_t large = std::to_underlying(from);
    --pages[large];
    pages[large - 1] += kEntriesPerTable;
}

std::uint64_t DirectMapCounters::kibibytes(PageSize size) const {
    return pages[std::to_underlying(size)] * (bytes_of(size).count() >> 10);
}

bool DirectMap::maps(Pfn frame) const {
    return std::ranges::any_of(mapped, [&](const FrameRange& range) { return range.contains(frame); });
}

std::expected<DirectMap, MapFailure> build_direct_map(Mapper& mapper, std::span<const FrameRange> ram,
                                                      std::span<const FrameRange> reserved,
                                                      const DirectMapOptions& options, TakeFrame take, Effects& fx) {
    Builder builder{mapper, ram, options, take, fx};
    if (MapResult done = builder.map_range({.lowest = Pfn{0}, .top = kIsaEnd}); !done)
        return std::unexpected(done.error());
    const Pfn top = ram.empty() ? kIsaEnd : std::max(kIsaEnd, ram.back().top);
    if (MapResult done = builder.map_top_down(kIsaEnd, top, reserved); !done) return std::unexpected(done.error());
    return builder.take_result();
}

MapResult build_vmemmap(Mapper& mapper, const KernelLayout& layout, std::span<const FrameRange> ram,
                        const DirectMapOptions& options, TakeFrame take, TakeBlock take_block, Effects& fx) {
    constexpr std::uint64_t kSectionFrames = std::uint64_t{1} << (27 - kPageShift);
    static_assert(kSectionFrames * kPageStructBytes.count() == kFrames2m << kPageShift);
    const Pte attributes = kernel_attributes::kPage.with(Pte::kGlobal, options.global ? 1 : 0);
    std::uint64_t next = 0;
    for (const FrameRange& range : ram) {
        const std::uint64_t first = std::max(next, range.lowest.raw() / kSectionFrames);
        next = (range.top.raw() + kSectionFrames - 1) / kSectionFrames;
        for (std::uint64_t section = first; section < next; ++section) {
            const VirtAddr at = layout.page_struct(Pfn{section * kSectionFrames});
            const std::optional<Pfn> block = options.large_pages ? take_block() : std::nullopt;
            if (block) {
                if (MapResult done = mapper.map(at, *block, PageSize::large_2m, attributes, take, fx); !done)
                    return done;
                continue;
            }
            for (std::uint64_t page = 0; page < kFrames2m; ++page) {
                const std::optional<Pfn> frame = take();
                if (!frame) return std::unexpected(MapFailure::no_frame);
                const MapResult done =
                    mapper.map(at + bytes_of(Pages{page}), *frame, PageSize::small_4k, attributes, take, fx);
                if (!done) return done;
            }
        }
    }
    return {};
}

} // namespace ksl::core
