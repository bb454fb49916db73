// SPDX-License-Identifier: MIT
#include "core/paging/table_view.h"

#include "core/paging/walker.h"

#include <array>
#include <bit>

namespace ksl::core {

namespace {

constexpr auto kAllOnes = [] {
    std::array<std::uint64_t, kEntriesPerTable> words{};
    words.fill(~std::uint64_t{0});
    return words;
}();

constexpr std::array<std::uint64_t, kEntriesPerTable> kNotKnown{};

std::vector<std::uint64_t> copy_of(const PhysMemory& memory, std::uint64_t frame) {
    std::vector<std::uint64_t> words(kEntriesPerTable);
    for (std::size_t i = 0; i < words.size(); ++i) {
        words[i] = read_entry(memory, address_of(Pfn{frame}) + Bytes{i * sizeof(std::uint64_t)}).bits();
    }
    return words;
}

} // namespace

TableView::TableView(const PhysMemory& memory) : memory_(&memory), known_{kNotKnown.data()} {}

const std::uint64_t* TableView::table(std::uint64_t frame) {
    if (frame >= memory_->frames().count()) return kAllOnes.data(); // as read_entry() says
    if (frame > known_mask_) {
        known_mask_ = std::bit_ceil(frame + 1) - 1;
        known_.resize(static_cast<std::size_t>(known_mask_ + 1), kNotKnown.data());
    }
    const std::uint64_t*& known = known_[static_cast<std::size_t>(frame)];
    if (known != kNotKnown.data()) return known;
    known = memory_->words(Pfn{frame});
    if (known == nullptr) known = copies_.emplace_back(copy_of(*memory_, frame)).data();
    return known;
}

} // namespace ksl::core
