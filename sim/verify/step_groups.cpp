// SPDX-License-Identifier: MIT
#include "sim/verify/step_groups.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>

namespace ksl::sim {

namespace {

using core::Step;
using Names = std::span<const std::string_view>;
using namespace std::string_view_literals;

enum class Group : std::uint8_t { allocation, freeing, clearing, slab, vmalloc, tables, accounting, others };
constexpr std::size_t kGroups = 8;
constexpr std::array<std::string_view, kGroups> kGroupNames{
    "pages allocated", "pages freed",           "clearing",         "slab objects",
    "vmalloc areas",   "mapping and unmapping", "stack accounting", "everything else"};

std::uint64_t exclusive(const PhaseCounts& measured, Names prefixes) {
    return measured.exclusive_of(prefixes);
}
std::uint64_t inclusive(const PhaseCounts& measured, Names names) {
    return measured.inclusive_of(names);
}

constexpr std::array kPageClearing{"clear_page"sv};
constexpr std::array kAllocators{"__alloc_pages_nodemask"sv, "__alloc_pages"sv, "__alloc_pages_bulk"sv};
constexpr std::array kFreers{"__free_pages"sv, "__free_kmem_pages"sv};
constexpr std::array kClearers{"clear_page"sv, "__memset"sv, "memset"sv};
constexpr std::array kSlab{
    "kmem_cache_alloc"sv, "kmem_cache_free"sv, "__kmalloc"sv,    "kmalloc_"sv,      "kfree"sv,
    "___slab_alloc"sv,    "__slab_alloc"sv,    "__slab_free"sv,  "allocate_slab"sv, "new_slab"sv,
    "__kmem_cache_"sv,    "should_failslab"sv, "setup_object"sv, "discard_slab"sv,  "get_partial"sv,
    "deactivate_slab"sv,  "put_cpu_partial"sv, "__free_slab"sv};
constexpr std::array kVmalloc{
    "__vmalloc"sv,       "vmalloc"sv,  "alloc_vmap_area"sv, "free_vmap_area"sv, "insert_vmap_area"sv,
    "__insert_vmap"sv,   "find_vm"sv,  "remove_vm_area"sv,  "__get_vm_area"sv,  "setup_vmalloc_vm"sv,
    "free_unmap_vmap"sv, "__vunmap"sv, "vfree"sv,           "kvfree"sv,         "free_work"sv,
    "__purge_vmap"sv,    "purge_"sv,   "merge_or_add"sv,    "augment_tree"sv,   "unlink_va"sv,
    "__free_vmap"sv};
/// The scheduler uses these, too: they count as those of areas where areas come or go.
constexpr std::array kHelpers{"rb_insert_color"sv, "rb_erase"sv,      "__rb_"sv,          "rb_next"sv,
                              "rb_prev"sv,         "_cond_resched"sv, "__cond_resched"sv, "rcu_all_qs"sv};
constexpr std::array kAreaSigns{"__vmalloc_node_range"sv, "__vunmap"sv};
constexpr std::array kTables{"vmap_page_range"sv, "vmap_p"sv,         "__vmap_pages"sv,
                             "vunmap_"sv,         "__vunmap_range"sv, "__pte_alloc_kernel"sv,
                             "pmd_clear_huge"sv,  "pud_clear_huge"sv, "p4d_clear_huge"sv};
constexpr std::array kAccounting{"account_kernel_stack"sv, "mod_zone_page_state"sv, "mod_node_page_state"sv,
                                 "exit_task_stack_account"sv, "mod_lruvec"sv};

Group group_of(Step step, bool is_creation) {
    switch (step) {
    case Step::zone_lock: return is_creation ? Group::allocation : Group::freeing;
    case Step::page_alloc_entry:
    case Step::watermark_high_order:
    case Step::pcp_take:
    case Step::pcp_refill:
    case Step::pcp_refill_block:
    case Step::bulk_alloc_entry:
    case Step::bulk_alloc_page:
    case Step::buddy_take:
    case Step::buddy_list_probe:
    case Step::buddy_split:
    case Step::fallback_search:
    case Step::pageblock_move:
    case Step::pageblock_move_block:
    case Step::pageblock_scan_frame:
    case Step::page_prepare: return Group::allocation;
    case Step::pcp_put:
    case Step::pcp_drain:
    case Step::pcp_drain_block:
    case Step::buddy_free:
    case Step::buddy_merge:
    case Step::page_check: return Group::freeing;
    case Step::page_clear:
    case Step::stack_clear_page:
    case Step::clear_words: return Group::clearing;
    case Step::slab_alloc:
    case Step::slab_alloc_slow:
    case Step::slab_init_object:
    case Step::slab_free:
    case Step::slab_free_slow: return Group::slab;
    case Step::vmalloc_entry:
    case Step::vmalloc_page:
    case Step::area_alloc_entry:
    case Step::area_list_step:
    case Step::area_tree_level:
    case Step::area_insert:
    case Step::area_erase:
    case Step::area_find:
    case Step::area_find_level:
    case Step::area_augment_level:
    case Step::area_split:
    case Step::area_free_lazily:
    case Step::purge_entry:
    case Step::purge_area:
    case Step::pool_take:
    case Step::vfree_entry:
    case Step::vfree_defer: return Group::vmalloc;
    case Step::table_descend:
    case Step::table_descend_clear:
    case Step::pte_write:
    case Step::pte_clear:
    case Step::table_page_new: return Group::tables;
    case Step::stack_account:
    case Step::stack_account_page: return Group::accounting;
    default: return Group::others;
    }
}

/// What was measured; a count that does not fit into the whole is cut off there.
std::array<std::uint64_t, kGroups> measured_groups(const PhaseCounts& measured) {
    const bool has_areas = exclusive(measured, kAreaSigns) != 0;
    const std::uint64_t allocation = inclusive(measured, kAllocators);
    const std::uint64_t cleared = std::min(allocation, exclusive(measured, kPageClearing));
    std::array<std::uint64_t, kGroups> groups{allocation - cleared,
                                              inclusive(measured, kFreers),
                                              exclusive(measured, kClearers),
                                              exclusive(measured, kSlab),
                                              exclusive(measured, kVmalloc) +
                                                  (has_areas ? exclusive(measured, kHelpers) : 0),
                                              exclusive(measured, kTables),
                                              exclusive(measured, kAccounting),
                                              0};
    std::uint64_t left = measured.kernel;
    for (std::uint64_t& count : groups) {
        count = std::min(count, left);
        left -= count;
    }
    groups.back() = left;
    return groups;
}

} // namespace

std::vector<GroupCounts> group(const CountedPhase& simulated, const core::PriceList& prices,
                               const PhaseCounts& measured, bool is_creation) {
    std::array<std::uint64_t, kGroups> steps{};
    for (std::size_t i = 0; i < core::kSteps; ++i) {
        const auto step = static_cast<Step>(i);
        steps[static_cast<std::size_t>(group_of(step, is_creation))] +=
            simulated.times[i] * prices.price(step).instructions;
    }
    const auto functions = measured_groups(measured);
    std::vector<GroupCounts> groups;
    for (std::size_t i = 0; i < kGroups; ++i) {
        if (steps[i] != 0 || functions[i] != 0)
            groups.push_back({.name = kGroupNames[i], .simulated = steps[i], .measured = functions[i]});
    }
    return groups;
}

} // namespace ksl::sim
