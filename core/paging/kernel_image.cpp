// SPDX-License-Identifier: MIT
#include "core/paging/kernel_image.h"

#include <algorithm>

namespace ksl::core {

namespace {

constexpr Bytes kPage{kPageBytes};
constexpr std::uint64_t kPagesOf2m = Pte::frames_of(Level::pd);

VirtRange pages_at(VirtAddr at, std::uint64_t pages) {
    return {.lowest = at, .top = at + bytes_of(Pages{pages})};
}
Pte without(Pte attributes, std::uint64_t forbidden) {
    return Pte{attributes.bits() & ~forbidden};
}

} // namespace

bool PageAttributes::is_large_at(VirtAddr at) const {
    const EntrySlot slot = mapper_.find(at);
    return slot.entry.is_present() && slot.level != Level::pt;
}

/// static_protections(). 4.7 and 4.9 ask page by page and protect read-only data from the start; 6.1 asks for ranges,
/// and protects data only once boot has made it read-only.
Pte PageAttributes::permitted(Pte attributes, VirtAddr at, Pfn frame, std::uint64_t pages, Bytes large) const {
    if (is_new() && !attributes.is_present()) return attributes;
    const VirtRange range = pages_at(at, pages);
    const FrameRange frames{.lowest = frame, .top = frame + Pages{pages}};
    const FrameRange rodata{.lowest = image_frame(image_.rodata), .top = image_frame(image_.rodata_end)};
    std::uint64_t forbidden = 0;
    if (range.overlaps({.lowest = image_.text, .top = image_.text_end})) forbidden |= kNoExecute.bits();
    if (frames.overlaps(rodata) && (read_only_enforced_ || !is_new())) forbidden |= kWritable.bits();
    // Large pages of the image stay read-only to stay large; what is split already may be anything.
    const bool is_whole_page = is_new() && large == range.size() && is_aligned(at, large);
    if (read_only_enforced_ && !is_whole_page &&
        range.overlaps({.lowest = image_.text, .top = image_.read_only_end()}) && is_large_at(at))
        forbidden |= kWritable.bits();
    return without(attributes, forbidden);
}

void PageAttributes::store(const EntrySlot& slot, Pte value) {
    if (value == slot.entry) return;
    fx_.charge(Step::pte_write);
    mapper_.write_entry(slot, value, fx_);
    changed_ = true;
}

PageAttributes::Verdict PageAttributes::judge_large_6x(const EntrySlot& slot, Change& change, Pte wanted,
                                                       std::uint64_t pages) {
    const Bytes size = span_of(slot.level);
    const VirtAddr base = align_down(change.at, size);
    const Pfn frame = slot.entry.frame(slot.level);
    const Pte old = small_attributes(slot.entry, slot.level);
    if (permitted(old, base, frame, pages, size) != old) return Verdict::split_and_enforce;
    if (wanted == old) return Verdict::keep;
    if (change.at != base || change.pages != pages) return Verdict::split;
    if (permitted(wanted, base, frame, pages, size) != wanted) return Verdict::split;
    store(slot, Pte{attributes_at(wanted, slot.level).bits() | address_of(frame).raw()});
    return Verdict::keep;
}

PageAttributes::Verdict PageAttributes::judge_large_4x(const EntrySlot& slot, Change& change, Pte wanted,
                                                       std::uint64_t pages) {
    const VirtAddr base = align_down(change.at, span_of(slot.level));
    const Pfn frame = slot.entry.frame(slot.level);
    wanted = wanted.with(Pte::kGlobal, wanted.is_present() ? 1 : 0);
    const Pte allowed = permitted(wanted, change.at, change.frame, 1, Bytes{0});
    for (std::uint64_t page = 0; page < pages; ++page) {
        if (permitted(wanted, base + bytes_of(Pages{page}), frame + Pages{page}, 1, Bytes{0}) != allowed)
            return Verdict::split;
    }
    if (allowed == small_attributes(slot.entry, slot.level)) return Verdict::keep;
    if (change.at != base || change.pages != pages) return Verdict::split;
    store(slot, Pte{attributes_at(allowed, slot.level).bits() | address_of(frame).raw()});
    return Verdict::keep;
}

/// should_split_large_page() of 6.1, try_preserve_large_page() of 4.x: can the large page stay, changed as a whole or
/// not at all? Limits the step to the pages that it covers.
PageAttributes::Verdict PageAttributes::judge_large(const EntrySlot& slot, Change& change) {
    const std::uint64_t pages = Pte::frames_of(slot.level);
    const std::uint64_t offset = (change.at - align_down(change.at, span_of(slot.level))).count() >> kPageShift;
    change.pages = std::min(change.pages, pages - offset);
    change.frame = slot.entry.frame(slot.level) + Pages{offset};
    const Pte old = small_attributes(slot.entry, slot.level);
    const Pte wanted{(old.bits() & ~change.clear.bits()) | change.set.bits()};
    return is_new() ? judge_large_6x(slot, change, wanted, pages) : judge_large_4x(slot, change, wanted, pages);
}

MapResult PageAttributes::split(const EntrySlot& slot, VirtAddr at, bool enforce) {
    if (MapResult done = mapper_.split(at, take_, fx_); !done) return done;
    changed_ = true;
    full_flush_ = true;
    if (layout_.has_linear_translation(at) && direct_map_.maps(frame_of(layout_.phys_addr(at))))
        direct_map_.counters.split(page_size_of(slot.level));
    if (!enforce || slot.level != Level::pd) return {};
    const VirtAddr base = align_down(at, span_of(slot.level));
    for (std::uint64_t page = 0; page < kPagesOf2m; ++page) {
        const EntrySlot small = mapper_.find(base + bytes_of(Pages{page}));
        const Pfn frame = small.entry.frame(Level::pt);
        const Pte allowed =
            permitted(small_attributes(small.entry, Level::pt), base + bytes_of(Pages{page}), frame, 1, Bytes{0});
        store(small, Pte{allowed.bits() | address_of(frame).raw()});
    }
    return {};
}

/// __change_page_attr(): one page, or as much of one large page as the change covers.
MapResult PageAttributes::change_step(Change& change) {
    while (true) {
        const EntrySlot slot = mapper_.find(change.at);
        if (slot.entry.is_clear()) { // a hole: skipped page by page
            change.pages = 1;
            change.frame = frame_of(layout_.phys_addr(change.at));
            return {};
        }
        if (slot.level == Level::pt) {
            const Pte old = small_attributes(slot.entry, Level::pt);
            const Pfn frame = slot.entry.frame(Level::pt);
            const Pte wanted{(old.bits() & ~change.clear.bits()) | change.set.bits()};
            const Pte allowed = permitted(wanted, change.at, frame, 1, Bytes{0});
            store(slot, Pte{allowed.bits() | address_of(frame).raw()});
            change.pages = 1;
            change.frame = frame;
            return {};
        }
        const Verdict verdict = judge_large(slot, change);
        if (verdict == Verdict::keep) return {};
        if (MapResult done = split(slot, change.at, verdict == Verdict::split_and_enforce); !done) return done;
    }
}

/// cpa_process_alias(): the same change on the other mapping of the frames just changed.
MapResult PageAttributes::change_alias(const Change& change) {
    if (!direct_map_.maps(change.frame)) return {};
    const VirtRange direct{.lowest = layout_.direct_map().lowest,
                           .top = layout_.address_of(address_of(direct_map_.top()))};
    if (!direct.contains(change.at)) {
        full_flush_ = true;
        Change alias = change;
        alias.at = layout_.address_of(address_of(change.frame));
        if (MapResult done = change_range(alias, false); !done) return done;
    }
    const FrameRange image{.lowest = image_frame(image_.text),
                           .top = image_frame(align_up(image_.brk_end, bytes_of(PageSize::large_2m)))};
    const bool is_in_image = image_.text <= change.at && change.at < image_.brk_end;
    if (!is_in_image && image.contains(change.frame)) {
        full_flush_ = true;
        Change alias = change;
        alias.at = kStartKernelMap + Bytes{address_of(change.frame).raw() - layout_.phys_base()};
        return change_range(alias, false);
    }
    return {};
}

MapResult PageAttributes::change_range(Change change, bool check_alias) {
    for (std::uint64_t left = change.pages; left != 0; left -= change.pages) {
        change.pages = left;
        if (MapResult done = change_step(change); !done) return done;
        if (check_alias) {
            if (MapResult done = change_alias(change); !done) return done;
        }
        change.at += bytes_of(Pages{change.pages});
    }
    return {};
}

MapResult PageAttributes::change_attributes(VirtAddr at, Pages pages, Pte set, Pte clear) {
    // Whether a page is executable may differ between its mappings.
    const bool check_alias = (set.bits() | clear.bits()) != kNoExecute.bits();
    return change_range({.at = at, .pages = pages.count(), .set = set, .clear = clear}, check_alias);
}

MapResult map_kernel_image(Mapper& mapper, const KernelLayout& layout, const KernelImage& image, bool global,
                           TakeFrame take, Effects& fx) {
    const Bytes large = bytes_of(PageSize::large_2m);
    const VirtRange range{.lowest = align_down(image.text, large), .top = align_up(image.brk_end, large)};
    const Pfn first = frame_of(layout.phys_addr(range.lowest));
    const Pte attributes = kernel_attributes::kExecutable.with(Pte::kGlobal, global ? 1 : 0);
    if (MapResult done = mapper.map_contiguous(range, first, PageSize::large_2m, attributes, take, fx); !done)
        return done;
    return mapper.populate({.lowest = layout.modules().lowest, .top = layout.modules().top}, Level::pd, take, fx);
}

namespace {

Pages pages_between(VirtAddr lowest, VirtAddr top) {
    return Pages{(top - lowest).count() >> kPageShift};
}

/// free_init_pages(): the memory goes to the page allocator, so it becomes plain data.
MapResult make_plain_data(PageAttributes& attributes, VirtAddr lowest, VirtAddr top) {
    if (top <= lowest) return {};
    const Pages pages = pages_between(lowest, top);
    if (MapResult done = attributes.set_no_execute(lowest, pages); !done) return done;
    return attributes.set_writable(lowest, pages);
}

MapResult protect_trampoline(PageAttributes& attributes, const KernelLayout& layout,
                             const RealModeTrampoline& trampoline) {
    const VirtAddr base = layout.address_of(address_of(trampoline.lowest));
    const Pages executable{trampoline.read_only_pages - trampoline.first_executable_page};
    if (MapResult done = attributes.set_no_execute(base, Pages{trampoline.pages}); !done) return done;
    if (MapResult done = attributes.set_read_only(base, Pages{trampoline.read_only_pages}); !done) return done;
    return attributes.set_executable(base + kPage * trampoline.first_executable_page, executable);
}

/// mark_rodata_ro(). 4.x frees the gaps by their direct-map addresses, 6.1 by those in the image: where the gap behind
/// the read-only data lies in a large page, that decides whether the page is split.
MapResult protect_image(PageAttributes& attributes, const KernelLayout& layout, const KernelImage& image) {
    const VirtAddr all_end = align_up(image.brk_end, bytes_of(PageSize::large_2m));
    if (MapResult done = attributes.set_read_only(image.text, pages_between(image.text, image.read_only_end())); !done)
        return done;
    attributes.enforce_read_only_image();
    if (MapResult done = attributes.set_no_execute(image.code_end, pages_between(image.code_end, all_end)); !done)
        return done;
    const bool by_image_address = layout.era() == LayoutEra::linux_6_1;
    const auto freed = [&](VirtAddr at) { return by_image_address ? at : layout.address_of(layout.phys_addr(at)); };
    if (MapResult done = make_plain_data(attributes, freed(image.code_end), freed(image.rodata)); !done) return done;
    return make_plain_data(attributes, freed(image.rodata_end), freed(image.data));
}

} // namespace

MapResult protect_kernel(PageAttributes& attributes, const KernelLayout& layout, const KernelImage& image,
                         const RealModeTrampoline& trampoline) {
    if (image.idt) {
        if (MapResult done = attributes.set_read_only(*image.idt, Pages{1}); !done) return done;
    }
    if (MapResult done = protect_trampoline(attributes, layout, trampoline); !done) return done;
    if (MapResult done = make_plain_data(attributes, image.init, image.init_end); !done) return done;
    return protect_image(attributes, layout, image);
}

} // namespace ksl::core
