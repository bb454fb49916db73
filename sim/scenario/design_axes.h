// SPDX-License-Identifier: MIT
//
// The axes of a stack design as files spell them: one list that reading, writing and the documentation's test go
// through. For use in sim/scenario only.
#pragma once

#include "core/kstack/design.h"
#include "sim/toml/toml_reader.h"

#include <array>
#include <string_view>

namespace ksl::sim::axes {

using namespace std::string_view_literals;

inline constexpr std::array kBackings{
    Spelling{"direct-map"sv, core::Backing::direct_map}, Spelling{"vmap"sv, core::Backing::vmap},
    Spelling{"vmap+lowmem-alias"sv, core::Backing::vmap_lowmem_alias}, Spelling{"pid-slot"sv, core::Backing::pid_slot},
    Spelling{"dynamic"sv, core::Backing::dynamic}};
inline constexpr std::array kThreadInfoPlaces{
    Spelling{"stack-bottom"sv, core::ThreadInfoPlace::stack_bottom},
    Spelling{"stack-top"sv, core::ThreadInfoPlace::stack_top}, Spelling{"own-page"sv, core::ThreadInfoPlace::own_page},
    Spelling{"task-struct"sv, core::ThreadInfoPlace::task_struct},
    Spelling{"task-struct+per-cpu-flags"sv, core::ThreadInfoPlace::task_struct_flags_per_cpu}};
inline constexpr std::array kReleases{Spelling{"at-task-dead"sv, core::Release::at_task_dead},
                                      Spelling{"after-rcu"sv, core::Release::after_rcu}};
inline constexpr std::array kCacheOverflows{Spelling{"free-now"sv, core::CacheOverflow::free_now},
                                            Spelling{"retry-after-rcu"sv, core::CacheOverflow::retry_after_rcu}};
inline constexpr std::array kAreaAllocators{Spelling{"linux-4.x"sv, core::AreaAllocator::linux_4_x},
                                            Spelling{"linux-5.2+"sv, core::AreaAllocator::linux_5_2},
                                            Spelling{"linux-6.9+"sv, core::AreaAllocator::linux_6_9}};
inline constexpr std::array kPgdSyncs{Spelling{"lazy-fault"sv, core::PgdSync::lazy_fault},
                                      Spelling{"touch-before-switch"sv, core::PgdSync::touch_before_switch},
                                      Spelling{"synced-at-allocation"sv, core::PgdSync::synced_at_allocation},
                                      Spelling{"preallocated"sv, core::PgdSync::preallocated}};
inline constexpr std::array kDirectMapPages{Spelling{"1G"sv, core::DirectMapPage::huge_1g},
                                            Spelling{"2M"sv, core::DirectMapPage::large_2m},
                                            Spelling{"4K"sv, core::DirectMapPage::small_4k}};
inline constexpr std::array kCanaryChecks{Spelling{"off"sv, core::CanaryCheck::off},
                                          Spelling{"at-switch"sv, core::CanaryCheck::at_switch}};
inline constexpr std::array kZeroings{Spelling{"none"sv, core::Zeroing::none},
                                      Spelling{"fresh-only"sv, core::Zeroing::fresh_only},
                                      Spelling{"fresh-and-cached"sv, core::Zeroing::fresh_and_cached}};

/// Calls visitor.choice(key, field, spellings), .size(key, order), .count(key, field, most) or .flag(key, field) for
/// each axis, in the order in which files are written.
template <class Design, class Visitor>
void each_axis(Design& design, Visitor&& visitor) {
    visitor.choice("backing", design.backing, kBackings);
    visitor.size("size", design.order);
    visitor.count("guard_below", design.guard.below, std::uint8_t{16});
    visitor.count("guard_above", design.guard.above, std::uint8_t{16});
    visitor.choice("thread_info", design.thread_info, kThreadInfoPlaces);
    visitor.count("cache_slots", design.cache_slots, std::uint8_t{16});
    visitor.choice("release", design.release, kReleases);
    visitor.choice("cache_overflow", design.cache_overflow, kCacheOverflows);
    visitor.choice("area_allocator", design.area_allocator, kAreaAllocators);
    visitor.choice("pgd_sync", design.pgd_sync, kPgdSyncs);
    visitor.choice("direct_map_page", design.direct_map_page, kDirectMapPages);
    visitor.choice("canary", design.canary, kCanaryChecks);
    visitor.flag("usage_tracking", design.usage_tracking);
    visitor.choice("zeroing", design.zeroing, kZeroings);
    visitor.flag("memcg_charge", design.memcg_charge);
    visitor.flag("randomise_offset", design.randomise_offset);
    visitor.flag("stackleak", design.stackleak);
    visitor.count("dynamic_reserve", design.dynamic_reserve, std::uint8_t{64});
    visitor.flag("frees_cache_at_unplug", design.frees_cache_at_unplug);
}

} // namespace ksl::sim::axes
