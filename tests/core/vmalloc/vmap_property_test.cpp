// SPDX-License-Identifier: MIT
//
// The allocators against models that are slow and plain.
#include "core/types/archive.h"
#include "core/types/random.h"
#include "core/vmalloc/vmap_allocator.h"
#include "tests/core/vmalloc/vmap_test_host.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <optional>
#include <ranges>
#include <span>
#include <vector>

namespace ksl::core {
namespace {

using testing::kVmalloc;
using testing::kVmallocStart;
using testing::Lab;

std::uint64_t up(std::uint64_t address, std::uint64_t align) {
    return (address + align - 1) / align * align;
}

/// Every taken address, start to end; the lowest gap by looking at all of them.
struct TakenMap {
    std::map<std::uint64_t, std::uint64_t> taken;

    [[nodiscard]] std::optional<std::uint64_t> lowest_fit(const AreaRequest& request) const {
        std::uint64_t at = up(request.window.lowest.raw(), request.align.count());
        for (const auto& [start, end] : taken) {
            if (end <= at) continue;
            if (at + request.size.count() <= start) break;
            at = up(end, request.align.count());
        }
        if (at + request.size.count() > request.window.top.raw()) return std::nullopt;
        return at;
    }
    void take(std::uint64_t start, std::uint64_t size) { taken[start] = start + size; }
};

AreaRequest random_request(Random& random, std::uint64_t most_align) {
    const std::uint64_t pages = 2 + random.below(8);
    std::uint64_t align = 1;
    while (align < most_align && random.chance(1, 2)) align *= 16;
    return {Bytes{pages * kPageBytes}, Bytes{std::min(align, most_align)}, kVmalloc};
}

/// Random requests, releases and purges; `check` is asked about each answer.
template <class Check>
void exercise(Lab& lab, Random& random, int steps, std::uint64_t most_align, Check check) {
    std::vector<std::uint64_t> live;
    for (int i = 0; i < steps; ++i) {
        const std::uint64_t what = random.below(100);
        if (what < 55 || live.empty()) {
            const AreaRequest request = random_request(random, most_align);
            const std::uint64_t offset = lab.reserve(request);
            check(request, kVmallocStart.raw() + offset);
            live.push_back(offset);
        } else if (what < 98) {
            const auto victim = static_cast<std::ptrdiff_t>(random.below(live.size()));
            lab.release(live[static_cast<std::size_t>(victim)]);
            live.erase(live.begin() + victim);
        } else {
            lab.purge();
        }
        if (i % 50 == 0) RC_ASSERT(lab.allocator.check_invariants().empty());
    }
    RC_ASSERT(lab.allocator.check_invariants().empty());
    RC_ASSERT(lab.allocator.busy_areas() == live.size());
}

TakenMap taken_of(const VmapAllocator& allocator) {
    TakenMap model;
    const VmapSnapshot snapshot = allocator.snapshot();
    for (const auto* ranges : {&snapshot.areas, &snapshot.pending, &snapshot.pooled}) {
        for (const VirtRange range : *ranges) model.take(range.lowest.raw(), range.size().count());
    }
    return model;
}

RC_GTEST_PROP(VmapProperty, Linux61GivesTheLowestFitWhereAlignmentIsAPage, ()) {
    Random random{*rc::gen::arbitrary<std::uint64_t>()};
    Lab lab{linux_6_1_vmap_rules()};
    exercise(lab, random, 600, 1, [&](const AreaRequest& request, std::uint64_t got) {
        TakenMap before = taken_of(lab.allocator);
        before.taken.erase(got);
        RC_ASSERT(got == before.lowest_fit(request));
    });
}

RC_GTEST_PROP(VmapProperty, Linux61NeverPassesARangeThatHoldsSizeAndAlignment, ()) {
    Random random{*rc::gen::arbitrary<std::uint64_t>()};
    Lab lab{linux_6_1_vmap_rules()};
    exercise(lab, random, 600, 0x4000, [&](const AreaRequest& request, std::uint64_t got) {
        TakenMap before = taken_of(lab.allocator);
        before.taken.erase(got);
        RC_ASSERT(got % request.align.count() == 0);
        RC_ASSERT(got >= before.lowest_fit(request).value());
        AreaRequest roomy = request;
        if (request.align.count() > kPageBytes)
            roomy.size = Bytes{up(request.size.count() + request.align.count() - 1, kPageBytes)};
        roomy.align = Bytes{1};
        RC_ASSERT(got <= up(before.lowest_fit(roomy).value(), request.align.count()));
    });
}

/// The search of 4.x by linear scan over a sorted map: the same variables, none of the trees.
struct PlainFirstFit {
    std::map<std::uint64_t, std::uint64_t> areas; ///< with those that wait for a purge
    std::vector<std::uint64_t> pending;           ///< oldest first
    std::optional<std::uint64_t> cached;
    std::uint64_t hole = 0;
    std::uint64_t vstart = 0;
    std::uint64_t align = 0;

    std::uint64_t reserve(const AreaRequest& request) {
        const std::uint64_t size = request.size.count();
        const std::uint64_t want = request.align.count();
        const std::uint64_t lowest = request.window.lowest.raw();
        if (size < hole || lowest < vstart || want < align) cached.reset();
        if (cached && up(areas[*cached], want) < lowest) cached.reset();
        vstart = lowest;
        align = want;
        std::uint64_t at = 0;
        auto next = areas.begin();
        if (cached) {
            at = up(areas[*cached], want);
            next = areas.find(*cached);
        } else {
            hole = 0;
            at = up(lowest, want);
            while (next != areas.end() && next->second < at) ++next;
        }
        for (; next != areas.end() && at + size > next->first; ++next) {
            if (at + hole < next->first) hole = next->first - at;
            at = up(next->second, want);
        }
        areas[at] = at + size;
        cached = at;
        return at;
    }
    void purge() {
        for (const auto start : pending | std::views::reverse) {
            const auto area = areas.find(start);
            if (cached && area->second < vstart) {
                cached.reset();
            } else if (cached && start <= *cached) {
                cached = area == areas.begin() ? std::nullopt : std::optional{std::prev(area)->first};
            }
            areas.erase(area);
        }
        pending.clear();
    }
    [[nodiscard]] VmapSnapshot::SearchCache variables() const {
        return {VirtAddr{cached.value_or(0)}, Bytes{hole}, VirtAddr{vstart}, Bytes{align}};
    }
};

RC_GTEST_PROP(VmapProperty, Linux49GivesTheAddressesAndVariablesOfALinearScan, ()) {
    Random random{*rc::gen::arbitrary<std::uint64_t>()};
    Lab lab{linux_4_9_vmap_rules()};
    PlainFirstFit model;
    std::vector<std::uint64_t> live;
    const VirtRange upper{kVmallocStart + Bytes{0x40000}, kVmalloc.top};
    for (int i = 0; i < 800; ++i) {
        const std::uint64_t what = random.below(100);
        if (what < 55 || live.empty()) {
            AreaRequest request = random_request(random, 0x4000);
            if (random.chance(1, 8)) request.window = upper;
            const std::uint64_t expected = model.reserve(request);
            RC_ASSERT(lab.reserve(request) == expected - kVmallocStart.raw());
            live.push_back(expected);
        } else if (what < 97) {
            const auto victim = static_cast<std::ptrdiff_t>(random.below(live.size()));
            const std::uint64_t start = live[static_cast<std::size_t>(victim)];
            model.pending.push_back(start);
            lab.release(start - kVmallocStart.raw());
            live.erase(live.begin() + victim);
        } else {
            model.purge();
            lab.purge();
        }
        RC_ASSERT(lab.allocator.snapshot().cache == model.variables());
    }
    RC_ASSERT(lab.allocator.check_invariants().empty());
    RC_ASSERT(lab.allocator.snapshot().areas.size() == model.areas.size());
}

RC_GTEST_PROP(VmapProperty, NodesOf69NeverGiveAnAddressTwice, ()) {
    Random random{*rc::gen::arbitrary<std::uint64_t>()};
    Lab lab{linux_6_9_vmap_rules(static_cast<unsigned>(2 + random.below(4)))};
    TakenMap busy;
    std::vector<std::uint64_t> live;
    for (int i = 0; i < 600; ++i) {
        const std::uint64_t what = random.below(100);
        const CpuId cpu{static_cast<std::uint16_t>(random.below(8))};
        lab.fx = Effects{nullptr, nullptr, nullptr, EventLevel::none, cpu, Cycles{}, KernelData{}};
        if (what < 55 || live.empty()) {
            const AreaRequest request = random_request(random, 0x4000);
            const std::uint64_t start = kVmallocStart.raw() + lab.reserve(request);
            RC_ASSERT(start % request.align.count() == 0);
            const auto after = busy.taken.lower_bound(start);
            if (after != busy.taken.end()) RC_ASSERT(start + request.size.count() <= after->first);
            if (after != busy.taken.begin()) RC_ASSERT(std::prev(after)->second <= start);
            busy.take(start, request.size.count());
            live.push_back(start);
        } else if (what < 90) {
            const auto victim = static_cast<std::ptrdiff_t>(random.below(live.size()));
            const std::uint64_t start = live[static_cast<std::size_t>(victim)];
            busy.taken.erase(start);
            lab.release(start - kVmallocStart.raw() + random.below(kPageBytes));
            live.erase(live.begin() + victim);
        } else {
            lab.allocator.purge(random.chance(1, 6) ? PurgeReason::exhausted : PurgeReason::limit, lab.fx, lab.host);
        }
        if (i % 50 == 0) RC_ASSERT(lab.allocator.check_invariants() == "");
    }
    RC_ASSERT(lab.allocator.check_invariants() == "");
    RC_ASSERT(lab.host.double_frees == 0);
}

RC_GTEST_PROP(VmapProperty, SnapshotsLoadIntoTheSameRangesAndGoOnAlike, ()) {
    Random random{*rc::gen::arbitrary<std::uint64_t>()};
    for (const VmapRules& rules : {linux_4_9_vmap_rules(), linux_6_1_vmap_rules()}) {
        Lab lab{rules};
        exercise(lab, random, 300, 1, [](const AreaRequest&, std::uint64_t) {});
        auto loaded = VmapAllocator::from_snapshot(rules, 1, lab.allocator.snapshot());
        RC_ASSERT(loaded.has_value());
        RC_ASSERT(loaded->check_invariants().empty());
        RC_ASSERT(loaded->snapshot() == lab.allocator.snapshot());
        Lab other{rules};
        other.allocator = *loaded;
        for (int i = 0; i < 30; ++i) {
            const AreaRequest request = random_request(random, 1);
            RC_ASSERT(lab.reserve(request) == other.reserve(request));
        }
        lab.purge();
        other.purge();
        RC_ASSERT(lab.allocator.snapshot() == other.allocator.snapshot());
    }
}

RC_GTEST_PROP(VmapProperty, StatesAreWrittenAndReadBack, ()) {
    Random random{*rc::gen::arbitrary<std::uint64_t>()};
    for (const VmapRules& rules : {linux_4_9_vmap_rules(), linux_6_1_vmap_rules(), linux_6_9_vmap_rules(3)}) {
        Lab lab{rules};
        exercise(lab, random, 200, 0x4000, [](const AreaRequest&, std::uint64_t) {});
        const auto bytes = bytes_of_state(lab.allocator);
        VmapAllocator read;
        StateReader reader{bytes};
        reader(read);
        RC_ASSERT(reader.ok() && reader.at_end());
        RC_ASSERT(read == lab.allocator);
        RC_ASSERT(digest_of(read) == digest_of(lab.allocator));
        const VmapAllocator copy = lab.allocator;
        lab.reserve(testing::stack_request());
        RC_ASSERT(copy == read);
        RC_ASSERT(!(copy == lab.allocator));
    }
}

/// Reads a state from a damaged file and looks at it as a loader does: whatever it says, nothing may end the program.
void look_at(std::span<const std::byte> bytes) {
    VmapAllocator read;
    StateReader reader{bytes};
    reader(read);
    if (reader.ok()) static_cast<void>(read.check_invariants());
}

RC_GTEST_PROP(VmapProperty, ADamagedStateIsFoundOrHarmlessButNeverACrash, ()) {
    Random random{*rc::gen::arbitrary<std::uint64_t>()};
    for (const VmapRules& rules : {linux_4_9_vmap_rules(), linux_6_1_vmap_rules(), linux_6_9_vmap_rules(2)}) {
        Lab lab{rules};
        exercise(lab, random, 60, 0x4000, [](const AreaRequest&, std::uint64_t) {});
        auto bytes = bytes_of_state(lab.allocator);
        const std::uint64_t damage = 1 + random.below(4);
        for (std::uint64_t i = 0; i < damage; ++i) {
            bytes[random.below(bytes.size())] ^= static_cast<std::byte>(std::uint64_t{1} << random.below(8));
        }
        look_at(bytes);
    }
}

TEST(VmapState, NoSingleDamagedBitIsACrash) {
    Random random{1};
    for (const VmapRules& rules : {linux_4_9_vmap_rules(), linux_6_1_vmap_rules(), linux_6_9_vmap_rules(2)}) {
        Lab lab{rules};
        exercise(lab, random, 12, 0x4000, [](const AreaRequest&, std::uint64_t) {});
        auto bytes = bytes_of_state(lab.allocator);
        for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
            const auto mask = static_cast<std::byte>(1U << bit % 8);
            bytes[bit / 8] ^= mask;
            look_at(bytes);
            bytes[bit / 8] ^= mask;
        }
    }
}

TEST(VmapSnapshot, ImpossibleStatesAreRefusedWithAReason) {
    Lab lab{linux_6_1_vmap_rules()};
    lab.reserve(testing::stack_request());
    lab.reserve(testing::stack_request());
    lab.release(0);
    const VmapSnapshot good = lab.allocator.snapshot();
    const auto error = [](const VmapRules& rules, const VmapSnapshot& snapshot) {
        const auto loaded = VmapAllocator::from_snapshot(rules, 1, snapshot);
        return loaded ? std::string{"none"} : loaded.error();
    };
    EXPECT_EQ(error(linux_6_1_vmap_rules(), good), "none");
    VmapSnapshot bad = good;
    bad.areas[0].top += Bytes{0x1000};
    EXPECT_EQ(error(linux_6_1_vmap_rules(), bad), "every address is in one area, or waits for a purge, or is free");
    bad = good;
    bad.areas[0].top += Bytes{1};
    EXPECT_EQ(error(linux_6_1_vmap_rules(), bad), "areas are whole pages, by address, and do not overlap");
    bad = good;
    bad.lazy_pages += Pages{1};
    EXPECT_EQ(error(linux_6_1_vmap_rules(), bad), "the pages that wait for a purge are those of the ranges that do");
    bad = good;
    bad.free.pop_back();
    EXPECT_EQ(error(linux_6_1_vmap_rules(), bad), "every address is in one area, or waits for a purge, or is free");

    VmapSnapshot old;
    old.areas = {{kVmallocStart, kVmallocStart + Bytes{0x5000}}};
    EXPECT_EQ(error(linux_4_9_vmap_rules(), old), "none");
    old.cache.area = kVmallocStart + Bytes{0x1000};
    EXPECT_EQ(error(linux_4_9_vmap_rules(), old), "the cached area is the start of an area");
    old.cache.area = VirtAddr{0};
    old.pending = {{kVmallocStart, kVmallocStart + Bytes{0x4000}}};
    EXPECT_EQ(error(linux_4_9_vmap_rules(), old), "what waits for a purge is an area");
    old.pending = {old.areas[0], old.areas[0]};
    EXPECT_EQ(error(linux_4_9_vmap_rules(), old), "an area waits for a purge once");
}

} // namespace
} // namespace ksl::core
