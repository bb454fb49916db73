// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/event_text.h"

#include "core/kstack/overflow.h"
#include "ui/format/format.h"

#include <QCoreApplication>
#include <algorithm>
#include <array>
#include <string_view>
#include <variant>

namespace ksl::ui {

using core::CpuId;
using core::Machine;
using core::Pfn;
using core::TaskId;
using core::VirtAddr;

namespace {

class EventText {
    Q_DECLARE_TR_FUNCTIONS(EventText)
};

QString address(std::uint64_t raw) {
    return format_address(VirtAddr{raw});
}
QString frame(std::uint32_t pfn) {
    return format_pfn(Pfn{pfn});
}
QString stack_size(const Machine& machine) {
    return format_bytes(machine.config().design.stack_bytes());
}

QString name_of(core::MigrateType type) {
    switch (type) {
    case core::MigrateType::unmovable: return EventText::tr("unmovable");
    case core::MigrateType::movable: return EventText::tr("movable");
    case core::MigrateType::reclaimable: return EventText::tr("reclaimable");
    case core::MigrateType::highatomic: return EventText::tr("highatomic");
    }
    return {};
}
QString zone_name(core::ZoneId zone) {
    return latin(core::kZoneNames[static_cast<std::size_t>(zone)]);
}
QString slab_name(std::uint8_t cache) {
    constexpr std::array<const char*, 4> kNames{"task_struct", "vm_struct", "vmap_area", "pages[]"};
    return cache < kNames.size() ? QString::fromLatin1(kNames[cache]) : EventText::tr("slab cache %1").arg(cache);
}
QString source_text(core::StackSource source) {
    switch (source) {
    case core::StackSource::page_allocator: return EventText::tr("from the page allocator");
    case core::StackSource::vmalloc: return EventText::tr("freshly mapped in the vmalloc area");
    case core::StackSource::stack_cache: return EventText::tr("from the stack cache of its CPU");
    case core::StackSource::pid_slot: return EventText::tr("at the slot of its PID");
    }
    return {};
}
QString sink_text(core::StackSink sink) {
    switch (sink) {
    case core::StackSink::page_allocator: return EventText::tr("went back to the page allocator");
    case core::StackSink::vmalloc: return EventText::tr("was unmapped and waits for a purge");
    case core::StackSink::stack_cache: return EventText::tr("waits in the stack cache of its CPU");
    case core::StackSink::deferred: return EventText::tr("will be freed after a grace period");
    case core::StackSink::pid_slot: return EventText::tr("was unmapped, its slot waits for a flush");
    }
    return {};
}
QString detector_text(core::Detector detector) {
    switch (detector) {
    case core::Detector::guard_page_fault: return EventText::tr("a page fault on the guard page");
    case core::Detector::guard_double_fault: return EventText::tr("a double fault on the guard page");
    case core::Detector::stack_end_check: return EventText::tr("the check of the stack's end at a switch");
    case core::Detector::oops_report: return EventText::tr("the report of an oops");
    case core::Detector::usage_check: return EventText::tr("the check of stack usage at exit");
    case core::Detector::paging_request: return EventText::tr("a page fault far from the stack");
    case core::Detector::double_fault: return EventText::tr("a double fault far from the stack");
    case core::Detector::wild_thread_info: return EventText::tr("the use of an overwritten field of thread_info");
    case core::Detector::none: return EventText::tr("nobody");
    }
    return {};
}
QString work_text(std::uint8_t kind) {
    return kind == 0 ? EventText::tr("the freeing of stacks") : EventText::tr("a purge of the vmalloc area");
}

/// One overload an event, no catch-all: what is missing does not compile.
struct Sentence {
    const Machine& machine;
    CpuId cpu;

    [[nodiscard]] QString task(std::uint32_t id) const { return task_name(machine, TaskId{id}); }

    QString operator()(const core::PagesAllocated& e) const {
        return (e.from_pcp ? EventText::tr("frame %1, order %2, was taken from the page list of zone %3")
                           : EventText::tr("frame %1, order %2, was taken from the free lists of zone %3"))
            .arg(frame(e.pfn))
            .arg(e.order)
            .arg(zone_name(e.zone));
    }
    QString operator()(const core::PagesRefused& e) const {
        return EventText::tr("a request for an %1 block of order %2 was refused").arg(name_of(e.type)).arg(e.order);
    }
    QString operator()(const core::PagesFreed& e) const {
        return (e.to_pcp ? EventText::tr("frame %1, order %2, went to a per-CPU page list")
                         : EventText::tr("frame %1, order %2, went back to the free lists"))
            .arg(frame(e.pfn))
            .arg(e.order);
    }
    QString operator()(const core::BlockRemoved& e) const {
        return EventText::tr("block %1 of order %2 left the free lists").arg(frame(e.pfn)).arg(e.order);
    }
    QString operator()(const core::BlockSplit& e) const {
        return EventText::tr("block %1 was split into two of order %2").arg(frame(e.pfn)).arg(e.order);
    }
    QString operator()(const core::BlocksMerged& e) const {
        return EventText::tr("two buddies merged into block %1 of order %2").arg(frame(e.pfn)).arg(e.order);
    }
    QString operator()(const core::PcpRefilled& e) const {
        return EventText::tr("a page list of zone %1 was refilled with %2 blocks of order %3")
            .arg(zone_name(e.zone))
            .arg(e.blocks)
            .arg(e.order);
    }
    QString operator()(const core::PcpDrained& e) const {
        return EventText::tr("frame %1 went from a page list back to the free lists").arg(frame(e.pfn));
    }
    QString operator()(const core::FallbackTaken& e) const {
        return EventText::tr("a request for %1 memory took block %2 from %3 memory")
            .arg(name_of(e.wanted), frame(e.pfn), name_of(e.taken_from));
    }
    QString operator()(const core::WatermarkBoosted& e) const {
        return EventText::tr("the watermarks of zone %1 rose by %2 pages").arg(zone_name(e.zone)).arg(e.pages);
    }
    QString operator()(const core::SlabGrew& e) const {
        return EventText::tr("the slab cache %1 took frame %2").arg(slab_name(e.cache), frame(e.pfn));
    }
    QString operator()(const core::SlabShrank& e) const {
        return EventText::tr("the slab cache %1 gave frame %2 back").arg(slab_name(e.cache), frame(e.pfn));
    }
    QString operator()(const core::Reclaimed& e) const {
        return EventText::tr("reclaim looked at %1 pages and freed %2")
            .arg(format_count(e.scanned), format_count(e.pages));
    }
    QString operator()(const core::Compacted& e) const {
        return (e.succeeded ? EventText::tr("compaction made a block of order %1 by moving %2 pages")
                            : EventText::tr("compaction found no block of order %1 and moved %2 pages"))
            .arg(e.order)
            .arg(format_count(e.migrated));
    }
    QString operator()(const core::OutOfMemory& e) const {
        return EventText::tr("out of memory at order %1 with %2 pages free: %3 has to die")
            .arg(e.order)
            .arg(format_count(e.free_pages), task(e.victim));
    }
    QString operator()(const core::PteWritten& e) const {
        return EventText::tr("page-table entry at %1 was written").arg(format_hex(e.entry_at));
    }
    QString operator()(const core::TablePageAdded& e) const {
        return EventText::tr("frame %1 became a page table of level %2 for %3")
            .arg(frame(e.pfn))
            .arg(e.level)
            .arg(address(e.covers));
    }
    QString operator()(const core::DirectMapSplit& e) const {
        return EventText::tr("the large page at %1 was split").arg(address(e.address));
    }
    QString operator()(const core::PgdEntryCopied& e) const {
        return (e.by_fault ? EventText::tr("a page fault copied top-level entry %1 into address space %2")
                           : EventText::tr("top-level entry %1 was copied into address space %2"))
            .arg(e.index)
            .arg(e.space);
    }
    QString operator()(const core::TlbFilled& e) const {
        return EventText::tr("the TLB took the translation of %1").arg(address(e.address));
    }
    QString operator()(const core::TlbEvicted& e) const {
        return EventText::tr("the translation of %1 was pushed out of the TLB by %2")
            .arg(address(e.address), address(e.by));
    }
    QString operator()(const core::TlbMissed& e) const {
        return EventText::tr("no translation of %1 in the TLB").arg(address(e.address));
    }
    QString operator()(const core::PageWalked& e) const {
        return EventText::tr("a page walk for %1 read %2 entries").arg(address(e.address)).arg(e.references);
    }
    QString operator()(const core::TlbFlushed& e) const {
        return EventText::tr("a TLB flush interrupted %1 CPUs").arg(e.targets);
    }
    QString operator()(const core::PageFaulted& e) const {
        return EventText::tr("page fault at %1, error code %2").arg(address(e.address), format_hex(e.error_code));
    }
    QString operator()(const core::AreaReserved& e) const {
        return EventText::tr("area %1 of %2 was reserved in %3 steps")
            .arg(address(e.start), format_bytes(core::Bytes{e.end - e.start}))
            .arg(e.steps);
    }
    QString operator()(const core::AreaRefused& e) const {
        return EventText::tr("no free range of %1 in the vmalloc area").arg(format_bytes(core::Bytes{e.size}));
    }
    QString operator()(const core::AreaFreedLazily& e) const {
        return EventText::tr("area %1 waits for a purge, with it %2 pages")
            .arg(address(e.start), format_count(e.lazy_pages));
    }
    QString operator()(const core::AreasPurged& e) const {
        return EventText::tr("a purge freed %1 areas, %2 pages, with one flush of every TLB")
            .arg(format_count(e.areas), format_count(e.pages));
    }
    QString operator()(const core::TaskCreated& e) const {
        return EventText::tr("%1 created %2 on a %3 stack at %4, %5")
            .arg(task(e.parent), task(e.task), stack_size(machine), address(e.stack_lowest), source_text(e.source));
    }
    QString operator()(const core::CloneFailed& e) const {
        constexpr std::uint8_t kEagain = 11;
        return (e.errno_value == kEagain
                    ? EventText::tr("clone failed for %1: more tasks than the kernel allows (EAGAIN)")
                    : EventText::tr("clone failed for %1: no memory for the stack (ENOMEM)"))
            .arg(task(e.parent));
    }
    QString operator()(const core::TaskExited& e) const {
        return EventText::tr("%1 ended and stands on its stack for the last time").arg(task(e.task));
    }
    QString operator()(const core::TaskReleased& e) const {
        return EventText::tr("everything that the end of %1 put off is done, for %2 cycles")
            .arg(task(e.task), format_count(e.deferred_cycles));
    }
    QString operator()(const core::StackReleased& e) const {
        return EventText::tr("the stack at %1 of %2 %3").arg(address(e.stack_lowest), task(e.task), sink_text(e.sink));
    }
    QString operator()(const core::ContextSwitched& e) const {
        return EventText::tr("%1 switched from %2 to %3").arg(cpu_name(cpu), task(e.from), task(e.to));
    }
    QString operator()(const core::CallPushed& e) const {
        return EventText::tr("%1 called a function with a frame of %2, stack pointer %3")
            .arg(task(e.task), format_bytes(core::Bytes{e.bytes}), address(e.sp));
    }
    QString operator()(const core::CallReturned& e) const {
        return EventText::tr("%1 returned, stack pointer %2").arg(task(e.task), address(e.sp));
    }
    QString operator()(const core::StackOverran& e) const {
        return EventText::tr("%1 overran its stack: %2 were overwritten, they belonged to %3")
            .arg(task(e.task), format_bytes(core::Bytes{e.to - e.from}),
                 latin(core::name_of(static_cast<core::Victim>(e.victim))));
    }
    QString operator()(const core::OverflowNoticed& e) const {
        return (e.machine_dies ? EventText::tr("the overflow of %1 was noticed by %2, and the machine dies")
                               : EventText::tr("the overflow of %1 was noticed by %2"))
            .arg(task(e.task), detector_text(e.detector));
    }
    QString operator()(const core::TaskKilled& e) const { return EventText::tr("%1 was killed").arg(task(e.task)); }
    QString operator()(const core::MachineDied& e) const {
        return EventText::tr("kernel panic in %1: the machine is dead").arg(task(e.task));
    }
    QString operator()(const core::GracePeriodStarted& e) const {
        return EventText::tr("grace period %1 began").arg(format_count(e.number));
    }
    QString operator()(const core::GracePeriodEnded& e) const {
        return EventText::tr("grace period %1 ended").arg(format_count(e.number));
    }
    QString operator()(const core::CallbacksRun& e) const {
        return EventText::tr("%1 ran %2 RCU callbacks").arg(cpu_name(cpu), format_count(e.count));
    }
    QString operator()(const core::WorkQueued& e) const {
        return EventText::tr("%1 was put off to a worker").arg(work_text(e.kind));
    }
    QString operator()(const core::WorkDone& e) const {
        return EventText::tr("the worker of %1 did %2: %3").arg(cpu_name(cpu), work_text(e.kind)).arg(e.items);
    }
    QString operator()(const core::StackUsageReported& e) const {
        return EventText::tr("%1 ended having used %2 of its stack, %3 were never touched")
            .arg(task(e.task), format_bytes(core::Bytes{e.used}), format_bytes(core::Bytes{e.free}));
    }
    QString operator()(const core::StackErased& e) const {
        return EventText::tr("%1 goes back to user mode: %2 of its stack overwritten, from %3 up")
            .arg(task(e.task), format_bytes(core::Bytes{e.bytes}), address(e.from));
    }
    QString operator()(const core::DmaMapped& e) const {
        return EventText::tr("%1 gave %2 at %3 to a device as bus address %4: %5")
            .arg(task(e.task), format_bytes(core::Bytes{e.length}), address(e.buffer), address(e.bus),
                 latin(core::name_of(static_cast<core::DmaResult>(e.result))));
    }
    QString operator()(const core::DmaStruck& e) const {
        return EventText::tr("a device wrote %1 at physical %2, which belonged to %3")
            .arg(format_bytes(core::Bytes{e.to - e.from}), address(e.from),
                 latin(core::name_of(static_cast<core::Victim>(e.victim))));
    }
    QString operator()(const core::CpuUnplugged& e) const {
        return EventText::tr("CPU %1 was taken out of service: %2 cached stacks freed, %3 left behind")
            .arg(e.cpu)
            .arg(e.stacks_freed)
            .arg(e.stacks_kept);
    }
    QString operator()(const core::CpuPlugged& e) const { return EventText::tr("CPU %1 came back").arg(e.cpu); }
};

/// What a step is about: the higher, the more telling.
int rank(const core::EventBody& body) {
    if (std::holds_alternative<core::MachineDied>(body)) return 9;
    if (std::holds_alternative<core::OverflowNoticed>(body)) return 8;
    if (std::holds_alternative<core::StackOverran>(body)) return 7;
    if (std::holds_alternative<core::OutOfMemory>(body) || std::holds_alternative<core::CloneFailed>(body)) return 6;
    if (std::holds_alternative<core::TaskKilled>(body)) return 5;
    if (std::holds_alternative<core::AreasPurged>(body)) return 5;
    if (std::holds_alternative<core::TaskCreated>(body) || std::holds_alternative<core::TaskExited>(body)) return 4;
    if (std::holds_alternative<core::StackReleased>(body)) return 4;
    if (std::holds_alternative<core::CallPushed>(body) || std::holds_alternative<core::CallReturned>(body)) return 3;
    if (std::holds_alternative<core::ContextSwitched>(body)) return 2;
    return 1;
}

QString capitalised(QString text) {
    if (!text.isEmpty()) text[0] = text[0].toUpper();
    return text;
}

} // namespace

QString task_name(const Machine& machine, TaskId task) {
    const core::TaskTable& tasks = machine.state().tasks;
    if (task == core::kInitTask) return EventText::tr("init");
    if (tasks.is_live(task) && tasks[task].kind == core::TaskKind::idle)
        return EventText::tr("the idle task of %1").arg(cpu_name(tasks[task].cpu));
    return EventText::tr("task %1").arg(task.raw());
}

QString cpu_name(CpuId cpu) {
    return EventText::tr("cpu %1").arg(cpu.raw());
}

QString backing_name(core::Backing backing) {
    switch (backing) {
    case core::Backing::direct_map: return EventText::tr("contiguous, direct map");
    case core::Backing::vmap: return EventText::tr("single frames, vmalloc area");
    case core::Backing::vmap_lowmem_alias: return EventText::tr("contiguous, mapped again in the vmalloc area");
    case core::Backing::pid_slot: return EventText::tr("single frames, slot of the PID");
    case core::Backing::dynamic: return EventText::tr("vmalloc area, pages on demand");
    }
    return {};
}

QString thread_info_name(core::ThreadInfoPlace place) {
    switch (place) {
    case core::ThreadInfoPlace::stack_bottom: return EventText::tr("bottom of the stack");
    case core::ThreadInfoPlace::stack_top: return EventText::tr("top of the stack");
    case core::ThreadInfoPlace::own_page: return EventText::tr("own page under a guard");
    case core::ThreadInfoPlace::task_struct: return EventText::tr("task_struct");
    case core::ThreadInfoPlace::task_struct_flags_per_cpu: return EventText::tr("task_struct, flags per CPU");
    }
    return {};
}

QString sentence_of(const core::Event& event, const Machine& machine) {
    return std::visit(Sentence{machine, event.cpu}, event.body);
}

QString sentence_of(const Snapshot& snapshot) {
    if (snapshot.position == 0) return EventText::tr("The machine has booted; nothing has run yet");
    const QString took =
        EventText::tr("%1, %2").arg(cpu_name(CpuId{snapshot.last.cpu}), format_time(snapshot.last.duration));
    if (snapshot.events.empty()) return EventText::tr("A step without anything to report (%1)").arg(took);
    const auto told =
        std::ranges::max_element(snapshot.events, {}, [](const core::Event& event) { return rank(event.body); });
    return EventText::tr("%1 (%2)").arg(capitalised(sentence_of(*told, *snapshot.machine)), took);
}

QString kind_name(const core::EventBody& body) {
    struct Kind {
        QString operator()(const core::PagesAllocated&) const { return EventText::tr("allocation"); }
        QString operator()(const core::PagesRefused&) const { return EventText::tr("refusal"); }
        QString operator()(const core::PagesFreed&) const { return EventText::tr("free"); }
        QString operator()(const core::BlockRemoved&) const { return EventText::tr("block"); }
        QString operator()(const core::BlockSplit&) const { return EventText::tr("split"); }
        QString operator()(const core::BlocksMerged&) const { return EventText::tr("merge"); }
        QString operator()(const core::PcpRefilled&) const { return EventText::tr("page list"); }
        QString operator()(const core::PcpDrained&) const { return EventText::tr("page list"); }
        QString operator()(const core::FallbackTaken&) const { return EventText::tr("fallback"); }
        QString operator()(const core::WatermarkBoosted&) const { return EventText::tr("watermark"); }
        QString operator()(const core::SlabGrew&) const { return EventText::tr("slab"); }
        QString operator()(const core::SlabShrank&) const { return EventText::tr("slab"); }
        QString operator()(const core::Reclaimed&) const { return EventText::tr("reclaim"); }
        QString operator()(const core::Compacted&) const { return EventText::tr("compaction"); }
        QString operator()(const core::OutOfMemory&) const { return EventText::tr("out of memory"); }
        QString operator()(const core::PteWritten&) const { return EventText::tr("page table"); }
        QString operator()(const core::TablePageAdded&) const { return EventText::tr("page table"); }
        QString operator()(const core::DirectMapSplit&) const { return EventText::tr("page table"); }
        QString operator()(const core::PgdEntryCopied&) const { return EventText::tr("page table"); }
        QString operator()(const core::TlbFilled&) const { return EventText::tr("TLB"); }
        QString operator()(const core::TlbEvicted&) const { return EventText::tr("TLB"); }
        QString operator()(const core::TlbMissed&) const { return EventText::tr("TLB"); }
        QString operator()(const core::PageWalked&) const { return EventText::tr("walk"); }
        QString operator()(const core::TlbFlushed&) const { return EventText::tr("flush"); }
        QString operator()(const core::PageFaulted&) const { return EventText::tr("fault"); }
        QString operator()(const core::AreaReserved&) const { return EventText::tr("vmalloc"); }
        QString operator()(const core::AreaRefused&) const { return EventText::tr("refusal"); }
        QString operator()(const core::AreaFreedLazily&) const { return EventText::tr("vmalloc"); }
        QString operator()(const core::AreasPurged&) const { return EventText::tr("purge"); }
        QString operator()(const core::TaskCreated&) const { return EventText::tr("clone"); }
        QString operator()(const core::CloneFailed&) const { return EventText::tr("failed clone"); }
        QString operator()(const core::TaskExited&) const { return EventText::tr("exit"); }
        QString operator()(const core::TaskReleased&) const { return EventText::tr("release"); }
        QString operator()(const core::StackReleased&) const { return EventText::tr("stack"); }
        QString operator()(const core::ContextSwitched&) const { return EventText::tr("switch"); }
        QString operator()(const core::CallPushed&) const { return EventText::tr("call"); }
        QString operator()(const core::CallReturned&) const { return EventText::tr("return"); }
        QString operator()(const core::StackOverran&) const { return EventText::tr("overflow"); }
        QString operator()(const core::OverflowNoticed&) const { return EventText::tr("noticed"); }
        QString operator()(const core::TaskKilled&) const { return EventText::tr("killed"); }
        QString operator()(const core::MachineDied&) const { return EventText::tr("panic"); }
        QString operator()(const core::GracePeriodStarted&) const { return EventText::tr("RCU"); }
        QString operator()(const core::GracePeriodEnded&) const { return EventText::tr("RCU"); }
        QString operator()(const core::CallbacksRun&) const { return EventText::tr("RCU"); }
        QString operator()(const core::WorkQueued&) const { return EventText::tr("work"); }
        QString operator()(const core::WorkDone&) const { return EventText::tr("work"); }
        QString operator()(const core::StackUsageReported&) const { return EventText::tr("usage"); }
        QString operator()(const core::StackErased&) const { return EventText::tr("erased"); }
        QString operator()(const core::DmaMapped&) const { return EventText::tr("DMA"); }
        QString operator()(const core::DmaStruck&) const { return EventText::tr("DMA hit"); }
        QString operator()(const core::CpuUnplugged&) const { return EventText::tr("CPU off"); }
        QString operator()(const core::CpuPlugged&) const { return EventText::tr("CPU on"); }
    };
    return std::visit(Kind{}, body);
}

} // namespace ksl::ui
