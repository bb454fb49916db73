// SPDX-License-Identifier: MIT
//
// A request for an address range, and why it may fail.
#pragma once

#include "core/types/address.h"

#include <bit>
#include <cstdint>

namespace ksl::core {

/// What __get_vm_area_node asks of alloc_vmap_area. Guard pages are part of the size: the allocator does not know them.
struct AreaRequest {
    Bytes size;       ///< whole pages, not 0, guard pages included
    Bytes align;      ///< a power of two
    VirtRange window; ///< `top` as the kernel passes vend: the area ends at or below it

    [[nodiscard]] bool is_valid() const {
        return size.count() != 0 && size.count() % kPageBytes == 0 && std::has_single_bit(align.count());
    }
    friend bool operator==(const AreaRequest&, const AreaRequest&) = default;
};

enum class GuardPage : std::uint8_t { none, above };

/// The request behind vmalloc(bytes): whole pages and, unless VM_NO_GUARD says otherwise, one page more at the high end
/// that stays unmapped. A design with other guards asks for n pages more itself and keeps its distance from the start.
/// Source: __get_vm_area_node, all versions.
[[nodiscard]] constexpr AreaRequest vmalloc_request(Bytes bytes, Bytes align, VirtRange window,
                                                    GuardPage guard = GuardPage::above) {
    const Pages pages = pages_for(bytes) + Pages{guard == GuardPage::above ? 1U : 0U};
    return {bytes_of(pages), align, window};
}

enum class AreaFailure : std::uint8_t {
    no_space,  ///< no range fits, not even after a purge: -EBUSY
    no_memory, ///< no struct vmap_area could be had: -ENOMEM
};

} // namespace ksl::core
