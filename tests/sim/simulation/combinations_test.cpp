// SPDX-License-Identifier: MIT
//
// Any design on any processor under any workload: no command breaks an invariant, and who watches, and whether the
// machine was saved and restored on the way, makes no difference to what happens. KSL_COMBINATIONS=N tries N of them
// (200 without it); a failure names its seed, KSL_COMBINATION=SEED repeats that one alone.
#include "core/types/random.h"
#include "sim/processors/processor.h"
#include "sim/simulation/simulation.h"
#include "tests/core/machine/random_designs.h"
#include "tests/test_name.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <string>

namespace ksl::sim {
namespace {

using namespace core::testing;
using core::Bytes;
using core::KernelFacts;
using core::Random;

constexpr std::uint64_t kMostSteps = 600;
constexpr std::uint64_t kBatches = 10; ///< tests that ctest can run side by side

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name); // NOLINT(concurrency-mt-unsafe): nobody sets it
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

const std::vector<core::ProcessorPreset>& processors() {
    static const std::vector<core::ProcessorPreset> all = load_processors(Assets{}).value();
    return all;
}

core::TaskKind some_task_kind(Random& random) {
    return random.below(2) == 0 ? core::TaskKind::thread : core::TaskKind::process;
}

WorkloadSpec some_workload(Random& random) {
    const auto up_to = [&](std::uint64_t most) { return 1 + random.below(most); };
    const auto small = [&](std::uint64_t most) { return static_cast<std::uint32_t>(up_to(most)); };
    switch (random.below(11)) {
    case 0: return CloneExit{.operations = up_to(300), .warmup = random.below(20), .task = some_task_kind(random)};
    case 1: return Burst{.rounds = up_to(8), .threads = small(60)};
    case 2: return Shell{.operations = up_to(60), .pages_per_program = small(60)};
    case 3:
        return Server{
            .threads = small(40), .requests = up_to(300), .frames = small(10), .replace_every = random.below(20)};
    case 4: return Ager{.operations = up_to(3000), .fill = 0.5 + 0.05 * static_cast<double>(random.below(10))};
    case 5: return Chain{.operations = up_to(40), .frames = {Bytes{64}, Bytes{8 * up_to(60)}}, .repeat = small(6)};
    case 6: {
        const Bytes frame{8 * (2 + random.below(600))};
        return Overflow{.operations = up_to(3),
                        .frame = frame,
                        .touched = Bytes{8 * up_to(frame.count() / 8)},
                        .beyond = Bytes{8 * up_to(3000)}};
    }
    case 7: {
        // Within a page: what a device does to strangers may break what the checks rely on.
        Dma dma{.operations = up_to(10), .request = {}, .depth = Bytes{512 + 8 * random.below(400)}};
        dma.request.call = static_cast<core::DmaCall>(random.below(6));
        dma.request.direction = static_cast<core::DmaDirection>(random.below(2));
        dma.request.length = 8;
        return dma;
    }
    case 8: return Hotplug{.rounds = up_to(5), .threads = small(40)};
    case 9: return BorrowedTable{.vmalloc = Bytes{core::kPageBytes * up_to(2000)}};
    default: {
        const std::uint64_t tasks = up_to(2000);
        return Populate{.tasks = tasks, .task = some_task_kind(random), .deep = random.below(tasks)};
    }
    }
}

core::MachineConfig some_machine(Random& random) {
    const std::array kernels{KernelFacts::linux_4_7(), KernelFacts::linux_4_9(), KernelFacts::linux_6_1()};
    const KernelFacts kernel = kernels[random.below(kernels.size())];
    for (;;) {
        auto config = small_machine(random_design(random, kernel), kernel, 1 + static_cast<unsigned>(random.below(4)),
                                    Bytes{(48 + random.below(32)) << 20});
        config.processor = processors()[random.below(processors().size())];
        config.levels = random.below(4) == 0 ? 5 : 4;
        config.randomise_layout = random.below(3) == 0;
        config.seed = random.next();
        if (core::problem_with(config).empty()) return config;
    }
}

class Listener : public core::EventSink {
public:
    void on_event(const core::Event&) override { ++heard_; }
    [[nodiscard]] std::uint64_t heard() const { return heard_; }

private:
    std::uint64_t heard_ = 0;
};

/// Runs it with every event heard and every invariant looked at; returns the hash of the machine at the end.
std::uint64_t run_watched(Simulation simulation) {
    Listener listener;
    for (std::uint64_t step = 0; step < kMostSteps && simulation.step(&listener, core::EventLevel::micro); ++step) {
        const std::string broken = simulation.machine().check_invariants();
        if (broken.empty()) continue;
        ADD_FAILURE() << "step " << step << " (command " << simulation.last().command.index() << "): " << broken;
        break;
    }
    EXPECT_GT(listener.heard(), 0U);
    return simulation.hash();
}

void try_combination(std::uint64_t seed) {
    Random random{seed};
    const core::MachineConfig config = some_machine(random);
    const WorkloadSpec workload = some_workload(random);
    SCOPED_TRACE("seed " + std::to_string(seed) + ", workload " + std::string{kind_of(workload)} + ", design " +
                 axes(config.design));
    auto simulation = Simulation::start(config, workload, seed);
    ASSERT_TRUE(simulation) << to_string(simulation.error());
    const std::uint64_t watched = run_watched(*simulation);

    for (std::uint64_t step = 0; step < kMostSteps && simulation->step(); ++step) {
    }
    EXPECT_EQ(simulation->hash(), watched) << "what happens depends on who watches";

    auto other = core::Machine::boot(config);
    ASSERT_TRUE(other) << other.error();
    ASSERT_TRUE(other->restore(simulation->machine().save()));
    EXPECT_EQ(other->hash(), watched) << "a restored machine differs from the saved one";
    EXPECT_EQ(other->check_invariants(), "");
}

class Combinations : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(Combinations, BreakNoInvariantAndDependOnNobody) {
    if (const std::uint64_t only = number_from_environment("KSL_COMBINATION", 0); only != 0) {
        if (only % kBatches == GetParam()) try_combination(only);
        return;
    }
    const std::uint64_t count = number_from_environment("KSL_COMBINATIONS", 200);
    for (std::uint64_t seed = 1; seed <= count; ++seed) {
        if (seed % kBatches == GetParam()) try_combination(seed);
        if (HasFatalFailure()) return;
    }
}

INSTANTIATE_TEST_SUITE_P(Batches, Combinations, ::testing::Range<std::uint64_t>(0, kBatches), [](const auto& test) {
    return ksl::testing::as_test_name("batch " + std::to_string(test.param));
});

} // namespace
} // namespace ksl::sim
