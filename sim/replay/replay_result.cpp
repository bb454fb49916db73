// SPDX-License-Identifier: MIT
#include "sim/replay/replay_result.h"

#include <algorithm>
#include <utility>

namespace ksl::sim {

void PartResult::add_difference(Difference difference) {
    ++differing_;
    if (differences_.size() < kKept) differences_.push_back(std::move(difference));
}

void PartResult::add_undetermined(std::string_view reason, std::uint64_t times) {
    const auto known = std::ranges::find(undetermined_, reason, &Undetermined::reason);
    if (known != undetermined_.end()) {
        known->count += times;
    } else {
        undetermined_.push_back({std::string{reason}, times});
    }
}

void PartResult::add(const PartResult& other) {
    exact_ += other.exact_;
    differing_ += other.differing_;
    for (const Difference& difference : other.differences_) {
        if (differences_.size() < kKept) differences_.push_back(difference);
    }
    for (const Undetermined& reason : other.undetermined_) add_undetermined(reason.reason, reason.count);
}

bool ReplayResult::is_exact() const {
    return std::ranges::all_of(parts, [](const PartResult& part) { return part.differing() == 0; });
}

const PartResult* ReplayResult::part(std::string_view name) const {
    const auto found = std::ranges::find(parts, name, &PartResult::name);
    return found == parts.end() ? nullptr : &*found;
}

} // namespace ksl::sim
