// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/format/glossary.h"

#include <QCoreApplication>
#include <algorithm>
#include <array>
#include <string_view>

namespace ksl::ui {

namespace {

// One line each, however long: they are read as a table.
// clang-format off
constexpr auto kWords = std::to_array<Word>({
    {"buddy", QT_TRANSLATE_NOOP("glossary", "The other half of the block that a block of memory was split from. When both are free they become one again.")},
    {"cached stack", QT_TRANSLATE_NOOP("glossary", "A stack whose task has ended, kept mapped by a CPU for the next clone: no allocation, no new page-table entries.")},
    {"call", QT_TRANSLATE_NOOP("glossary", "What one function takes of the stack: its return address, saved registers and local variables.")},
    {"callbacks", QT_TRANSLATE_NOOP("glossary", "Work that waits for a grace period of RCU: until no CPU can still be using what it frees.")},
    {"canary", QT_TRANSLATE_NOOP("glossary", "A magic word at the stack's end (STACK_END_MAGIC). When the kernel finds it changed, the stack has overflowed; until it looks, nobody knows.")},
    {"clone", QT_TRANSLATE_NOOP("glossary", "The system call that makes a task. Its time here is the sum of all steps that the kernel took.")},
    {"deepest so far", QT_TRANSLATE_NOOP("glossary", "The lowest that this task's stack pointer has ever been. What lies between is unused now, but was written.")},
    {"direct map", QT_TRANSLATE_NOOP("glossary", "All physical memory, mapped once and for all in pages of up to 1 GiB. What is adjacent here is adjacent in memory.")},
    {"EFI", QT_TRANSLATE_NOOP("glossary", "Where the firmware's run-time services are mapped.")},
    {"espfix", QT_TRANSLATE_NOOP("glossary", "Small stacks for returning to 16-bit user code.")},
    {"failures", QT_TRANSLATE_NOOP("glossary", "A cross is a clone that failed, a fault or an overflow; a dot is worth a look: a purge, or a clone that found its CPU's stack cache empty.")},
    {"fork frame", QT_TRANSLATE_NOOP("glossary", "What a new task returns through when it runs for the first time.")},
    {"frame", QT_TRANSLATE_NOOP("glossary", "4 KiB of physical memory. Its number is the pfn: its address divided by 4096.")},
    {"free", QT_TRANSLATE_NOOP("glossary", "In the page allocator's hands, in blocks of 1 to 1024 frames.")},
    {"freed lazily", QT_TRANSLATE_NOOP("glossary", "Unmapped, but a TLB may still know the old translation; flushed together with many others in a purge.")},
    {"grace period", QT_TRANSLATE_NOOP("glossary", "RCU's word for: every CPU has been somewhere since where it cannot hold an old pointer. What was put off may be freed now.")},
    {"guard", QT_TRANSLATE_NOOP("glossary", "A page of addresses that is mapped to nothing. It costs no memory, and the first access to it is a fault instead of damage.")},
    {"hole", QT_TRANSLATE_NOOP("glossary", "Addresses with nothing behind them.")},
    {"kernel image", QT_TRANSLATE_NOOP("glossary", "The kernel's own code and data.")},
    {"kernel stack", QT_TRANSLATE_NOOP("glossary", "The memory in which a task keeps its calls while it runs in the kernel. Its size is fixed: 16 KiB in most kernels of today.")},
    {"L1 misses", QT_TRANSLATE_NOOP("glossary", "How often a clone needed a translation that the CPU's first-level TLB did not hold.")},
    {"listed pages", QT_TRANSLATE_NOOP("glossary", "Free frames that this CPU keeps to itself (its per-CPU page lists): taking one needs no lock.")},
    {"modules", QT_TRANSLATE_NOOP("glossary", "Where loaded kernel modules are mapped.")},
    {"movable", QT_TRANSLATE_NOOP("glossary", "Memory whose contents the kernel can copy elsewhere to make room: user pages, the page cache.")},
    {"neighbour", QT_TRANSLATE_NOOP("glossary", "What lies below this stack. Without a guard an overflow writes into it, and nothing stops that.")},
    {"order", QT_TRANSLATE_NOOP("glossary", "The size of a block as a power of two: order 0 is one frame, order 2 is four, a 16 KiB stack in one piece.")},
    {"overflow damage", QT_TRANSLATE_NOOP("glossary", "Frames that a stack wrote into although they are not its own.")},
    {"page table", QT_TRANSLATE_NOOP("glossary", "A frame with 512 entries that say where addresses lead. Four levels of them (PML4, PDPT, PD, PT) make one translation.")},
    {"page walk", QT_TRANSLATE_NOOP("glossary", "What a CPU does when no TLB knows a translation: it reads one entry of a table at each level.")},
    {"pageblock", QT_TRANSLATE_NOOP("glossary", "2 MiB that the kernel tries to keep for one kind of memory, so that it does not fragment.")},
    {"pfn", QT_TRANSLATE_NOOP("glossary", "Page frame number: a physical address divided by 4096.")},
    {"purge", QT_TRANSLATE_NOOP("glossary", "All areas that were freed lazily are given back, after one flush of every CPU's TLB.")},
    {"reclaimable", QT_TRANSLATE_NOOP("glossary", "Kernel caches that can be emptied when memory is short.")},
    {"remembered", QT_TRANSLATE_NOOP("glossary", "The CPU holds this entry in its TLB or paging-structure caches and does not read it from memory.")},
    {"split", QT_TRANSLATE_NOOP("glossary", "A larger free block was halved, because a smaller one was asked for.")},
    {"stack pointer", QT_TRANSLATE_NOOP("glossary", "The register that says where the stack ends now. It moves down with each call.")},
    {"thread_info", QT_TRANSLATE_NOOP("glossary", "What the kernel's entry code needs to know of a task. In older kernels it lies at the stack's lowest end, where an overflow meets it first.")},
    {"TLB", QT_TRANSLATE_NOOP("glossary", "Translation lookaside buffer: a CPU's memory of recent translations. A miss costs a page walk.")},
    {"unmovable", QT_TRANSLATE_NOOP("glossary", "Kernel memory that has to stay where it is, and so breaks up what is free around it.")},
    {"user registers", QT_TRANSLATE_NOOP("glossary", "The registers of the user program, saved when it entered the kernel (pt_regs).")},
    {"vmalloc", QT_TRANSLATE_NOOP("glossary", "Addresses for memory that need not be contiguous: any frames, in pages of 4 KiB, with room for guards between.")},
    {"vmemmap", QT_TRANSLATE_NOOP("glossary", "The kernel's table of all frames, one struct page each.")},
});
// clang-format on

constexpr bool has_each_once() {
    for (std::size_t i = 0; i < kWords.size(); ++i) {
        for (std::size_t j = i + 1; j < kWords.size(); ++j) {
            if (std::string_view(kWords[i].word) == kWords[j].word) return false;
        }
    }
    return true;
}
static_assert(has_each_once());

} // namespace

std::span<const Word> all_words() {
    return kWords;
}

QString meaning_of(QLatin1StringView word) {
    const auto found =
        std::ranges::find_if(kWords, [&](const Word& each) { return word == QLatin1StringView(each.word); });
    return found == kWords.end() ? QString() : QCoreApplication::translate("glossary", found->meaning);
}

} // namespace ksl::ui
