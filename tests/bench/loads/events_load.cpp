// SPDX-License-Identifier: MIT
//
// The hold model, the standard benchmark of event queues: N events pending; each that fires schedules one more at an
// exponentially distributed distance with a mean of 100 ns x N. One operation is pop, call, push.
#include "sim/queue/event_queue.h"
#include "tests/bench/loads/load.h"
#include "tests/bench/loads/loads.h"

#include <cmath>
#include <string>

namespace ksl::bench {

namespace {

std::uint64_t fired = 0;
void count_event(std::uint32_t& kind) {
    ++fired;
    ++kind;
}
void (*volatile handler)(std::uint32_t&) = count_event; // an indirect call, as every simulator makes one

/// Drawn before the clock runs, so that all programs pay the same for a random distance: one table look-up.
std::vector<std::uint64_t> exponential_gaps(core::Random& random, std::uint64_t pending) {
    std::vector<std::uint64_t> gaps(65536);
    for (std::uint64_t& gap : gaps)
        gap = 1 + static_cast<std::uint64_t>(-100.0 * static_cast<double>(pending) * std::log(1.0 - unit(random)));
    return gaps;
}

} // namespace

int run_events(const Arguments& arguments) {
    const std::uint64_t pending = arguments.number("--pending", 100'000);
    const std::uint64_t operations = arguments.number("--ops", 4'000'000);
    core::Random random{31};
    const std::vector<std::uint64_t> gaps = exponential_gaps(random, pending);
    const auto gap = [&] { return core::Nanoseconds{gaps[random.next() & 0xffff]}; };
    sim::EventQueue<std::uint32_t> queue;
    for (std::uint64_t i = 0; i < pending; ++i) queue.push(gap(), static_cast<std::uint32_t>(i));
    Stopwatch watch{Clock::user};
    for (std::uint64_t i = 0; i < operations; ++i) {
        auto event = queue.pop();
        handler(event.what);
        queue.push(event.at + gap(), event.what);
    }
    const double seconds = watch.stop();
    print_result("e.des", "hold/" + std::to_string(pending), seconds, operations,
                 "rss=" + std::to_string(peak_resident_kib() / 1024) + "MiB fired=" + std::to_string(fired));
    return 0;
}

} // namespace ksl::bench
