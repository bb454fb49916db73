// SPDX-License-Identifier: MIT
//
// What a scenario lets the machine do: one plain struct for each kind of workload. sim turns them into commands
// (core/machine/command.h); docs/scenario.md lists their keys.
//
// Units:   operations are counted, sizes are bytes, times are simulated.
// Warm-up: operations before the recorded ones, so that caches, page lists and stack caches are in their steady state.
#pragma once

#include "core/machine/dma_request.h"
#include "core/machine/task.h"
#include "core/types/address.h"
#include "core/types/time.h"

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

namespace ksl::sim {

/// Where a new task runs first.
enum class Placement : std::uint8_t {
    near,   ///< on the CPU of its parent
    spread, ///< on the CPU with the shortest queue, as the kernel's fork balancing chooses
};

/// One task at a time: created, runs, ends, is waited for.
struct CloneExit {
    std::uint64_t operations = 10'000;
    std::uint64_t warmup = 0;
    core::TaskKind task = core::TaskKind::thread; ///< thread or process
    core::Nanoseconds pause{0};                   ///< idle time after each
    std::uint32_t pages = 64;                     ///< of memory that the creating process has touched
    Placement placement = Placement::near;
    friend bool operator==(const CloneExit&, const CloneExit&) = default;
};

/// A round creates all threads before the first one ends, then waits for all.
struct Burst {
    std::uint64_t rounds = 100;
    std::uint32_t threads = 64;
    std::uint64_t warmup = 0;   ///< rounds
    core::Nanoseconds pause{0}; ///< idle time after each round
    friend bool operator==(const Burst&, const Burst&) = default;
};

/// A shell script: fork, exec, exit, wait; one program after the other.
struct Shell {
    std::uint64_t operations = 2'000;
    std::uint64_t warmup = 0;
    std::uint32_t pages_per_program = 200; ///< that the program touches
    core::Nanoseconds pause{0};
    friend bool operator==(const Shell&, const Shell&) = default;
};

/// A pool of threads: each request wakes the next one, which uses its stack and blocks again.
struct Server {
    std::uint32_t threads = 256;
    std::uint64_t requests = 100'000;
    std::uint64_t warmup = 0;        ///< requests
    core::Bytes depth{2048};         ///< of stack that a request uses below the system call's entry
    std::uint32_t frames = 8;        ///< calls that this depth consists of
    std::uint64_t replace_every = 0; ///< requests after which one thread ends and a new one is created; 0 = never
    friend bool operator==(const Server&, const Server&) = default;
};

/// Other memory coming and going until it is fragmented. Blocks are allocated one by one; each has a lifetime drawn
/// from the seed, and ends when it is over or when more than `fill` of memory is in use, oldest deadline first.
struct Ager {
    std::uint64_t operations = 200'000; ///< blocks allocated
    double fill = 0.9;                  ///< share of the memory that was free, in use at most
    double unmovable = 0.15;            ///< share of the blocks that nothing can move or drop: half slab, half drivers
    double reclaimable = 0.1;           ///< share of the blocks that are dentries and inodes
    double page_cache = 0.7;            ///< share of the remaining (movable) blocks that are file pages
    std::uint8_t largest_order = 2;     ///< half of the blocks are order 0, a quarter order 1, ...
    std::uint64_t lifetime = 20'000;    ///< mean, in operations; exponentially distributed
    double long_lived = 0.05;           ///< share of the blocks that stay for good
    friend bool operator==(const Ager&, const Ager&) = default;
};

/// One thread enters the kernel and a chain of functions, outermost first, and returns from all of them.
struct Chain {
    std::uint64_t operations = 1'000;
    std::uint64_t warmup = 0;
    std::vector<core::Bytes> frames; ///< each with its return address; the registers saved at the entry come above
    std::uint32_t repeat = 1;        ///< times that the chain is entered within itself: recursion, stacked devices
    double touched = 1.0;            ///< share of each frame that is written
    friend bool operator==(const Chain&, const Chain&) = default;
};

/// Threads that call deeper than their stack is: frame after frame until they are `beyond` below its lowest byte, or
/// until something stops them.
struct Overflow {
    std::uint64_t operations = 1; ///< threads, one after the other
    core::Bytes frame{256};
    core::Bytes touched{256}; ///< of each frame, from its top down; less than a frame jumps over what it does not touch
    core::Bytes beyond{4096};
    std::uint32_t vmallocs = 0;      ///< areas that others take between a thread's creation and its calls
    std::uint32_t vmalloc_pages = 1; ///< of each of them
    friend bool operator==(const Overflow&, const Overflow&) = default;
};

/// As many live tasks as asked for (or as fit), then all of them end.
struct Populate {
    std::uint64_t tasks = 10'000;
    core::TaskKind task = core::TaskKind::thread;
    std::uint64_t deep = 0; ///< so many of them go this deep into their stacks before they wait
    core::Bytes depth{6144};
    std::uint32_t vmallocs = 0;      ///< areas that are taken while all tasks live
    std::uint32_t vmalloc_pages = 1; ///< of each of them
    friend bool operator==(const Populate&, const Populate&) = default;
};

/// Threads that give a buffer on their stack to a device, one after the other.
struct Dma {
    std::uint64_t operations = 1;
    core::DmaRequest request;
    core::Bytes depth{2048}; ///< from the stack's top down to the buffer's lowest byte
    friend bool operator==(const Dma&, const Dma&) = default;
};

/// Rounds: threads fill the caches of all CPUs; then all CPUs but one go, and come back.
struct Hotplug {
    std::uint64_t rounds = 1;
    std::uint32_t threads = 64; ///< a round
    friend bool operator==(const Hotplug&, const Hotplug&) = default;
};

/// A process sleeps while the kernel takes address space in the vmalloc area; then a kernel thread, which has no page
/// table of its own, runs where that process ran last, with the process's page table still loaded.
struct BorrowedTable {
    core::Bytes vmalloc{core::Bytes{std::uint64_t{1} << 30}}; ///< taken meanwhile
    friend bool operator==(const BorrowedTable&, const BorrowedTable&) = default;
};

using WorkloadSpec =
    std::variant<CloneExit, Burst, Shell, Server, Ager, Chain, Overflow, Populate, Dma, Hotplug, BorrowedTable>;

/// "clone-exit", as scenarios spell it.
[[nodiscard]] std::string_view kind_of(const WorkloadSpec& workload);

} // namespace ksl::sim
