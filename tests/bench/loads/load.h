// SPDX-License-Identifier: MIT
//
// What the loads of kstacklab-bench share: arguments, a CPU-time stopwatch, the result line, Zipf numbers.
//
// A load runs one timed region and prints one line of tab-separated fields that other programs' harnesses print as
// well, so that results can stand side by side:
//     R  work  program  workload  ns_per_operation  operations_per_second  operations  note
#pragma once

#include "core/types/random.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ksl::bench {

/// "--name value" pairs after the load's name.
class Arguments {
public:
    explicit Arguments(std::span<char* const> words) : words_(words) {}
    [[nodiscard]] std::uint64_t number(std::string_view name, std::uint64_t otherwise) const;
    [[nodiscard]] std::string text(std::string_view name, std::string_view otherwise) const;

private:
    std::span<char* const> words_;
};

enum class Clock : std::uint8_t { user, user_and_system, thread };

/// CPU seconds of this process between construction and stop(). Under callgrind only this region is counted
/// (--collect-atstart=no).
class Stopwatch {
public:
    explicit Stopwatch(Clock clock);
    [[nodiscard]] double stop();

private:
    Clock clock_;
    double start_;
};

void print_result(std::string_view work, std::string_view workload, double seconds, std::uint64_t operations,
                  std::string_view note);

/// Peak resident memory of this process in KiB.
[[nodiscard]] long peak_resident_kib();

/// Ranks 0..n-1 with P(k) proportional to 1/(k+1)^exponent, by inversion of the cumulative distribution.
class Zipf {
public:
    Zipf(std::size_t n, double exponent);
    [[nodiscard]] std::size_t operator()(core::Random& random) const;

private:
    std::vector<double> cumulative_;
};

/// Uniform in [0, 1), 53 bits.
[[nodiscard]] double unit(core::Random& random);

// One function a load; each returns the process's exit code.
using LoadFunction = int (*)(const Arguments&);
struct Load {
    std::string_view name;
    std::string_view what;
    LoadFunction run;
};

} // namespace ksl::bench
