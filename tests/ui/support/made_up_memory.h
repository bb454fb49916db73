// SPDX-License-Identifier: GPL-3.0-or-later
//
// Memory that no machine made: aligned blocks of every class and order, for views that only want bytes.
#pragma once

#include "core/types/random.h"
#include "ui/frame_map/frame_map_source.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace ksl::ui::test {

class MadeUpMemory : public FrameMapSource {
public:
    explicit MadeUpMemory(std::uint64_t frames, std::uint64_t seed = 1) : random_(seed), bytes_(frames) {
        for (std::uint64_t pfn = 0; pfn < frames;) pfn = add_pageblock(pfn);
        for (std::uint64_t pfn = 0; pfn < frames; ++pfn) {
            ages_.push_back(static_cast<std::uint8_t>(pfn * 255 / frames));
            owners_.push_back(kind_at(pfn) == FrameClass::kernel_stack ? static_cast<std::uint8_t>(1 + (pfn / 4 % 3))
                                                                       : 0);
        }
    }

    [[nodiscard]] core::Pages frames() const override { return core::Pages{bytes_.size()}; }
    [[nodiscard]] std::span<const FrameByte> frame_bytes() const override { return bytes_; }
    [[nodiscard]] std::span<const std::uint8_t> ages() const override { return ages_; }
    [[nodiscard]] std::span<const std::uint8_t> owners() const override { return owners_; }
    [[nodiscard]] QString owner_name(unsigned slot) const override {
        return slot <= 3 ? QStringLiteral("task %1").arg(411 + slot) : QString();
    }
    [[nodiscard]] FragmentationSummary fragmentation() const override {
        FragmentationSummary summary{.free_blocks = {}, .needed_order = 2, .needs_contiguous = true, .index = 0.62};
        for (std::uint64_t pfn = 0; pfn < bytes_.size();) {
            const unsigned order = order_of(bytes_[pfn]);
            if (kind_at(pfn) == FrameClass::free) ++summary.free_blocks[order];
            pfn += std::uint64_t{1} << order;
        }
        return summary;
    }
    [[nodiscard]] QString frame_details(core::Pfn frame) const override {
        return kind_at(frame.raw()) == FrameClass::kernel_stack ? QStringLiteral("second page of task 412") : QString();
    }

    [[nodiscard]] FrameClass kind_at(std::uint64_t pfn) const { return class_of(bytes_[pfn]); }
    void set_block(std::uint64_t pfn, unsigned order, FrameClass kind) {
        std::fill_n(bytes_.begin() + static_cast<std::ptrdiff_t>(pfn), std::uint64_t{1} << order,
                    frame_byte(kind, order));
    }

private:
    /// A pageblock has one dominant use, as the migrate types of a real machine have it.
    std::uint64_t add_pageblock(std::uint64_t pfn) {
        constexpr std::array kUses{FrameClass::free,         FrameClass::movable,    FrameClass::reclaimable,
                                   FrameClass::unmovable,    FrameClass::page_table, FrameClass::kernel_stack,
                                   FrameClass::cached_stack, FrameClass::damage,     FrameClass::hole};
        const std::uint64_t end = std::min<std::uint64_t>(pfn + core::kPageblockFrames, bytes_.size());
        const std::uint64_t dice = random_.below(24);
        const FrameClass use = dice < kUses.size() ? kUses[dice] : (dice < 15 ? FrameClass::free : FrameClass::movable);
        const bool is_plain = random_.chance(1, 4);
        while (pfn < end) {
            unsigned order = is_plain ? 9 : static_cast<unsigned>(random_.below(6));
            if (use == FrameClass::kernel_stack || use == FrameClass::cached_stack) order = std::min(order, 2U);
            while (pfn % (1ULL << order) != 0 || pfn + (1ULL << order) > end) --order;
            const FrameClass kind = !is_plain && random_.chance(1, 6) ? FrameClass::free : use;
            set_block(pfn, order, kind);
            pfn += 1ULL << order;
        }
        return end;
    }

    core::Random random_;
    std::vector<FrameByte> bytes_;
    std::vector<std::uint8_t> ages_;
    std::vector<std::uint8_t> owners_;
};

} // namespace ksl::ui::test
