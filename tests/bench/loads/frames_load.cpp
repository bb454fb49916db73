// SPDX-License-Identifier: MIT
//
// The page allocator: 4 GiB, filled to three quarters with blocks of orders 0 to 3 (70, 12, 12 and 6 of a hundred),
// then bursts of 256 random frees and as many allocations. One operation is a free and an allocation.
#include "core/memory/boot_state.h"
#include "core/memory/page_allocator.h"
#include "tests/bench/loads/load.h"
#include "tests/bench/loads/loads.h"

#include <array>
#include <cstdio>
#include <string>
#include <vector>

namespace ksl::bench {

namespace {

constexpr std::uint64_t kFrames = 1U << 20;
constexpr std::size_t kBurst = 256;
constexpr std::uint64_t kNone = ~std::uint64_t{0};

struct LiveBlock {
    std::int32_t first = -1;
    std::int32_t order = 0;
};

core::Order draw_order(core::Random& random) {
    const std::uint64_t x = random.below(100);
    return core::Order{x < 70 ? 0U : x < 82 ? 1U : x < 94 ? 2U : 3U};
}

core::PageRules rules_named(const std::string& name) {
    if (name == "4.7") return core::PageRules::linux_4_7();
    return name == "4.9" ? core::PageRules::linux_4_9() : core::PageRules::linux_6_1();
}

/// Share of the free frames that do not lie in a free aligned block of that order, seen from outside.
double unusable(const std::vector<bool>& used, unsigned order, std::uint64_t free) {
    const std::uint64_t size = std::uint64_t{1} << order;
    std::uint64_t usable = 0;
    for (std::uint64_t block = 0; block < kFrames; block += size) {
        bool is_free = true;
        for (std::uint64_t i = 0; i < size; ++i) is_free = is_free && !used[block + i];
        usable += is_free ? size : 0;
    }
    return free == 0 ? 0.0 : 1.0 - static_cast<double>(usable) / static_cast<double>(free);
}

class FramesLoad {
public:
    explicit FramesLoad(const Arguments& arguments)
        : operations_(arguments.number("--ops", 5'000'000) / kBurst * kBurst),
          order_(arguments.number("--order", kNone)),
          allocator_(core::booted_state(memory(), rules_named(arguments.text("--rules", "6.1")), 1)) {}

    int run() {
        fill();
        const double seconds = churn();
        const std::string workload = order_ == kNone ? "mix0-3" : "order" + std::to_string(order_);
        print_result("c.buddy", workload, seconds, operations_, note());
        return overlaps_ == 0 ? 0 : 4;
    }

private:
    static core::MemoryMap memory() {
        core::MemoryMap map;
        map.add({.lowest = core::Pfn{0}, .top = core::Pfn{kFrames}}, core::MemoryKind::usable);
        return map;
    }

    [[nodiscard]] core::Order next_order() {
        return order_ == kNone ? draw_order(random_) : core::Order{static_cast<unsigned>(order_)};
    }

    [[nodiscard]] std::int32_t allocate(core::Order order) {
        const auto block = allocator_.allocate({.order = order}, fx_);
        if (!block) ++refused_;
        return block ? static_cast<std::int32_t>(block->raw()) : -1;
    }

    void fill() {
        live_.reserve(kFrames);
        std::uint64_t used = 0;
        while (used < kFrames / 4 * 3) {
            const core::Order order = next_order();
            const std::int32_t first = allocate(order);
            if (first < 0) break;
            live_.push_back({.first = first, .order = static_cast<std::int32_t>(order.raw())});
            used += order.frames();
        }
    }

    [[nodiscard]] double churn() {
        Stopwatch watch{Clock::user_and_system};
        std::array<std::uint32_t, kBurst> drawn{};
        for (std::uint64_t i = 0; i < operations_; i += kBurst) {
            for (std::uint32_t& index : drawn) {
                index = static_cast<std::uint32_t>(random_.below(live_.size()));
                LiveBlock& block = live_[index];
                if (block.first >= 0)
                    allocator_.free(core::Pfn{static_cast<std::uint64_t>(block.first)},
                                    core::Order{static_cast<unsigned>(block.order)}, fx_);
                block.first = -1;
            }
            for (const std::uint32_t index : drawn) {
                LiveBlock& block = live_[index];
                if (block.first >= 0) continue;
                const core::Order order = next_order();
                block.first = allocate(order);
                block.order = static_cast<std::int32_t>(order.raw());
            }
        }
        return watch.stop();
    }

    [[nodiscard]] std::string note() {
        std::vector<bool> used(kFrames);
        std::uint64_t free = kFrames;
        for (const LiveBlock& block : live_) {
            if (block.first < 0) continue;
            for (std::uint64_t i = 0; i < std::uint64_t{1} << block.order; ++i) {
                overlaps_ += used[static_cast<std::uint64_t>(block.first) + i] ? 1U : 0U;
                used[static_cast<std::uint64_t>(block.first) + i] = true;
                --free;
            }
        }
        std::array<char, 200> text{};
        std::snprintf(text.data(), text.size(),
                      "fails=%llu overlap=%llu free=%.3f unusable3=%.4f unusable9=%.4f meta=%.2fB/frame rss=%ldMiB",
                      static_cast<unsigned long long>(refused_), static_cast<unsigned long long>(overlaps_),
                      static_cast<double>(free) / kFrames, unusable(used, 3, free), unusable(used, 9, free),
                      static_cast<double>(allocator_.state().frames.stored_bytes().count()) / kFrames,
                      peak_resident_kib() / 1024);
        return text.data();
    }

    std::uint64_t operations_;
    std::uint64_t order_;
    core::Random random_{11};
    core::PageAllocator allocator_;
    core::Effects fx_;
    std::vector<LiveBlock> live_;
    std::uint64_t refused_ = 0;
    std::uint64_t overlaps_ = 0;
};

} // namespace

int run_frames(const Arguments& arguments) {
    return FramesLoad{arguments}.run();
}

} // namespace ksl::bench
