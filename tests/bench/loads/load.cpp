// SPDX-License-Identifier: MIT
#include "tests/bench/loads/load.h"

#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_TOGGLE_COLLECT static_cast<void>(0)
#endif

namespace ksl::bench {

namespace {

double seconds_of(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

double now(Clock clock) {
    if (clock == Clock::thread) {
        timespec time{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
    }
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return seconds_of(usage.ru_utime) + (clock == Clock::user_and_system ? seconds_of(usage.ru_stime) : 0.0);
}

} // namespace

std::string Arguments::text(std::string_view name, std::string_view otherwise) const {
    for (std::size_t i = 0; i + 1 < words_.size(); ++i) {
        if (name == words_[i]) return words_[i + 1];
    }
    return std::string{otherwise};
}

std::uint64_t Arguments::number(std::string_view name, std::uint64_t otherwise) const {
    const std::string given = text(name, "");
    return given.empty() ? otherwise : std::stoull(given, nullptr, 0);
}

Stopwatch::Stopwatch(Clock clock) : clock_(clock), start_(now(clock)) {
    CALLGRIND_TOGGLE_COLLECT;
}

double Stopwatch::stop() {
    CALLGRIND_TOGGLE_COLLECT;
    return now(clock_) - start_;
}

void print_result(std::string_view work, std::string_view workload, double seconds, std::uint64_t operations,
                  std::string_view note) {
    const auto count = static_cast<double>(operations);
    std::printf("R\t%.*s\tkstacklab\t%.*s\t%.3f\t%.0f\t%llu\t%.*s\n", static_cast<int>(work.size()), work.data(),
                static_cast<int>(workload.size()), workload.data(), seconds * 1e9 / count, count / seconds,
                static_cast<unsigned long long>(operations), static_cast<int>(note.size()), note.data());
    std::fflush(stdout);
}

long peak_resident_kib() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

double unit(core::Random& random) {
    return static_cast<double>(random.next() >> 11) * 0x1.0p-53;
}

Zipf::Zipf(std::size_t n, double exponent) : cumulative_(n) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
        sum += 1.0 / std::pow(static_cast<double>(i + 1), exponent);
        cumulative_[i] = sum;
    }
    for (double& value : cumulative_) value /= sum;
}

std::size_t Zipf::operator()(core::Random& random) const {
    const auto found = std::ranges::lower_bound(cumulative_, unit(random));
    return static_cast<std::size_t>(found - cumulative_.begin());
}

} // namespace ksl::bench
