// SPDX-License-Identifier: MIT
//
// Figures that were recorded several times and must be the same each time: what most records say is believed, the
// earliest of several such; every other one is a difference.
#pragma once

#include "sim/replay/replay_result.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ksl::sim {

class Votes {
public:
    /// `about`: what is recorded, the same for all that must agree; `where`: this record's place.
    void add(const std::string& about, std::string value, std::uint64_t event, std::string where) {
        records_[about].push_back({std::move(value), std::move(where), event});
    }
    /// One judgement a record; what was recorded once says nothing.
    void judge(PartResult& part) const;

private:
    struct Record {
        std::string value;
        std::string where;
        std::uint64_t event = 0;
    };
    std::map<std::string, std::vector<Record>, std::less<>> records_;
};

} // namespace ksl::sim
