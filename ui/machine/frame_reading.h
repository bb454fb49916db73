// SPDX-License-Identifier: GPL-3.0-or-later
//
// Physical memory as the map shows it, read from a machine: one byte a frame, kept up to date by looking only at what
// has changed since the machine that was read last.
//
// Cost:     reading 4096 frames takes some ten microseconds; tiles whose records are shared with the last machine are
//           not looked at.
// Fidelity: a frame on a per-CPU page list counts as free, of the order it would be given out with.
#pragma once

#include "core/machine/machine.h"
#include "ui/layout/frame_class.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace ksl::ui {

class FrameReading {
public:
    static constexpr std::uint64_t kTileFrames = core::FrameTable::kRecordsPerChunk;
    /// Frames remembered as changed by one update; beyond that everything looks equally new.
    static constexpr std::size_t kMostChanged = 65536;

    /// Reads what differs from the machine of the last update. Returns the tiles whose bytes or ages changed,
    /// ascending; all of them for the first machine and for one with another amount of memory.
    std::vector<std::uint32_t> update(std::shared_ptr<const core::Machine> machine);

    [[nodiscard]] const core::Machine* machine() const { return machine_.get(); }
    [[nodiscard]] core::Pages frames() const { return core::Pages{bytes_.size()}; }
    [[nodiscard]] std::span<const FrameByte> bytes() const { return bytes_; }
    /// 255 for what the last update changed, less for what earlier ones did, 0 for what none did.
    [[nodiscard]] std::span<const std::uint8_t> ages() const { return ages_; }
    /// Frames that the last update changed, ascending; empty after the first one.
    [[nodiscard]] std::span<const std::uint32_t> changed() const { return recent_.empty() ? none() : recent_.front(); }

private:
    static constexpr std::size_t kAges = 8;

    [[nodiscard]] static std::span<const std::uint32_t> none() { return {}; }
    void read_tile(std::uint32_t tile);
    void read_unrecorded(std::uint64_t first, std::uint64_t count);
    /// The frames of stacks in the CPUs' caches, ascending.
    [[nodiscard]] std::vector<std::uint32_t> cached_frames() const;
    /// Writes frames of the tile being read.
    void put(std::uint64_t first, std::uint64_t count, FrameByte byte);
    void take_over(std::uint64_t first);
    void grow_older(std::vector<bool>& touched);

    std::shared_ptr<const core::Machine> machine_;
    std::vector<FrameByte> bytes_;
    std::vector<std::uint8_t> ages_;
    std::vector<std::uint32_t> cached_;
    std::array<FrameByte, kTileFrames> tile_{};      ///< the tile being read
    std::vector<std::uint32_t> changing_;            ///< of the update under way
    std::vector<std::vector<std::uint32_t>> recent_; ///< newest first
    bool notes_changes_ = false;
};

/// What a block of frames is to the map.
[[nodiscard]] FrameClass class_of(core::BlockState state, core::FrameUse use, core::MigrateType type);

} // namespace ksl::ui
