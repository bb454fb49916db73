// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/engine/run_totals.h"

#include <algorithm>

namespace ksl::ui {

void RunTotal::add(const StepRecord& record) {
    if (record.has(StepRecord::kKilled)) ++killed;
    if (record.has(StepRecord::kPurge)) ++purges;
    if (!is_operation(record.kind)) return;
    first_misses += record.first_misses;
    walks += record.walks;
    if (record.kind == StepKind::exit) {
        ++exits;
        exit_nanoseconds += record.duration.count();
        return;
    }
    if (record.has(StepRecord::kFailed)) {
        ++failed;
        return;
    }
    ++clones;
    clone_nanoseconds += record.duration.count();
    if (record.has(StepRecord::kFromCache)) ++from_cache;
}

void RunTotals::append(std::span<const StepRecord> records) {
    for (const StepRecord& record : records) {
        records_.push_back(record);
        if (records_.size() % kEvery == 0) marks_.push_back(at(records_.size()));
    }
}

void RunTotals::clear() {
    records_.clear();
    marks_.assign(1, {});
}

RunTotal RunTotals::at(std::size_t position) const {
    const std::size_t mark = std::min(position / kEvery, marks_.size() - 1);
    RunTotal total = marks_[mark];
    for (std::size_t i = mark * kEvery; i < position; ++i) total.add(records_[i]);
    return total;
}

std::optional<StepRecord> RunTotals::last_operation(std::size_t position) const {
    const auto until = records_.begin() + static_cast<std::ptrdiff_t>(std::min(position, records_.size()));
    const auto found = std::find_if(std::make_reverse_iterator(until), records_.rend(),
                                    [](const StepRecord& record) { return is_operation(record.kind); });
    return found == records_.rend() ? std::nullopt : std::optional(*found);
}

} // namespace ksl::ui
