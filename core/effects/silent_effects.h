// SPDX-License-Identifier: MIT
//
// Stands in for Effects in templates of hot code where it is known that nobody pays, watches or listens: every call
// vanishes. A function that is a template on its effects asks is_silent() once at its entry instead of once a step.
#pragma once

#include "core/effects/effects.h"

namespace ksl::core {

class SilentEffects {
public:
    explicit SilentEffects(CpuId cpu) : cpu_(cpu) {}

    static void charge(Step /*step*/, std::uint32_t /*times*/ = 1) {}
    static void read(VirtAddr /*at*/) {}
    static void write(VirtAddr /*at*/) {}
    [[nodiscard]] static LockHold hold(LockId /*lock*/) { return {}; }
    template <class Make>
    static void report(EventLevel /*level*/, Make&& /*make*/) {}
    [[nodiscard]] static bool wants(EventLevel /*level*/) { return false; }
    [[nodiscard]] static constexpr KernelData data() { return KernelData{}; }
    [[nodiscard]] CpuId cpu() const { return cpu_; }

private:
    CpuId cpu_;
};

} // namespace ksl::core
