// SPDX-License-Identifier: MIT
#include "core/machine/overrun.h"

#include "core/kstack/thread_info.h"

#include <algorithm>
#include <optional>

namespace ksl::core {

namespace {

/// SS, RSP, RFLAGS, CS, RIP, error code.
constexpr unsigned kFaultFrameWords = 6;
/// The same without an error code.
constexpr unsigned kInterruptFrameWords = 5;
constexpr Bytes kWord{8};
constexpr Bytes kPage{kPageBytes};

Overrun* open_record(MachineState& state, TaskId task) {
    const std::uint32_t pid = state.tasks[task].pid;
    const auto found = std::ranges::find_if(state.overruns.rbegin(), state.overruns.rend(),
                                            [&](const Overrun& run) { return run.pid == pid && !run.is_noticed(); });
    return found == state.overruns.rend() ? nullptr : &*found;
}

/// Which stack an address lies in: its id and its top.
struct StackAt {
    StackId id;
    VirtAddr top;
};
std::optional<StackAt> stack_at(const MachineState& state, VirtAddr at) {
    const StackTable& table = state.stacks.stacks();
    for (std::uint32_t index = 0; index < table.limit(); ++index) {
        const StackId id{index};
        if (!table.is_live(id)) continue;
        const VirtRange range{state.stacks.lowest(id, state.memory), state.stacks.top(id, state.memory)};
        if (range.contains(at)) return StackAt{id, range.top};
    }
    return std::nullopt;
}

/// What one word belonged to, and how far down the same thing goes.
struct Piece {
    VirtAddr from;
    Victim victim = Victim::nobody;
    std::uint8_t field = 0;
    std::uint32_t owner = 0;
    std::uint32_t offset = 0;
};

class Damage {
public:
    Damage(MachineState& state, KernelServices& kernel, TaskId task)
        : state_(state), kernel_(kernel), task_(task), design_(state.config().design), stack_(state.tasks[task].stack),
          lowest_(state.stacks.lowest(stack_, state.memory)), magic_(magic_address(design_, lowest_)) {}

    /// From the top down, one event a thing.
    void report(VirtRange written) {
        for (VirtAddr top = written.top; top > written.lowest;) {
            Piece piece = piece_below(top);
            if (piece.from < written.lowest) {
                piece.offset += static_cast<std::uint32_t>((written.lowest - piece.from).count());
                piece.from = written.lowest;
            }
            report(piece, top);
            top = piece.from;
        }
    }

private:
    /// The thing that the byte below `top` belongs to, down to where it begins.
    [[nodiscard]] Piece piece_below(VirtAddr top) {
        const VirtAddr last = top - Bytes{1};
        if (last >= lowest_) return own_piece(last);
        if (const auto field = thread_info_page_field(last)) return *field;
        const VirtAddr page = align_down(last, kPage);
        Piece piece{.from = std::min(page, last)};
        const auto at = kernel_.translate(last);
        if (!at) return piece;
        piece.victim = victim_at(state_.memory, *at);
        piece.offset = static_cast<std::uint32_t>((piece.from - page).count());
        if (piece.victim == Victim::other_stack) {
            if (const auto other = stack_at(state_, last)) {
                piece.owner = state_.stacks.stacks()[other->id].task;
                piece.offset = static_cast<std::uint32_t>((other->top - piece.from).count());
            }
        } else if (piece.victim == Victim::slab_object) {
            narrow_to_object(piece, page, *at);
        }
        return piece;
    }
    void narrow_to_object(Piece& piece, VirtAddr page, PhysAddr at) const {
        const auto object = state_.memory.slabs.object_at(at, state_.memory.pages);
        if (!object) return;
        const PhysAddr page_at = address_of(frame_of(at));
        const PhysAddr from = std::max(object->range.lowest, page_at);
        piece.from = page + (from - page_at);
        piece.owner = object->cache;
        piece.offset = static_cast<std::uint32_t>((from - object->range.lowest).count());
        if (!object->is_in_use) piece.victim = Victim::nobody;
    }
    [[nodiscard]] Piece own_piece(VirtAddr last) const {
        if (last >= magic_) return {.from = magic_, .victim = Victim::stack_end};
        return field_piece(last, lowest_);
    }
    [[nodiscard]] std::optional<Piece> thread_info_page_field(VirtAddr last) const {
        if (design_.thread_info != ThreadInfoPlace::own_page) return std::nullopt;
        const VirtAddr info = state_.stacks.thread_info_page(stack_, state_.memory);
        if (last < info || last >= info + kThreadInfoBytes) return std::nullopt;
        return field_piece(last, info);
    }
    /// The field that the byte lies in, with the unused bytes behind it.
    [[nodiscard]] static Piece field_piece(VirtAddr last, VirtAddr info) {
        std::uint8_t index = 0;
        for (std::size_t i = 0; i < kThreadInfoFields.size(); ++i) {
            if (info + Bytes{kThreadInfoFields[i].offset} <= last) index = static_cast<std::uint8_t>(i);
        }
        const std::uint32_t offset = kThreadInfoFields[index].offset;
        return {.from = info + Bytes{offset}, .victim = Victim::thread_info, .field = index, .offset = offset};
    }

    void report(const Piece& piece, VirtAddr top) {
        const std::uint64_t value = word_at(piece.from);
        if (Overrun* run = open_record(state_, task_)) keep(*run, piece, top, value);
        kernel_.fx().report(EventLevel::coarse, [&] {
            return StackOverran{.task = task_.raw(),
                                .owner = piece.owner,
                                .from = piece.from.raw(),
                                .to = top.raw(),
                                .value = value,
                                .offset = piece.offset,
                                .victim = static_cast<std::uint8_t>(piece.victim),
                                .field = piece.field};
        });
    }
    static void keep(Overrun& run, const Piece& piece, VirtAddr top, std::uint64_t value) {
        if (run.bytes == 0 || piece.from < run.lowest) run.lowest = piece.from;
        run.bytes += (top - piece.from).count();
        run.victims = static_cast<std::uint16_t>(run.victims | (1U << static_cast<unsigned>(piece.victim)));
        if (piece.victim != Victim::thread_info) return;
        run.fields = static_cast<std::uint8_t>(run.fields | (1U << piece.field));
        const std::string_view name = kThreadInfoFields[piece.field].name;
        if (name == "addr_limit") run.address_limit = value;
        if (name == "cpu") run.cpu_field = static_cast<std::uint32_t>(value);
    }
    [[nodiscard]] std::uint64_t word_at(VirtAddr at) {
        const VirtAddr word = align_down(at, kWord);
        const auto where = kernel_.translate(word);
        if (!where) return 0;
        return state_.memory.contents.read(*where) >> ((at - word).count() * 8);
    }

    MachineState& state_;
    KernelServices& kernel_;
    TaskId task_;
    const StackDesign& design_;
    StackId stack_;
    VirtAddr lowest_;
    VirtAddr magic_;
};

[[nodiscard]] bool has_page(MachineState& state, KernelServices& kernel, VirtAddr at) {
    const auto where = kernel.translate(at);
    return where && frame_of(*where).raw() < state.memory.contents.frames().count();
}

/// Pushes words for an exception at `sp`: the first one without a page, if there is one.
std::optional<VirtAddr> missing_push(MachineState& state, KernelServices& kernel, VirtAddr sp, unsigned words) {
    VirtAddr push = align_down(sp, Bytes{16});
    for (unsigned i = 0; i < words; ++i) {
        push -= kWord;
        if (!has_page(state, kernel, push)) return push;
    }
    return std::nullopt;
}

/// The kernel's own question whether an address is next to the task's stack.
bool is_guard(const MachineState& state, TaskId task, VirtAddr at, bool is_double_fault) {
    const StackId stack = state.tasks[task].stack;
    const VirtAddr lowest = state.stacks.lowest(stack, state.memory);
    const VirtAddr top = state.stacks.top(stack, state.memory);
    // 4.7 and contiguous stacks have no such question, and no faults there to ask it about.
    if (!state.config().design.is_mapped()) return false;
    if (at < lowest && lowest - at <= kPage) return true;
    return !is_double_fault && state.config().kernel.guard_counts_above && at >= top && at - top < kPage;
}

/// die(), oops_end(): the task, or the machine where interrupts count in.
void die(MachineState& state, KernelServices& kernel, TaskId task, bool machine_dies, Outcome& outcome) {
    Effects& fx = kernel.fx();
    fx.charge(Step::oops);
    if (machine_dies) {
        state.is_dead = true;
        fx.report(EventLevel::coarse, [&] { return MachineDied{task.raw()}; });
        outcome.status = OutcomeStatus::machine_died;
    } else {
        fx.report(EventLevel::coarse, [&] { return TaskKilled{task.raw()}; });
        outcome.status = OutcomeStatus::task_killed;
    }
}

/// do_exit panics for these.
[[nodiscard]] bool is_indispensable(const MachineState& state, TaskId task) {
    return state.tasks[task].kind == TaskKind::idle || task == TaskId{0};
}

void take_double_fault(MachineState& state, KernelServices& kernel, TaskId task, VirtAddr cr2, Outcome& outcome) {
    kernel.fx().charge(Step::double_fault);
    const bool machine_dies = state.config().kernel.double_fault_is_nmi || is_indispensable(state, task);
    const Detector detector = is_guard(state, task, cr2, true) ? Detector::guard_double_fault : Detector::double_fault;
    notice_overflow(state, kernel, task, cr2, detector, machine_dies);
    die(state, kernel, task, machine_dies, outcome);
}

} // namespace

const Overrun* unnoticed_overrun(const MachineState& state, TaskId task) {
    return open_record(const_cast<MachineState&>(state), task); // NOLINT(*-const-cast): only looked up
}

void begin_overrun(MachineState& state, KernelServices& kernel, TaskId task) {
    if (open_record(state, task) != nullptr) return;
    Overrun run;
    run.pid = state.tasks[task].pid;
    run.task = task.raw();
    run.first = kernel.fx().now();
    state.overruns.push_back(run);
}

void add_damage(MachineState& state, KernelServices& kernel, TaskId task, VirtRange written) {
    Damage{state, kernel, task}.report(written);
}

void take_stack_fault(MachineState& state, KernelServices& kernel, TaskId task, VirtAddr at, VirtAddr sp,
                      Outcome& outcome) {
    if (const auto push = missing_push(state, kernel, sp, kFaultFrameWords)) {
        take_double_fault(state, kernel, task, *push, outcome);
        return;
    }
    kernel.fx().charge(Step::page_fault);
    const bool machine_dies = is_indispensable(state, task);
    notice_overflow(state, kernel, task, at,
                    is_guard(state, task, at, false) ? Detector::guard_page_fault : Detector::paging_request,
                    machine_dies);
    die(state, kernel, task, machine_dies, outcome);
}

bool interrupt_fits(MachineState& state, KernelServices& kernel, TaskId task, Outcome& outcome) {
    const TaskRecord& record = state.tasks[task];
    if (record.stack.is_none() ||
        record.stack_used + kInterruptFrameWords * 8 + 16 <= state.config().design.stack_bytes().count()) {
        return true;
    }
    if (!state.config().design.is_mapped()) return true;
    const VirtAddr sp = state.stacks.top(record.stack, state.memory) - Bytes{record.stack_used};
    const auto push = missing_push(state, kernel, sp, kInterruptFrameWords);
    if (!push) return true;
    take_double_fault(state, kernel, task, *push, outcome);
    return false;
}

bool finds_its_cpu(MachineState& state, KernelServices& kernel, TaskId task, Outcome& outcome) {
    const StackDesign& design = state.config().design;
    if (state.overruns.empty() || design.thread_info != ThreadInfoPlace::stack_bottom) return true;
    const Overrun* run = unnoticed_overrun(state, task);
    if (run == nullptr || ((run->fields >> kThreadInfoCpu) & 1U) == 0) return true;
    if (run->cpu_field < state.cpus.size()) return true; // another CPU's data, or its own: wrong, but there
    const VirtAddr at = state.config().kernel.per_cpu_offsets + kWord * run->cpu_field;
    kernel.fx().charge(Step::page_fault);
    notice_overflow(state, kernel, task, at, Detector::wild_thread_info, true);
    die(state, kernel, task, true, outcome);
    return false;
}

void notice_overflow(MachineState& state, KernelServices& kernel, TaskId task, VirtAddr address, Detector detector,
                     bool machine_dies) {
    const Cycles now = kernel.fx().now();
    Cycles after{0};
    bool magic_is_gone = false;
    if (Overrun* run = open_record(state, task)) {
        run->detector = detector;
        run->noticed = now;
        after = now > run->first ? now - run->first : Cycles{0};
        magic_is_gone = run->hit(Victim::stack_end);
    } else {
        Overrun caught;
        caught.pid = state.tasks[task].pid;
        caught.task = task.raw();
        caught.first = now;
        caught.noticed = now;
        caught.lowest = address;
        caught.detector = detector;
        state.overruns.push_back(caught);
    }
    kernel.fx().report(EventLevel::coarse, [&] {
        return OverflowNoticed{.task = task.raw(),
                               .address = address.raw(),
                               .after = after.count(),
                               .detector = detector,
                               .machine_dies = machine_dies,
                               .magic_is_gone = magic_is_gone};
    });
}

} // namespace ksl::core
