// SPDX-License-Identifier: MIT
#include "tests/bench/loads/translation_image.h"

#include "tests/bench/loads/load.h"

#include <algorithm>
#include <utility>

namespace ksl::bench {

namespace {

using core::Bytes;
using core::kPageBytes;
using core::Pages;
using core::Pfn;
using core::Random;
using core::VirtAddr;

constexpr Pfn kTables{TranslationImage::kFrames + 256};
constexpr Pages kTableRoom{(std::uint64_t{32} << 20) / kPageBytes};
/// P RW A D: neither global nor no-execute.
constexpr core::Pte kPlain{0x63};

std::vector<std::uint32_t> ascending(std::size_t count) {
    std::vector<std::uint32_t> numbers(count);
    std::ranges::generate(numbers, [next = 0U]() mutable { return next++; });
    return numbers;
}

void shuffle_down(std::vector<std::uint32_t>& numbers, Random& random) {
    for (std::size_t i = numbers.size() - 1; i > 0; --i) std::swap(numbers[i], numbers[random.below(i + 1)]);
}

VirtAddr word_in_page(std::uint64_t frame, Random& random) {
    return TranslationImage::kDirectMap + Bytes{frame * kPageBytes + random.below(512) * 8};
}

/// Zipf over the direct map's pages.
class ZipfPages {
public:
    explicit ZipfPages(Random& shuffles) : page_of_rank_(ascending(TranslationImage::kFrames)) {
        shuffle_down(page_of_rank_, shuffles);
    }
    VirtAddr operator()(Random& random) const {
        const std::uint32_t page = page_of_rank_[zipf_(random)];
        return word_in_page(page, random);
    }

private:
    std::vector<std::uint32_t> page_of_rank_;
    Zipf zipf_{TranslationImage::kFrames, 0.99};
};

std::vector<VirtAddr> kernel_mix(std::size_t length, Random& random) {
    Random shuffles{7};
    const ZipfPages pages{shuffles};
    std::vector<std::uint32_t> stack_of_rank = ascending(TranslationImage::kStacks);
    shuffle_down(stack_of_rank, shuffles);
    const Zipf stacks{TranslationImage::kStacks, 0.99};
    std::vector<VirtAddr> trace;
    trace.reserve(length + 16);
    while (trace.size() < length) {
        if (random.below(10) < 6) {
            const std::uint64_t stack = stack_of_rank[stacks(random)];
            const VirtAddr last = TranslationImage::kVmalloc + TranslationImage::kStackSpan * (stack + 1) - Bytes{8};
            std::uint64_t depth = 0;
            for (int i = 0; i < 16 && trace.size() < length; ++i) {
                depth += random.below(512);
                trace.push_back(core::align_down(last - Bytes{depth}, Bytes{8}));
            }
        } else {
            for (int i = 0; i < 16 && trace.size() < length; ++i) trace.push_back(pages(random));
        }
    }
    return trace;
}

} // namespace

TranslationImage::TranslationImage() : memory(kTableRoom + (kTables - Pfn{0})) {
    Pfn next = kTables;
    const auto take = [&]() -> std::optional<Pfn> { return std::exchange(next, next + Pages{1}); };
    root = std::exchange(next, next + Pages{1});
    static_cast<void>(memory.writable_words(root));
    core::Mapper mapper{memory, core::Geometry::four_level(), root, kDirectMap};
    core::Effects silent;
    const auto map = [&](VirtAddr at, std::uint64_t frame, std::uint64_t frames, core::PageSize size) {
        const core::VirtRange range{.lowest = at, .top = at + core::bytes_of(Pages{frames})};
        mapper.map_contiguous(range, Pfn{frame}, size, kPlain, take, silent).value();
    };
    map(kDirectMap, 0, kFrames, core::PageSize::small_4k);
    std::vector<std::uint32_t> frames = ascending(kFrames);
    Random draws{1};
    for (std::uint64_t i = 0; i < kStacks * 4; ++i) std::swap(frames[i], frames[i + draws.below(kFrames - i)]);
    for (std::uint64_t stack = 0; stack < kStacks; ++stack) {
        for (std::uint64_t page = 0; page < 4; ++page) {
            map(kVmalloc + kStackSpan * stack + Bytes{(page + 1) * kPageBytes}, frames[stack * 4 + page], 1,
                core::PageSize::small_4k);
        }
    }
    map(VirtAddr{0}, 0, (std::uint64_t{4} << 30) / kPageBytes, core::PageSize::large_2m);
}

std::vector<VirtAddr> translation_trace(std::string_view name, std::size_t length) {
    Random random{42};
    std::vector<VirtAddr> trace(length);
    if (name == "hot32") {
        for (VirtAddr& at : trace) {
            const std::uint64_t page = random.below(32);
            at = word_in_page(page, random);
        }
        return trace;
    }
    if (name == "uni") {
        for (VirtAddr& at : trace) {
            const std::uint64_t page = random.below(TranslationImage::kFrames);
            at = word_in_page(page, random);
        }
        return trace;
    }
    if (name == "zipf") {
        Random shuffles{7};
        const ZipfPages pages{shuffles};
        for (VirtAddr& at : trace) at = pages(random);
        return trace;
    }
    if (name == "kmix") return kernel_mix(length, random);
    return {};
}

} // namespace ksl::bench
