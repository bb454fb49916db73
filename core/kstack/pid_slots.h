// SPDX-License-Identifier: MIT
//
// The address range of the PID-slot design: slot n begins at base + n * slot bytes. No search, no tree: what is left to
// keep is which slots' old translations a TLB may still hold.
//
// Rules:   a freed slot's frames go back at once, its address only after a flush. Slots are handed out in ascending
//          order and reused in the order in which they were freed, so that one flush serves as many slots as the
//          vmalloc area's lazy limit allows; this is the vmalloc area's rule without its tree (estimate: the proposal
//          does not say).
// Source:  comment under LWN 692208: 4 million PIDs (PID_MAX_LIMIT) x 32 KiB = 128 GiB.
#pragma once

#include "core/types/address.h"
#include "core/types/cow_array.h"

#include <cstdint>
#include <optional>

namespace ksl::core {

class PidSlots {
public:
    static constexpr std::uint32_t kSlots = 1U << 22;

    PidSlots() = default;
    PidSlots(VirtAddr base, Bytes slot) : base_(base), slot_(slot) {}

    [[nodiscard]] VirtAddr base() const { return base_; }
    [[nodiscard]] Bytes slot_bytes() const { return slot_; }
    [[nodiscard]] VirtRange range() const { return {base_, base_ + slot_ * kSlots}; }
    [[nodiscard]] VirtAddr address(std::uint32_t slot) const { return base_ + slot_ * slot; }

    /// The next slot, or nothing if all are in use or wait for a flush.
    [[nodiscard]] std::optional<std::uint32_t> take();
    /// The slot's address may be used again after the next flush.
    void release(std::uint32_t slot);
    [[nodiscard]] std::uint64_t unflushed() const { return released_ - flushed_; }
    /// A flush of the whole range happened: all released slots can be taken again.
    void note_flush() { flushed_ = released_; }

    template <class Archive>
    void describe(Archive& archive) {
        archive(base_, slot_, never_used_, queue_, taken_, flushed_, released_);
    }
    friend bool operator==(const PidSlots&, const PidSlots&) = default;

private:
    VirtAddr base_;
    Bytes slot_;
    std::uint32_t never_used_ = 1;        ///< slots from here on were never taken; PID 0 is the idle task
    CowArray<std::uint32_t, 4096> queue_; ///< ring of released slots, in order
    std::uint64_t taken_ = 0;             ///< from the queue so far
    std::uint64_t flushed_ = 0;           ///< of the released ones, these may be taken
    std::uint64_t released_ = 0;          ///< to the queue so far
};

} // namespace ksl::core
