// SPDX-License-Identifier: MIT
//
// Page tables as ranges of equal entries, cut as the kernel's own dump cuts them (debugfs page_tables/kernel,
// kernel_page_tables in 4.x), and that dump's text.
//
// Units:    ranges are half open; a range that reaches the end of the address space has top 0, as the kernel prints it.
// Fidelity: user mappings can be left out, because the kernel dumps init_mm, which has none.
// Source:   arch/x86/mm/dump_pagetables.c of 4.7, 4.9 and 6.1; mm/ptdump.c of 6.1.
#pragma once

#include "core/memory/phys_memory.h"
#include "core/paging/geometry.h"
#include "core/paging/kernel_layout.h"
#include "core/paging/page_fault.h"
#include "core/paging/pte.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ksl::core {

struct DumpRange {
    VirtAddr lowest{};
    VirtAddr top{};
    Level level = Level::pt; ///< of the entries, present or not
    Pte flags{};             ///< the entries without their frames; clear where nothing is mapped
    Rights rights{};         ///< of all levels together; all false where nothing is mapped

    friend bool operator==(const DumpRange&, const DumpRange&) = default;
};

struct DumpSection {
    std::string_view name; ///< "Low Kernel Mapping", "vmalloc() Area", ...
    std::vector<DumpRange> ranges;
    std::uint64_t most_lines = 0; ///< the kernel prints no more than so many; 0 = all

    friend bool operator==(const DumpSection&, const DumpSection&) = default;
};

struct DumpOptions {
    bool user_half = false; ///< include what user space maps
    bool espfix = false;    ///< kernel built with CONFIG_X86_ESPFIX64
    bool efi = false;       ///< kernel built with CONFIG_EFI
    bool ldt_remap = false; ///< kernel built with CONFIG_MODIFY_LDT_SYSCALL
    /// FIXADDR_START, a heading of 6.1's dump; depends on the kernel's configuration (this one: 8 processors).
    VirtAddr fixmap{0xffff'ffff'ff57'c000};
};

[[nodiscard]] std::vector<DumpSection> dump_page_tables(const PhysMemory& memory, const KernelLayout& layout, Pfn root,
                                                        const DumpOptions& options = {});

/// One line of the kernel's dump, without its line end.
[[nodiscard]] std::string dump_line(const DumpRange& range, Geometry geometry);
/// The whole dump, every line ended.
[[nodiscard]] std::string dump_text(const std::vector<DumpSection>& sections, Geometry geometry);

} // namespace ksl::core
