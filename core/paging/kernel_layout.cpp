// SPDX-License-Identifier: MIT
#include "core/paging/kernel_layout.h"

#include <algorithm>
#include <array>
#include <utility>

namespace ksl::core {

namespace {

constexpr VirtRange range(std::uint64_t lowest, std::uint64_t top) {
    return {.lowest = VirtAddr{lowest}, .top = VirtAddr{top}};
}
constexpr VirtRange sized(std::uint64_t lowest, Bytes size) {
    return {.lowest = VirtAddr{lowest}, .top = VirtAddr{lowest} + size};
}

constexpr Bytes kGiB{std::uint64_t{1} << 30};
constexpr Bytes kTiB{std::uint64_t{1} << 40};

// Regions that never move.
constexpr VirtRange kGuardHole4 = range(0xffff'8000'0000'0000, 0xffff'8800'0000'0000);
constexpr VirtRange kGuardHole5 = range(0xff00'0000'0000'0000, 0xff10'0000'0000'0000);
constexpr VirtRange kLdtRemap4 = range(0xffff'8800'0000'0000, 0xffff'8880'0000'0000);
constexpr VirtRange kLdtRemap5 = range(0xff10'0000'0000'0000, 0xff11'0000'0000'0000);
constexpr VirtRange kCpuEntryArea = range(0xffff'fe00'0000'0000, 0xffff'fe80'0000'0000);
constexpr VirtRange kEspfix = range(0xffff'ff00'0000'0000, 0xffff'ff80'0000'0000);
constexpr VirtRange kEfi = range(0xffff'ffef'0000'0000, 0xffff'ffff'0000'0000);
constexpr VirtAddr kModulesEnd{0xffff'ffff'ff00'0000};
constexpr VirtRange kFixmap = range(0xffff'ffff'ff00'0000, 0xffff'ffff'ff60'0000);
constexpr VirtRange kVsyscall = sized(0xffff'ffff'ff60'0000, Bytes{kPageBytes});

constexpr Bytes kVmallocTerabytes5 = kTiB * 12800;

} // namespace

std::string_view name_of(Region region) {
    constexpr std::array<std::string_view, kRegions> kNames{
        "user",   "non-canonical", "guard hole",   "LDT remap", "direct map", "vmalloc",  "vmemmap", "cpu entry area",
        "espfix", "EFI",           "kernel image", "modules",   "fixmap",     "vsyscall", "hole"};
    return kNames[std::to_underlying(region)];
}

KernelLayout::KernelLayout(LayoutEra era, Geometry geometry, LayoutOptions options)
    : era_(era), geometry_(era == LayoutEra::linux_6_1 ? geometry : Geometry::four_level()),
      physical_bits_(options.physical_bits) {
    if (geometry_ == Geometry::five_level()) {
        direct_map_ = sized(0xff11'0000'0000'0000, kTiB * (std::uint64_t{32} << 10));
        vmalloc_ = sized(0xffa0'0000'0000'0000, kVmallocTerabytes5);
        vmemmap_ = sized(0xffd4'0000'0000'0000, kTiB * 512);
    } else {
        const bool has_ldt_remap = era_ == LayoutEra::linux_6_1;
        direct_map_ = sized(has_ldt_remap ? 0xffff'8880'0000'0000 : 0xffff'8800'0000'0000, kTiB * 64);
        vmalloc_ = sized(0xffff'c900'0000'0000, kTiB * 32);
        vmemmap_ = sized(0xffff'ea00'0000'0000, kTiB);
    }
    image_ = {.lowest = kStartKernelMap,
              .top = kStartKernelMap + (options.randomize_base ? kGiB : Bytes{kGiB.count() / 2})};
    modules_ = {.lowest = image_.top, .top = kModulesEnd};
}

VirtAddr KernelLayout::randomization_end() const {
    // 4.9: the espfix area, whose configuration option every distribution sets; 6.1: CPU_ENTRY_AREA_BASE.
    return era_ == LayoutEra::linux_6_1 ? kCpuEntryArea.lowest : kEspfix.lowest;
}

void KernelLayout::randomize(const RegionRandomness& randomness) {
    if (era_ == LayoutEra::linux_4_7) return;
    const bool is_new = era_ == LayoutEra::linux_6_1;
    const std::uint64_t memory_tib =
        (randomness.memory.count() + kTiB.count() - 1) / kTiB.count() + randomness.padding_tib;
    std::uint64_t direct_tib = direct_map_.size().count() / kTiB.count();
    if (!(is_new && randomness.zone_device)) direct_tib = std::min(direct_tib, memory_tib);
    // A page struct a page; 4.9 reserves 1 TiB whatever the size.
    const std::uint64_t page_structs = (direct_tib * kTiB.count() >> kPageShift) * kPageStructBytes.count();
    const std::uint64_t vmemmap_tib = is_new ? (page_structs + kTiB.count() - 1) / kTiB.count() : 1;

    struct Moved {
        VirtRange* range;
        Bytes size;
    };
    const std::array regions{Moved{&direct_map_, kTiB * direct_tib}, Moved{&vmalloc_, vmalloc_.size()},
                             Moved{&vmemmap_, kTiB * vmemmap_tib}};
    VirtAddr at = direct_map_.lowest;
    Bytes remain = randomization_end() - at;
    for (const Moved& region : regions) remain -= region.size;
    Random random{randomness.seed};
    for (std::size_t i = 0; i < regions.size(); ++i) {
        const std::uint64_t slot = remain.count() / (regions.size() - i);
        const Bytes entropy{(random.next() % (slot + 1)) & ~(kGiB.count() - 1)};
        at += entropy;
        *regions[i].range = {.lowest = at, .top = at + regions[i].size};
        at = align_up(at + regions[i].size + Bytes{1}, kGiB);
        remain -= entropy;
    }
}

void KernelLayout::place(VirtAddr direct_map, VirtAddr vmalloc, VirtAddr vmemmap) {
    const auto moved = [](VirtRange range, VirtAddr lowest, VirtAddr limit) {
        const Bytes room = limit > lowest ? limit - lowest : Bytes{0};
        return VirtRange{.lowest = lowest, .top = lowest + std::min(range.size(), room)};
    };
    direct_map_ = moved(direct_map_, direct_map, vmalloc);
    vmalloc_ = moved(vmalloc_, vmalloc, vmemmap);
    vmemmap_ = moved(vmemmap_, vmemmap, randomization_end());
}

std::optional<VirtRange> KernelLayout::range_of(Region region) const {
    const bool five = geometry_ == Geometry::five_level();
    const bool is_new = era_ == LayoutEra::linux_6_1;
    switch (region) {
    case Region::guard_hole: return five ? kGuardHole5 : kGuardHole4;
    case Region::ldt_remap: return is_new ? std::optional{five ? kLdtRemap5 : kLdtRemap4} : std::nullopt;
    case Region::direct_map: return direct_map_;
    case Region::vmalloc: return vmalloc_;
    case Region::vmemmap: return vmemmap_;
    case Region::cpu_entry_area: return is_new ? std::optional{kCpuEntryArea} : std::nullopt;
    case Region::espfix: return kEspfix;
    case Region::efi: return kEfi;
    case Region::kernel_image: return image_;
    case Region::modules: return modules_;
    case Region::fixmap: return kFixmap;
    case Region::vsyscall: return kVsyscall;
    case Region::user:
        return VirtRange{.lowest = VirtAddr{0}, .top = VirtAddr{std::uint64_t{1} << (geometry_.address_bits() - 1)}};
    case Region::non_canonical:
    case Region::hole: break;
    }
    return std::nullopt;
}

unsigned KernelLayout::vmalloc_top_entries() const {
    const Level top = geometry_.top();
    return index_of(vmalloc_end_inclusive(), top) - index_of(vmalloc_.lowest, top) + 1;
}

Region KernelLayout::classify(VirtAddr at) const {
    if (!geometry_.is_canonical(at)) return Region::non_canonical;
    if (at < geometry_.kernel_half()) return Region::user;
    if (direct_map_.contains(at)) return Region::direct_map;
    if (vmalloc_.contains(at)) return Region::vmalloc;
    if (vmemmap_.contains(at)) return Region::vmemmap;
    for (Region region : {Region::guard_hole, Region::ldt_remap, Region::cpu_entry_area, Region::espfix, Region::efi,
                          Region::kernel_image, Region::modules, Region::fixmap, Region::vsyscall}) {
        const auto found = range_of(region);
        if (found && found->contains(at)) return region;
    }
    return Region::hole;
}

PhysAddr KernelLayout::phys_addr(VirtAddr at) const {
    // The kernel subtracts first and takes the borrow as the answer to "is this below the image?".
    const std::uint64_t offset = at.raw() - kStartKernelMap.raw();
    if (at.raw() > offset) return PhysAddr{offset + phys_base_};
    return PhysAddr{offset + (kStartKernelMap.raw() - direct_map_.lowest.raw())};
}

bool KernelLayout::has_linear_translation(VirtAddr at) const {
    const std::uint64_t offset = at.raw() - kStartKernelMap.raw();
    if (at.raw() > offset) return offset < image_.size().count();
    const std::uint64_t physical = phys_addr(at).raw();
    const bool is_above_direct_map_base = physical <= offset;
    return is_above_direct_map_base && physical >> physical_bits_ == 0;
}

const char* KernelLayout::check_invariants() const {
    if (direct_map_.is_empty() || vmalloc_.is_empty() || vmemmap_.is_empty()) return "every region has a size";
    if (direct_map_.top > vmalloc_.lowest || vmalloc_.top > vmemmap_.lowest) return "regions keep their order";
    if (vmemmap_.top > randomization_end()) return "moved regions end before those that do not move";
    if (!is_aligned(direct_map_.lowest, kGiB) || !is_aligned(vmalloc_.lowest, kGiB) ||
        !is_aligned(vmemmap_.lowest, kGiB))
        return "region bases are multiples of 1 GiB";
    return "";
}

} // namespace ksl::core
