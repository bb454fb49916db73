// SPDX-License-Identifier: MIT
//
// The engine's only way out: what happened, when, on which processor. Recorder, timeline and views learn from events
// and from copies of the machine, never by looking into a running one.
//
// Levels:  coarse = what a lecture is about; fine = allocator and TLB-maintenance steps; micro = every entry and every
//          TLB fill. A sink says how much it wants; what nobody wants is not even built.
#pragma once

#include "core/events/memory_events.h"
#include "core/events/paging_events.h"
#include "core/events/task_events.h"
#include "core/events/vmalloc_events.h"
#include "core/types/ids.h"
#include "core/types/time.h"

#include <type_traits>
#include <variant>

namespace ksl::core {

enum class EventLevel : std::uint8_t { none, coarse, fine, micro };

using EventBody = std::variant<
    // memory
    PagesAllocated, PagesRefused, PagesFreed, BlockRemoved, BlockSplit, BlocksMerged, PcpRefilled, PcpDrained,
    FallbackTaken, WatermarkBoosted, SlabGrew, SlabShrank, Reclaimed, Compacted, OutOfMemory,
    // paging and TLB
    PteWritten, TablePageAdded, DirectMapSplit, PgdEntryCopied, TlbFilled, TlbEvicted, TlbMissed, PageWalked,
    TlbFlushed, PageFaulted,
    // vmalloc
    AreaReserved, AreaRefused, AreaFreedLazily, AreasPurged,
    // tasks, stacks, deferral
    TaskCreated, CloneFailed, TaskExited, TaskReleased, StackReleased, ContextSwitched, CallPushed, CallReturned,
    StackOverran, OverflowNoticed, TaskKilled, MachineDied, GracePeriodStarted, GracePeriodEnded, CallbacksRun,
    WorkQueued, WorkDone, StackUsageReported, StackErased, DmaMapped, DmaStruck, CpuUnplugged, CpuPlugged>;

struct Event {
    Cycles at; ///< on the clock of `cpu`
    CpuId cpu;
    EventBody body;
};
static_assert(std::is_trivially_copyable_v<Event> && sizeof(Event) <= 64);

class EventSink {
public:
    virtual ~EventSink() = default;
    virtual void on_event(const Event& event) = 0;

protected:
    EventSink() = default;
    EventSink(const EventSink&) = default;
    EventSink& operator=(const EventSink&) = default;
};

} // namespace ksl::core
