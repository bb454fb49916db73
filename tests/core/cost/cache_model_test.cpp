// SPDX-License-Identifier: MIT
//
// The cache model against a second one that is as plain as can be, and its rules one by one.
#include "core/cost/cache_model.h"
#include "core/types/archive.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

namespace ksl::core {
namespace {

constexpr std::uint64_t kLine = 64;

CacheConfig config_of(CacheGeometry l1, CacheGeometry l2, CacheGeometry l3) {
    return {.caches = {l1, l2, l3}, .latency = {Cycles{4}, Cycles{12}, Cycles{40}, Cycles{200}}};
}
CacheConfig desktop() {
    return config_of({.kib = 32, .ways = 8}, {.kib = 256, .ways = 4}, {.kib = 8192, .ways = 16});
}
/// 64 sets everywhere, 192 in the third level, so that a few lines fill them.
CacheConfig tiny() {
    return config_of({.kib = 8, .ways = 2}, {.kib = 12, .ways = 3}, {.kib = 48, .ways = 4});
}
/// The same with powers of two of sets, in which a processor's copies of what is dropped are looked for another way.
CacheConfig tiny_and_even() {
    return config_of({.kib = 8, .ways = 2}, {.kib = 12, .ways = 3}, {.kib = 32, .ways = 4});
}
CacheConfig sliced() {
    CacheConfig config = config_of({.kib = 32, .ways = 8}, {.kib = 256, .ways = 4}, {.kib = 2048, .ways = 4});
    config.l3_slices = 4;
    return config;
}

/// Lists of line numbers, the most recently used first; ownership by looking at everybody.
class PlainCaches {
public:
    PlainCaches(const CacheConfig& config, unsigned cpus) : config_(config), caches_(cpus) {}

    CacheLevel access(unsigned cpu, std::uint64_t line, bool is_write) {
        for (unsigned level = 0; level < 2; ++level) {
            if (!use(caches_[cpu][level], level, line)) continue;
            if (level == 1) fill(caches_[cpu][0], 0, line);
            if (!is_write || askers_[line].size() == 1) return static_cast<CacheLevel>(level);
            use(shared_, 2, line);
            take(cpu, line);
            return CacheLevel::l3;
        }
        const CacheLevel from = use(shared_, 2, line) ? CacheLevel::l3 : CacheLevel::memory;
        if (from == CacheLevel::memory) {
            if (const auto dropped = fill(shared_, 2, line)) forget(*dropped);
        }
        if (is_write) take(cpu, line);
        askers_[line].insert(cpu);
        fill(caches_[cpu][1], 1, line);
        fill(caches_[cpu][0], 0, line);
        return from;
    }
    void drop(std::uint64_t line) {
        shared_[set_of(2, line)].remove(line);
        forget(line);
    }

private:
    struct Lru : std::vector<std::uint64_t> {
        void remove(std::uint64_t line) { std::erase(*this, line); }
    };
    using Cache = std::map<std::uint64_t, Lru>;

    [[nodiscard]] std::uint64_t set_of(unsigned level, std::uint64_t line) const {
        const std::uint64_t sets = config_.caches[level].sets();
        const std::uint64_t power = sets & (~sets + 1);
        return line % power + line / power % (sets / power) * power;
    }
    bool use(Cache& cache, unsigned level, std::uint64_t line) {
        Lru& set = cache[set_of(level, line)];
        const auto found = std::ranges::find(set, line);
        if (found == set.end()) return false;
        std::rotate(set.begin(), found, found + 1);
        return true;
    }
    std::optional<std::uint64_t> fill(Cache& cache, unsigned level, std::uint64_t line) {
        Lru& set = cache[set_of(level, line)];
        set.insert(set.begin(), line);
        if (set.size() <= config_.caches[level].ways) return std::nullopt;
        const std::uint64_t oldest = set.back();
        set.pop_back();
        return oldest;
    }
    void remove_from(unsigned cpu, std::uint64_t line) {
        for (unsigned level = 0; level < 2; ++level) caches_[cpu][level][set_of(level, line)].remove(line);
    }
    void take(unsigned cpu, std::uint64_t line) {
        for (unsigned other : askers_[line]) {
            if (other != cpu) remove_from(other, line);
        }
        askers_[line] = {cpu};
    }
    void forget(std::uint64_t line) {
        for (unsigned cpu : askers_[line]) remove_from(cpu, line);
        askers_.erase(line);
    }

    CacheConfig config_;
    std::vector<std::array<Cache, 2>> caches_;
    Cache shared_;
    std::map<std::uint64_t, std::set<unsigned>> askers_; ///< who has fetched it since somebody wrote it
};

struct Step {
    unsigned cpu = 0;
    std::uint64_t line = 0;
    unsigned what = 0; ///< 0 drop, 1 to 3 write, else read
};

rc::Gen<std::vector<Step>> steps_of(unsigned cpus) {
    // Few sets and tags, some far away.
    const auto line = rc::gen::map(
        rc::gen::tuple(rc::gen::inRange(0, 2), rc::gen::inRange(0, 9), rc::gen::element(0ULL, 0ULL, 1ULL << 37U)),
        [](const std::tuple<int, int, unsigned long long>& parts) {
            return static_cast<std::uint64_t>(std::get<0>(parts)) +
                   64 * static_cast<std::uint64_t>(std::get<1>(parts)) + std::get<2>(parts);
        });
    return rc::gen::container<std::vector<Step>>(
        rc::gen::build<Step>(rc::gen::set(&Step::cpu, rc::gen::inRange(0U, cpus)), rc::gen::set(&Step::line, line),
                             rc::gen::set(&Step::what, rc::gen::inRange(0U, 10U))));
}

RC_GTEST_PROP(CacheModel, AnswersAsAPlainModelDoes, ()) {
    const auto cpus = *rc::gen::element(1U, 2U, 3U, 70U);
    const auto config = *rc::gen::map(rc::gen::inRange(0, 2), [](int i) { return i == 0 ? tiny() : tiny_and_even(); });
    CacheModel model{config, static_cast<std::uint16_t>(cpus)};
    PlainCaches plain{config, cpus};
    for (const Step& step : *rc::gen::scale(6, steps_of(cpus))) {
        const PhysAddr at{step.line * kLine + 8};
        const CpuId cpu{static_cast<std::uint16_t>(step.cpu)};
        if (step.what == 0) {
            model.drop(at);
            plain.drop(step.line);
        } else {
            const bool is_write = step.what < 4;
            const CacheLevel expected = plain.access(step.cpu, step.line, is_write);
            RC_ASSERT(model.access(cpu, at, is_write) == expected);
            RC_ASSERT(model.peek(cpu, at) == CacheLevel::l1);
        }
        RC_ASSERT(std::string{model.check_invariants()}.empty());
    }
}

/// A single processor takes short cuts. One whose only neighbour does nothing does not.
RC_GTEST_PROP(CacheModel, AnswersASingleProcessorAsOneWithAnIdleNeighbour, ()) {
    const auto config = *rc::gen::map(rc::gen::inRange(0, 3), [](int i) {
        return i == 0 ? tiny() : i == 1 ? tiny_and_even() : sliced();
    });
    const CpuId cpu{0};
    CacheModel alone{config, 1};
    CacheModel accompanied{config, 2};
    // Few pages that share sets, so that they drive each other out of the third level.
    const auto steps = *rc::gen::container<std::vector<std::tuple<unsigned, unsigned, bool>>>(
        rc::gen::tuple(rc::gen::inRange(0U, 80U), rc::gen::inRange(0U, 65U), rc::gen::arbitrary<bool>()));
    for (const auto& [page, lines, is_write] : steps) {
        const PhysAddr at{std::uint64_t{page % 40} << 19U | std::uint64_t{page / 40} << kPageShift};
        if (lines == 0) {
            RC_ASSERT(alone.access(cpu, at, is_write) == accompanied.access(cpu, at, is_write));
            continue;
        }
        CacheModel::Found found{};
        CacheModel::Found found_beside_another{};
        alone.access_run(cpu, at, lines, is_write, found);
        accompanied.access_run(cpu, at, lines, is_write, found_beside_another);
        RC_ASSERT(found == found_beside_another);
    }
    RC_ASSERT(alone.counters(cpu) == accompanied.counters(cpu));
    RC_ASSERT(std::string{alone.check_invariants()}.empty());
}

constexpr CpuId kFirst{0};
constexpr CpuId kSecond{1};

TEST(CacheModel, FindsALineAgainInTheFirstLevel) {
    CacheModel model{desktop(), 1};
    EXPECT_EQ(model.access(kFirst, PhysAddr{0x1000}, false), CacheLevel::memory);
    EXPECT_EQ(model.access(kFirst, PhysAddr{0x103f}, true), CacheLevel::l1);
    EXPECT_EQ(model.access(kFirst, PhysAddr{0x1040}, false), CacheLevel::memory);
    EXPECT_EQ(model.latency(CacheLevel::memory), Cycles{200});
    EXPECT_EQ(model.counters(kFirst).found, (std::array<std::uint64_t, 4>{1, 0, 0, 2}));
}

/// A working set one line larger than a cache, used round and round, never hits it with true LRU.
TEST(CacheModel, LosesAWorkingSetThatIsOneLineTooLarge) {
    const auto misses_of_round = [](std::uint64_t lines, CacheLevel level) {
        CacheModel model{desktop(), 1};
        std::uint64_t misses = 0;
        for (int round = 0; round < 3; ++round) {
            misses = 0;
            for (std::uint64_t i = 0; i < lines; ++i) {
                if (model.access(kFirst, PhysAddr{i * kLine}, false) > level) ++misses;
            }
        }
        return misses;
    };
    EXPECT_EQ(misses_of_round(512, CacheLevel::l1), 0U);  // 32 KiB
    EXPECT_EQ(misses_of_round(513, CacheLevel::l1), 9U);  // the ninth line of one set
    EXPECT_EQ(misses_of_round(4096, CacheLevel::l2), 0U); // 256 KiB
    EXPECT_EQ(misses_of_round(4097, CacheLevel::l2), 5U);
    EXPECT_EQ(misses_of_round(131072, CacheLevel::l3), 0U); // 8 MiB
    EXPECT_EQ(misses_of_round(131073, CacheLevel::l3), 17U);
}

TEST(CacheModel, WritingTakesALineFromTheOthers) {
    CacheModel model{desktop(), 2};
    const PhysAddr at{0x2000};
    EXPECT_EQ(model.access(kFirst, at, true), CacheLevel::memory);
    EXPECT_EQ(model.access(kSecond, at, true), CacheLevel::l3) << "not from memory: the third level knows it";
    EXPECT_EQ(model.access(kFirst, at, false), CacheLevel::l3) << "it was taken";
    EXPECT_EQ(model.counters(kFirst).lines_lost, 1U);
    EXPECT_EQ(model.access(kSecond, at, false), CacheLevel::l1) << "both may read";
    EXPECT_EQ(model.access(kFirst, at, false), CacheLevel::l1);
    EXPECT_EQ(model.access(kFirst, at, true), CacheLevel::l3) << "it has to ask for the line first";
    EXPECT_EQ(model.counters(kFirst).takeovers, 1U);
    EXPECT_EQ(model.access(kFirst, at, true), CacheLevel::l1) << "now it is its own";
    EXPECT_EQ(model.access(kSecond, at, false), CacheLevel::l3);
}

TEST(CacheModel, ReadingAloneMakesALineOnesOwn) {
    CacheModel model{desktop(), 2};
    const PhysAddr at{0x2000};
    EXPECT_EQ(model.access(kFirst, at, false), CacheLevel::memory);
    EXPECT_EQ(model.access(kFirst, at, true), CacheLevel::l1);
    EXPECT_EQ(model.counters(kFirst).takeovers, 0U);
}

TEST(CacheModel, TheThirdLevelTakesItsLinesWithIt) {
    CacheModel model{tiny(), 1};
    // Five lines of one set of the third level, of 4 ways; the first level's set is used by the first alone.
    const std::uint64_t stride = 192 * kLine;
    EXPECT_EQ(model.access(kFirst, PhysAddr{0}, false), CacheLevel::memory);
    for (std::uint64_t i = 1; i <= 4; ++i) static_cast<void>(model.access(kFirst, PhysAddr{i * stride}, false));
    EXPECT_EQ(model.access(kFirst, PhysAddr{0}, false), CacheLevel::memory);

    CacheModel two{tiny(), 2};
    EXPECT_EQ(two.access(kFirst, PhysAddr{0}, false), CacheLevel::memory);
    for (std::uint64_t i = 1; i <= 4; ++i) static_cast<void>(two.access(kSecond, PhysAddr{i * stride}, false));
    EXPECT_EQ(two.counters(kFirst).lines_dropped, 1U);
    EXPECT_EQ(two.peek(kFirst, PhysAddr{0}), CacheLevel::memory);
}

TEST(CacheModel, ADeviceTakesALineFromEverybody) {
    CacheModel model{desktop(), 2};
    static_cast<void>(model.access(kFirst, PhysAddr{0x40}, true));
    model.drop(PhysAddr{0x40});
    EXPECT_EQ(model.access(kFirst, PhysAddr{0x40}, false), CacheLevel::memory);
}

TEST(CacheModel, CachesNothingAtAddressesThatNoMemoryHas) {
    CacheModel model{desktop(), 1};
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(model.access(kFirst, PhysAddr{0xf'ffff'ffff'f000}, true), CacheLevel::memory);
        EXPECT_EQ(model.access(kFirst, CacheModel::kEnd, true), CacheLevel::memory);
    }
    const PhysAddr last = CacheModel::kEnd - Bytes{8};
    EXPECT_EQ(model.access(kFirst, last, true), CacheLevel::memory);
    EXPECT_EQ(model.access(kFirst, last, true), CacheLevel::l1);
}

RC_GTEST_PROP(CacheModel, ACopyGoesItsOwnWay, ()) {
    CacheModel model{tiny(), 2};
    const auto before = *steps_of(2);
    const auto after = *steps_of(2);
    const auto run = [](CacheModel& on, const std::vector<Step>& steps) {
        for (const Step& step : steps)
            static_cast<void>(
                on.access(CpuId{static_cast<std::uint16_t>(step.cpu)}, PhysAddr{step.line * kLine}, step.what < 4));
    };
    run(model, before);
    CacheModel copy = model;
    CacheModel again{tiny(), 2};
    run(again, before);
    run(copy, after);
    RC_ASSERT(model == again);
    run(model, after);
    RC_ASSERT(model == copy);
    RC_ASSERT(digest_of(model) == digest_of(copy));
}

TEST(CacheModel, ComesBackFromAFileAndRefusesAForgedOne) {
    CacheModel model{tiny(), 2};
    for (std::uint64_t i = 0; i < 500; ++i)
        static_cast<void>(model.access(i % 3 == 0 ? kFirst : kSecond, PhysAddr{i * 7 % 300 * kLine}, i % 4 == 0));
    const std::vector<std::byte> file = bytes_of_state(model);
    CacheModel back{tiny(), 2};
    StateReader reader{file};
    reader(back);
    EXPECT_TRUE(reader.ok());
    EXPECT_EQ(back, model);

    unsigned refused = 0;
    for (std::size_t at = 0; at < file.size(); at += 11) {
        std::vector<std::byte> forged = file;
        forged[at] ^= std::byte{0x55};
        CacheModel victim{tiny(), 2};
        StateReader forged_reader{forged};
        forged_reader(victim);
        refused += forged_reader.ok() ? 0U : 1U;
        ASSERT_STREQ(victim.check_invariants(), "");
        for (std::uint64_t i = 0; i < 50; ++i) static_cast<void>(victim.access(kFirst, PhysAddr{i * kLine}, true));
    }
    EXPECT_GT(refused, 0U);
}

TEST(CacheModel, SaysWhichGeometryIsImpossible) {
    EXPECT_EQ(desktop().check(), "");
    CacheConfig config = desktop();
    config.caches[1].ways = 17;
    EXPECT_EQ(config.check(), "L2: 17 ways are not possible; 1 to 16 would be right");
    config = desktop();
    config.caches[2] = {.kib = 10, .ways = 7};
    EXPECT_EQ(config.check(),
              "L3: 10 KiB are not a multiple of 64 sets of 7 lines; a multiple of 28 KiB would be right");
    config = desktop();
    config.caches[0] = {.kib = 2, .ways = 1};
    EXPECT_EQ(config.check(), "L1: 2 KiB are not a multiple of 64 sets of 1 lines; a multiple of 4 KiB would be right");
}

RC_GTEST_PROP(LineMatch, VectorAndLoopFindTheSameWays, ()) {
    alignas(16) std::array<std::uint32_t, kMostCacheWays> tags{};
    tags.fill(0xffff'ffff);
    const auto ways = *rc::gen::inRange(1U, kMostCacheWays + 1);
    for (unsigned way = 0; way < ways; ++way) tags[way] = *rc::gen::inRange(0U, 4U);
    const auto wanted = *rc::gen::inRange(0U, 4U);
    RC_ASSERT(match_lines(tags.data(), ways, wanted) == portable::match_lines(tags.data(), ways, wanted));
    for (const unsigned shift : {0U, 1U}) {
        RC_ASSERT(any_line_begins(tags.data(), ways, shift, wanted) ==
                  portable::any_line_begins(tags.data(), ways, shift, wanted));
    }
}

} // namespace
} // namespace ksl::core
