// SPDX-License-Identifier: MIT
//
// /proc/vmallocinfo: who uses which part of the vmalloc area.
//
// Source: s_show and show_purge_info, mm/vmalloc.c of 4.7 to 6.13.
#pragma once

#include "core/types/address.h"
#include "sim/base/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ksl::sim::proc {

enum class VmallocUse : std::uint8_t {
    vmalloc,
    ioremap,
    vmap,
    user,       ///< vmalloc that may be mapped to user space
    dma,        ///< coherent DMA memory
    vm_map_ram, ///< without a struct vm_struct
    unpurged,   ///< waits for a purge (since 5.2, or 4.12 for areas without a user)
    other,
};

struct VmallocArea {
    core::VirtRange range; ///< guard page included
    VmallocUse use = VmallocUse::other;
    std::string caller; ///< "kernel_clone+0xbd/0x390"; empty for areas without one
    std::optional<std::uint32_t> pages;
    std::optional<core::PhysAddr> phys; ///< of ioremap

    friend bool operator==(const VmallocArea&, const VmallocArea&) = default;
};

/// In the order of the file: by address, what waits for a purge behind it.
[[nodiscard]] Result<std::vector<VmallocArea>> parse_vmallocinfo(std::string file, std::string_view text);

} // namespace ksl::sim::proc
