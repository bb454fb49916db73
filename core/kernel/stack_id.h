// SPDX-License-Identifier: MIT
//
// Number of a kernel stack in the machine's table of stacks.
#pragma once

#include "core/types/ids.h"

namespace ksl::core {

using StackId = Id<struct StackTag, std::uint32_t>;

} // namespace ksl::core
