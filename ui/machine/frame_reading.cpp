// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/machine/frame_reading.h"

#include "ui/machine/stack_reading.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace ksl::ui {

using core::FrameTable;
using core::Machine;

namespace {

const core::PageState& pages_of(const Machine& machine) {
    return machine.state().memory.pages.state();
}

FrameClass class_of(core::MigrateType type) {
    switch (type) {
    case core::MigrateType::movable: return FrameClass::movable;
    case core::MigrateType::reclaimable: return FrameClass::reclaimable;
    case core::MigrateType::unmovable:
    case core::MigrateType::highatomic: break;
    }
    return FrameClass::unmovable;
}

} // namespace

FrameClass class_of(core::BlockState state, core::FrameUse use, core::MigrateType type) {
    using enum core::FrameUse;
    if (state == core::BlockState::free || state == core::BlockState::page_list) return FrameClass::free;
    switch (use) {
    case page_table: return FrameClass::page_table;
    case kernel_stack: return FrameClass::kernel_stack;
    case page_cache:
    case anonymous:
    case movable: return FrameClass::movable;
    case reclaimable: return FrameClass::reclaimable;
    case slab:
    case unmovable: return FrameClass::unmovable;
    case unknown: break;
    }
    return class_of(type);
}

std::vector<std::uint32_t> FrameReading::cached_frames() const {
    std::vector<std::uint32_t> found;
    for (const core::StackId stack : cached_stacks(*machine_)) {
        for (const std::optional<core::Pfn>& frame : frames_of(*machine_, stack)) {
            if (frame) found.push_back(static_cast<std::uint32_t>(frame->raw()));
        }
    }
    std::ranges::sort(found);
    return found;
}

void FrameReading::put(std::uint64_t first, std::uint64_t count, FrameByte byte) {
    const std::uint64_t offset = first % kTileFrames;
    std::fill_n(tile_.begin() + static_cast<std::ptrdiff_t>(offset), std::min(count, kTileFrames - offset), byte);
}

/// The tile as it was just read becomes the map's; what differs has changed.
void FrameReading::take_over(std::uint64_t first) {
    const std::uint64_t end = std::min<std::uint64_t>(first + kTileFrames, bytes_.size());
    for (std::uint64_t frame = first; frame < end; ++frame) {
        const FrameByte byte = tile_[frame - first];
        if (bytes_[frame] == byte) continue;
        bytes_[frame] = byte;
        if (notes_changes_ && changing_.size() <= kMostChanged) changing_.push_back(static_cast<std::uint32_t>(frame));
    }
}

/// Frames that no block covers: taken before the page allocator started, or not there at all.
void FrameReading::read_unrecorded(std::uint64_t first, std::uint64_t count) {
    const std::uint64_t end = std::min<std::uint64_t>(first + count, bytes_.size());
    while (first < end) {
        const core::MemoryRange* range = pages_of(*machine_).map.find(core::Pfn{first});
        if (range == nullptr) {
            put(first, 1, frame_byte(FrameClass::hole, 0));
            ++first;
            continue;
        }
        // Nobody knows blocks here; the largest aligned ones that fit keep the picture quiet.
        const std::uint64_t top = std::min(end, range->frames.top.raw());
        unsigned order = std::min<unsigned>(core::kMaxOrder.raw(), static_cast<unsigned>(std::countr_zero(first)));
        while (first + (std::uint64_t{1} << order) > top) --order;
        put(first, std::uint64_t{1} << order, frame_byte(FrameClass::unmovable, order));
        first += std::uint64_t{1} << order;
    }
}

void FrameReading::read_tile(std::uint32_t tile) {
    const FrameTable& table = pages_of(*machine_).frames;
    const std::uint64_t end = std::min<std::uint64_t>((tile + std::uint64_t{1}) * kTileFrames, bytes_.size());
    for (std::uint64_t frame = tile * kTileFrames; frame < end;) {
        const auto node = static_cast<FrameTable::Node>(frame);
        const core::BlockState state = table.state(node);
        if (state == core::BlockState::none) {
            // The next block begins where a frame has a record again.
            std::uint64_t next = frame + 1;
            while (next < end && table.state(static_cast<FrameTable::Node>(next)) == core::BlockState::none) ++next;
            read_unrecorded(frame, next - frame);
            frame = next;
            continue;
        }
        const unsigned order = table.order(node);
        const FrameClass kind = class_of(state, table.use(node), table.type(node));
        put(frame, std::uint64_t{1} << order, frame_byte(kind, order));
        frame += std::uint64_t{1} << order;
    }
    const auto first = std::ranges::lower_bound(cached_, static_cast<std::uint32_t>(tile * kTileFrames));
    for (auto at = first; at != cached_.end() && *at < end; ++at) {
        put(*at, 1, frame_byte(FrameClass::cached_stack, order_of(tile_[*at % kTileFrames])));
    }
    take_over(tile * kTileFrames);
}

void FrameReading::grow_older(std::vector<bool>& touched) {
    constexpr unsigned kStep = 255 / kAges;
    const auto mark = [&](std::uint32_t frame, unsigned age) {
        ages_[frame] = static_cast<std::uint8_t>(age);
        touched[frame / kTileFrames] = true;
    };
    const bool is_too_much = changing_.size() > kMostChanged;
    if (is_too_much) changing_.clear();
    recent_.insert(recent_.begin(), std::exchange(changing_, {}));
    if (recent_.size() > kAges) recent_.pop_back();
    for (std::size_t age = recent_.size(); age-- > 0;) {
        for (const std::uint32_t frame : recent_[age]) mark(frame, 255 - static_cast<unsigned>(age) * kStep);
    }
}

std::vector<std::uint32_t> FrameReading::update(std::shared_ptr<const Machine> machine) {
    const std::shared_ptr<const Machine> before = std::exchange(machine_, std::move(machine));
    const FrameTable& table = pages_of(*machine_).frames;
    const auto frames = static_cast<std::size_t>(pages_of(*machine_).map.frames().count());
    notes_changes_ = before != nullptr && bytes_.size() == frames;
    if (!notes_changes_) {
        bytes_.assign(frames, frame_byte(FrameClass::hole, 0));
        ages_.assign(frames, 0);
        recent_.clear();
        cached_.clear();
    }
    const auto tiles = static_cast<std::uint32_t>((frames + kTileFrames - 1) / kTileFrames);
    std::vector<bool> touched(tiles, !notes_changes_);
    const auto touch = [&](std::uint32_t frame) {
        if (frame < frames) touched[frame / kTileFrames] = true;
    };
    // A stack enters and leaves a cache without any frame's record changing.
    std::vector<std::uint32_t> cached = cached_frames();
    for (const std::uint32_t frame : cached_) touch(frame);
    for (const std::uint32_t frame : cached) touch(frame);
    cached_ = std::move(cached);
    for (std::uint32_t tile = 0; tile < tiles; ++tile) {
        const bool is_shared = notes_changes_ && table.shares_records(pages_of(*before).frames,
                                                                      core::Pfn{std::uint64_t{tile} * kTileFrames});
        if (!is_shared) touched[tile] = true;
        if (touched[tile]) read_tile(tile);
    }
    if (notes_changes_) grow_older(touched);
    std::vector<std::uint32_t> dirty;
    for (std::uint32_t tile = 0; tile < tiles; ++tile) {
        if (touched[tile]) dirty.push_back(tile);
    }
    return dirty;
}

} // namespace ksl::ui
