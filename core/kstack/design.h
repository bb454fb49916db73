// SPDX-License-Identifier: MIT
//
// A stack design: where kernel stacks live, what guards them, where thread_info is, who caches and when they are given
// back. Every axis is independent; a combination that cannot exist is refused with the physical reason. There is no
// class per design: the allocator reads these fields.
//
// Source:  Linux 4.7, 4.9, 6.1 kernel/fork.c and arch/x86; the proposals in the 2016 discussion of virtually mapped
//          stacks (LWN 692208 and its comments); the dynamic kernel stacks RFC of March 2024.
#pragma once

#include "core/paging/kernel_tables.h"
#include "core/types/address.h"
#include "core/types/ids.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace ksl::core {

/// What lies under a stack's addresses.
enum class Backing : std::uint8_t {
    direct_map,        ///< one block of order n, seen through the direct map (up to 4.8)
    vmap,              ///< single frames behind a vmalloc area (4.9)
    vmap_lowmem_alias, ///< a contiguous block, mapped a second time in the vmalloc area; its direct-map alias stays
                       ///< DMA-able
    pid_slot, ///< single frames at an address computed from the PID, in a reserved range without an area allocator
    dynamic,  ///< a vmalloc area of which only the top page is mapped at first; the others on demand
};

enum class ThreadInfoPlace : std::uint8_t {
    stack_bottom,              ///< lowest bytes of the stack (up to 4.8)
    stack_top,                 ///< highest bytes, above pt_regs
    own_page,                  ///< the lowest page of the aligned slot, a guard page between it and the stack
    task_struct,               ///< first member of task_struct (4.9)
    task_struct_flags_per_cpu, ///< as task_struct, the flags that entry code tests in per-CPU memory
};

/// When a dead task's stack is given back.
enum class Release : std::uint8_t {
    at_task_dead, ///< in finish_task_switch after the last switch away from it (4.9)
    after_rcu,    ///< with the task_struct, after an RCU grace period (up to 4.8)
};

/// Which free-space search the vmalloc area uses.
enum class AreaAllocator : std::uint8_t { linux_4_x, linux_5_2, linux_6_9 };

/// Largest page that the direct map may use.
enum class DirectMapPage : std::uint8_t { small_4k, large_2m, huge_1g };

enum class CanaryCheck : std::uint8_t {
    off,       ///< the magic word is written, nobody looks (the oops report does)
    at_switch, ///< CONFIG_SCHED_STACK_END_CHECK: looked at in every schedule()
};

/// Clearing of a stack before a new task gets it.
enum class Zeroing : std::uint8_t {
    none,             ///< 4.7, 4.9
    fresh_only,       ///< by the page allocator
    fresh_and_cached, ///< by the page allocator, and 16 KiB of memset on a cache hit (4.17, 6.1)
};

/// What becomes of a stack that no cache slot takes when it is given back at TASK_DEAD.
enum class CacheOverflow : std::uint8_t {
    free_now,        ///< vfree at once (4.9)
    retry_after_rcu, ///< an RCU callback tries the slots again and else frees (6.1)
};

struct GuardPages {
    std::uint8_t below = 0;
    std::uint8_t above = 0;
    friend bool operator==(const GuardPages&, const GuardPages&) = default;
};

struct StackDesign {
    Backing backing = Backing::vmap;
    std::uint8_t order = 2; ///< log2 of the stack's pages: 0 (4 KiB) .. 4 (64 KiB)
    GuardPages guard{.below = 0, .above = 1};
    ThreadInfoPlace thread_info = ThreadInfoPlace::task_struct;
    std::uint8_t cache_slots = 2; ///< a CPU
    Release release = Release::at_task_dead;
    CacheOverflow cache_overflow = CacheOverflow::free_now;
    AreaAllocator area_allocator = AreaAllocator::linux_4_x;
    PgdSync pgd_sync = PgdSync::touch_before_switch;
    DirectMapPage direct_map_page = DirectMapPage::huge_1g;
    CanaryCheck canary = CanaryCheck::off;
    bool usage_tracking = false; ///< CONFIG_DEBUG_STACK_USAGE: cleared stacks, depth reported at exit
    Zeroing zeroing = Zeroing::none;
    bool memcg_charge = false;        ///< stack pages charged to a memory control group one by one
    bool randomise_offset = false;    ///< RANDOMIZE_KSTACK_OFFSET: up to 1 KiB a system call
    bool stackleak = false;           ///< used part overwritten before the return to user mode
    std::uint8_t dynamic_reserve = 3; ///< pages a CPU keeps ready for faults on dynamic stacks
    /// The cached stacks of a CPU that goes away are freed (free_vm_stack_cache; not in 4.9.0, in 4.14).
    bool frees_cache_at_unplug = false;

    [[nodiscard]] constexpr Bytes stack_bytes() const { return bytes_of(Pages{std::uint64_t{1} << order}); }
    [[nodiscard]] constexpr unsigned stack_pages() const { return 1U << order; }
    [[nodiscard]] constexpr bool is_contiguous() const {
        return backing == Backing::direct_map || backing == Backing::vmap_lowmem_alias;
    }
    /// True if the stack is reached through the vmalloc area or the PID range, by 4 KiB pages.
    [[nodiscard]] constexpr bool is_mapped() const { return backing != Backing::direct_map; }
    [[nodiscard]] constexpr bool has_thread_info_on_stack() const {
        return thread_info == ThreadInfoPlace::stack_bottom || thread_info == ThreadInfoPlace::stack_top;
    }
    friend bool operator==(const StackDesign&, const StackDesign&) = default;
};

/// Why a combination cannot exist: the axes that clash and the reason in one sentence.
struct DesignConflict {
    std::string_view axis;
    std::string_view other_axis;
    std::string_view reason;
};

/// The first conflict, or nothing if the design can be built.
[[nodiscard]] std::optional<DesignConflict> conflict_in(const StackDesign& design);

} // namespace ksl::core
