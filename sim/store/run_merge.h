// SPDX-License-Identifier: MIT
//
// Copies all runs of another lab database into this one, behind those that it has. Internal to sim/store.
#pragma once

#include "sim/store/run_record.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <vector>

namespace ksl::sim {

/// In a transaction of the caller's; the other database is attached as "shard" and of the current version. Runs keep
/// their order and get the next free ids; texts and price lists that are here already are shared. Returns the new ids.
/// Throws SQLite::Exception.
[[nodiscard]] std::vector<RunId> merge_shard(SQLite::Database& sql);

} // namespace ksl::sim
