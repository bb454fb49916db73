// SPDX-License-Identifier: MIT
//
// Locks of the simulated kernel, as far as waiting for them costs time. Commands are carried out whole, in the order of
// their start, so a processor may ask for a lock at a moment for which another one's hold is known already, and may
// hold it at a moment at which another one has been served. Both are put right:
//
//     acquire   waits out every hold of another processor that covers the moment of asking;
//     release   finds those who took the lock meanwhile as if it were free. They owe the rest of this hold, and wait
//               for it at the next lock that they take.
//
// Units:    cycles since the start, as the processors' clocks.
// Fidelity: spinning costs what the holder takes; the line of the lock itself travels through the cache model. Holds
//           are remembered up to kHolds a lock, so what many processors do within one command of another is
//           undercounted. Order among several waiters is that of their commands.
#pragma once

#include "core/types/ids.h"
#include "core/types/time.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace ksl::core {

enum class LockId : std::uint8_t {
    zone_dma, ///< zone->lock, in the order of ZoneId
    zone_dma32,
    zone_normal,
    vmap_area,      ///< vmap_area_lock: areas in use; up to 5.1 also search and purge
    free_vmap_area, ///< free_vmap_area_lock: 5.2 and later
    purge_vmap,     ///< purge_vmap_area_lock: 5.2 and later, areas that wait for a purge
};
inline constexpr std::size_t kLocks = 6;

class LockTable {
public:
    static constexpr std::size_t kHolds = 32;
    static constexpr std::size_t kMostCpus = 256;

    /// When `cpu`, which asks at `now`, has the lock.
    [[nodiscard]] Cycles acquire(LockId lock, CpuId cpu, Cycles now) {
        Cycles& owed = owed_[cpu.raw() % kMostCpus];
        now += owed;
        owed = Cycles{};
        const Lock& holds = locks_[static_cast<std::size_t>(lock)];
        if (holds.last <= now) return now;
        for (std::size_t waits = 0; waits < kHolds; ++waits) {
            const auto hold = std::ranges::find_if(holds.holds, [&](const Hold& other) {
                return other.cpu != cpu.raw() && other.from <= now && now < other.to;
            });
            if (hold == holds.holds.end()) break;
            now = hold->to;
        }
        return now;
    }
    /// `cpu` has had the lock since `from` and lets go of it.
    void release(LockId lock, CpuId cpu, Cycles from, Cycles now) {
        Lock& holds = locks_[static_cast<std::size_t>(lock)];
        if (from < holds.last) {
            for (const Hold& other : holds.holds) {
                if (other.cpu != cpu.raw() && from < other.from && other.from < now)
                    owed_[other.cpu % kMostCpus] += now - other.from;
            }
        }
        holds.holds[holds.next % kHolds] = {.from = from, .to = now, .cpu = cpu.raw()};
        holds.next = static_cast<std::uint32_t>((holds.next + 1) % kHolds);
        holds.last = std::max(holds.last, now);
    }

    template <class Archive>
    void describe(Archive& archive) {
        archive(locks_, owed_);
    }
    friend bool operator==(const LockTable&, const LockTable&) = default;

private:
    struct Hold {
        Cycles from;
        Cycles to; ///< not included
        std::uint16_t cpu = 0;

        template <class Archive>
        void describe(Archive& archive) {
            archive(from, to, cpu);
        }
        friend bool operator==(const Hold&, const Hold&) = default;
    };
    struct Lock {
        std::array<Hold, kHolds> holds{};
        Cycles last;            ///< the latest end of all holds
        std::uint32_t next = 0; ///< hold that is overwritten next

        template <class Archive>
        void describe(Archive& archive) {
            archive(holds, last, next);
        }
        friend bool operator==(const Lock&, const Lock&) = default;
    };

    std::array<Lock, kLocks> locks_{};
    std::array<Cycles, kMostCpus> owed_{}; ///< waits that a processor escaped; paid at its next lock
};

} // namespace ksl::core
