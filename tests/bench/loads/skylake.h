// SPDX-License-Identifier: MIT
//
// The TLB geometry of the preset "skylake", typed out so that the loads need no files.
#pragma once

#include "core/tlb/tlb_geometry.h"

namespace ksl::bench {

inline core::TlbGeometry skylake_tlb() {
    using core::PageSize;
    core::TlbGeometry tlb;
    tlb.load = {{.entries = 64, .ways = 4, .holds = {PageSize::small_4k}},
                {.entries = 32, .ways = 4, .holds = {PageSize::large_2m}},
                {.entries = 4, .ways = 4, .holds = {PageSize::huge_1g}}};
    tlb.fetch = {{.entries = 128, .ways = 8, .holds = {PageSize::small_4k}},
                 {.entries = 8, .ways = 8, .holds = {PageSize::large_2m}}};
    tlb.second = {{.entries = 1536, .ways = 12, .holds = {PageSize::small_4k, PageSize::large_2m}},
                  {.entries = 16, .ways = 4, .holds = {PageSize::huge_1g}}};
    tlb.walk_caches = {
        {{.entries = 32, .ways = 8}, {.entries = 8, .ways = 4}, {.entries = 4, .ways = 4}, {.entries = 2, .ways = 2}}};
    return tlb;
}

} // namespace ksl::bench
