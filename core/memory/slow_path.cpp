// SPDX-License-Identifier: MIT
#include "core/memory/slow_path.h"

#include "core/memory/free_list_search.h"

namespace ksl::core {

std::expected<Pfn, AllocFailure> SlowPath::run() {
    fx_.charge(Step::slow_path);
    FreeListSearch<Effects> search(state_, request_, fx_, owners_);
    const AllocFlags flags = slow_path_flags(request_.gfp, request_.order.raw(), state_.rules);
    const FrameTable::Node node = search.run(flags);
    if (node != FrameTable::kNoNode) return Pfn{node};
    return std::unexpected(AllocFailure::no_memory);
}

} // namespace ksl::core
