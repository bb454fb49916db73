// SPDX-License-Identifier: MIT
#include "core/tlb/tlb.h"

#include "core/types/assert.h"

#include <algorithm>
#include <bit>

namespace ksl::core {

namespace {

VirtAddr huge_page_of(VirtAddr at) {
    return align_down(at, bytes_of(PageSize::huge_1g));
}

} // namespace

Tlb::Tlb(const TlbGeometry& geometry, const AddressClasses& classes) : classes_(classes) {
    KSL_ASSERT(geometry.check().empty(), "the geometry is possible");
    const bool has_store = !geometry.store.empty();
    const bool has_second_fetch = !geometry.second_fetch.empty();
    const std::size_t load = add_arrays(geometry.load, TlbLevel::l1, geometry.first_policy);
    const std::size_t store = has_store ? add_arrays(geometry.store, TlbLevel::l1, geometry.first_policy) : load;
    const std::size_t fetch = add_arrays(geometry.fetch, TlbLevel::l1, geometry.first_policy);
    const std::size_t second = add_arrays(geometry.second, TlbLevel::l2, geometry.second_policy);
    const std::size_t second_fetch =
        has_second_fetch ? add_arrays(geometry.second_fetch, TlbLevel::l2, geometry.second_policy) : second;

    add_route(TlbLevel::l1, TlbPort::load, geometry.load, load, false);
    add_route(TlbLevel::l1, TlbPort::store, has_store ? geometry.store : geometry.load, store, false);
    // Instruction TLBs have no entries for 1G pages: they hold the 2M piece that is executed.
    add_route(TlbLevel::l1, TlbPort::fetch, geometry.fetch, fetch, true);
    const bool smashes = geometry.second_smashes_1g;
    add_route(TlbLevel::l2, TlbPort::load, geometry.second, second, smashes);
    add_route(TlbLevel::l2, TlbPort::store, geometry.second, second, smashes);
    add_route(TlbLevel::l2, TlbPort::fetch, has_second_fetch ? geometry.second_fetch : geometry.second, second_fetch,
              smashes);

    // Ports without a small first level look into a set of their own in which nothing ever is.
    const AssocArray decoy{{.entries = 1, .ways = 1}, arrays_.back().end()};
    memory_ = TranslationMemory{decoy.end()};
    const auto bit = [](TlbPort port) { return 1U << static_cast<unsigned>(port); };
    for (const TlbPort which : {TlbPort::load, TlbPort::store, TlbPort::fetch}) {
        const bool is_shared = stores_are_loads() && which != TlbPort::fetch;
        ports_[static_cast<std::size_t>(which)].alike =
            static_cast<std::uint8_t>(is_shared ? bit(TlbPort::load) | bit(TlbPort::store) : bit(which));
    }
    for (TlbPortMap& port : ports_) {
        const TlbHome& small = port.levels[0].home_of(PageSize::small_4k);
        port.front_is_real = !small.is_none && small.array.is_small();
        port.front = port.front_is_real ? small.array : decoy;
        port.is_apart = true;
        for (PageSize size : kAllPageSizes) {
            const TlbHome& home = port.levels[0].home_of(size);
            if (!home.is_none && !std::has_single_bit(infos_[home.index].holds.bits())) port.is_apart = false;
        }
    }
    reset();
}

void Tlb::reset() {
    for (const AssocArray& array : arrays_) array.reset(memory_.words());
    present_.assign(arrays_.size(), 0);
    smashed_.clear();
    update_ports();
}

void Tlb::flush_all() {
    log_.flush_all();
    std::ranges::fill(present_, std::uint8_t{0});
    smashed_.clear();
    update_ports();
}

void Tlb::update_ports() {
    present_.resize(arrays_.size());
    for (TlbPortMap& port : ports_) {
        for (TlbRoute& route : port.levels) {
            route.present = 0;
            for (PageSize size : kAllPageSizes) {
                TlbHome& home = route.homes[static_cast<std::size_t>(size)];
                if (home.is_none) continue;
                route.present = static_cast<std::uint8_t>(route.present | present_[home.index]);
                home.is_simple = !home.is_smashed && home.ways == 0 && may_hold(home.index, size);
            }
        }
    }
}

void Tlb::mark_present(std::size_t array, PageSize size) {
    if (may_hold(array, size)) return;
    present_[array] = static_cast<std::uint8_t>(present_[array] | 1U << static_cast<unsigned>(size));
    update_ports();
}

std::size_t Tlb::add_arrays(const std::vector<TlbArrayGeometry>& arrays, TlbLevel level, Replacement policy) {
    const std::size_t first = arrays_.size();
    for (const TlbArrayGeometry& array : arrays) {
        const std::uint32_t words = arrays_.empty() ? 0 : arrays_.back().end();
        arrays_.emplace_back(ArrayShape{.entries = array.entries, .ways = array.ways, .policy = policy}, words);
        ArrayInfo info;
        info.level = level;
        info.holds = array.holds;
        infos_.push_back(info);
    }
    return first;
}

void Tlb::add_route(TlbLevel level, TlbPort port, const std::vector<TlbArrayGeometry>& arrays, std::size_t first,
                    bool smashes_1g) {
    TlbRoute& route = ports_[static_cast<std::size_t>(port)].levels[static_cast<std::size_t>(level)];
    route.is_empty = arrays.empty();
    for (std::size_t i = 0; i < arrays.size(); ++i) {
        const auto index = static_cast<std::uint8_t>(first + i);
        ArrayInfo& info = infos_[index];
        (port == TlbPort::load ? info.for_load : port == TlbPort::store ? info.for_store : info.for_fetch) = true;
        for (PageSize size : kAllPageSizes) {
            if (!arrays[i].holds.has(size)) continue;
            TlbHome& home = route.homes[static_cast<std::size_t>(size)];
            home.array = arrays_[index];
            home.index = index;
            home.ways = static_cast<std::uint8_t>(arrays[i].most_ways[static_cast<std::size_t>(size)]);
            home.is_none = false;
        }
    }
    TlbHome& huge = route.homes[static_cast<std::size_t>(PageSize::huge_1g)];
    if (!smashes_1g || !huge.is_none) return;
    huge = route.home_of(PageSize::large_2m);
    huge.is_smashed = true;
}

TlbEntry Tlb::smashed(TlbEntry entry, VirtAddr at) {
    const VirtAddr huge_page = huge_page_of(at);
    if (std::ranges::find(smashed_, huge_page) == smashed_.end()) smashed_.push_back(huge_page);
    const Bytes inside = align_down(at, bytes_of(PageSize::large_2m)) - huge_page;
    return {.key = TlbEntry::key_of(at, PageSize::large_2m) | TlbEntry::kPiece, .data = entry.data + inside.count()};
}

void Tlb::flush_page(VirtAddr at, Pcid pcid, bool global) {
    const auto applies = [&](const TlbEntry& entry) { return entry.is_global() ? global : entry.pcid() == pcid; };
    for (std::size_t index = 0; index < arrays_.size(); ++index) {
        const AssocArray& array = arrays_[index];
        for (PageSize size : kAllPageSizes) {
            if (!may_hold(index, size)) continue;
            const std::uint64_t key = TlbEntry::key_of(at, size);
            auto* const set = array.place_of(memory_.words(), page_number(at, size), log_).set;
            for (int way = 0; way < array.shape().ways; ++way) {
                const TlbEntry& entry = AssocArray::entry(set, way);
                if ((entry.key & TlbEntry::kKeyMask) == key && applies(entry)) array.remove(set, way);
            }
        }
    }
    // Pieces of the same 1G page elsewhere go as well.
    const VirtAddr huge_page = huge_page_of(at);
    if (std::ranges::find(smashed_, huge_page) == smashed_.end()) return;
    for (const AssocArray& array : arrays_) {
        array.remove_if(memory_.words(), log_, [&](const TlbEntry& entry) {
            return entry.is_piece() && applies(entry) && huge_page_of(entry.page()) == huge_page;
        });
    }
}

const char* Tlb::check_invariants() const {
    const auto low_bits_of = [](const TlbEntry& entry) { return kIndexBits * static_cast<unsigned>(entry.size()); };
    for (std::size_t index = 0; index < arrays_.size(); ++index) {
        const char* broken = arrays_[index].check(memory_.words(), log_, low_bits_of);
        if (*broken != '\0') return broken;
        for_each(index, [&](std::uint32_t, int, const TlbEntry& entry) {
            if (!infos_[index].holds.has(entry.size())) broken = "an array holds only its page sizes";
            if (!may_hold(index, entry.size())) broken = "sizes that are present are marked so";
            if (entry.is_piece() && std::ranges::find(smashed_, huge_page_of(entry.page())) == smashed_.end())
                broken = "1G pages that are held in pieces are known";
        });
        if (*broken != '\0') return broken;
    }
    return "";
}

} // namespace ksl::core
