// SPDX-License-Identifier: MIT
#include "core/paging/table_view.h"

#include "core/paging/walker.h"

#include <algorithm>
#include <array>

namespace ksl::core {

namespace {

constexpr auto kAllOnes = [] {
    std::array<std::uint64_t, kEntriesPerTable> words{};
    words.fill(~std::uint64_t{0});
    return words;
}();

std::vector<std::uint64_t> copy_of(const PhysMemory& memory, std::uint64_t frame) {
    std::vector<std::uint64_t> words(kEntriesPerTable);
    for (std::size_t i = 0; i < words.size(); ++i) {
        words[i] = read_entry(memory, address_of(Pfn{frame}) + Bytes{i * sizeof(std::uint64_t)}).bits();
    }
    return words;
}

} // namespace

const std::uint64_t* TableView::find_table(std::uint64_t frame) {
    if (frame >= memory_->frames().count()) return kAllOnes.data(); // as read_entry() says
    const std::uint64_t* words = memory_->words(Pfn{frame});
    if (words == nullptr) {
        copies_.push_back(copy_of(*memory_, frame));
        words = copies_.back().data();
    }
    if (frame >= tables_.size()) tables_.resize(std::max<std::size_t>(frame + 1, 2 * tables_.size()));
    return tables_[frame] = words;
}

} // namespace ksl::core
