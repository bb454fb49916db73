// SPDX-License-Identifier: MIT
#include "sim/verify/row_numbers.h"

namespace ksl::sim {

std::vector<NumberedRow> check_numbers(std::span<const std::uint64_t> recorded, std::uint64_t first) {
    std::vector<NumberedRow> rows;
    rows.reserve(recorded.size());
    std::uint64_t wanted = first;
    std::uint64_t missing = 0;
    for (std::size_t i = 0; i < recorded.size(); ++i, ++wanted) {
        NumberedRow row{.number = wanted};
        if (recorded[i] != wanted) {
            const auto follows = [&](std::size_t at, std::uint64_t number) {
                return at < recorded.size() && recorded[at] == number;
            };
            // Whether the next row goes on from this one's number, or from where this one should be.
            const bool jumps = recorded[i] > wanted && follows(i + 1, recorded[i] + 1) &&
                               recorded[i] - wanted <= kMostMissingRows - missing;
            if (jumps) {
                missing += recorded[i] - wanted;
                row.missing_before = recorded[i] - wanted;
                wanted = recorded[i];
                row.number = wanted;
            } else {
                row.is_wrong = true;
            }
        }
        rows.push_back(row);
    }
    return rows;
}

} // namespace ksl::sim
