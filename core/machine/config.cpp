// SPDX-License-Identifier: MIT
#include "core/machine/config.h"

#include "core/kernel/rcu.h"

namespace ksl::core {

std::string problem_with(const MachineConfig& config) {
    if (config.cpus < 1 || config.cpus > kMaxCpus) return "a machine has 1 to 256 processors";
    if (config.levels != 4 && config.levels != 5) return "page tables have 4 or 5 levels";
    if (config.levels == 5 && config.kernel.era != LayoutEra::linux_6_1) {
        return "kernels before 4.14 have no 5-level page tables";
    }
    if (config.levels == 5 && config.processor.features.five_levels == Availability::no) {
        return config.processor.name + " has no 5-level page tables";
    }
    if (config.hz < 100 || config.hz > 1000) return "a kernel ticks 100 to 1000 times a second";
    if (const auto conflict = conflict_in(config.design)) {
        return std::string{conflict->axis} + " and " + std::string{conflict->other_axis} +
               " do not go together: " + std::string{conflict->reason};
    }
    if (std::string problem = config.processor.caches().check(); !problem.empty()) return problem;
    return "";
}

} // namespace ksl::core
