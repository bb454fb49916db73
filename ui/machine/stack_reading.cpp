// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/machine/stack_reading.h"

#include "core/paging/walker.h"

#include <algorithm>

namespace ksl::ui {

using core::Bytes;
using core::Machine;
using core::Pfn;
using core::StackId;
using core::TaskId;
using core::VirtAddr;

namespace {

constexpr Bytes kFrameHead{16}; ///< return address and saved frame pointer
constexpr std::size_t kMostCalls = 4096;

core::CpuId cpu_id(unsigned cpu) {
    return core::CpuId{static_cast<std::uint16_t>(cpu)};
}

/// A word of kernel memory; nothing if it is not mapped.
std::optional<std::uint64_t> word_at(const Machine& machine, VirtAddr at) {
    const auto where = translate(machine, at);
    if (!where || frame_of(*where).raw() >= machine.state().memory.contents.frames().count()) return std::nullopt;
    return machine.state().memory.contents.read(*where);
}

bool is_held_by(const Machine& machine, TaskId task, StackId stack) {
    const core::TaskTable& tasks = machine.state().tasks;
    return tasks.is_live(task) && tasks[task].stack == stack;
}

void find_holder(const Machine& machine, StackReading& reading) {
    if (is_held_by(machine, reading.task, reading.id)) {
        const core::TaskRecord& record = machine.state().tasks[reading.task];
        reading.holder = StackHolder::task;
        reading.pid = record.pid;
        reading.used = Bytes{record.stack_used};
        reading.deepest = Bytes{record.deepest};
        reading.is_running = std::ranges::any_of(machine.state().cpus,
                                                 [&](const core::Cpu& cpu) { return cpu.current == reading.task; });
        return;
    }
    reading.holder = StackHolder::deferred;
    for (unsigned cpu = 0; cpu < machine.config().cpus; ++cpu) {
        const core::StackCache& cache = machine.state().stacks.cache(cpu_id(cpu));
        for (std::uint8_t slot = 0; slot < cache.slots(); ++slot) {
            if (cache.slot(slot) != reading.id) continue;
            reading.holder = StackHolder::cache;
            reading.cache_cpu = cpu_id(cpu);
            reading.cache_slot = slot;
        }
    }
}

void read_thread_info(const Machine& machine, StackReading& reading) {
    const core::StackDesign& design = machine.config().design;
    if (!design.has_thread_info_on_stack() && design.thread_info != core::ThreadInfoPlace::own_page) return;
    const VirtAddr at = thread_info_address(design, reading.stack.lowest, reading.area.lowest);
    reading.thread_info = core::VirtRange{at, at + core::kThreadInfoBytes};
    for (const core::ThreadInfoField& field : core::kThreadInfoFields) {
        const std::uint32_t word = field.offset & ~7U;
        const auto value = word_at(machine, at + Bytes{word});
        if (!value) continue;
        const unsigned shift = (field.offset - word) * 8;
        const std::uint64_t mask = field.bytes == 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (field.bytes * 8)) - 1;
        reading.thread_info_values.push_back({.name = field.name, .value = (*value >> shift) & mask});
    }
}

/// The calls on a stack, innermost first, from the chain of frame pointers in its memory.
std::vector<StackItem> read_calls(const Machine& machine, const StackReading& reading, Bytes frame, Bytes& below) {
    std::vector<StackItem> calls;
    const VirtAddr top = reading.stack.top;
    while (frame > Bytes{0} && frame >= kFrameHead && calls.size() < kMostCalls) {
        const Bytes start = frame - kFrameHead;
        if (start >= below) break;
        const auto saved = word_at(machine, top - frame);
        const auto return_to = word_at(machine, top - frame + Bytes{8});
        calls.push_back(
            {.kind = StackItem::Kind::call, .size = below - start, .return_to = VirtAddr{return_to.value_or(0)}});
        below = start;
        if (!saved || VirtAddr{*saved} > top || top - VirtAddr{*saved} >= frame) break;
        frame = top - VirtAddr{*saved};
    }
    return calls;
}

void read_items(const Machine& machine, StackReading& reading) {
    if (reading.holder != StackHolder::task) return;
    const core::MachineConfig& config = machine.config();
    Bytes below = reading.used;
    std::vector<StackItem> calls =
        read_calls(machine, reading, Bytes{machine.state().tasks[reading.task].frame}, below);
    const auto add = [&](StackItem::Kind kind, Bytes size) {
        size = std::min(size, below);
        if (size == Bytes{0}) return;
        reading.items.push_back({.kind = kind, .size = size, .return_to = {}});
        below -= size;
    };
    if (config.design.thread_info == core::ThreadInfoPlace::stack_top) below -= std::min(below, core::kThreadInfoBytes);
    add(StackItem::Kind::user_registers, core::kPtRegs);
    if (config.kernel.has_fork_frame) add(StackItem::Kind::fork_frame, config.kernel.fork_frame);
    // What the chain does not explain is one more frame: the overwritten link hides the rest.
    if (below > Bytes{0}) add(StackItem::Kind::call, below);
    reading.items.insert(reading.items.end(), calls.rbegin(), calls.rend());
}

void read_canary(const Machine& machine, StackReading& reading) {
    if (machine.config().design.backing == core::Backing::dynamic) return;
    reading.canary = magic_address(machine.config().design, reading.stack.lowest);
    reading.is_canary_intact = word_at(machine, *reading.canary) == core::kStackEndMagic;
}

} // namespace

std::optional<core::PhysAddr> translate(const Machine& machine, VirtAddr at) {
    const core::KernelMemory& memory = machine.state().memory;
    const auto found = inspect(memory.contents, memory.layout.geometry(), machine.state().cpus.front().mmu.mode().rules,
                               memory.tables.root, at);
    if (!found) return std::nullopt;
    return found->at;
}

std::vector<std::optional<Pfn>> frames_of(const Machine& machine, StackId stack) {
    const VirtAddr lowest = machine.state().stacks.lowest(stack, machine.state().memory);
    std::vector<std::optional<Pfn>> frames;
    for (unsigned page = 0; page < machine.config().design.stack_pages(); ++page) {
        const auto at = translate(machine, lowest + bytes_of(core::Pages{page}));
        frames.push_back(at ? std::optional{frame_of(*at)} : std::nullopt);
    }
    return frames;
}

std::vector<StackId> cached_stacks(const Machine& machine) {
    std::vector<StackId> found;
    for (unsigned cpu = 0; cpu < machine.config().cpus; ++cpu) {
        const core::StackCache& cache = machine.state().stacks.cache(cpu_id(cpu));
        for (std::uint8_t slot = 0; slot < cache.slots(); ++slot) {
            if (!cache.slot(slot).is_none()) found.push_back(cache.slot(slot));
        }
    }
    return found;
}

std::optional<StackId> stack_of_frame(const Machine& machine, Pfn frame) {
    const core::StackTable& stacks = machine.state().stacks.stacks();
    for (std::uint32_t id = 0; id < stacks.limit(); ++id) {
        if (!stacks.is_live(StackId{id})) continue;
        const auto frames = frames_of(machine, StackId{id});
        if (std::ranges::find(frames, std::optional{frame}) != frames.end()) return StackId{id};
    }
    return std::nullopt;
}

StackId interesting_stack(const Machine& machine, core::CpuId cpu) {
    const core::MachineState& state = machine.state();
    const core::Cpu& processor = state.cpu(cpu);
    const TaskId task = processor.is_idle() ? core::kInitTask : processor.current;
    return state.tasks.is_live(task) ? state.tasks[task].stack : StackId::none();
}

std::optional<StackReading> read_stack(const Machine& machine, StackId stack) {
    const core::MachineState& state = machine.state();
    if (stack.is_none() || stack.raw() >= state.stacks.stacks().limit() || !state.stacks.stacks().is_live(stack))
        return std::nullopt;
    StackReading reading;
    reading.id = stack;
    reading.task = TaskId{state.stacks.stacks()[stack].task};
    const VirtAddr lowest = state.stacks.lowest(stack, state.memory);
    reading.stack = {lowest, lowest + machine.config().design.stack_bytes()};
    reading.area = state.stacks.area(stack, state.memory);
    reading.frames = frames_of(machine, stack);
    find_holder(machine, reading);
    read_thread_info(machine, reading);
    const bool has_page_below = machine.config().design.thread_info == core::ThreadInfoPlace::own_page;
    const VirtAddr below_from = reading.area.lowest + (has_page_below ? Bytes{core::kPageBytes} : Bytes{0});
    if (below_from < lowest) reading.guard_below = lowest - below_from;
    if (reading.stack.top < reading.area.top) reading.guard_above = reading.area.top - reading.stack.top;
    read_canary(machine, reading);
    read_items(machine, reading);
    return reading;
}

} // namespace ksl::ui
