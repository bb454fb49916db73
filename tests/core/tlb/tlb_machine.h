// SPDX-License-Identifier: MIT
//
// One of the shipped processors with tables in front of it, for tests of single rules.
#pragma once

#include "core/tlb/mmu.h"
#include "sim/processors/processor.h"
#include "tests/core/paging/table_builder.h"

#include <gtest/gtest.h>

#include <string_view>

namespace ksl::core::testing {

inline ProcessorPreset processor(std::string_view id) {
    auto preset = sim::load_processor(sim::Assets{}, id);
    EXPECT_TRUE(preset) << id;
    return preset ? *preset : ProcessorPreset{};
}

/// Every reference to a page-table entry takes the same time.
struct FlatMemory : NoHooks {
    std::uint32_t latency = 0;
    [[nodiscard]] std::uint32_t reference(PhysAddr /*entry_at*/, bool /*is_write*/) const { return latency; }
};

class TlbMachine {
public:
    static constexpr std::uint64_t kLeaf = 0x63; // P RW A D

    explicit TlbMachine(std::string_view id = "skylake")
        : mmu{processor(id).mmu(true), AddressClasses{KernelLayout{}}} {
        mmu.load_cr3(root());
    }

    /// Maps the page around `at` to the lowest 36 bits of its address.
    void map(VirtAddr at, PageSize size = PageSize::small_4k, std::uint64_t bits = kLeaf) {
        const std::uint64_t large = size == PageSize::small_4k ? 0 : Pte::kPageSize.mask();
        const std::uint64_t address = at.raw() & Pte::kFrame.mask() & ~(bytes_of(size).count() - 1);
        tables.set(at, leaf_level_of(size), (address & ((std::uint64_t{1} << 36) - 1)) | bits | large);
    }
    [[nodiscard]] std::uint64_t root() const { return address_of(tables.root()).raw(); }
    MmuAnswer read(VirtAddr at) { return mmu.access(at, Access::kernel(AccessKind::read), tables.memory()); }
    MmuAnswer write(VirtAddr at) { return mmu.access(at, Access::kernel(AccessKind::write), tables.memory()); }
    [[nodiscard]] bool is_cached(VirtAddr at) { return read(at).outcome() != MmuOutcome::walked; }

    TableBuilder tables;
    Mmu mmu;
};

} // namespace ksl::core::testing
