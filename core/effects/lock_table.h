// SPDX-License-Identifier: MIT
//
// Locks of the simulated kernel, as far as waiting for them costs time. Commands are carried out whole, in the order of
// their start; a processor that asks for a lock before its last holder let go of it waits until then.
//
// Fidelity: a holder that started later but asks earlier is served second. Queueing order among several waiters is that
// of
//           their commands.
#pragma once

#include "core/types/time.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace ksl::core {

enum class LockId : std::uint8_t {
    zone_dma, ///< zone->lock, in the order of ZoneId
    zone_dma32,
    zone_normal,
    vmap_area,      ///< vmap_area_lock: areas in use; up to 5.1 also the search
    free_vmap_area, ///< free_vmap_area_lock: 5.2 and later
    purge_vmap,     ///< vmap_purge_lock
    task_list,      ///< tasklist_lock
};
inline constexpr std::size_t kLocks = 7;

class LockTable {
public:
    [[nodiscard]] Cycles free_at(LockId lock) const { return free_at_[static_cast<std::size_t>(lock)]; }
    void release(LockId lock, Cycles at) {
        Cycles& free = free_at_[static_cast<std::size_t>(lock)];
        if (free < at) free = at;
    }

    template <class Archive>
    void describe(Archive& archive) {
        archive(free_at_);
    }
    friend bool operator==(const LockTable&, const LockTable&) = default;

private:
    std::array<Cycles, kLocks> free_at_{};
};

} // namespace ksl::core
