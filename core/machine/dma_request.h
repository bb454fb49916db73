// SPDX-License-Identifier: MIT
//
// A driver hands a buffer on the kernel stack to a device: the ways in which drivers do it, the checks that kernels
// have against it, and what comes of it.
//
// Source:  include/linux/scatterlist.h (sg_set_buf), include/linux/dma-mapping.h (dma_map_single), lib/dma-debug.c and
//          kernel/dma/debug.c (check_for_stack), arch/x86/mm/physaddr.c (__phys_addr, __virt_addr_valid) of 4.7, 4.9
//          and 6.1.
// Fidelity: the device sees physical memory as it is, without an IOMMU and without a bounce buffer of the DMA layer's
//          own; it moves the bytes at once.
#pragma once

#include <cstdint>
#include <string_view>

namespace ksl::core {

/// How the driver comes by the bus address.
enum class DmaCall : std::uint8_t {
    virt_to_phys,   ///< arithmetic on the address
    dma_map_single, ///< the same through the DMA interface
    sg_set_buf,     ///< a scatterlist entry made from the address, then dma_map_sg
    dma_map_page,   ///< the page looked up in the page tables (vmalloc_to_page), mapped as one piece from there
    dma_map_pages,  ///< the same, one piece for each page
    bounce,         ///< copied to and from a page of the direct map, which is mapped
};
[[nodiscard]] std::string_view name_of(DmaCall call);

enum class DmaDirection : std::uint8_t { to_device, from_device };

/// Debugging options of the kernel.
struct DmaChecks {
    bool debug_sg = false; ///< CONFIG_DEBUG_SG: sg_set_buf() stops the kernel for what the direct map does not have
    bool dma_api_debug = false; ///< CONFIG_DMA_API_DEBUG: warns of stack memory
    bool debug_virtual = false; ///< CONFIG_DEBUG_VIRTUAL: __phys_addr() stops the kernel for what it cannot convert
    friend bool operator==(const DmaChecks&, const DmaChecks&) = default;
};

struct DmaRequest {
    DmaCall call = DmaCall::dma_map_single;
    DmaDirection direction = DmaDirection::from_device;
    DmaChecks checks;
    /// Something on the way looks into the page struct: a cache flush, a reference count, a highmem test.
    bool uses_page_struct = false;
    std::uint32_t above = 0;   ///< bytes from the stack pointer up to the buffer
    std::uint32_t length = 64; ///< a multiple of 8
    friend bool operator==(const DmaRequest&, const DmaRequest&) = default;
};

/// What came of it.
enum class DmaResult : std::uint8_t {
    arrived, ///< device and buffer exchanged every byte
    refused, ///< the kernel answered with a mapping error
    bug,     ///< a check stopped the kernel (BUG); the task is killed
    oops,    ///< the page struct that the arithmetic led to is not there; the task is killed
    lost,    ///< no memory at the bus address
    strange, ///< the device reached memory, but not all of it was the buffer's
};
inline constexpr unsigned kDmaResults = 6;
[[nodiscard]] std::string_view name_of(DmaResult result);

} // namespace ksl::core
