// SPDX-License-Identifier: MIT
//
// The kernel image's own mapping and the protections that boot puts on it, on its alias in the direct map and on the
// real-mode trampoline.
//
// Units:    link addresses (in the image's mapping), page aligned except where said.
// Source:   cleanup_highmap(), mark_rodata_ro(), free_initmem() of arch/x86/mm/init_64.c and init.c;
//           set_real_mode_permissions() of arch/x86/realmode/init.c; set_memory_ro() of the IDT in
//           arch/x86/kernel/idt.c (6.1).
#pragma once

#include "core/paging/direct_map.h"
#include "core/paging/kernel_layout.h"
#include "core/paging/mapper.h"

#include <cstdint>
#include <optional>

namespace ksl::core {

struct KernelImage {
    VirtAddr text{};       ///< _text
    VirtAddr text_end{};   ///< _etext, to the byte: up to here nothing may become non-executable
    VirtAddr code_end{};   ///< end of what is freed as the gap behind the text: page after _etext (6.1) or after the
                           ///< exception table (4.x)
    VirtAddr rodata{};     ///< __start_rodata
    VirtAddr rodata_end{}; ///< __end_rodata
    VirtAddr data{};       ///< _sdata
    VirtAddr init{};       ///< __init_begin
    VirtAddr init_end{};   ///< __init_end
    VirtAddr brk_end{};    ///< _brk_end after boot, to the byte
    std::optional<VirtAddr> idt; ///< idt_table, made read-only (6.1; 4.x maps it read-only elsewhere)

    /// __end_rodata_hpage_align.
    [[nodiscard]] VirtAddr read_only_end() const { return align_up(rodata_end, bytes_of(PageSize::large_2m)); }
    friend bool operator==(const KernelImage&, const KernelImage&) = default;
    template <class Archive>
    void describe(Archive& archive) {
        archive(text, text_end, code_end, rodata, rodata_end, data, init, init_end, brk_end, idt);
    }
};

/// The code below 1 MiB that starts other processors.
struct RealModeTrampoline {
    Pfn lowest{0x99};
    std::uint32_t pages = 6;
    std::uint32_t read_only_pages = 2;       ///< from the start on: header and text
    std::uint32_t first_executable_page = 1; ///< up to the end of the read-only pages

    friend bool operator==(const RealModeTrampoline&, const RealModeTrampoline&) = default;
    template <class Archive>
    void describe(Archive& archive) {
        archive(lowest, pages, read_only_pages, first_executable_page);
    }
};

/// set_memory_*() and what they need to know. Every change of a page of RAM is repeated on its other mapping (direct
/// map or image), large pages are split only where the kernel splits them.
class PageAttributes {
public:
    /// All must outlive this; `direct_map` gets the counts of splits.
    PageAttributes(Mapper& mapper, const KernelLayout& layout, const KernelImage& image, DirectMap& direct_map,
                   TakeFrame take, Effects& fx)
        : mapper_(mapper), layout_(layout), image_(image), direct_map_(direct_map), take_(take), fx_(fx) {}

    MapResult set_read_only(VirtAddr at, Pages pages) { return change_attributes(at, pages, Pte{}, kWritable); }
    MapResult set_writable(VirtAddr at, Pages pages) { return change_attributes(at, pages, kWritable, Pte{}); }
    MapResult set_no_execute(VirtAddr at, Pages pages) { return change_attributes(at, pages, kNoExecute, Pte{}); }
    MapResult set_executable(VirtAddr at, Pages pages) { return change_attributes(at, pages, Pte{}, kNoExecute); }
    /// change_page_attr_set_clr(): `set` and `clear` in the format of 4 KiB entries.
    MapResult change_attributes(VirtAddr at, Pages pages, Pte set, Pte clear);

    /// kernel_set_to_readonly: from now on the image's read-only parts are kept so.
    void enforce_read_only_image() { read_only_enforced_ = true; }

    /// True if any entry changed since construction: the kernel then flushes, all of it after a split or an alias.
    [[nodiscard]] bool needs_flush() const { return changed_; }
    [[nodiscard]] bool needs_full_flush() const { return full_flush_; }

private:
    static constexpr Pte kWritable{Pte::kWritable.mask()};
    static constexpr Pte kNoExecute{Pte::kNoExecute.mask()};

    struct Change {
        VirtAddr at;
        std::uint64_t pages; ///< in: wanted; out: done in this step
        Pte set;
        Pte clear;
        Pfn frame{}; ///< of the first page done
    };
    enum class Verdict : std::uint8_t { keep, split, split_and_enforce };

    MapResult change_range(Change change, bool check_alias);
    MapResult change_step(Change& change);
    MapResult change_alias(const Change& change);
    MapResult split(const EntrySlot& slot, VirtAddr at, bool enforce);
    [[nodiscard]] Verdict judge_large(const EntrySlot& slot, Change& change);
    [[nodiscard]] Verdict judge_large_4x(const EntrySlot& slot, Change& change, Pte wanted, std::uint64_t pages);
    [[nodiscard]] Verdict judge_large_6x(const EntrySlot& slot, Change& change, Pte wanted, std::uint64_t pages);
    void store(const EntrySlot& slot, Pte value);

    [[nodiscard]] bool is_new() const { return layout_.era() == LayoutEra::linux_6_1; }
    /// The attributes without what the kernel forbids for these pages. `large`: size of the large page this would be, 0
    /// for 4 KiB pages.
    [[nodiscard]] Pte permitted(Pte attributes, VirtAddr at, Pfn frame, std::uint64_t pages, Bytes large) const;
    [[nodiscard]] bool is_large_at(VirtAddr at) const;
    [[nodiscard]] Pfn image_frame(VirtAddr at) const { return frame_of(layout_.phys_addr(at)); }

    Mapper& mapper_;
    const KernelLayout& layout_;
    const KernelImage& image_;
    DirectMap& direct_map_;
    TakeFrame take_;
    Effects& fx_;
    bool read_only_enforced_ = false;
    bool changed_ = false;
    bool full_flush_ = false;
};

/// Maps the image with 2M pages, writable and executable, as it is until boot protects it; and the tables behind it
/// that modules and fixmap use.
[[nodiscard]] MapResult map_kernel_image(Mapper& mapper, const KernelLayout& layout, const KernelImage& image,
                                         bool global, TakeFrame take, Effects& fx);

/// What boot does to all of these in the kernel's order: trampoline, IDT, freed init memory, mark_rodata_ro().
[[nodiscard]] MapResult protect_kernel(PageAttributes& attributes, const KernelLayout& layout, const KernelImage& image,
                                       const RealModeTrampoline& trampoline);

} // namespace ksl::core
