// SPDX-License-Identifier: MIT
//
// Where a kernel keeps what: the regions of the upper half of the address space, per kernel and paging depth, and the
// kernel's own arithmetic between addresses, frames and page structs.
//
//     | user | hole | LDT | direct map | hole | vmalloc | hole | vmemmap | ... | cpu_entry_area | espfix | EFI
//     | kernel image | modules | fixmap | vsyscall |
//
// Units:    ranges are half open; the kernel's inclusive ends are named where they matter.
// Fidelity: without KASAN, PTI and EFI runtime mappings; struct page is 64 bytes.
// Source:   Documentation/x86/x86_64/mm.txt (4.7, 4.9), mm.rst (6.1); arch/x86/include/asm/pgtable_64_types.h,
//           page_64_types.h; region randomisation: kernel_randomize_memory() of arch/x86/mm/kaslr.c; __phys_addr() and
//           __virt_addr_valid() of arch/x86/mm/physaddr.c.
#pragma once

#include "core/effects/kernel_data.h"
#include "core/paging/geometry.h"
#include "core/types/address.h"
#include "core/types/random.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace ksl::core {

/// Kernels whose address space differs.
enum class LayoutEra : std::uint8_t { linux_4_7, linux_4_9, linux_6_1 };

/// What an address belongs to. The order is that of the kernel's own ladder of tests: first match wins.
enum class Region : std::uint8_t {
    user,
    non_canonical,
    guard_hole, ///< reserved for hypervisors
    ldt_remap,
    direct_map,
    vmalloc,
    vmemmap,
    cpu_entry_area,
    espfix,
    efi,
    kernel_image,
    modules,
    fixmap,
    vsyscall,
    hole,
};
inline constexpr unsigned kRegions = 15;
[[nodiscard]] std::string_view name_of(Region region);

/// What decides a layout besides era and depth.
struct LayoutOptions {
    bool randomize_base = false;     ///< CONFIG_RANDOMIZE_BASE: the kernel image may take 1 GiB instead of 512 MiB
    std::uint8_t physical_bits = 46; ///< x86_phys_bits, for virt_addr_valid()
    friend bool operator==(const LayoutOptions&, const LayoutOptions&) = default;
};

/// Where randomisation of the region bases gets its entropy and its sizes.
struct RegionRandomness {
    std::uint64_t seed = 0;
    Bytes memory;                   ///< up to the highest frame
    std::uint64_t padding_tib = 10; ///< CONFIG_RANDOMIZE_MEMORY_PHYSICAL_PADDING
    bool zone_device = false;       ///< CONFIG_ZONE_DEVICE (6.1): the direct map keeps its full size
};

class KernelLayout {
public:
    KernelLayout() : KernelLayout(LayoutEra::linux_6_1, Geometry::four_level()) {}
    /// The default bases. Five levels exist in 6.1 only; the others ignore the wish.
    KernelLayout(LayoutEra era, Geometry geometry, LayoutOptions options = {});

    /// Moves direct map, vmalloc and vmemmap as kernel_randomize_memory() does, in steps of 1 GiB, order preserved.
    /// 4.7 has no such code: nothing happens.
    void randomize(const RegionRandomness& randomness);
    /// Takes over the bases that a real kernel drew. The direct map reaches to the vmalloc area at most.
    void place(VirtAddr direct_map, VirtAddr vmalloc, VirtAddr vmemmap);

    [[nodiscard]] LayoutEra era() const { return era_; }
    [[nodiscard]] Geometry geometry() const { return geometry_; }
    [[nodiscard]] VirtRange direct_map() const { return direct_map_; }
    [[nodiscard]] VirtRange vmalloc() const { return vmalloc_; }
    [[nodiscard]] VirtRange vmemmap() const { return vmemmap_; }
    [[nodiscard]] VirtRange kernel_image() const { return image_; }
    [[nodiscard]] VirtRange modules() const { return modules_; }
    /// Of a region with one fixed range; nothing for user, holes and non_canonical.
    [[nodiscard]] std::optional<VirtRange> range_of(Region region) const;
    /// VMALLOC_END: the last byte, which is what the allocator compares with (addr + size > VMALLOC_END fails).
    [[nodiscard]] VirtAddr vmalloc_end_inclusive() const { return vmalloc_.top - Bytes{1}; }
    /// First address that region randomisation must leave alone.
    [[nodiscard]] VirtAddr randomization_end() const;
    /// Entries of the top table that the vmalloc region takes.
    [[nodiscard]] unsigned vmalloc_top_entries() const;

    [[nodiscard]] Region classify(VirtAddr at) const;

    /// __va(): the direct-map address of physical memory.
    [[nodiscard]] VirtAddr address_of(PhysAddr at) const { return direct_map_.lowest + Bytes{at.raw()}; }
    /// __phys_addr() without CONFIG_DEBUG_VIRTUAL: arithmetic only, right for the direct map and the kernel image, a
    /// meaningless number for everything else.
    [[nodiscard]] PhysAddr phys_addr(VirtAddr at) const;
    /// virt_to_page(): the page struct that this arithmetic leads to; wild where phys_addr() is meaningless.
    [[nodiscard]] VirtAddr page_of(VirtAddr at) const { return page_struct(frame_of(phys_addr(at))); }
    /// pfn_to_page().
    [[nodiscard]] VirtAddr page_struct(Pfn frame) const { return vmemmap_.lowest + kPageStructBytes * frame.raw(); }

    /// True if __phys_addr() is right for this address: image, or direct map within what x86_phys_bits can say. The
    /// kernel then also asks pfn_valid(); so must the caller (virt_addr_valid()).
    [[nodiscard]] bool has_linear_translation(VirtAddr at) const;
    /// __virt_addr_valid(): `frames` exist (pfn_valid() for a machine without holes in its page structs).
    [[nodiscard]] bool virt_addr_valid(VirtAddr at, Pages frames) const {
        return has_linear_translation(at) && frame_of(phys_addr(at)).raw() < frames.count();
    }
    /// is_vmalloc_addr(): also true of addresses in it that nothing maps.
    [[nodiscard]] bool is_vmalloc_addr(VirtAddr at) const { return vmalloc_.contains(at); }
    [[nodiscard]] bool is_vmalloc_or_module_addr(VirtAddr at) const {
        return is_vmalloc_addr(at) || modules_.contains(at);
    }

    /// Physical address of the kernel image minus its link address (phys_base); 0 unless relocated.
    [[nodiscard]] std::uint64_t phys_base() const { return phys_base_; }
    void set_phys_base(std::uint64_t phys_base) { phys_base_ = phys_base; }

    /// Empty text, or the first rule that the regions break.
    [[nodiscard]] const char* check_invariants() const;

    friend bool operator==(const KernelLayout&, const KernelLayout&) = default;
    template <class Archive>
    void describe(Archive& archive) {
        archive(era_, geometry_, direct_map_.lowest, direct_map_.top, vmalloc_.lowest, vmalloc_.top, vmemmap_.lowest,
                vmemmap_.top, image_.lowest, image_.top, modules_.lowest, modules_.top, phys_base_, physical_bits_);
    }

private:
    LayoutEra era_ = LayoutEra::linux_6_1;
    Geometry geometry_;
    VirtRange direct_map_{};
    VirtRange vmalloc_{};
    VirtRange vmemmap_{};
    VirtRange image_{};
    VirtRange modules_{};
    std::uint64_t phys_base_ = 0;
    std::uint8_t physical_bits_ = 46;
};

/// Link address of the kernel image's mapping of physical memory (__START_KERNEL_map), the same in all kernels.
inline constexpr VirtAddr kStartKernelMap{0xffff'ffff'8000'0000};

} // namespace ksl::core
