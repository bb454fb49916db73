// SPDX-License-Identifier: MIT
#include "core/machine/churn.h"

#include "core/machine/life.h"

namespace ksl::core {

void exec(MachineState& state, KernelServices& kernel, const Exec& command, Outcome& outcome) {
    const TaskId task = state.cpu(command.cpu).current;
    const SpaceId space = state.tasks[task].space;
    if (space.is_none() || state.spaces.users(space) != 1) {
        outcome.status = OutcomeStatus::refused;
        return;
    }
    begin_system_call(state, kernel);
    kernel.fx().charge(Step::exec_rest);
    if (!state.spaces.exec(kernel, space, command.pages)) outcome.status = OutcomeStatus::no_memory;
    outcome.value = state.spaces.own_pages(space);
}

void alloc_pages(MachineState& state, KernelServices& kernel, const AllocPages& command, Outcome& outcome) {
    const auto block = kernel.allocate(request_for(command.use, command.order));
    if (!block) {
        outcome.status = state.is_dead ? OutcomeStatus::machine_died : OutcomeStatus::no_memory;
        return;
    }
    // File pages go to the LRU list, from which reclaim takes them; they then belong to nobody else.
    if (command.use == PageUse::page_cache && command.order == Order{0}) state.memory.pages.lru_add(*block);
    outcome.value = static_cast<std::uint32_t>(block->raw());
}

void free_pages(MachineState& state, KernelServices& kernel, const FreePages& command, Outcome& outcome) {
    const auto node = static_cast<FrameTable::Node>(command.block.raw());
    const FrameTable& frames = state.memory.pages.state().frames;
    const bool exists = command.block.raw() < frames.frames().count();
    const BlockState what = exists ? frames.state(node) : BlockState::none;
    // A file page that reclaim took meanwhile is gone; its former user finds out like this.
    if (what != BlockState::in_use && what != BlockState::lru) {
        outcome.status = OutcomeStatus::refused;
        return;
    }
    const Order order{frames.order(node)};
    if (what == BlockState::lru) state.memory.pages.lru_remove(command.block);
    kernel.free(command.block, order);
}

void vmalloc(MachineState& state, KernelServices& kernel, const Vmalloc& command, Outcome& outcome) {
    Effects& fx = kernel.fx();
    KernelMemory& memory = state.memory;
    fx.charge(Step::vmalloc_entry);
    const VirtRange window{memory.layout.vmalloc().lowest, memory.layout.vmalloc_end_inclusive()};
    const auto area =
        memory.vmap.reserve(vmalloc_request(bytes_of(Pages{command.pages}), Bytes{1}, window), fx, kernel.vmap_host());
    if (!area) {
        outcome.status = OutcomeStatus::no_address_space;
        return;
    }
    VirtAddr at = memory.vmap.range(*area).lowest;
    kernel.sync_top_level(memory.vmap.range(*area));
    Mapper mapper = memory.mapper();
    const auto take = [&] {
        return kernel.allocate({.order = Order{0}, .gfp = gfp::kKernel | gfp::kZero, .use = FrameUse::page_table});
    };
    outcome.value = area->raw();
    for (std::uint32_t page = 0; page < command.pages; ++page, at += Bytes{kPageBytes}) {
        fx.charge(Step::vmalloc_page);
        const auto frame = kernel.allocate({.order = Order{0}, .gfp = gfp::kKernel, .use = FrameUse::unmovable});
        const bool mapped = frame && mapper.map_frames(at, std::array{*frame}, kernel_attributes::kPage, take, fx);
        if (mapped) continue;
        if (frame) kernel.free(*frame, Order{0});
        Outcome ignored;
        vfree(state, kernel, {command.cpu, *area}, ignored);
        outcome.status = OutcomeStatus::no_memory;
        return;
    }
}

void vfree(MachineState& state, KernelServices& kernel, const Vfree& command, Outcome& outcome) {
    Effects& fx = kernel.fx();
    KernelMemory& memory = state.memory;
    if (command.area.is_none() || memory.vmap.kind(command.area) != AreaKind::busy) {
        outcome.status = OutcomeStatus::refused;
        return;
    }
    fx.charge(Step::vfree_entry);
    const VirtRange range = memory.vmap.range(command.area);
    static_cast<void>(memory.vmap.find(range.lowest, fx, kernel.vmap_host()));
    Mapper mapper = memory.mapper();
    std::vector<Pfn> frames;
    for (VirtAddr at = range.lowest; at < range.top; at += Bytes{kPageBytes}) {
        const EntrySlot slot = mapper.find(at);
        if (slot.entry.is_leaf(slot.level)) frames.push_back(slot.entry.frame(slot.level));
    }
    mapper.unmap(range, fx);
    memory.vmap.release_lazily(command.area, fx, kernel.vmap_host());
    kernel.purge_if_due();
    for (const Pfn frame : frames) kernel.free(frame, Order{0});
}

void idle(MachineState& state, const Idle& command) {
    Cpu& cpu = state.cpu(command.cpu);
    if (command.until <= cpu.now) return;
    cpu.idle += command.until - cpu.now;
    cpu.now = command.until;
}

} // namespace ksl::core
