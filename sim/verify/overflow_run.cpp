// SPDX-License-Identifier: MIT
#include "sim/verify/overflow_run.h"

#include "core/kstack/thread_info.h"
#include "sim/processors/processor.h"
#include "sim/scenario/design_file.h"
#include "sim/scenario/price_file.h"

#include <fmt/format.h>

#include <algorithm>

namespace ksl::sim {

namespace {

constexpr core::CpuId kCpu{0};
/// Stacks below the victim's, so that the recursion runs into memory that the engine does not need itself.
constexpr int kThreadsBefore = 24;
constexpr std::uint64_t kFarthest = std::uint64_t{128} * 1024;
constexpr std::int64_t kPage = core::kPageBytes;

class Watcher final : public core::EventSink {
public:
    void on_event(const core::Event& event) override {
        if (const auto* noticed = std::get_if<core::OverflowNoticed>(&event.body); noticed && !notice)
            notice = *noticed;
    }
    std::optional<core::OverflowNoticed> notice;
};

Result<core::Machine> boot(const capture::OverflowTest& test, bool checks_stack_end,
                           std::optional<core::VirtAddr> per_cpu_offsets) {
    const Assets assets;
    KSL_TRY_ASSIGN(design, load_design(assets, design_of(test)));
    KSL_TRY_ASSIGN(prices, load_prices(assets, design.kernel));
    core::MachineConfig config;
    KSL_TRY_ASSIGN(processor, load_processor(assets, "haswell"));
    config.processor = processor;
    config.kernel = design.facts();
    if (per_cpu_offsets) config.kernel.per_cpu_offsets = *per_cpu_offsets;
    config.design = design.stack;
    if (checks_stack_end) config.design.canary = core::CanaryCheck::at_switch;
    config.prices = prices.list;
    config.memory = core::MemoryMap::pc(core::Bytes{std::clamp<std::uint64_t>(test.memory_mib, 64, 1024) << 20});
    auto machine = core::Machine::boot(config);
    if (!machine) return fail("", 0, machine.error());
    return std::move(*machine);
}

class Player {
public:
    explicit Player(core::Machine machine) : machine_(std::move(machine)) {}

    OverflowPlay run(OverflowAct act, const RecursionShape& shape) {
        apply(core::Switch{kCpu, core::kInitTask});
        for (int i = 0; i < kThreadsBefore; ++i) apply(core::Spawn{kCpu, core::TaskKind::thread});
        task_ = core::TaskId{apply(core::Spawn{kCpu, core::TaskKind::thread}).value};
        apply(core::Switch{kCpu, task_});
        const core::MachineState& state = machine_.state();
        play_.lowest = state.stacks.lowest(state.tasks[task_].stack, state.memory);
        play_.top = state.stacks.top(state.tasks[task_].stack, state.memory);
        if (act == OverflowAct::recursion) {
            recurse(shape);
        } else {
            const auto size = static_cast<std::int64_t>((play_.top - play_.lowest).count());
            play_.sp = stack_pointer();
            static_cast<void>(
                check(apply(core::StrayAccess{.cpu = kCpu, .offset = act == OverflowAct::read_below ? -1 : size})));
        }
        play_.notice = watcher_.notice;
        return play_;
    }

private:
    core::Outcome apply(const core::Command& command) { return machine_.apply(command, &watcher_); }
    [[nodiscard]] bool check(const core::Outcome& outcome) {
        play_.task_died = outcome.status == core::OutcomeStatus::task_killed;
        play_.machine_died = outcome.status == core::OutcomeStatus::machine_died;
        return outcome.is_done();
    }
    [[nodiscard]] core::VirtAddr stack_pointer() const {
        return play_.top - core::Bytes{machine_.state().tasks[task_].stack_used};
    }
    void recurse(const RecursionShape& shape) {
        const std::uint32_t used = machine_.state().tasks[task_].stack_used;
        const std::uint32_t above = shape.start > used + 16 ? shape.start - used : 16;
        if (!check(apply(core::Call{.cpu = kCpu, .bytes = above, .touched = above}))) return;
        for (std::uint32_t remaining = shape.calls; remaining-- > 0;) {
            const core::VirtAddr before = stack_pointer();
            play_.sp = before - core::Bytes{shape.frame};
            const auto fill = static_cast<std::uint8_t>((remaining & 0xff) | 1);
            if (!check(apply(core::Call{.cpu = kCpu, .bytes = shape.frame, .touched = shape.touched, .fill = fill})))
                return;
            play_.deepest = static_cast<std::int64_t>((before - core::Bytes{shape.touched}).raw()) -
                            static_cast<std::int64_t>(play_.lowest.raw());
        }
        keep_bytes();
        for (std::uint32_t i = 0; i <= shape.calls; ++i) {
            if (!check(apply(core::Return{.cpu = kCpu}))) return;
        }
        if (!check(apply(core::Tick{.cpu = kCpu}))) return;
        static_cast<void>(check(apply(core::Switch{.cpu = kCpu, .to = core::kInitTask})));
    }
    /// Contiguous stacks only: all of it lies in the direct map.
    void keep_bytes() {
        const core::KernelMemory& memory = machine_.state().memory;
        if (!memory.layout.direct_map().contains(play_.lowest)) return;
        const core::VirtAddr from{play_.lowest.raw() + static_cast<std::uint64_t>(play_.bytes_from())};
        play_.bytes.resize((play_.top - from).count());
        for (std::size_t i = 0; i < play_.bytes.size(); i += 8) {
            const std::uint64_t word = memory.contents.read(memory.layout.phys_addr(from + core::Bytes{i}));
            for (unsigned byte = 0; byte < 8; ++byte)
                play_.bytes[i + byte] = static_cast<std::uint8_t>(word >> (8 * byte));
        }
    }

    core::Machine machine_;
    Watcher watcher_;
    core::TaskId task_;
    OverflowPlay play_;
};

} // namespace

std::int64_t OverflowPlay::bytes_from() const {
    const std::int64_t lowest_byte = std::min<std::int64_t>(deepest, 0);
    return -((-lowest_byte + kPage - 1) / kPage) * kPage;
}

std::uint8_t OverflowPlay::at(std::int64_t offset) const {
    const std::int64_t index = offset - bytes_from();
    return index < 0 || static_cast<std::size_t>(index) >= bytes.size() ? 0 : bytes[static_cast<std::size_t>(index)];
}

OverflowKernel kernel_of(const capture::OverflowTest& test) {
    if (test.is_6_1) return OverflowKernel::linux_6_1;
    // Up to 4.8 thread_info lies on the stack, below the magic word; later in the task_struct. Told more than once.
    const auto magic_in = [&](std::size_t at) {
        return test.before && (*test.before)[at] == 0x9d && (*test.before)[at + 1] == 0x6e;
    };
    const int signs = (test.thread_info != test.task_struct ? 1 : 0) +
                      (test.magic_at && test.magic_at->raw() % core::kPageBytes != 0 ? 1 : 0) +
                      (magic_in(core::kThreadInfoBytes.count()) ? 1 : 0);
    return signs >= 2 ? OverflowKernel::linux_4_7 : OverflowKernel::linux_4_9;
}

std::string design_of(const capture::OverflowTest& test) {
    switch (kernel_of(test)) {
    case OverflowKernel::linux_4_7: return "linux-4.7";
    case OverflowKernel::linux_4_9: return test.is_vmapped() ? "linux-4.9" : "linux-4.9-contiguous";
    case OverflowKernel::linux_6_1: break;
    }
    return test.is_vmapped() ? "linux-6.1" : "linux-6.1-contiguous";
}

RecursionShape driver_shape(OverflowKernel kernel) {
    if (kernel == OverflowKernel::linux_6_1)
        return {.frame = 552, .touched = 544, .buffer = 512, .start = 576, .calls = 65};
    return {.frame = 1056,
            .touched = 1056,
            .buffer = 1024,
            .start = kernel == OverflowKernel::linux_4_7 ? 672U : 576U,
            .calls = 33};
}

Result<OverflowPlay> play_overflow(const capture::OverflowTest& test, bool checks_stack_end, OverflowAct act,
                                   const RecursionShape& shape, std::optional<core::VirtAddr> per_cpu_offsets) {
    if (std::uint64_t{shape.calls} * shape.frame > kFarthest)
        return fail(test.name, 0,
                    fmt::format("{} calls of {} bytes reach farther than the {} bytes that can be judged", shape.calls,
                                shape.frame, kFarthest));
    KSL_TRY_ASSIGN(machine, boot(test, checks_stack_end, per_cpu_offsets));
    return Player{std::move(machine)}.run(act, shape);
}

} // namespace ksl::sim
