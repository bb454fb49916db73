// SPDX-License-Identifier: MIT
//
// The area allocators with the load of kernel stacks: 20 KiB at 16 KiB alignment.
#include "core/vmalloc/vmap_allocator.h"

#include <benchmark/benchmark.h>

#include <array>
#include <vector>

namespace {

using namespace ksl::core;

constexpr VirtRange kVmalloc{VirtAddr{0xffffc90000000000}, VirtAddr{0xffffe8ffffffffff}};

AreaRequest stack_request() {
    return vmalloc_request(Bytes{16U << 10U}, Bytes{16U << 10U}, kVmalloc);
}

VmapRules rules_of(std::int64_t which) {
    constexpr std::array<VmapRules (*)(), 3> kRules{linux_4_9_vmap_rules, linux_6_1_vmap_rules,
                                                    [] { return linux_6_9_vmap_rules(16); }};
    return kRules.at(static_cast<std::size_t>(which))();
}

struct Lab {
    explicit Lab(const VmapRules& rules) : allocator(rules, 4) {}
    VmapAllocator allocator;
    SilentVmapHost host;
    Effects fx;
};

/// A stack reserved, looked up, released lazily; the purge when it is due. Among `range(1)` live stacks.
void reserve_and_release(benchmark::State& state) {
    Lab lab{rules_of(state.range(0))};
    std::vector<AreaId> live;
    for (std::int64_t i = 0; i < state.range(1); ++i) {
        live.push_back(*lab.allocator.reserve(stack_request(), lab.fx, lab.host));
    }
    for (auto _ : state) {
        const AreaId stack = *lab.allocator.reserve(stack_request(), lab.fx, lab.host);
        const AreaId found = lab.allocator.find(lab.allocator.range(stack).lowest, lab.fx, lab.host);
        lab.allocator.release_lazily(found, lab.fx, lab.host);
        if (lab.allocator.purge_is_due()) lab.allocator.purge(PurgeReason::limit, lab.fx, lab.host);
    }
    state.SetItemsProcessed(state.iterations());
}

/// The same, every step priced: levels, steps and entries are counted.
void reserve_and_release_priced(benchmark::State& state) {
    const PriceList prices;
    Lab lab{rules_of(state.range(0))};
    lab.fx = Effects{&prices, nullptr, nullptr, EventLevel::none, CpuId{0}, Cycles{}, KernelData{}};
    for (std::int64_t i = 0; i < state.range(1); ++i) {
        benchmark::DoNotOptimize(lab.allocator.reserve(stack_request(), lab.fx, lab.host));
    }
    for (auto _ : state) {
        const AreaId stack = *lab.allocator.reserve(stack_request(), lab.fx, lab.host);
        const AreaId found = lab.allocator.find(lab.allocator.range(stack).lowest, lab.fx, lab.host);
        lab.allocator.release_lazily(found, lab.fx, lab.host);
        if (lab.allocator.purge_is_due()) lab.allocator.purge(PurgeReason::limit, lab.fx, lab.host);
    }
    state.SetItemsProcessed(state.iterations());
}

/// What a snapshot of an allocator with many areas costs, with the first change after it.
void copy_and_change(benchmark::State& state) {
    Lab lab{linux_6_1_vmap_rules()};
    for (std::int64_t i = 0; i < state.range(0); ++i) {
        benchmark::DoNotOptimize(lab.allocator.reserve(stack_request(), lab.fx, lab.host));
    }
    for (auto _ : state) {
        const VmapAllocator snapshot = lab.allocator;
        const AreaId stack = *lab.allocator.reserve(stack_request(), lab.fx, lab.host);
        lab.allocator.release_at_once(stack, lab.fx, lab.host);
        benchmark::DoNotOptimize(snapshot.busy_areas());
    }
}

/// Filling with stacks from nothing: one item a stack.
void fill(benchmark::State& state) {
    for (auto _ : state) {
        Lab lab{rules_of(state.range(0))};
        for (std::int64_t i = 0; i < state.range(1); ++i) {
            benchmark::DoNotOptimize(lab.allocator.reserve(stack_request(), lab.fx, lab.host));
        }
    }
    state.SetItemsProcessed(state.iterations() * state.range(1));
}

BENCHMARK(reserve_and_release)->ArgNames({"rules", "live"})->ArgsProduct({{0, 1, 2}, {100, 10'000, 1'000'000}});
BENCHMARK(reserve_and_release_priced)->ArgNames({"rules", "live"})->ArgsProduct({{0, 1, 2}, {10'000}});
BENCHMARK(copy_and_change)->ArgName("live")->Arg(1'000)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(fill)->ArgNames({"rules", "stacks"})->ArgsProduct({{0, 1}, {1'000'000}})->Unit(benchmark::kMillisecond);

} // namespace
