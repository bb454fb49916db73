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

#include <array>
#include <cstdint>

namespace ksl::core {

class WalkCaches {
public:
    WalkCaches() = default;
    explicit WalkCaches(const TlbGeometry& geometry) {
        for (std::size_t i = 0; i < caches_.size(); ++i) {
            const WalkCacheGeometry& cache = geometry.walk_caches[i];
            caches_[i] =
                AssocArray{{.entries = cache.entries, .ways = cache.ways, .policy = geometry.walk_cache_policy}};
        }
    }

    /// The cached entry nearest to the leaves for `at`; nullptr if there is none. Counts as a use.
    [[nodiscard]] const TlbEntry* find(VirtAddr at, Level top, std::uint64_t pcid_bits) {
        for (Level level = Level::pd; level <= top; level = above(level)) {
            AssocArray& cache = cache_of(level);
            if (cache.shape().ways == 0) continue;
            const std::uint64_t key = TlbEntry::key_of(at, level);
            AssocArray::Set set = cache.set_at(set_of(cache, key, level), log_);
            const int way = cache.find(set, key, pcid_bits);
            if (way == AssocArray::kNone) continue;
            cache.touch(set, way);
            return &set.entry(way);
        }
        return nullptr;
    }
    /// Remembers that the entry at `level` around `at` points to `table`. It is not cached yet.
    void fill(VirtAddr at, Level level, std::uint64_t data) {
        AssocArray& cache = cache_of(level);
        if (cache.shape().ways == 0) return;
        const std::uint64_t key = TlbEntry::key_of(at, level);
        AssocArray::Set set = cache.set_at(set_of(cache, key, level), log_);
        cache.insert(set, {.key = key, .data = data});
    }

    void flush_all() { log_.flush_all(); }
    void flush_pcid(Pcid pcid) { log_.flush_pcid(pcid); }
    /// Only what a walk of `at` would use.
    void flush_address(VirtAddr at, Level top, std::uint64_t pcid_bits) {
        for (Level level = Level::pd; level <= top; level = above(level)) {
            AssocArray& cache = cache_of(level);
            if (cache.shape().ways == 0) continue;
            const std::uint64_t key = TlbEntry::key_of(at, level);
            AssocArray::Set set = cache.set_at(set_of(cache, key, level), log_);
            const int way = cache.find(set, key, pcid_bits);
            if (way != AssocArray::kNone) cache.remove(set, way);
        }
    }

    [[nodiscard]] const AssocArray& cache(Level level) const { return caches_[number_of(level) - 2]; }
    [[nodiscard]] const FlushLog& log() const { return log_; }
    [[nodiscard]] const char* check_invariants() const {
        for (const AssocArray& cache : caches_) {
            if (const char* broken = cache.check_invariants(log_); *broken != '\0') return broken;
        }
        return "";
    }

    friend bool operator==(const WalkCaches&, const WalkCaches&) = default;
    template <class Archive>
    void describe(Archive& archive) {
        archive(log_, caches_);
    }

private:
    [[nodiscard]] static constexpr Level above(Level level) { return static_cast<Level>(number_of(level) + 1); }
    [[nodiscard]] AssocArray& cache_of(Level level) { return caches_[number_of(level) - 2]; }
    [[nodiscard]] static std::uint32_t set_of(const AssocArray& cache, std::uint64_t key, Level level) {
        return cache.set_of(key, shift_of(level) - kPageShift);
    }

    FlushLog log_;
    std::array<AssocArray, 4> caches_{}; ///< by level from pd
};

} // namespace ksl::core
