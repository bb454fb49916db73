// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the map of physical memory needs to know, and nothing else: one byte a frame and a few numbers. A snapshot of a
// machine implements it, and so does a test with made-up memory.
//
// Threads:  called on the window's thread only; what a span points to does not change until the owner says which tiles
//           did (FrameMapCanvas::mark_dirty) or gives the view another source.
#pragma once

#include "core/types/address.h"
#include "core/types/ids.h"
#include "ui/layout/frame_class.h"

#include <QString>
#include <array>
#include <cstdint>
#include <span>

namespace ksl::ui {

/// Free blocks and what a design asks of them.
struct FragmentationSummary {
    std::array<std::uint64_t, core::kOrders> free_blocks{}; ///< by order
    unsigned needed_order = 0;                              ///< of one stack in the present design
    bool needs_contiguous = true; ///< false: the design takes single frames, so any free frame will do
    double index = 0;             ///< unusable free space index 0..1 for needed_order
};

class FrameMapSource {
public:
    virtual ~FrameMapSource() = default;

    [[nodiscard]] virtual core::Pages frames() const = 0;
    /// frames() bytes, indexed by pfn.
    [[nodiscard]] virtual std::span<const FrameByte> frame_bytes() const = 0;
    /// frames() bytes or none: 0 = never used, 255 = just now. Without them the mode "age" is not offered.
    [[nodiscard]] virtual std::span<const std::uint8_t> ages() const { return {}; }
    /// frames() bytes or none: 0 = nobody in particular, 1..6 = one of the tasks that owner_name() knows.
    [[nodiscard]] virtual std::span<const std::uint8_t> owners() const { return {}; }
    [[nodiscard]] virtual QString owner_name(unsigned /*slot*/) const { return {}; }

    [[nodiscard]] virtual FragmentationSummary fragmentation() const = 0;
    /// More about a frame, e.g. "second page of task 412, mapped at ffff'c900'000d'9000"; may be empty.
    [[nodiscard]] virtual QString frame_details(core::Pfn /*frame*/) const { return {}; }

protected:
    FrameMapSource() = default;
    FrameMapSource(const FrameMapSource&) = default;
    FrameMapSource& operator=(const FrameMapSource&) = default;
    FrameMapSource(FrameMapSource&&) = default;
    FrameMapSource& operator=(FrameMapSource&&) = default;
};

} // namespace ksl::ui
