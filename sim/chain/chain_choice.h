// SPDX-License-Identifier: MIT
//
// How users say what comes on top of a chain, in scenarios and on the command line:
//
//     "ipip-tunnel"        an addition, once            "ipip-tunnel*3"      three times
//     "my_function=3072"   a function with a frame of so many bytes, on top of everything
//     "submit_bio*2"       of a recursion: the function, and how many times more
#pragma once

#include "sim/base/assets.h"
#include "sim/chain/call_chain.h"

#include <span>
#include <string>

namespace ksl::sim {

/// In the order given: where an addition goes may depend on those before it. Recursions come last.
[[nodiscard]] Result<void> compose(CallChain& chain, const Assets& assets, std::span<const std::string> additions,
                                   std::span<const std::string> recursions);

} // namespace ksl::sim
