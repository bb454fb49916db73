// SPDX-License-Identifier: MIT
//
// Where the processors find what they read and write: a first- and a second-level cache each, and a third level that
// all share. It knows which lines are where and whose, not what is in them.
//
// Units:       lines of 64 bytes of physical memory; latencies in cycles.
// Filling:     a line that is fetched goes into all three levels. What the third level drops the processors lose too;
//              between first and second level nothing is forced, as on real processors.
// Ownership:   as in the MESI protocol without telling modified from exclusive: a line that one processor alone has is
//              its own, and it may write it at once. Reading a line that another one owns ends the ownership; writing a
//              line that others have takes it from them. Both are answered by the third level.
// Replacement: true LRU.
// Fidelity:    no prefetch, no write-back traffic, no banks, no remote sockets; one third level whatever the number of
//              processors. Its slices are hashed where the hash is published (slice_hash.h); elsewhere low bits choose
//              the set.
// Cost:        a hit in the first level compares eight tags at once and writes nothing if the line was the last one
//              used. A run of lines finds its sets once, because they lie side by side. Copies share memory
//              (cow_array.h).
#pragma once

#include "core/cost/cache_level.h"
#include "core/cost/line_match.h"
#include "core/cost/slice_hash.h"
#include "core/types/address.h"
#include "core/types/cow_array.h"
#include "core/types/ids.h"
#include "core/types/recency_order.h"
#include "core/types/time.h"

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ksl::core {

struct CacheGeometry {
    std::uint32_t kib = 0;
    std::uint16_t ways = 0; ///< up to 16

    [[nodiscard]] constexpr std::uint32_t sets() const { return kib * 16 / ways; }
    /// Empty text, or what is impossible about it and what would be right, for the author of a preset.
    [[nodiscard]] std::string check() const;
    friend constexpr bool operator==(const CacheGeometry&, const CacheGeometry&) = default;
};

struct CacheConfig {
    std::array<CacheGeometry, 3> caches{};    ///< L1, L2: of each processor; L3: of all
    std::array<Cycles, kCacheLevels> latency; ///< by where the line is found
    std::uint8_t l3_slices = 1;               ///< more than one: spread by the hash of slice_hash.h

    [[nodiscard]] std::string check() const;
    friend bool operator==(const CacheConfig&, const CacheConfig&) = default;
};

/// Of one processor.
struct CacheCounters {
    std::array<std::uint64_t, kCacheLevels> found{}; ///< accesses, by where they found their line
    std::uint64_t takeovers = 0;                     ///< writes that took a line it had already from others
    std::uint64_t lines_lost = 0;                    ///< lines that others' writes took from it
    std::uint64_t lines_dropped = 0;                 ///< lines lost because the third level dropped them

    friend bool operator==(const CacheCounters&, const CacheCounters&) = default;
    template <class Archive>
    void describe(Archive& archive) {
        archive(found, takeovers, lines_lost, lines_dropped);
    }
};

class CacheModel {
public:
    static constexpr unsigned kLineShift = 6;
    /// Just below 16 TiB, so that the tag of a line has 32 bits. What lies above is never cached.
    static constexpr PhysAddr kEnd{0xfff'ffff'f000};

    CacheModel() = default;
    CacheModel(const CacheConfig& config, std::uint16_t cpus);

    /// One access by `cpu` to the line around `at`.
    CacheLevel access(CpuId cpu, PhysAddr at, bool is_write) {
        if (at >= kEnd) [[unlikely]]
            return count(cpu, CacheLevel::memory);
        const Spot spot = finders_[0].spot_of(at);
        const std::size_t index = private_index(cpu, 0, spot);
        const Set& set = private_[index];
        const int way = find(set, finders_[0].ways, spot.tag);
        if (way == kNone) return access_beyond_first(cpu, at, is_write);
        const bool may_go_on = !is_write || set.owns(way);
        if (set.order.most_recent() != static_cast<unsigned>(way))
            private_.mut(index).order.touch(static_cast<unsigned>(way));
        return count(cpu, may_go_on ? CacheLevel::l1 : take_over(cpu, at));
    }
    using Found = std::array<std::uint32_t, kCacheLevels>;
    /// `lines` accesses, to the line around `first` and those after it in the same page. Adds to `found` where they
    /// were.
    void access_run(CpuId cpu, PhysAddr first, std::uint32_t lines, bool is_write, Found& found);
    /// What it costs to find a line there.
    [[nodiscard]] Cycles latency(CacheLevel level) const { return latency_[static_cast<std::size_t>(level)]; }

    /// A device wrote the line: nobody has it any more.
    void drop(PhysAddr at);

    /// Where an access by `cpu` would find the line; changes nothing.
    [[nodiscard]] CacheLevel peek(CpuId cpu, PhysAddr at) const;
    [[nodiscard]] std::uint16_t cpus() const { return static_cast<std::uint16_t>(counters_.size()); }
    [[nodiscard]] const CacheCounters& counters(CpuId cpu) const { return counters_[cpu.raw()]; }

    [[nodiscard]] const char* check_invariants() const;
    friend bool operator==(const CacheModel& a, const CacheModel& b) {
        return a.counters_ == b.counters_ && a.private_ == b.private_ && a.shared_ == b.shared_ &&
               a.sharers_ == b.sharers_;
    }
    /// Construct with the same configuration before reading.
    template <class Archive>
    void describe(Archive& archive) {
        if constexpr (Archive::kReads) {
            const CacheModel before = *this;
            archive(counters_, private_, shared_, sharers_);
            if (has_shape_of(before) && *check_invariants() == '\0') return;
            archive.fail(); // a hostile file must not send us to lines that do not exist
            *this = before;
        } else {
            archive(counters_, private_, shared_, sharers_);
        }
    }

private:
    static constexpr int kNone = -1;
    static constexpr std::uint32_t kNoTag = 0xffff'ffff;
    using Tags = std::array<std::uint32_t, kMostCacheWays>;

    /// Where a line belongs in a cache.
    struct Spot {
        std::uint32_t set;
        std::uint32_t tag;
    };
    /// Finds spots. The number of sets is a power of two times an odd number, which is mostly 1.
    struct Finder {
        std::uint32_t ways = 0;
        std::uint32_t sets = 0;
        std::uint32_t shift = 0;
        std::uint32_t odd = 1;

        [[nodiscard]] static Finder of(const CacheGeometry& geometry);
        [[nodiscard]] Spot spot_of(PhysAddr at) const {
            const std::uint64_t line = at.raw() >> kLineShift;
            const auto low = static_cast<std::uint32_t>(line & ((std::uint64_t{1} << shift) - 1));
            const auto high = static_cast<std::uint32_t>(line >> shift);
            if (odd == 1) [[likely]]
                return {.set = low, .tag = high};
            return {.set = low + (high % odd << shift), .tag = high / odd};
        }
        [[nodiscard]] PhysAddr line_at(Spot spot) const {
            const std::uint64_t high = std::uint64_t{spot.tag} * odd + (spot.set >> shift);
            const std::uint64_t low = spot.set & ((std::uint64_t{1} << shift) - 1);
            return PhysAddr{(high << shift | low) << kLineShift};
        }
        friend bool operator==(const Finder&, const Finder&) = default;
    };
    struct alignas(16) Set {
        RecencyOrder order;
        std::uint64_t owned = 0; ///< a bit a way: of a processor's cache, its own; of the third level, somebody's own
        Tags tags;

        [[nodiscard]] bool owns(int way) const { return (owned >> way & 1) != 0; }
        void set_owned(int way, bool owns) {
            const std::uint64_t bit = std::uint64_t{1} << way;
            owned |= bit;
            if (!owns) [[unlikely]]
                owned ^= bit;
        }
        friend bool operator==(const Set&, const Set&) = default;
    };

    [[nodiscard]] static int find(const Set& set, unsigned ways, std::uint32_t tag) {
        const std::uint32_t fits = match_lines(set.tags.data(), ways, tag);
        return fits == 0 ? kNone : std::countr_zero(fits);
    }
    [[nodiscard]] Spot shared_spot_of(PhysAddr at) const {
        Spot spot = finders_[2].spot_of(at);
        if (!slices_.is_plain()) spot.set = slices_.mixed(spot.set, at);
        return spot;
    }
    [[nodiscard]] PhysAddr shared_line_at(Spot spot) const {
        if (slices_.is_plain()) return finders_[2].line_at(spot);
        const PhysAddr rest =
            finders_[2].line_at({.set = spot.set & ((1U << slices_.set_bits()) - 1), .tag = spot.tag});
        return finders_[2].line_at({.set = slices_.unmixed(spot.set, rest), .tag = spot.tag});
    }
    /// Index of the set of a private cache in private_; level 0 or 1.
    [[nodiscard]] std::size_t private_index(CpuId cpu, unsigned level, Spot spot) const {
        return cpu.raw() * private_sets_ + (level == 0 ? 0 : finders_[0].sets) + spot.set;
    }
    /// Number of a line of the third level.
    [[nodiscard]] static std::size_t shared_line(Spot spot, int way) {
        return std::size_t{spot.set} * kMostCacheWays + static_cast<std::size_t>(way);
    }
    [[nodiscard]] std::size_t sharer_word(std::size_t line, CpuId cpu) const {
        return line * sharer_words_ + cpu.raw() / 64U;
    }
    CacheLevel count(CpuId cpu, CacheLevel level) {
        ++counters_[cpu.raw()].found[static_cast<std::size_t>(level)];
        return level;
    }

    [[nodiscard]] bool is_only_processor() const { return counters_.size() == 1; }

    /// An access to one line, with the line's tags in the processor's own levels.
    struct Line {
        CpuId cpu;
        PhysAddr at;
        bool is_write;
        std::array<std::uint32_t, 2> tags;
    };
    CacheLevel access_beyond_first(CpuId cpu, PhysAddr at, bool is_write);
    // Of a single processor every line is its own, whatever it does with it: kAlone leaves out what others would need.
    template <bool kAlone>
    Found run(CpuId cpu, PhysAddr first, std::uint32_t lines, bool is_write);
    /// A line that the first level lacks; `first` and `second` are its sets there. `find_shared` says where it belongs
    /// in the third level; it is called only if the line is in neither.
    template <bool kAlone, class FindShared>
    CacheLevel bring(const Line& line, Set& first, Set& second, FindShared find_shared);
    /// Brings a line that this processor lacks into the third level.
    struct Fetched {
        CacheLevel from;
        bool owns;
    };
    template <bool kAlone>
    Fetched fetch(const Line& line, Spot spot, const Set& first, const Set& second);
    /// False: the single processor has no copy of what the third level drops for a line of these sets.
    [[nodiscard]] bool may_lose(std::uint32_t dropped_tag, const Set& first, const Set& second) const;
    /// By how many bits tags of a processor's own caches are longer than those of the third level, if the lines of one
    /// set there are in one set here, and their tags here begin with those there.
    [[nodiscard]] std::optional<std::array<std::uint8_t, 2>> bits_below_shared_tag() const;
    /// The third level has the line: who of several may have it from now on. True if it is this processor's own.
    bool share_out(Line line, Spot spot, int way);
    /// A write to a line that this processor has but does not own.
    CacheLevel take_over(CpuId cpu, PhysAddr at);
    /// The third level's line becomes this processor's own; all others lose it.
    void make_own(CpuId cpu, PhysAddr at, Spot spot, int way);
    /// The least recently used way of `ways` comes to the front and holds `tag`.
    static void fill(Set& set, unsigned ways, std::uint32_t tag, bool owns) {
        const unsigned way = set.order.recycle(ways);
        set.tags[way] = tag;
        set.set_owned(static_cast<int>(way), owns);
    }

    /// Calls `act(set, way, level)` for each copy of a line in a processor's own caches.
    template <class Act>
    void for_copies(CpuId cpu, PhysAddr at, Act act);
    /// Calls `act(cpu)` for each processor that may have a line of the third level.
    template <class Act>
    void for_sharers(std::size_t line, Act act) const;
    [[nodiscard]] bool is_shared_with_others(std::size_t line, CpuId cpu) const;
    void set_only_sharer(std::size_t line, CpuId cpu);
    /// No processor has what a way of the third level holds any more, nor has the third level; who had it is left
    /// written down, for whoever fills or empties the way to correct.
    void empty_way(std::uint32_t index, int way);
    /// True if the processor had one.
    bool remove_copies(CpuId cpu, PhysAddr at);
    [[nodiscard]] const char* check_private(CpuId cpu, unsigned level) const;
    [[nodiscard]] static const char* check_set(const Set& set, const Finder& finder);
    [[nodiscard]] bool has_shape_of(const CacheModel& other) const;

    std::array<Finder, 3> finders_{};
    SliceHash slices_; ///< of the third level
    std::array<Cycles, kCacheLevels> latency_{};
    std::size_t private_sets_ = 0;                           ///< of one processor: first level, then second
    std::size_t sharer_words_ = 0;                           ///< a bit a processor
    std::optional<std::array<std::uint8_t, 2>> longer_tags_; ///< bits_below_shared_tag()
    // State.
    std::vector<CacheCounters> counters_;
    CowArray<Set, 64> private_;
    CowArray<Set, 64> shared_;
    CowArray<std::uint64_t, 1024> sharers_; ///< by line of the third level
};

} // namespace ksl::core
