// SPDX-License-Identifier: MIT
//
// /proc/iomem: the physical memory map as the kernel sees it.
//
// Source: r_show, kernel/resource.c.
#pragma once

#include "core/types/address.h"
#include "sim/base/error.h"

#include <string>
#include <string_view>
#include <vector>

namespace ksl::sim::proc {

struct Resource {
    core::PhysRange range; ///< half open; the file shows the last byte
    unsigned depth = 0;    ///< 0 = not inside another resource
    std::string name;

    friend bool operator==(const Resource&, const Resource&) = default;
};

/// In the order of the file: each resource is followed by those inside it.
[[nodiscard]] Result<std::vector<Resource>> parse_iomem(std::string file, std::string_view text);

/// The ranges called "System RAM".
[[nodiscard]] std::vector<core::PhysRange> system_ram(const std::vector<Resource>& resources);

} // namespace ksl::sim::proc
