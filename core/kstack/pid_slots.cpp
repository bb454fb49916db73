// SPDX-License-Identifier: MIT
#include "core/kstack/pid_slots.h"

namespace ksl::core {

std::optional<std::uint32_t> PidSlots::take() {
    if (never_used_ < kSlots) return never_used_++;
    if (taken_ == flushed_) return std::nullopt;
    return queue_[static_cast<std::size_t>(taken_++ % kSlots)];
}

void PidSlots::release(std::uint32_t slot) {
    const auto place = static_cast<std::size_t>(released_++ % kSlots);
    if (place >= queue_.size()) queue_.resize(place + 1);
    queue_.mut(place) = slot;
}

} // namespace ksl::core
