// SPDX-License-Identifier: MIT
//
// A second MMU, as plain as can be: slots in vectors, invalidation at once, searches from front to back, walks by a
// loop. It follows the same rules as core/tlb (which way is filled, what is touched, what an invalidation drops) and
// shares no code with it but the meaning of page-table bits.
#pragma once

#include "core/memory/phys_memory.h"
#include "core/paging/page_fault.h"
#include "core/paging/walker.h"
#include "core/tlb/mmu.h"
#include "core/tlb/tlb_geometry.h"

#include <bit>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace ksl::core::testing {

struct PlainEntry {
    std::uint64_t number = 0; ///< address divided by the size of the page, or by what a table entry covers
    unsigned size = 0;        ///< of the page (a PageSize), or level of the table entry
    Pcid pcid = 0;
    bool is_global = false;
    bool is_piece = false;
    bool is_dirty = false;
    Rights rights{};
    std::uint64_t address = 0; ///< of the page, or of the next table
};

/// One set: slots and what is known of their use.
class PlainSet {
public:
    PlainSet(unsigned ways, Replacement policy)
        : slots_(ways), stamps_(ways), policy_(policy), leaves_(std::bit_ceil(ways)),
          points_right_(std::size_t{2} * leaves_) {}

    std::vector<std::optional<PlainEntry>>& slots() { return slots_; }
    [[nodiscard]] const std::vector<std::optional<PlainEntry>>& slots() const { return slots_; }

    void touch(unsigned way) {
        stamps_[way] = ++clock_;
        for (unsigned node = leaves_ + way; node > 1; node /= 2) points_right_[node / 2] = node % 2 == 0;
    }
    /// `limit`: the number of ways that may be used if there is a limit.
    void insert(const PlainEntry& entry, std::optional<unsigned> limit) {
        const unsigned way = victim(limit.value_or(static_cast<unsigned>(slots_.size())), limit.has_value());
        slots_[way] = entry;
        touch(way);
    }

private:
    [[nodiscard]] unsigned victim(unsigned allowed, bool is_limited) const {
        std::vector<unsigned> invalid;
        for (unsigned way = 0; way < allowed; ++way) {
            if (!slots_[way]) invalid.push_back(way);
        }
        const bool takes_last = policy_ == Replacement::lru && slots_.size() <= 16 && !is_limited;
        if (!invalid.empty()) return takes_last ? invalid.back() : invalid.front();
        return policy_ == Replacement::lru ? oldest(allowed) : by_tree(allowed);
    }
    [[nodiscard]] unsigned oldest(unsigned allowed) const {
        unsigned best = 0;
        for (unsigned way = 1; way < allowed; ++way) {
            if (stamps_[way] < stamps_[best]) best = way;
        }
        return best;
    }
    [[nodiscard]] unsigned by_tree(unsigned allowed) const {
        unsigned node = 1;
        unsigned lowest = 0;
        for (unsigned half = leaves_ / 2; half > 0; half /= 2) {
            const bool goes_right = points_right_[node] && lowest + half < allowed;
            node = 2 * node + (goes_right ? 1 : 0);
            if (goes_right) lowest += half;
        }
        return lowest;
    }

    std::vector<std::optional<PlainEntry>> slots_;
    std::vector<std::uint64_t> stamps_;
    Replacement policy_;
    unsigned leaves_;
    std::vector<bool> points_right_;
    std::uint64_t clock_ = 0;
};

class PlainArray {
public:
    PlainArray(unsigned entries, unsigned ways, Replacement policy)
        : sets_(ways == 0 ? 0 : entries / ways, PlainSet{ways == 0 ? 1 : ways, policy}) {}

    [[nodiscard]] bool is_empty() const { return sets_.empty(); }
    [[nodiscard]] const std::vector<PlainSet>& sets() const { return sets_; }

    PlainEntry* find(std::uint64_t number, unsigned size, Pcid pcid) {
        PlainSet& set = set_of(number);
        for (unsigned way = 0; way < set.slots().size(); ++way) {
            auto& slot = set.slots()[way];
            if (!slot || slot->number != number || slot->size != size) continue;
            if (slot->pcid != pcid && !slot->is_global) continue;
            set.touch(way);
            return &*slot;
        }
        return nullptr;
    }
    void insert(const PlainEntry& entry, std::optional<unsigned> limit = std::nullopt) {
        set_of(entry.number).insert(entry, limit);
    }
    void remove_if(const std::function<bool(const PlainEntry&)>& which) {
        for (PlainSet& set : sets_) {
            for (auto& slot : set.slots()) {
                if (slot && which(*slot)) slot.reset();
            }
        }
    }

private:
    PlainSet& set_of(std::uint64_t number) { return sets_[number % sets_.size()]; }

    std::vector<PlainSet> sets_;
};

class PlainMmu {
public:
    explicit PlainMmu(MmuConfig config);

    struct Answer {
        MmuOutcome outcome = MmuOutcome::faulted;
        PhysAddr at{};
        unsigned references = 0;
        std::uint64_t stall = 0;
        Vector vector = Vector::page_fault;
        std::uint32_t error_code = 0;
    };
    Answer access(VirtAddr at, Access access, PhysMemory& memory);

    void set_cr0(std::uint64_t value) { registers.cr0 = value; }
    void set_pkru(std::uint32_t value) { registers.pkru = value; }
    void load_cr3(std::uint64_t value);
    void set_cr4(std::uint64_t value);
    void invlpg(VirtAddr at);
    void invpcid(InvpcidType type, Pcid pcid, VirtAddr at);
    void deliver_page_fault(VirtAddr at);

    /// All arrays in the order in which the geometry lists them: load, store, fetch, second, second_fetch.
    [[nodiscard]] const std::vector<PlainArray>& arrays() const { return arrays_; }
    [[nodiscard]] const PlainArray& walk_cache(Level level) const { return walk_caches_[number_of(level) - 2]; }

private:
    struct Home {
        const TlbArrayGeometry* geometry = nullptr;
        std::size_t index = 0;
        bool is_smashed = false;
    };
    [[nodiscard]] PagingMode mode() const { return PagingMode::of(registers, config_.features); }
    [[nodiscard]] Pcid pcid() const { return mode().pcid ? static_cast<Pcid>(registers.cr3 & 0xfff) : Pcid{0}; }
    [[nodiscard]] Home home(AccessKind kind, unsigned level, PageSize size) const;
    [[nodiscard]] bool has_level(AccessKind kind, unsigned level) const;
    PlainEntry* look_up(AccessKind kind, unsigned level, VirtAddr at);
    void fill(AccessKind kind, unsigned level, VirtAddr at, const PlainEntry& entry);
    Answer use(const PlainEntry& entry, VirtAddr at, Access access, Answer so_far, PhysMemory& memory);
    Answer walk(VirtAddr at, Access access, Answer so_far, PhysMemory& memory);
    void flush(const std::function<bool(const PlainEntry&)>& of_tlb,
               const std::function<bool(const PlainEntry&)>& of_caches);
    void flush_page(VirtAddr at, Pcid of, bool global);

    MmuConfig config_;
    std::vector<PlainArray> arrays_;
    std::vector<PlainArray> walk_caches_;

public:
    ControlRegisters registers;
};

} // namespace ksl::core::testing
