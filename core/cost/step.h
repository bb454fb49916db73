// SPDX-License-Identifier: MIT
//
// The primitive steps that cost something. The engine charges a step where it takes it; nothing else adds time. What a
// step costs stands in the price list of a kernel (assets/prices), with its source; this header only says what each
// step is.
//
// Granularity: about one kernel function, so that a step can be held against a measured instruction count of that
// function. Memory latency is not part of a step: it comes from the cache and TLB models for the lines that the step
// touches.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ksl::core {

// clang-format off
/// X(name, what one unit of it is)
#define KSL_STEPS(X)                                                                                                   \
    /* page allocator: mm/page_alloc.c */                                                                              \
    X(page_alloc_entry,      "one page request: zonelist, first watermark test, flags")                                \
    X(watermark_high_order,  "watermark test of an order above 0: a look at the free lists")                           \
    X(zone_lock,             "zone lock taken and released with interrupts off")                                       \
    X(pcp_take,              "a block taken from a per-CPU page list")                                                 \
    X(pcp_refill,            "entering a refill of a per-CPU page list")                                               \
    X(pcp_refill_block,      "one block moved from the buddy lists to a per-CPU list")                                 \
    X(pcp_put,               "a block put on a per-CPU page list")                                                     \
    X(pcp_drain,             "entering a drain of the per-CPU page lists")                                             \
    X(pcp_drain_block,       "one block moved from a per-CPU list back to the buddy lists, without merging")           \
    X(bulk_alloc_entry,      "one call of the bulk page allocator (6.1)")                                              \
    X(bulk_alloc_page,       "one page handed out by the bulk page allocator (6.1)")                                   \
    X(buddy_take,            "a block found on and unlinked from a buddy list")                                        \
    X(buddy_list_probe,      "one empty buddy list looked at")                                                         \
    X(buddy_split,           "one halving of a block")                                                                 \
    X(buddy_free,            "a block freed straight to the buddy lists, without merging")                             \
    X(buddy_merge,           "one merge of two buddies")                                                               \
    X(fallback_search,       "the search for a block of another migrate type")                                         \
    X(pageblock_move,        "entering the move of a pageblock's free pages to another type's lists")                  \
    X(pageblock_move_block,  "one free block moved to another migrate type's list")                                    \
    X(pageblock_scan_frame,  "one frame looked at while a pageblock is moved")                                         \
    X(page_prepare,          "one page checked and prepared for its new owner")                                        \
    X(page_check,            "one page checked while it is freed")                                                     \
    X(page_clear,            "one page cleared by the allocator")                                                      \
    X(slow_path,             "entering the slow path of a page request: kswapd woken, lists tried at WMARK_MIN")       \
    X(reclaim_scan_page,     "one page of the LRU lists looked at by direct reclaim")                                  \
    X(reclaim_page,          "one clean page-cache page taken away by direct reclaim")                                 \
    X(compact_entry,         "one attempt at direct compaction")                                                       \
    X(compact_scan_frame,    "one frame looked at by a compaction scanner")                                            \
    X(compact_migrate_page,  "one page migrated: unmapped, copied, mapped again")                                      \
    X(oom_scan,              "the out-of-memory killer choosing a victim")                                             \
    /* slab: mm/slub.c */                                                                                              \
    X(slab_alloc,            "an object from this CPU's slab, without a refill")                                       \
    X(slab_alloc_slow,       "a new slab made this CPU's: from the node's partial list or from the page allocator")    \
    X(slab_init_object,      "one object of a new slab linked into its free list")                                     \
    X(slab_free,             "an object freed to this CPU's slab")                                                     \
    X(slab_free_slow,        "an object freed to another slab, under its lock")                                        \
    X(clear_words,           "eight bytes of a small object cleared")                                                  \
    /* vmalloc: mm/vmalloc.c */                                                                                        \
    X(vmalloc_entry,         "one vmalloc call: argument checks and the caller's set-up")                              \
    X(vmalloc_page,          "one page of a vmalloc area: loop body round its allocation")                             \
    X(area_alloc_entry,      "one search for an address range, lock included, without its list or tree steps")         \
    X(area_list_step,        "one area stepped over by the 4.x hole search")                                           \
    X(area_tree_level,       "one level descended in a tree of areas")                                                 \
    X(area_insert,           "an area linked into tree and list, rebalancing included")                                \
    X(area_erase,            "an area unlinked from tree and list, rebalancing included")                              \
    X(area_find,             "one look-up of an area by address, lock included, without its tree levels")              \
    X(area_find_level,       "one level descended to look an area up by address")                                      \
    X(area_augment_level,    "one level of subtree maxima put right")                                                  \
    X(area_split,            "a free range split in front of, behind or inside (5.2 and later)")                       \
    X(area_free_lazily,      "an area put aside for the next purge")                                                   \
    X(purge_entry,           "entering a purge of lazily freed areas")                                                 \
    X(purge_area,            "one area released by a purge, without its tree steps")                                   \
    X(pool_take,             "a range taken from a per-node pool (6.9 and later)")                                     \
    X(vfree_entry,           "one vfree call")                                                                         \
    X(vfree_defer,           "a vfree put off to a worker, from interrupt context")                                    \
    /* page tables: mm/memory.c, mm/vmalloc.c, arch/x86/mm */                                                          \
    X(table_descend,         "a software descent from the top-level table to one PTE page")                            \
    X(table_descend_clear,   "a software descent from the top-level table to one PTE page whose entries are cleared")  \
    X(pte_write,             "one PTE written")                                                                        \
    X(pte_clear,             "one PTE cleared with an exchange")                                                       \
    X(table_page_new,        "a new table page linked in, without its allocation and clearing")                        \
    X(pgd_copy_entry,        "one top-level entry copied into another address space")                                  \
    X(pgd_fault,             "a page fault that copies a missing top-level entry (vmalloc_fault)")                     \
    X(direct_map_split,      "a large direct-map page split")                                                          \
    /* TLB */                                                                                                          \
    X(invlpg,                "one INVLPG")                                                                             \
    X(cr3_write,             "one CR3 load")                                                                           \
    X(global_flush,          "one flush of the whole TLB with its global entries")                                     \
    X(ipi_send,              "an inter-processor interrupt sent and waited for: fixed part")                           \
    X(ipi_target,            "one processor interrupted: part for each target")                                        \
    X(ipi_handle,            "one inter-processor interrupt served on the interrupted processor")                      \
    /* kernel stacks: kernel/fork.c */                                                                                 \
    X(stack_cache_probe,     "one slot of the per-CPU stack cache looked at")                                          \
    X(stack_cache_take,      "a stack taken from a slot")                                                              \
    X(stack_cache_put,       "a stack put into a slot")                                                                \
    X(stack_clear_page,      "one page of a cached stack cleared")                                                     \
    X(stack_account,         "a contiguous stack counted in the zone's statistics")                                    \
    X(stack_account_page,    "one page of a mapped stack counted in the zone's or lruvec's statistics")                \
    X(memcg_charge_page,     "one stack page charged to the memory control group")                                     \
    X(stack_setup,           "magic word, thread_info and first frames written")                                       \
    X(stack_fault_in,        "one page of a dynamic stack mapped from the per-CPU reserve in a fault")                 \
    X(stack_slot_address,    "the address of a stack computed from its PID (pid-slot)")                                \
    X(stackleak_words,       "eight bytes of a used stack overwritten before the return to user mode (STACKLEAK)")     \
    /* deferral: kernel/rcu, kernel/workqueue.c */                                                                     \
    X(call_rcu,              "a callback queued for the end of a grace period")                                        \
    X(rcu_callback,          "a callback run")                                                                         \
    X(rcu_softirq,           "one run of the RCU softirq"        )                                                     \
    X(timer_tick,            "one timer interrupt")                                                                    \
    X(queue_work,            "a work item queued and its worker woken")                                                \
    X(worker_run,            "a worker scheduled in and out again")                                                    \
    /* tasks */                                                                                                        \
    X(syscall,               "entry to and return from a system call")                                                 \
    X(clone_rest,            "everything in clone() that no stack design changes, for a thread")                       \
    X(fork_rest,             "everything in fork() that no stack design changes, beyond a thread's clone()")           \
    X(exec_rest,             "everything in execve() beyond the pages it maps")                                        \
    X(mm_page_copy,          "one user page's entry copied by fork()")                                                 \
    X(mm_page_fault,         "one user page faulted in, without its allocation and clearing")                          \
    X(mm_page_zap,           "one user page unmapped at exit, without its freeing")                                    \
    X(exit_rest,             "everything from exit() to the last context switch that no stack design changes")         \
    X(futex_wake,            "a waiting thread found and woken by the last one that it waits for")                     \
    X(task_dead,             "the dead task's last step on the next task's stack (finish_task_switch)")                \
    X(task_reap,             "the task_struct released by the parent or by the thread itself")                         \
    X(task_free,             "the task_struct given back after its grace period, without slab and stack")              \
    X(context_switch,        "one context switch")                                                                     \
    X(join_rest,             "what the waiting thread does: futex wait and wake-up, or wait4")                         \
    X(thread_info_mask,      "thread_info found by masking the stack pointer")                                         \
    /* faults */                                                                                                       \
    X(page_fault,            "a page fault delivered and returned from, without what its handler does")                \
    X(double_fault,          "a double fault delivered on its own stack")                                              \
    X(oops,                  "a report printed and the task killed")
// clang-format on

enum class Step : std::uint8_t {
#define KSL_STEP_ENUM(name, text) name,
    KSL_STEPS(KSL_STEP_ENUM)
#undef KSL_STEP_ENUM
};

#define KSL_STEP_COUNT(name, text) +1
inline constexpr std::size_t kSteps = 0 KSL_STEPS(KSL_STEP_COUNT);
#undef KSL_STEP_COUNT

struct StepText {
    std::string_view name; ///< as spelled in price lists and in the database
    std::string_view unit; ///< what one unit of it is
};

inline constexpr std::array<StepText, kSteps> kStepTexts{{
#define KSL_STEP_TEXT(name, text) {#name, text},
    KSL_STEPS(KSL_STEP_TEXT)
#undef KSL_STEP_TEXT
}};

[[nodiscard]] constexpr std::string_view name_of(Step step) {
    return kStepTexts[static_cast<std::size_t>(step)].name;
}

} // namespace ksl::core
