// SPDX-License-Identifier: MIT
//
// Random requests and frees against a model that only knows which frames are given out.
#include "core/memory/counted_state.h"
#include "core/memory/explicit_state.h"
#include "core/memory/kswapd.h"
#include "core/types/random.h"
#include "tests/core/memory/memory_fixtures.h"

#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

namespace ksl::core {
namespace {

using namespace testing;

struct Given {
    Pfn first;
    unsigned order = 0;
    bool is_on_lru = false;
};

PageRules random_rules(Random& random) {
    PageRules rules = random.chance(1, 3)   ? PageRules::linux_4_7()
                      : random.chance(1, 2) ? PageRules::linux_4_9()
                                            : PageRules::linux_6_1();
    if (random.chance(1, 4)) {
        // A kernel that never was: every switch for itself.
        rules.steal = random.chance(1, 2) ? StealRule::split_at_once : StealRule::move_and_retry;
        rules.steal_to = random.chance(1, 2) ? ListEnd::head : ListEnd::tail;
        rules.steal_counts_alike_pages = random.chance(1, 2);
        rules.steal_smallest_for_movable = random.chance(1, 2);
        rules.merges_only_fallback_types = random.chance(1, 2);
        rules.avoids_fragmentation = random.chance(1, 2);
        rules.watermark_boost_factor = random.chance(1, 2) ? 15000 : 0;
        rules.fair_zones = random.chance(1, 2);
        rules.boot_to = random.chance(1, 2) ? ListEnd::head : ListEnd::tail;
        rules.pcp_huge_pages = random.chance(1, 2);
        rules.pcp_refused_tries_buddy = random.chance(1, 2);
    }
    return rules;
}

/// What happened to pages behind the model's back, in order; a page dropped has no new frame.
class Follower final : public PageOwners {
public:
    void page_moved(Pfn from, Pfn to) override { changes.emplace_back(from, to); }
    void page_dropped(Pfn frame) override { changes.emplace_back(frame, std::nullopt); }

    std::vector<std::pair<Pfn, std::optional<Pfn>>> changes;
};

class RandomRun {
public:
    explicit RandomRun(std::uint64_t seed) : random_(seed), cpus_(1 + random_.below(3)) {
        MemoryMap map = MemoryMap::pc(Bytes{(24 + random_.below(80)) << 20});
        if (random_.chance(1, 2)) {
            const std::uint64_t hole = 4096 + random_.below(3000);
            map.add({.lowest = Pfn{hole}, .top = Pfn{hole + 1 + random_.below(900)}}, MemoryKind::reserved);
        }
        allocator_ = PageAllocator{booted_state(map, random_rules(random_), static_cast<unsigned>(cpus_))};
        for (const Zone& zone : allocator_.state().zones) managed_ += zone.managed;
    }

    /// So that the run begins where memory is short: reclaim, compaction, fallbacks, reserves.
    void fill() {
        Effects fx;
        const std::uint64_t few = managed_ / 16;
        while (allocator_.free_pages().count() > few) {
            const auto order = static_cast<unsigned>(random_.below(3));
            const Gfp gfp = random_gfp() | gfp::kNoRetry;
            const auto block =
                allocator_.allocate({.order = Order{order}, .gfp = gfp, .use = use_for(gfp)}, fx, &owners_);
            follow();
            if (!block) break;
            take(*block, order, gfp);
        }
        while (random_.chance(40, 41)) toggle_lru();
    }

    void step() {
        Effects silent{nullptr, nullptr, nullptr, EventLevel::none, random_cpu(), Cycles{0}, {}};
        Effects loud = reporting_to(log_, silent.cpu());
        Effects& fx = random_.chance(1, 2) ? silent : loud;
        switch (random_.below(16)) {
        case 0: allocator_.report_counters(fx.cpu()); break;
        case 1: free_several(fx); break;
        case 2: allocate_bulk(fx); break;
        case 3: split(); break;
        case 4: toggle_lru(); break;
        case 5: random_.chance(1, 8) ? allocator_.drain(fx.cpu(), fx) : static_cast<void>(0); break;
        case 6: random_.chance(1, 4) ? run_kswapd(allocator_, fx, &owners_) : static_cast<void>(0); break;
        case 7:
        case 8:
        case 9: free_one(fx); break;
        default: allocate(fx); break;
        }
        follow();
        for (std::size_t zone = 0; zone < kZones; ++zone)
            had_reserve_[zone] = had_reserve_[zone] || allocator_.state().zones[zone].reserved_highatomic != 0;
    }

    void check() {
        RC_ASSERT(std::string{check_invariants(allocator_.state())}.empty());
        std::uint64_t given = 0;
        for (const auto& [first, block] : given_) {
            given += std::uint64_t{1} << block.order;
            const auto found = allocator_.state().frames.block_of(Pfn{first});
            RC_ASSERT(found.has_value());
            RC_ASSERT(found->first == Pfn{first} && found->order == Order{block.order});
            RC_ASSERT(found->state == (block.is_on_lru ? BlockState::lru : BlockState::in_use));
        }
        std::uint64_t on_lists = 0;
        for (const PageLists& lists : allocator_.state().page_lists) on_lists += lists.count;
        RC_ASSERT(given + on_lists + allocator_.free_pages().count() == managed_);
    }

    void give_everything_back() {
        Effects fx;
        while (!given_.empty()) free_at(given_.begin()->first, fx);
        for (std::uint16_t cpu = 0; cpu < cpus_; ++cpu) allocator_.drain(CpuId{cpu}, fx);
    }

    /// All memory is free and merged as far as it goes: the same blocks as after boot.
    void check_is_whole() {
        PageState fresh = booted_state(allocator_.state().map, allocator_.state().rules, 1);
        for (std::size_t zone = 0; zone < kZones; ++zone) {
            // HIGHATOMIC pageblocks stay apart from their neighbours, and what they were at the time is not put right
            // later.
            if (had_reserve_[zone]) continue;
            RC_ASSERT(allocator_.state().zones[zone].free_blocks == fresh.zones[zone].free_blocks);
        }
    }

private:
    CpuId random_cpu() { return CpuId{static_cast<std::uint16_t>(random_.below(cpus_))}; }

    Gfp random_gfp() {
        constexpr std::array kPlain{gfp::kKernel, gfp::kUserMovable, gfp::kNowait, gfp::kAtomic};
        Gfp gfp = kPlain[random_.below(kPlain.size())];
        if (random_.chance(1, 6)) gfp |= gfp::kReclaimable;
        if (random_.chance(1, 8)) gfp |= gfp::kDma;
        if (random_.chance(1, 8)) gfp |= gfp::kCold;
        if (random_.chance(1, 3)) gfp |= gfp::kNoRetry;
        return gfp;
    }

    static FrameUse use_for(Gfp gfp) {
        return migrate_type_of(gfp) == MigrateType::movable ? FrameUse::anonymous : FrameUse::slab;
    }

    void take(Pfn first, unsigned order, Gfp gfp) {
        RC_ASSERT(first.raw() % (std::uint64_t{1} << order) == 0);
        RC_ASSERT(!gfp.has(gfp::kDma) || first.raw() < 4096);
        const MemoryRange* range = allocator_.state().map.find(first);
        RC_ASSERT(range != nullptr && range->kind == MemoryKind::usable);
        RC_ASSERT(range->frames.top.raw() >= first.raw() + (std::uint64_t{1} << order));
        const auto after = given_.lower_bound(first.raw());
        RC_ASSERT(after == given_.end() || after->first >= first.raw() + (std::uint64_t{1} << order));
        if (after != given_.begin()) {
            const auto& [before, block] = *std::prev(after);
            RC_ASSERT(before + (std::uint64_t{1} << block.order) <= first.raw());
        }
        given_[first.raw()] = {.first = first, .order = order, .is_on_lru = false};
    }

    void allocate(Effects& fx) {
        const unsigned order = random_.chance(1, 20) ? static_cast<unsigned>(random_.below(kOrders))
                                                     : static_cast<unsigned>(random_.below(4));
        const Gfp gfp = random_gfp();
        const auto block = allocator_.allocate({.order = Order{order}, .gfp = gfp, .use = use_for(gfp)}, fx, &owners_);
        follow();
        if (block) take(*block, order, gfp);
        if (!block)
            RC_ASSERT(order > 3 || gfp.has(gfp::kNoRetry) || !gfp.has(gfp::kDirectReclaim) || gfp.has(gfp::kDma) ||
                      block.error() == AllocFailure::would_oom);
    }

    void allocate_bulk(Effects& fx) {
        std::vector<Pfn> pages(1 + random_.below(8));
        const Gfp gfp = random_gfp();
        const auto count = allocator_.allocate_bulk({.gfp = gfp, .use = use_for(gfp)}, pages, fx, &owners_);
        follow();
        for (std::size_t i = 0; count && i < *count; ++i) take(pages[i], 0, gfp);
    }

    std::optional<std::uint64_t> any_given() {
        if (given_.empty()) return std::nullopt;
        auto at = given_.lower_bound(random_.below(allocator_.state().frames.frames().count()));
        if (at == given_.end()) at = given_.begin();
        return at->first;
    }

    void free_at(std::uint64_t first, Effects& fx) {
        const Given block = given_.at(first);
        if (block.is_on_lru) allocator_.lru_remove(block.first);
        given_.erase(first);
        constexpr std::array kPaths{FreePath::page_list, FreePath::page_list, FreePath::page_list_cold, FreePath::buddy,
                                    FreePath::buddy_tail};
        allocator_.free(block.first, Order{block.order}, fx, kPaths[random_.below(kPaths.size())]);
    }

    void free_one(Effects& fx) {
        if (const auto first = any_given()) free_at(*first, fx);
    }

    void free_several(Effects& fx) {
        std::vector<Pfn> pages;
        for (int i = 0; i < 40; ++i) {
            const auto first = any_given();
            if (!first || given_.at(*first).order != 0) continue;
            if (given_.at(*first).is_on_lru) allocator_.lru_remove(Pfn{*first});
            given_.erase(*first);
            pages.emplace_back(*first);
        }
        allocator_.free_batch(pages, fx);
    }

    void split() {
        const auto first = any_given();
        if (!first || given_.at(*first).order == 0 || given_.at(*first).order > 4) return;
        const unsigned order = given_.at(*first).order;
        allocator_.split_block(Pfn{*first});
        for (std::uint64_t i = 0; i < std::uint64_t{1} << order; ++i)
            given_[*first + i] = {.first = Pfn{*first + i}, .order = 0, .is_on_lru = false};
    }

    void toggle_lru() {
        const auto first = any_given();
        if (!first || given_.at(*first).order != 0) return;
        Given& page = given_.at(*first);
        if (page.is_on_lru) {
            allocator_.lru_remove(page.first);
        } else {
            allocator_.set_use(page.first, FrameUse::page_cache);
            allocator_.lru_add(page.first);
        }
        page.is_on_lru = !page.is_on_lru;
    }

    void follow() {
        for (const auto& [from, to] : owners_.changes) {
            auto node = given_.extract(from.raw());
            RC_ASSERT(!node.empty());
            if (!to) continue;
            node.key() = to->raw();
            node.mapped().first = *to;
            RC_ASSERT(given_.insert(std::move(node)).inserted);
        }
        owners_.changes.clear();
    }

    Random random_;
    std::uint64_t cpus_;
    PageAllocator allocator_;
    std::map<std::uint64_t, Given> given_;
    Follower owners_;
    EventLog log_;
    std::uint64_t managed_ = 0;
    std::array<bool, kZones> had_reserve_{};
};

RC_GTEST_PROP(PageAllocatorProperty, NeverGivesAFrameTwiceAndKeepsItsInvariants, ()) {
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    RandomRun run{seed};
    if (seed % 2 == 0) run.fill();
    for (int round = 0; round < 12; ++round) {
        for (int i = 0; i < 250; ++i) run.step();
        run.check();
    }
    run.give_everything_back();
    run.check();
    run.check_is_whole();
}

RC_GTEST_PROP(PageAllocatorProperty, SilentAndReportedRunsAreTheSame, ()) {
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    Random rules_random{seed};
    const PageRules rules = random_rules(rules_random);
    PageAllocator silent = booted(MemoryMap::pc(48_MiB), rules);
    PageAllocator loud = silent;
    EventLog log;
    Effects quiet;
    Effects fx = reporting_to(log);
    Random random{seed};
    std::vector<std::pair<Pfn, Order>> given;
    for (int i = 0; i < 1500; ++i) {
        if (random.chance(2, 5) && !given.empty()) {
            std::swap(given[random.below(given.size())], given.back());
            silent.free(given.back().first, given.back().second, quiet);
            loud.free(given.back().first, given.back().second, fx);
            given.pop_back();
            continue;
        }
        const Order order{static_cast<unsigned>(random.below(4))};
        const Gfp gfp = random.chance(1, 2) ? gfp::kKernel : gfp::kUserMovable;
        const auto one = silent.allocate({.order = order, .gfp = gfp}, quiet);
        const auto other = loud.allocate({.order = order, .gfp = gfp}, fx);
        const bool is_same = one == other;
        RC_ASSERT(is_same);
        if (one) given.emplace_back(*one, order);
    }
    const bool is_same = silent == loud;
    RC_ASSERT(is_same);
    RC_ASSERT(!log.events.empty());
}

RC_GTEST_PROP(PageAllocatorProperty, AStateWrittenOutAndMadeAgainGivesTheSameAnswers, ()) {
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    Random random{seed};
    PageRules rules = random_rules(random);
    PageAllocator original = booted(MemoryMap::pc(64_MiB), rules, 2);
    std::vector<Pfn> given;
    for (int i = 0; i < 400; ++i)
        given.push_back(take(original, 0, random.chance(1, 2) ? gfp::kKernel : gfp::kUserMovable));
    for (int i = 0; i < 200; ++i) give(original, given[static_cast<std::size_t>(i) * 2], 0);
    const ExplicitMemory written = make_explicit(original.state());
    auto made = make_state(written, rules);
    RC_ASSERT(made.has_value());
    RC_ASSERT(std::string{check_invariants(*made)}.empty());
    const bool is_same = make_explicit(*made) == written;
    RC_ASSERT(is_same);
    PageAllocator copy{std::move(*made)};
    // How far a zone's turn is, is not written out.
    for (Zone& zone : copy.mutable_state().zones) {
        const Zone& same = original.state().zone(zone.id);
        zone.fair_batch = same.fair_batch;
        zone.is_fair_depleted = same.is_fair_depleted;
        for (std::uint16_t cpu = 0; cpu < 2; ++cpu)
            copy.mutable_state().lists_of(CpuId{cpu}, zone.id).fair_batch_diff =
                original.state().lists_of(CpuId{cpu}, zone.id).fair_batch_diff;
    }
    for (int i = 0; i < 300; ++i) {
        const Gfp gfp = random.chance(1, 2) ? gfp::kKernel : gfp::kUserMovable;
        const auto order = static_cast<unsigned>(random.below(4));
        RC_ASSERT(take(copy, order, gfp) == take(original, order, gfp));
    }
}

RC_GTEST_PROP(CountedStateProperty, MeetsItsCountsAndKeepsFreeBuddiesApart, ()) {
    Random random{*rc::gen::arbitrary<std::uint64_t>()};
    CountedMemory memory{.map = MemoryMap::pc(Bytes{(64 + random.below(200)) << 20}),
                         .zones = {},
                         .rules = PageRules::linux_6_1(),
                         .seed = random.next()};
    for (const ZoneId id : {ZoneId::dma, ZoneId::dma32}) {
        CountedZone zone{.id = id, .free_blocks = {}, .pageblocks = std::nullopt};
        // At most a quarter of the zone in all.
        std::uint64_t left = memory.map.extent(id).managed.count() / 4;
        for (unsigned order = 0; order < kOrders; ++order) {
            for (unsigned type = 0; type < kPcpMigrateTypes; ++type) {
                const std::uint64_t most = std::min<std::uint64_t>(left >> order, 200 >> order);
                const std::uint64_t blocks = random.below(most + 1);
                zone.free_blocks[order][type] = static_cast<std::uint32_t>(blocks);
                left -= blocks << order;
            }
        }
        memory.zones.push_back(zone);
    }
    const auto state = make_state(memory);
    RC_ASSERT(state.has_value());
    RC_ASSERT(std::string{check_invariants(*state)}.empty());
    for (const CountedZone& zone : memory.zones) {
        for (unsigned order = 0; order < kOrders; ++order) {
            for (unsigned type = 0; type < kMigrateTypes; ++type)
                RC_ASSERT(state->frames.length(PageState::free_list(zone.id, order, static_cast<MigrateType>(type))) ==
                          zone.free_blocks[order][type]);
        }
    }
    const bool is_repeatable = make_state(memory) == state;
    RC_ASSERT(is_repeatable);
}

} // namespace
} // namespace ksl::core
