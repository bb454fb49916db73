// SPDX-License-Identifier: MIT
//
// Paging-structure caches: entries that point to tables, so that a walk can begin below the top. One cache a level; a
// walk uses the one nearest to the leaves that fits.
//
// Fidelity: sizes are not published; the presets say what they assume. Entries are never global.
// Source:   Intel SDM vol. 3A, "Paging-structure caches".
#pragma once

#include "core/tlb/assoc_array.h"
#include "core/tlb/flush_log.h"
#include "core/tlb/tlb_geometry.h"
#include "core/tlb/translation_memory.h"

#include <array>
#include <cstdint>
#include <tuple>

namespace ksl::core {

class WalkCaches {
public:
    WalkCaches() = default;
    explicit WalkCaches(const TlbGeometry& geometry) {
        std::uint32_t words = 0;
        for (std::size_t i = 0; i < kCaches; ++i) {
            const WalkCacheGeometry& cache = geometry.walk_caches[i];
            caches_[i] =
                AssocArray{{.entries = cache.entries, .ways = cache.ways, .policy = geometry.walk_cache_policy}, words};
            words = caches_[i].end();
        }
        memory_ = TranslationMemory{words};
        reset();
    }

    /// The cached entry of a table at kLevel (pd to pml5) around `at`; nullptr if there is none. Counts as a use.
    /// `place` becomes where it belongs.
    template <Level kLevel>
    [[nodiscard, gnu::always_inline]] const TlbEntry* find(VirtAddr at, std::uint64_t pcid_bits,
                                                           AssocArray::Place& place) {
        const AssocArray& cache = cache_of(kLevel);
        if (cache.is_empty()) return nullptr;
        place = place_of(cache, at.raw() >> shift_of(kLevel));
        const int way = cache.find(place, TlbEntry::key_of(at, kLevel), pcid_bits);
        if (way == AssocArray::kNone) return nullptr;
        cache.touch_again(place.set, way);
        return &AssocArray::entry(place.set, way);
    }
    /// The same, without counting as a use.
    [[nodiscard]] const TlbEntry* peek(VirtAddr at, Level level, std::uint64_t pcid_bits) {
        const AssocArray& cache = cache_of(level);
        if (cache.is_empty()) return nullptr;
        const AssocArray::Place place = place_of(cache, at.raw() >> shift_of(level));
        const int way = cache.find(place, TlbEntry::key_of(at, level), pcid_bits);
        return way == AssocArray::kNone ? nullptr : &AssocArray::entry(place.set, way);
    }
    /// Remembers that the entry at kLevel around `at` points to a table. It is not cached yet; `place` is where it
    /// belongs, if that is known.
    template <Level kLevel>
    [[gnu::always_inline]] void fill(VirtAddr at, std::uint64_t data, AssocArray::Place place) {
        const AssocArray& cache = cache_of(kLevel);
        if (cache.is_empty()) return;
        if (!place.is_known()) place = place_of(cache, at.raw() >> shift_of(kLevel));
        std::ignore = cache.insert(place, {.key = TlbEntry::key_of(at, kLevel), .data = data});
    }

    void flush_all() { log_.flush_all(); }
    void flush_pcid(Pcid pcid) { log_.flush_pcid(pcid); }
    /// Only what a walk of `at` would use.
    void flush_address(VirtAddr at, std::uint64_t pcid_bits) {
        for (Level level : {Level::pd, Level::pdpt, Level::pml4, Level::pml5}) {
            const AssocArray& cache = cache_of(level);
            if (cache.is_empty()) continue;
            const AssocArray::Place place = place_of(cache, at.raw() >> shift_of(level));
            const int way = cache.find(place, TlbEntry::key_of(at, level), pcid_bits);
            if (way != AssocArray::kNone) cache.remove(place.set, way);
        }
    }

    /// Calls `visit(set, way, entry)` for every entry of the cache of `level` (pd to pml5).
    template <class Visit>
    void for_each(Level level, Visit visit) const {
        cache_of(level).for_each(memory_.words(), log_, visit);
    }
    [[nodiscard]] const AssocArray& cache_of(Level level) const { return caches_[number_of(level) - 2]; }
    [[nodiscard]] const char* check_invariants() const {
        const auto low_bits_of = [](const TlbEntry& entry) { return shift_of(entry.level()) - kPageShift; };
        for (const AssocArray& cache : caches_) {
            const char* broken = cache.check(memory_.words(), log_, low_bits_of);
            if (*broken != '\0') return broken;
        }
        return "";
    }

    friend bool operator==(const WalkCaches& a, const WalkCaches& b) {
        return a.log_ == b.log_ && a.memory_ == b.memory_;
    }
    /// Construct with the same geometry before reading.
    template <class Archive>
    void describe(Archive& archive) {
        archive(log_, memory_);
        if constexpr (Archive::kReads) {
            if (*check_invariants() != '\0') { // a hostile file must not send us to ways that do not exist
                archive.fail();
                reset();
            }
        }
    }

private:
    static constexpr std::size_t kCaches = 4;

    void reset() {
        for (const AssocArray& cache : caches_) cache.reset(memory_.words());
    }
    [[nodiscard, gnu::always_inline]] AssocArray::Place place_of(const AssocArray& cache, std::uint64_t page) {
        return cache.place_of(memory_.words(), page, log_);
    }

    FlushLog log_;
    TranslationMemory memory_;
    std::array<AssocArray, kCaches> caches_{}; ///< by level from pd; derived from the geometry
};

} // namespace ksl::core
