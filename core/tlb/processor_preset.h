// SPDX-License-Identifier: MIT
//
// A real processor, as far as this program knows it: TLBs, caches, latencies, features, and where each figure comes
// from. The presets are files (assets/processors); sim/processors reads them.
//
// Fidelity:  what makers do not publish has an assumed value; `assumed` names each with the reason, for the window to
//            show.
#pragma once

#include "core/cost/cache_model.h"
#include "core/paging/paging_mode.h"
#include "core/tlb/mmu.h"
#include "core/tlb/tlb_geometry.h"
#include "core/types/time.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ksl::core {

/// Whether a generation of processors has a feature.
enum class Availability : std::uint8_t { no, server_parts, yes };

struct ProcessorPreset {
    std::string id; ///< "haswell"
    std::string name;
    std::uint16_t year = 0;
    bool is_amd = false;
    std::string stands_for; ///< the product that clock and cache sizes are of
    std::string source;
    std::string confidence;

    TlbGeometry tlb;
    std::uint8_t page_walkers = 1; ///< for information: the simulator walks one access at a time

    struct Latencies {
        Cycles first_level_hit{0};
        Cycles second_level_extra{8}; ///< added on a first-level miss
        Cycles walk_overhead{8};      ///< added on a walk, to the latency of the entries it reads
        Cycles l1d{4};
        Cycles l2{12};
        Cycles l3{40};
        Nanoseconds dram{60}; ///< instead of the above, counted from the request
        Cycles invlpg{200};
        Cycles cr3_flush{200};       ///< MOV to CR3 that invalidates
        Cycles global_flush{500};    ///< everything, global entries included
        Cycles ipi_round_trip{2500}; ///< one target
        friend bool operator==(const Latencies&, const Latencies&) = default;
    } latency;

    struct Features {
        Availability pcid = Availability::no;
        Availability invpcid = Availability::no;
        Availability huge_pages = Availability::no; ///< 1G pages
        Availability five_levels = Availability::no;
        Availability invlpgb = Availability::no;
        std::uint8_t physical_bits = 46;
        friend bool operator==(const Features&, const Features&) = default;
    } features;

    CacheGeometry l1d;
    CacheGeometry l2;
    CacheGeometry l3;
    std::uint8_t l3_slices = 1;         ///< that a hash spreads lines over; 1 where none is published
    std::uint16_t cores_sharing_l3 = 1; ///< for information: the simulator has one third level for all processors
    Frequency clock;

    struct Assumption {
        std::string key; ///< of the file
        std::string reason;
        friend bool operator==(const Assumption&, const Assumption&) = default;
    };
    std::vector<Assumption> assumed;

    /// `is_server`: with what only the server parts have.
    [[nodiscard]] static bool has(Availability feature, bool is_server) {
        return feature == Availability::yes || (feature == Availability::server_parts && is_server);
    }
    [[nodiscard]] MmuConfig mmu(bool is_server = false) const {
        return {.tlb = tlb,
                .features = {.physical_bits = features.physical_bits,
                             .huge_pages = has(features.huge_pages, is_server),
                             .amd = is_amd},
                .second_level_extra = latency.second_level_extra,
                .walk_overhead = latency.walk_overhead};
    }
    [[nodiscard]] CacheConfig caches() const {
        return {.caches = {l1d, l2, l3},
                .latency = {latency.l1d, latency.l2, latency.l3, clock.to_cycles(latency.dram)},
                .l3_slices = l3_slices};
    }
    friend bool operator==(const ProcessorPreset&, const ProcessorPreset&) = default;
};

} // namespace ksl::core
