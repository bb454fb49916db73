// SPDX-License-Identifier: MIT
//
// A pool of threads in a ring for each CPU: a worker that was woken carries out one request, wakes the next worker of
// its CPU, and blocks.
#include "sim/simulation/program_turn.h"

#include <algorithm>

namespace ksl::sim {

namespace {

/// Phases of the main program: below `threads` it creates workers, then it starts them, supervises, and sends them
/// home.
constexpr std::uint32_t kSupervising = 0x4000'0000;
constexpr std::uint32_t kClosing = 0x8000'0000;
/// Phases of a worker: idle; one for each call; one for each return; then the request is done.
constexpr std::uint32_t kIdle = 0;
constexpr std::uint32_t kServing = 1;
constexpr std::uint32_t kHandedOver = 0x4000'0000;
constexpr std::uint32_t kLeaving = 0x8000'0000;

constexpr std::uint32_t kLeastFrame = 16;

} // namespace

Decision Programs::main(Turn& turn, const Server& spec) {
    const std::uint32_t phase = turn.phase();
    if (phase < spec.threads) {
        turn.set_phase(phase + 1);
        return Turn::spawn(Role::worker, core::TaskKind::thread);
    }
    const std::uint32_t started = phase - spec.threads;
    if (phase < kSupervising && started < std::min<std::size_t>(cpus_, workers_.size())) {
        turn.set_phase(phase + 1);
        return Turn::wake(workers_[started]);
    }
    if (done_ < planned() && !workers_.empty()) {
        turn.set_phase(kSupervising);
        return replaced_.empty() ? Turn::block() : Turn::spawn(Role::worker, core::TaskKind::thread);
    }
    const std::uint32_t sent_home = phase < kClosing ? 0 : phase - kClosing;
    turn.set_phase(kClosing + sent_home + 1);
    if (sent_home < workers_.size()) return Turn::wake(workers_[sent_home]);
    return turn.ties().children == 0 ? Turn::finish() : Turn::join();
}

Decision Programs::worker(Turn& turn, const Server& spec) {
    const std::uint32_t phase = turn.phase();
    const auto number = turn.actor().number;
    if (phase == kLeaving) {
        workers_[number] = ActorId::none();
        return Turn::exit();
    }
    if (done_ >= planned()) {
        turn.set_phase(kLeaving);
        return Turn::wake(turn.actor().parent);
    }
    if (phase == kIdle) {
        turn.set_phase(kServing);
        return Turn::block();
    }
    if (phase == kHandedOver) {
        turn.set_phase(kServing);
        const bool is_replaced = spec.replace_every != 0 && done_ % spec.replace_every == 0;
        if (!is_replaced) return Turn::block();
        replaced_.push_back(number);
        turn.set_phase(kLeaving);
        return Turn::wake(turn.actor().parent);
    }
    const std::uint32_t calls = spec.frames;
    turn.set_phase(phase + 1);
    if (phase < kServing + calls) {
        const auto frame = std::max(static_cast<std::uint32_t>(spec.depth.count() / calls / 8 * 8), kLeastFrame);
        return Turn::command(core::Call{turn.cpu(), frame, frame});
    }
    if (phase < kServing + 2 * calls) return Turn::command(core::Return{turn.cpu()});
    ++done_;
    turn.set_phase(kHandedOver);
    const std::size_t next = number + cpus_ < workers_.size() ? number + cpus_ : number % cpus_;
    return Turn::wake(workers_[next]);
}

} // namespace ksl::sim
