// SPDX-License-Identifier: MIT
#include "core/cost/cache_model.h"

#include "core/types/assert.h"

#include <algorithm>
#include <utility>

namespace ksl::core {

std::string CacheGeometry::check() const {
    if (ways == 0 || ways > kMostCacheWays)
        return std::to_string(ways) + " ways are not possible; 1 to " + std::to_string(kMostCacheWays) +
               " would be right";
    // Tags of 32 bits tell the lines of 44 bits of addresses apart.
    constexpr std::uint32_t kLeastSets = 64;
    if (kib != 0 && kib * 16 % (ways * kLeastSets) == 0) return "";
    return std::to_string(kib) + " KiB are not a multiple of 64 sets of " + std::to_string(ways) +
           " lines; a multiple of " + std::to_string(ways * 4) + " KiB would be right";
}

std::string CacheConfig::check() const {
    for (std::size_t i = 0; i < caches.size(); ++i) {
        if (std::string wrong = caches[i].check(); !wrong.empty())
            return std::string{name_of(static_cast<CacheLevel>(i))} + ": " + wrong;
    }
    if (std::string wrong = SliceHash::problem_with(l3_slices, caches[2].sets()); !wrong.empty())
        return std::string{name_of(CacheLevel::l3)} + ": " + wrong;
    return "";
}

CacheModel::Finder CacheModel::Finder::of(const CacheGeometry& geometry) {
    const std::uint32_t sets = geometry.sets();
    const auto shift = static_cast<std::uint32_t>(std::countr_zero(sets));
    return {.ways = geometry.ways, .sets = sets, .shift = shift, .odd = sets >> shift};
}

CacheModel::CacheModel(const CacheConfig& config, std::uint16_t cpus) : latency_(config.latency), counters_(cpus) {
    KSL_ASSERT(config.check().empty(), "the geometry is possible");
    for (std::size_t i = 0; i < finders_.size(); ++i) finders_[i] = Finder::of(config.caches[i]);
    if (config.l3_slices > 1) slices_ = SliceHash{config.l3_slices, finders_[2].sets / config.l3_slices};
    longer_tags_ = bits_below_shared_tag();
    private_sets_ = std::size_t{finders_[0].sets} + finders_[1].sets;
    sharer_words_ = (cpus + 63U) / 64U;
    Set empty{.order = RecencyOrder::of(kMostCacheWays), .owned = 0, .tags = {}};
    empty.tags.fill(kNoTag);
    private_ = CowArray<Set, 64>{private_sets_ * cpus, empty};
    shared_ = CowArray<Set, 64>{finders_[2].sets, empty};
    sharers_ = CowArray<std::uint64_t, 1024>{std::size_t{finders_[2].sets} * kMostCacheWays * sharer_words_};
}

std::optional<std::array<std::uint8_t, 2>> CacheModel::bits_below_shared_tag() const {
    const unsigned low_bits = slices_.is_plain() ? finders_[2].shift : slices_.set_bits();
    std::array<std::uint8_t, 2> bits{};
    for (std::size_t level = 0; level < 2; ++level) {
        if (finders_[level].odd != 1 || finders_[level].shift > low_bits) return std::nullopt;
        bits[level] = static_cast<std::uint8_t>(finders_[2].shift - finders_[level].shift);
    }
    return finders_[2].odd == 1 ? std::optional{bits} : std::nullopt;
}

CacheLevel CacheModel::access_beyond_first(CpuId cpu, PhysAddr at, bool is_write) {
    const Spot near = finders_[0].spot_of(at);
    const Spot far = finders_[1].spot_of(at);
    Set& first = private_.mut(private_index(cpu, 0, near));
    Set& second = private_.mut(private_index(cpu, 1, far));
    const Line line{.cpu = cpu, .at = at, .is_write = is_write, .tags = {near.tag, far.tag}};
    const auto find_shared = [&] { return shared_spot_of(at); };
    return count(cpu, is_only_processor() ? bring<true>(line, first, second, find_shared)
                                          : bring<false>(line, first, second, find_shared));
}

void CacheModel::access_run(CpuId cpu, PhysAddr first, std::uint32_t lines, bool is_write, Found& found) {
    if (first >= kEnd) {
        found[static_cast<std::size_t>(CacheLevel::memory)] += lines;
        counters_[cpu.raw()].found[static_cast<std::size_t>(CacheLevel::memory)] += lines;
        return;
    }
    const Found here =
        is_only_processor() ? run<true>(cpu, first, lines, is_write) : run<false>(cpu, first, lines, is_write);
    for (std::size_t level = 0; level < kCacheLevels; ++level) {
        found[level] += here[level];
        counters_[cpu.raw()].found[level] += here[level];
    }
}

template <bool kAlone>
[[gnu::always_inline]] inline CacheModel::Found CacheModel::run(CpuId cpu, PhysAddr first, std::uint32_t lines,
                                                                bool is_write) {
    // A page's lines have the same tags, and their sets lie side by side in one chunk: the numbers of sets are
    // multiples of 64. All that follows from the page is worked out before the loop and kept in variables of its own,
    // which the compiler knows not to change when a set is written.
    const Spot near_spot = finders_[0].spot_of(first);
    const Spot far_spot = finders_[1].spot_of(first);
    Set* near = &private_.mut(private_index(cpu, 0, near_spot));
    Set* far = &private_.mut(private_index(cpu, 1, far_spot));
    const unsigned ways = finders_[0].ways;
    const Spot shared_spot = finders_[2].spot_of(first);
    const SliceHash::Page shared_sets{slices_, shared_spot.set, first};
    const std::uint32_t first_in_page = SliceHash::Page::line_in_page(first);
    Found here{};
    for (std::uint32_t i = 0; i < lines; ++i, ++near, ++far) {
        const int way = find(*near, ways, near_spot.tag);
        if (way != kNone) {
            if (near->order.most_recent() != static_cast<unsigned>(way)) near->order.touch(static_cast<unsigned>(way));
            if (kAlone || !is_write || near->owns(way)) continue;
        }
        const Line line{.cpu = cpu,
                        .at = first + Bytes{std::uint64_t{i} << kLineShift},
                        .is_write = is_write,
                        .tags = {near_spot.tag, far_spot.tag}};
        const auto find_shared = [&] {
            return Spot{.set = shared_sets.set_of(first_in_page + i), .tag = shared_spot.tag};
        };
        const CacheLevel level =
            kAlone || way == kNone ? bring<kAlone>(line, *near, *far, find_shared) : take_over(cpu, line.at);
        ++here[static_cast<std::size_t>(level)];
    }
    std::uint32_t& in_first = here[static_cast<std::size_t>(CacheLevel::l1)];
    in_first = lines;
    for (std::size_t level = 1; level < kCacheLevels; ++level) in_first -= here[level];
    return here;
}

template <bool kAlone, class FindShared>
[[gnu::always_inline]] inline CacheLevel CacheModel::bring(const Line& line, Set& first, Set& second,
                                                           FindShared find_shared) {
    const int way = find(second, finders_[1].ways, line.tags[1]);
    if (way == kNone) {
        const Fetched fetched = fetch<kAlone>(line, find_shared(), first, second);
        fill(second, finders_[1].ways, line.tags[1], fetched.owns);
        fill(first, finders_[0].ways, line.tags[0], fetched.owns);
        return fetched.from;
    }
    second.order.touch(static_cast<unsigned>(way));
    const bool owns = kAlone || second.owns(way);
    fill(first, finders_[0].ways, line.tags[0], owns);
    return line.is_write && !owns ? take_over(line.cpu, line.at) : CacheLevel::l2;
}

template <bool kAlone>
[[gnu::always_inline]] inline CacheModel::Fetched CacheModel::fetch(const Line& line, Spot spot, const Set& first,
                                                                    const Set& second) {
    const unsigned ways = finders_[2].ways;
    Set& set = shared_.mut(spot.set);
    const int found = find(set, ways, spot.tag);
    if (found != kNone) {
        set.order.touch(static_cast<unsigned>(found));
        return {.from = CacheLevel::l3, .owns = kAlone || share_out(line, spot, found)};
    }
    const auto way = static_cast<int>(set.order.recycle(ways));
    const std::uint32_t dropped = set.tags[static_cast<std::size_t>(way)];
    const bool was_used = dropped != kNoTag;
    if (was_used && (!kAlone || may_lose(dropped, first, second))) empty_way(spot.set, way);
    set.tags[static_cast<std::size_t>(way)] = spot.tag;
    set.set_owned(way, true);
    // Of a single processor it is known who had the line before: nothing changes.
    if (!was_used || !kAlone) set_only_sharer(shared_line(spot, way), line.cpu);
    return {.from = CacheLevel::memory, .owns = true};
}

[[gnu::always_inline]] inline bool CacheModel::may_lose(std::uint32_t dropped_tag, const Set& first,
                                                        const Set& second) const {
    return !longer_tags_ || any_line_begins(first.tags.data(), finders_[0].ways, (*longer_tags_)[0], dropped_tag) ||
           any_line_begins(second.tags.data(), finders_[1].ways, (*longer_tags_)[1], dropped_tag);
}

bool CacheModel::share_out(Line line, Spot spot, int way) {
    const std::size_t number = shared_line(spot, way);
    if (line.is_write || !is_shared_with_others(number, line.cpu)) {
        make_own(line.cpu, line.at, spot, way);
        return true;
    }
    Set& set = shared_.mut(spot.set);
    if (set.owns(way)) {
        set.set_owned(way, false);
        for_sharers(number, [&](CpuId owner) {
            for_copies(owner, line.at, [](Set& copies, int copy, unsigned) { copies.set_owned(copy, false); });
        });
    }
    sharers_.mut(sharer_word(number, line.cpu)) |= std::uint64_t{1} << (line.cpu.raw() % 64U);
    return false;
}

CacheLevel CacheModel::take_over(CpuId cpu, PhysAddr at) {
    const Spot spot = shared_spot_of(at);
    const int way = find(shared_[spot.set], finders_[2].ways, spot.tag);
    KSL_ASSERT(way != kNone, "the third level has what a processor has");
    shared_.mut(spot.set).order.touch(static_cast<unsigned>(way));
    make_own(cpu, at, spot, way);
    for_copies(cpu, at, [](Set& set, int copy, unsigned) { set.set_owned(copy, true); });
    ++counters_[cpu.raw()].takeovers;
    return CacheLevel::l3;
}

void CacheModel::make_own(CpuId cpu, PhysAddr at, Spot spot, int way) {
    const std::size_t line = shared_line(spot, way);
    for_sharers(line, [&](CpuId other) {
        if (other != cpu && remove_copies(other, at)) ++counters_[other.raw()].lines_lost;
    });
    set_only_sharer(line, cpu);
    shared_.mut(spot.set).set_owned(way, true);
}

[[gnu::noinline]] void CacheModel::empty_way(std::uint32_t index, int way) {
    Set& set = shared_.mut(index);
    const Spot spot{.set = index, .tag = std::exchange(set.tags[static_cast<std::size_t>(way)], kNoTag)};
    set.set_owned(way, false);
    const PhysAddr at = shared_line_at(spot);
    const auto lose = [&](CpuId cpu) {
        if (remove_copies(cpu, at)) ++counters_[cpu.raw()].lines_dropped;
    };
    if (is_only_processor())
        lose(CpuId{0});
    else
        for_sharers(shared_line(spot, way), lose);
}

void CacheModel::drop(PhysAddr at) {
    if (at >= kEnd) return;
    const Spot spot = shared_spot_of(at);
    const int way = find(shared_[spot.set], finders_[2].ways, spot.tag);
    if (way == kNone) return;
    empty_way(spot.set, way);
    const std::size_t line = shared_line(spot, way);
    for (std::size_t word = 0; word < sharer_words_; ++word) sharers_.mut(line * sharer_words_ + word) = 0;
    shared_.mut(spot.set).order.retire(static_cast<unsigned>(way), finders_[2].ways);
}

CacheLevel CacheModel::peek(CpuId cpu, PhysAddr at) const {
    if (at >= kEnd) return CacheLevel::memory;
    for (unsigned level = 0; level < 2; ++level) {
        const Spot spot = finders_[level].spot_of(at);
        if (find(private_[private_index(cpu, level, spot)], finders_[level].ways, spot.tag) != kNone)
            return static_cast<CacheLevel>(level);
    }
    const Spot spot = shared_spot_of(at);
    return find(shared_[spot.set], finders_[2].ways, spot.tag) != kNone ? CacheLevel::l3 : CacheLevel::memory;
}

template <class Act>
void CacheModel::for_copies(CpuId cpu, PhysAddr at, Act act) {
    for (unsigned level = 0; level < 2; ++level) {
        const Spot spot = finders_[level].spot_of(at);
        const std::size_t index = private_index(cpu, level, spot);
        const int way = find(private_[index], finders_[level].ways, spot.tag);
        if (way != kNone) act(private_.mut(index), way, level);
    }
}

template <class Act>
void CacheModel::for_sharers(std::size_t line, Act act) const {
    for (std::size_t word = 0; word < sharer_words_; ++word) {
        for (std::uint64_t left = sharers_[line * sharer_words_ + word]; left != 0; left &= left - 1)
            act(CpuId{static_cast<std::uint16_t>(word * 64 + static_cast<unsigned>(std::countr_zero(left)))});
    }
}

bool CacheModel::is_shared_with_others(std::size_t line, CpuId cpu) const {
    bool result = false;
    for_sharers(line, [&](CpuId other) { result = result || other != cpu; });
    return result;
}

void CacheModel::set_only_sharer(std::size_t line, CpuId cpu) {
    for (std::size_t word = 0; word < sharer_words_; ++word) {
        const std::uint64_t mine = word == cpu.raw() / 64U ? std::uint64_t{1} << (cpu.raw() % 64U) : 0;
        if (sharers_[line * sharer_words_ + word] != mine) sharers_.mut(line * sharer_words_ + word) = mine;
    }
}

bool CacheModel::remove_copies(CpuId cpu, PhysAddr at) {
    bool had_one = false;
    for_copies(cpu, at, [&](Set& set, int way, unsigned level) {
        set.tags[static_cast<std::size_t>(way)] = kNoTag;
        set.set_owned(way, false);
        set.order.retire(static_cast<unsigned>(way), finders_[level].ways);
        had_one = true;
    });
    return had_one;
}

bool CacheModel::has_shape_of(const CacheModel& other) const {
    return counters_.size() == other.counters_.size() && private_.size() == other.private_.size() &&
           shared_.size() == other.shared_.size() && sharers_.size() == other.sharers_.size();
}

const char* CacheModel::check_set(const Set& set, const Finder& finder) {
    if (!set.order.is_valid(finder.ways)) return "the order names every way once";
    if (set.owned >> finder.ways != 0) return "only ways that exist are owned";
    for (unsigned way = 0; way < kMostCacheWays; ++way) {
        const std::uint32_t tag = set.tags[way];
        if (tag == kNoTag) {
            if (set.owns(static_cast<int>(way))) return "only lines that are there are owned";
        } else if (way >= finder.ways) {
            return "only ways that exist hold lines";
        } else if (std::count(set.tags.begin(), set.tags.end(), tag) != 1) {
            return "a line is in a set once";
        }
    }
    return "";
}

const char* CacheModel::check_private(CpuId cpu, unsigned level) const {
    const Finder& finder = finders_[level];
    for (std::uint32_t index = 0; index < finder.sets; ++index) {
        const std::size_t at = private_index(cpu, level, {.set = index, .tag = 0});
        if (private_.is_fill(at / decltype(private_)::kChunk)) continue;
        const Set& set = private_[at];
        if (const char* broken = check_set(set, finder); *broken != '\0') return broken;
        for (unsigned way = 0; way < finder.ways; ++way) {
            if (set.tags[way] == kNoTag) continue;
            const Spot spot = shared_spot_of(finder.line_at({.set = index, .tag = set.tags[way]}));
            const int found = find(shared_[spot.set], finders_[2].ways, spot.tag);
            if (found == kNone) return "the third level has what a processor has";
            const std::size_t line = shared_line(spot, found);
            if ((sharers_[sharer_word(line, cpu)] >> (cpu.raw() % 64U) & 1) == 0)
                return "the third level knows who has a line";
            if (set.owns(static_cast<int>(way)) != shared_[spot.set].owns(found))
                return "a line is owned in all copies or in none";
        }
    }
    return "";
}

const char* CacheModel::check_invariants() const {
    for (std::uint32_t index = 0; index < finders_[2].sets; ++index) {
        if (shared_.is_fill(index / decltype(shared_)::kChunk)) continue;
        const Set& set = shared_[index];
        if (const char* broken = check_set(set, finders_[2]); *broken != '\0') return broken;
        for (unsigned way = 0; way < finders_[2].ways; ++way) {
            const auto number = static_cast<int>(way);
            unsigned sharers = 0;
            bool is_known = true;
            for_sharers(shared_line({.set = index, .tag = 0}, number), [&](CpuId cpu) {
                ++sharers;
                is_known = is_known && cpu.raw() < cpus();
            });
            if (!is_known) return "lines are had by processors that exist";
            if ((set.tags[way] == kNoTag) != (sharers == 0)) return "somebody asked for every line that is there";
            if (set.owns(number) != (sharers == 1)) return "a line that one processor has is its own";
        }
    }
    for (std::uint16_t cpu = 0; cpu < cpus(); ++cpu) {
        for (unsigned level = 0; level < 2; ++level) {
            if (const char* broken = check_private(CpuId{cpu}, level); *broken != '\0') return broken;
        }
    }
    return "";
}

} // namespace ksl::core
