// SPDX-License-Identifier: MIT
#include "core/machine/processor_port.h"

#include "core/machine/paging_sync.h"

#include <algorithm>

namespace ksl::core {

namespace {

constexpr std::uint64_t kLinesPerPage = kPageBytes / kCacheLine.count();

} // namespace

/// What the MMU asks while it walks: latency of the entries it reads, and where its events go.
struct ProcessorPort::Hooks {
    ProcessorPort& port;
    Ledger& ledger;

    [[nodiscard]] std::uint32_t reference(PhysAddr entry_at, bool is_write) {
        const CacheLevel level = port.state_.caches.access(port.cpu_, entry_at, is_write);
        ++ledger.lines[static_cast<std::size_t>(level)];
        return static_cast<std::uint32_t>(port.state_.caches.latency(level).count());
    }
    [[nodiscard]] bool wants_events() const { return port.fx_ != nullptr && port.fx_->wants(EventLevel::micro); }
    template <class Body>
    void report(const Body& body) {
        port.fx_->report(EventLevel::micro, [&] { return body; });
    }
};

[[gnu::always_inline]] inline void ProcessorPort::charge_line(PhysAddr at, bool is_write, Ledger& ledger) {
    const CacheLevel level = state_.caches.access(cpu_, at, is_write);
    ++ledger.lines[static_cast<std::size_t>(level)];
    // A line in the first level costs nothing beyond the instruction that uses it; the price of steps has that.
    if (level == CacheLevel::l1) return;
    const Cycles stall = state_.caches.latency(level) - state_.caches.latency(CacheLevel::l1);
    ledger.memory_stalls += stall;
    ledger.total += stall;
}

void ProcessorPort::charge_translation(const MmuAnswer& answer, Ledger& ledger) {
    if (answer.missed_first()) ++ledger.l1_dtlb_misses;
    ledger.tlb_stalls += answer.stall();
    ledger.total += answer.stall();
    if (answer.outcome() != MmuOutcome::walked && !answer.faulted()) return;
    ++ledger.stlb_misses;
    ++ledger.walks;
    ledger.walk_references += answer.references();
}

[[gnu::always_inline]] inline MmuAnswer ProcessorPort::access_once(VirtAddr at, bool is_write, Ledger& ledger) {
    Hooks hooks{*this, ledger};
    const MmuAnswer answer =
        mmu_.access(at, Access::kernel(is_write ? AccessKind::write : AccessKind::read), state_.memory.contents, hooks);
    ++ledger.accesses;
    if (answer.outcome() != MmuOutcome::first_level) [[unlikely]]
        charge_translation(answer, ledger);
    if (!answer.faulted()) charge_line(answer.at(), is_write, ledger);
    return answer;
}

std::optional<PhysAddr> ProcessorPort::touch(VirtAddr at, bool is_write, Ledger& ledger) {
    const MmuAnswer answer = access_once(at, is_write, ledger);
    if (!answer.faulted()) [[likely]]
        return answer.at();
    return touch_repaired(at, is_write, ledger);
}

[[gnu::noinline]] std::optional<PhysAddr> ProcessorPort::touch_repaired(VirtAddr at, bool is_write, Ledger& ledger) {
    if (fx_ == nullptr || !repair_top_level_entry(state_, cpu_, at, *fx_)) return std::nullopt;
    const MmuAnswer again = access_once(at, is_write, ledger);
    if (again.faulted()) return std::nullopt;
    return again.at();
}

bool ProcessorPort::touch_unrepaired(VirtAddr at, Ledger& ledger) {
    return !access_once(at, false, ledger).faulted();
}

void ProcessorPort::access(VirtAddr at, bool is_write, Ledger& ledger) {
    // Kernel data is mapped as long as the kernel lives; an access that is not is a bug of ours, which the invariant
    // checks of the page tables report with a better message than this place could.
    const MmuAnswer answer = access_once(at, is_write, ledger);
    if (answer.faulted()) [[unlikely]]
        static_cast<void>(touch_repaired(at, is_write, ledger));
}

void ProcessorPort::stream(VirtAddr from, Bytes size, bool is_write, Ledger& ledger) {
    const VirtAddr top = from + size;
    for (VirtAddr page = align_down(from, Bytes{kPageBytes}); page < top; page += Bytes{kPageBytes}) {
        const VirtAddr first = page < from ? from : page;
        const auto at = touch(first, is_write, ledger);
        if (!at) return;
        const VirtAddr page_top = page + Bytes{kPageBytes};
        const VirtAddr last = top < page_top ? top : page_top;
        const std::uint64_t lines = std::min<std::uint64_t>(
            (last.raw() - 1) / kCacheLine.count() - first.raw() / kCacheLine.count(), kLinesPerPage);
        if (lines == 0) continue;
        CacheModel::Found found{};
        state_.caches.access_run(cpu_, align_down(*at, kCacheLine) + kCacheLine, static_cast<std::uint32_t>(lines),
                                 is_write, found);
        for (std::size_t level = 0; level < kCacheLevels; ++level) ledger.lines[level] += found[level];
        const std::uint64_t far = found[static_cast<std::size_t>(CacheLevel::l3)];
        const std::uint64_t cold = found[static_cast<std::size_t>(CacheLevel::memory)];
        const Cycles stall = stream_.l3 * far + stream_.memory * cold;
        ledger.memory_stalls += stall;
        ledger.total += stall;
    }
}

} // namespace ksl::core
