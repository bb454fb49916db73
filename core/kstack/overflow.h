// SPDX-License-Identifier: MIT
//
// Whose memory a stack pointer that left its stack runs into.
#pragma once

#include "core/kernel/kernel_memory.h"
#include "core/types/address.h"

#include <cstdint>
#include <string_view>

namespace ksl::core {

/// What a frame's bytes belonged to before an overflow wrote them.
enum class Victim : std::uint8_t {
    nobody,      ///< free memory
    other_stack, ///< another task's stack, from its top down: its saved user registers first
    slab_object,
    page_table,
    page_cache,
    user_page,
    other_kernel,
    reserved, ///< kernel image, firmware
};
[[nodiscard]] std::string_view name_of(Victim victim);

[[nodiscard]] Victim victim_at(const KernelMemory& memory, PhysAddr at);

} // namespace ksl::core
