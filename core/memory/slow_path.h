// SPDX-License-Identifier: MIT
#pragma once

#include "core/memory/page_allocator.h"

namespace ksl::core {

class SlowPath {
public:
    SlowPath(PageState& state, const AllocRequest& request, Effects& fx, PageOwners* owners)
        : state_(state), request_(request), fx_(fx), owners_(owners) {}

    [[nodiscard]] std::expected<Pfn, AllocFailure> run();

private:
    PageState& state_;
    const AllocRequest& request_;
    Effects& fx_;
    PageOwners* owners_;
};

} // namespace ksl::core
