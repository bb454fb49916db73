// SPDX-License-Identifier: GPL-3.0-or-later
//
// The map in words: names of classes and modes, sentences about blocks, buddies and fragmentation.
#pragma once

#include "ui/frame_map/frame_map_source.h"
#include "ui/frame_map/map_paints.h"
#include "ui/layout/frame_lod.h"

#include <QString>

namespace ksl::ui {

[[nodiscard]] QString name_of(FrameClass kind);
[[nodiscard]] QString name_of(MapMode mode);

/// "Frame 77f0, kernel stack, order 0, second page of task 412".
[[nodiscard]] QString frame_sentence(const FrameMapSource& source, core::Pfn frame);
/// Whether the block of `frame` and its buddy could merge, and if not, why.
[[nodiscard]] QString buddy_sentence(const FrameMapSource& source, core::Pfn frame);
/// "412 free order-2 blocks, a 16 KiB contiguous stack would succeed".
[[nodiscard]] QString fragmentation_sentence(const FragmentationSummary& summary);
/// "Physical memory map, 16 GiB, 38 % free, largest free order 9".
[[nodiscard]] QString map_sentence(const FrameLod& lod, core::Pages frames);
/// "38 % free, mostly movable, largest free order 9".
[[nodiscard]] QString cell_sentence(LodCell cell);

} // namespace ksl::ui
