// SPDX-License-Identifier: MIT
//
// Our three ways through page tables (walk(), inspect(), TableView) against libaddrxlat's, on random tables.
//
// libaddrxlat is a debugger's walker: it knows present bits and page sizes, and neither reserved bits nor rights. So
// where a walk meets a malformed entry the two need not agree; those are counted and left out.
#include "core/paging/table_view.h"
#include "core/paging/walker.h"
#include "tests/oracle/random_tables.h"

#include <gtest/gtest.h>
#include <libkdumpfile/addrxlat.h>

#include <array>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

namespace ksl::oracle {
namespace {

using core::Geometry;
using core::PhysAddr;
using core::PhysMemory;
using core::VirtAddr;

constexpr std::uint64_t kFrames = (std::uint64_t{6} << 30) >> core::kPageShift;
constexpr std::uint8_t kPhysicalBits = 40;

/// libaddrxlat on tables in simulated memory, which stays as it is: libaddrxlat keeps pages. Frames that are stored
/// have words(); all others read as zero, or as all ones where there is no memory.
class Addrxlat {
public:
    enum class Outcome : std::uint8_t { found, not_present, invalid };
    struct Answer {
        Outcome outcome = Outcome::invalid;
        PhysAddr at{};
    };

    Addrxlat(const PhysMemory& memory, Geometry geometry) : memory_(&memory), context_(addrxlat_ctx_new()) {
        addrxlat_cb_t* callbacks = addrxlat_ctx_add_cb(context_);
        callbacks->priv = this;
        callbacks->get_page = [](const addrxlat_cb_t* self, addrxlat_buffer_t* page) {
            static_cast<Addrxlat*>(self->priv)->get_page(*page);
            return ADDRXLAT_OK;
        };
        callbacks->read_caps = [](const addrxlat_cb_t*) -> unsigned long {
            return ADDRXLAT_CAPS(ADDRXLAT_MACHPHYSADDR);
        };
        method_.kind = ADDRXLAT_PGT;
        method_.target_as = ADDRXLAT_MACHPHYSADDR;
        method_.param.pgt.root.as = ADDRXLAT_MACHPHYSADDR;
        method_.param.pgt.pf.pte_format = ADDRXLAT_PTE_X86_64;
        method_.param.pgt.pf.nfields = static_cast<unsigned short>(geometry.levels() + 1);
        method_.param.pgt.pf.fieldsz[0] = core::kPageShift;
        for (unsigned level = 1; level <= geometry.levels(); ++level)
            method_.param.pgt.pf.fieldsz[level] = core::kIndexBits;
    }
    ~Addrxlat() { addrxlat_ctx_decref(context_); }
    Addrxlat(const Addrxlat&) = delete;
    Addrxlat& operator=(const Addrxlat&) = delete;
    Addrxlat(Addrxlat&&) = delete;
    Addrxlat& operator=(Addrxlat&&) = delete;

    void set_root(core::Pfn root) { method_.param.pgt.root.addr = core::address_of(root).raw(); }

    [[nodiscard]] Answer translate(VirtAddr at) {
        addrxlat_step_t step{};
        step.ctx = context_;
        step.meth = &method_;
        step.base.addr = at.raw(); // where addrxlat_walk() takes the address from
        const addrxlat_status status = addrxlat_walk(&step);
        if (status == ADDRXLAT_OK) return {.outcome = Outcome::found, .at = PhysAddr{step.base.addr}};
        addrxlat_ctx_clear_err(context_);
        return {.outcome = status == ADDRXLAT_ERR_NOTPRESENT ? Outcome::not_present : Outcome::invalid, .at = {}};
    }

private:
    void get_page(addrxlat_buffer_t& page) {
        page.addr.addr &= ~(core::kPageBytes - 1);
        const core::Pfn frame = core::frame_of(PhysAddr{page.addr.addr});
        const bool exists = frame.raw() < memory_->frames().count();
        const std::uint64_t* words = exists ? memory_->words(frame) : all_ones_.data();
        page.ptr = words != nullptr ? words : all_zero_.data();
        page.size = core::kPageBytes;
        page.byte_order = ADDRXLAT_LITTLE_ENDIAN;
        page.put_page = [](const addrxlat_buffer_t*) {};
    }
    static std::array<std::uint64_t, core::kWordsPerPage> filled_with_ones() {
        std::array<std::uint64_t, core::kWordsPerPage> words{};
        words.fill(~std::uint64_t{0});
        return words;
    }

    const PhysMemory* memory_;
    addrxlat_ctx_t* context_;
    addrxlat_meth_t method_{};
    std::array<std::uint64_t, core::kWordsPerPage> all_zero_{};
    std::array<std::uint64_t, core::kWordsPerPage> all_ones_ = filled_with_ones();
};

struct Counts {
    std::uint64_t equal = 0;
    std::uint64_t absent = 0;
    std::uint64_t malformed = 0; ///< left out
    std::uint64_t non_canonical = 0;
};

std::optional<PhysAddr> by_table_view(core::TableView& view, Geometry geometry, core::Pfn root, VirtAddr at) {
    return geometry.top() == core::Level::pml5 ? view.translate<core::FiveLevel>(root, at)
                                               : view.translate<core::FourLevel>(root, at);
}

class AddrxlatOracle : public ::testing::TestWithParam<Geometry> {
protected:
    static VirtAddr some_address(const RandomTables& tables, core::Random& random) {
        const RandomTables::Entry& entry = tables.entries[random.below(tables.entries.size())];
        if (random.chance(1, 16)) return tables.geometry.canonical(VirtAddr{random.next()});
        const VirtAddr at = entry.at + core::Bytes{random.below(core::span_of(entry.level).count())};
        if (random.chance(1, 40)) return VirtAddr{at.raw() ^ std::uint64_t{1} << 62};
        return at;
    }
    static void compare(VirtAddr at, const std::expected<core::Translation, core::Fault>& ours,
                        const std::optional<PhysAddr>& by_view, const Addrxlat::Answer& theirs, Counts& counts) {
        if (ours) {
            ++counts.equal;
            EXPECT_EQ(theirs.outcome, Addrxlat::Outcome::found) << std::hex << at.raw();
            EXPECT_EQ(theirs.at, ours->at) << std::hex << at.raw();
            EXPECT_EQ(by_view, ours->at) << std::hex << at.raw();
        } else if (ours.error().vector != core::Vector::page_fault) {
            ++counts.non_canonical;
            EXPECT_EQ(theirs.outcome, Addrxlat::Outcome::invalid) << std::hex << at.raw();
        } else if ((ours.error().error_code & core::page_fault::kReserved) != 0) {
            ++counts.malformed;
        } else {
            ++counts.absent;
            EXPECT_EQ(theirs.outcome, Addrxlat::Outcome::not_present) << std::hex << at.raw();
            EXPECT_EQ(by_view, std::nullopt) << std::hex << at.raw();
        }
    }
};

/// KSL_ADDRXLAT_ADDRESSES in the environment: how many addresses (default 4,000,000).
TEST_P(AddrxlatOracle, TranslatesAsWeDo) {
    const char* wanted = std::getenv("KSL_ADDRXLAT_ADDRESSES"); // NOLINT(concurrency-mt-unsafe): one thread
    constexpr std::uint64_t kSets = 100;
    const std::uint64_t addresses = (wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 4'000'000) / 2 / kSets;
    const core::EntryRules rules{.physical_bits = kPhysicalBits};
    PhysMemory memory{core::Pages{kFrames}};
    core::Random random{7};
    RandomTableMaker maker{memory, GetParam(), kPhysicalBits, random};
    std::vector<RandomTables> sets;
    sets.reserve(kSets);
    for (std::uint64_t i = 0; i < kSets; ++i) sets.push_back(maker.make());
    const core::Pfn first = core::frame_of(kTablesAt);
    for (std::uint64_t i = 0; i < maker.tables(); ++i) static_cast<void>(memory.writable_words(first + core::Pages{i}));
    Addrxlat addrxlat{memory, GetParam()};
    core::TableView view{memory};
    Counts counts;
    for (const RandomTables& tables : sets) {
        addrxlat.set_root(tables.root);
        for (std::uint64_t k = 0; k < addresses && !HasFailure(); ++k) {
            const VirtAddr at = some_address(tables, random);
            compare(at, core::inspect(memory, GetParam(), rules, tables.root, at),
                    by_table_view(view, GetParam(), tables.root, at), addrxlat.translate(at), counts);
        }
    }
    EXPECT_GT(counts.equal, addresses * kSets / 4);
    EXPECT_GT(counts.absent, addresses * kSets / 8);
    EXPECT_GT(counts.non_canonical, addresses * kSets / 100);
    std::cout << counts.equal << " equal, " << counts.absent << " absent for both, " << counts.non_canonical
              << " not canonical for both, " << counts.malformed << " malformed and left out\n";
}

INSTANTIATE_TEST_SUITE_P(Levels, AddrxlatOracle, ::testing::Values(Geometry::four_level(), Geometry::five_level()),
                         [](const auto& test) { return test.param.levels() == 4 ? "Four" : "Five"; });

} // namespace
} // namespace ksl::oracle
