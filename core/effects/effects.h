// SPDX-License-Identifier: MIT
//
// What a step of the engine does besides changing state: it costs, it touches memory, it is reported. Every engine
// function that stands for kernel code takes an Effects&; a default-constructed one is silent, and then these calls are
// one predictable branch each.
//
//     fx.charge(Step::buddy_split);
//     fx.write(fx.data().page_struct(half));
//     fx.report(EventLevel::fine, [&] { return BlockSplit{...}; });
#pragma once

#include "core/cost/ledger.h"
#include "core/cost/price_list.h"
#include "core/effects/kernel_data.h"
#include "core/effects/lock_table.h"
#include "core/events/event.h"

namespace ksl::core {

/// How one processor reaches memory: TLB, page tables, caches. Implemented by the machine.
class MemoryPort {
public:
    virtual ~MemoryPort() = default;
    /// One access to the line at `at` by kernel code; adds latency and counts to `ledger`.
    virtual void access(VirtAddr at, bool is_write, Ledger& ledger) = 0;

protected:
    MemoryPort() = default;
    MemoryPort(const MemoryPort&) = default;
    MemoryPort& operator=(const MemoryPort&) = default;
};

class Effects;

/// A lock of the simulated kernel that is held while this exists.
class [[nodiscard]] LockHold {
public:
    LockHold() = default;
    LockHold(Effects& fx, LockId lock, Cycles since) : fx_(&fx), since_(since), lock_(lock) {}
    LockHold(const LockHold&) = delete;
    LockHold& operator=(const LockHold&) = delete;
    inline ~LockHold();

private:
    Effects* fx_ = nullptr;
    Cycles since_;
    LockId lock_ = LockId::zone_dma;
};

class Effects {
public:
    /// Silent: charges nothing, reports nothing.
    Effects() = default;
    /// `prices`, `port`, `sink` may be null: then steps, accesses or events are dropped. `locks` null: nobody else is
    /// there to wait for. All must outlive this.
    Effects(const PriceList* prices, MemoryPort* port, EventSink* sink, EventLevel level, CpuId cpu, Cycles start,
            const KernelData& data, LockTable* locks = nullptr)
        : prices_(prices), port_(port), sink_(sink), locks_(locks), level_(sink == nullptr ? EventLevel::none : level),
          cpu_(cpu), silent_(prices == nullptr && port == nullptr && sink == nullptr), start_(start), data_(data) {}

    void charge(Step step, std::uint32_t times = 1) {
        if (prices_ == nullptr) return;
        ledger_.times[static_cast<std::size_t>(step)] += times;
        const Cycles cycles = (*prices_)[step] * times;
        ledger_.steps += cycles;
        ledger_.total += cycles;
    }
    void read(VirtAddr at) {
        if (port_ != nullptr) port_->access(at, false, ledger_);
    }
    void write(VirtAddr at) {
        if (port_ != nullptr) port_->access(at, true, ledger_);
    }
    /// False: read() and write() go nowhere, so that a caller need not work out addresses.
    [[nodiscard]] bool sees_memory() const { return port_ != nullptr; }
    /// Takes a lock, waiting for others who hold it, until the end of the result's life.
    LockHold hold(LockId lock) {
        if (locks_ == nullptr) [[likely]]
            return {};
        wait(locks_->acquire(lock, cpu_, now()) - now());
        return {*this, lock, now()};
    }
    /// Waiting for something that another processor holds.
    void wait(Cycles cycles) {
        ledger_.lock_waits += cycles;
        ledger_.total += cycles;
    }

    [[nodiscard]] bool wants(EventLevel level) const { return level <= level_; }
    /// `make` returns the event's body; it is called only if somebody wants this level.
    template <class Make>
    void report(EventLevel level, Make&& make) {
        if (wants(level)) [[unlikely]]
            sink_->on_event(Event{now(), cpu_, EventBody{make()}});
    }

    /// True if charging, touching and reporting are all without effect.
    [[nodiscard]] bool is_silent() const { return silent_; }

    [[nodiscard]] CpuId cpu() const { return cpu_; }
    [[nodiscard]] Cycles now() const { return start_ + ledger_.total; }
    [[nodiscard]] const KernelData& data() const { return data_; }
    [[nodiscard]] Ledger& ledger() { return ledger_; }
    [[nodiscard]] const Ledger& ledger() const { return ledger_; }

private:
    friend class LockHold;
    void let_go(LockId lock, Cycles since) { locks_->release(lock, cpu_, since, now()); }

    const PriceList* prices_ = nullptr;
    MemoryPort* port_ = nullptr;
    EventSink* sink_ = nullptr;
    LockTable* locks_ = nullptr;
    EventLevel level_ = EventLevel::none;
    CpuId cpu_{0};
    bool silent_ = true;
    Cycles start_;
    KernelData data_;
    Ledger ledger_;
};

inline LockHold::~LockHold() {
    if (fx_ != nullptr) fx_->let_go(lock_, since_);
}

/// The lock of a zone's free lists.
[[nodiscard]] constexpr LockId lock_of(ZoneId zone) {
    return static_cast<LockId>(static_cast<std::uint8_t>(LockId::zone_dma) + static_cast<std::uint8_t>(zone));
}

} // namespace ksl::core
