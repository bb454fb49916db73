// SPDX-License-Identifier: MIT
#include "sim/verify/votes.h"

#include <algorithm>

namespace ksl::sim {

void Votes::judge(PartResult& part) const {
    for (const auto& [about, records] : records_) {
        if (records.size() < 2) continue;
        std::map<std::string_view, std::size_t> count;
        for (const Record& record : records) ++count[record.value];
        const Record& believed = *std::ranges::max_element(
            records, [&](const Record& a, const Record& b) { return count[a.value] < count[b.value]; });
        for (const Record& record : records) {
            if (record.value == believed.value) {
                part.add_exact();
            } else {
                part.add_difference({.event = record.event,
                                     .where = record.where + ": " + about,
                                     .recorded = record.value,
                                     .engine = believed.value,
                                     .around = "what most records say, as of " + believed.where});
            }
        }
    }
}

} // namespace ksl::sim
