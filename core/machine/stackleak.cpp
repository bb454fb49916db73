// SPDX-License-Identifier: MIT
#include "core/machine/stackleak.h"

#include "core/kstack/thread_info.h"
#include "core/machine/life.h"

#include <algorithm>

namespace ksl::core {

namespace {

constexpr std::uint64_t kWord = 8;

/// The words themselves. Their lines are accessed as a whole elsewhere.
void write_poison(MachineState& state, KernelServices& kernel, VirtRange range) {
    std::optional<PhysAddr> page;
    for (VirtAddr at = range.lowest; at < range.top; at += Bytes{kWord}) {
        if (!page || page_offset(at).count() == 0) page = kernel.translate(align_down(at, Bytes{kPageBytes}));
        if (page) state.memory.contents.write(*page + page_offset(at), kStackleakPoison);
    }
}

} // namespace

std::uint16_t erasable_words(const MachineState& state, TaskId task) {
    const StackDesign& design = state.config().design;
    const VirtAddr lowest = state.stacks.lowest(state.tasks[task].stack, state.memory);
    const VirtAddr first = magic_address(design, lowest) + Bytes{kWord};
    return static_cast<std::uint16_t>((lowest + design.stack_bytes() - first).count() / kWord);
}

void return_to_user(MachineState& state, KernelServices& kernel) {
    if (!state.config().design.stackleak || state.is_dead || !runs_a_task(state, kernel.cpu())) return;
    const TaskId task = state.cpu(kernel.cpu()).current;
    const TaskRecord& record = state.tasks[task];
    if (record.kind == TaskKind::kernel_thread || record.frame != 0) return;
    const std::uint64_t in_use = record.stack_used / kWord;
    const std::uint64_t last = std::min(record.unerased, erasable_words(state, task));
    if (last <= in_use) return;

    const VirtAddr top = state.stacks.top(record.stack, state.memory);
    const VirtRange range{top - Bytes{last * kWord}, top - Bytes{in_use * kWord}};
    const std::uint64_t below = (erasable_words(state, task) - last) * kWord;
    const Bytes search = std::min(kStackleakSearch, Bytes{below});
    if (search != Bytes{0}) kernel.stream(range.lowest - search, search, false);
    kernel.stream(range.lowest, range.size(), true);
    kernel.fx().charge(Step::stackleak_words, static_cast<std::uint32_t>((range.size() + search).count() / kWord));
    write_poison(state, kernel, range);
    state.tasks.mut(task).unerased = static_cast<std::uint16_t>(in_use);
    kernel.fx().report(EventLevel::coarse, [&] {
        return StackErased{task.raw(), range.lowest.raw(), static_cast<std::uint32_t>(range.size().count())};
    });
}

} // namespace ksl::core
