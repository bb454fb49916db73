// SPDX-License-Identifier: MIT
//
// A saved machine with a flipped bit is refused, or is a machine that keeps its invariants; it never ends the program.
#include "core/types/random.h"
#include "tests/core/machine/test_machines.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace ksl::core {
namespace {

/// Where a state writes counts, indices and small records: damage there leads astray more often than in the contents of
/// a large array.
class SmallFields : public ArchiveBase<SmallFields> {
public:
    static constexpr bool kReads = false;

    void bytes(const void* /*data*/, std::size_t size) {
        constexpr std::size_t kLargestRecord = 96;
        for (std::size_t i = 0; size <= kLargestRecord && i < size; ++i) places_.push_back(at_ + i);
        at_ += size;
    }
    template <class T>
    void resize(std::vector<T>& values) {
        bytes(values.data(), sizeof(std::uint64_t));
    }
    [[nodiscard]] const std::vector<std::size_t>& places() const { return places_; }

private:
    std::size_t at_ = 0;
    std::vector<std::size_t> places_;
};

struct Saved {
    Machine machine;
    std::vector<std::byte> bytes;
    std::vector<std::size_t> places;
};

Saved save(const StackDesign& design, const KernelFacts& kernel) {
    auto booted = Machine::boot(testing::small_machine(design, kernel, 2, Bytes{std::uint64_t{32} << 20}));
    if (!booted) throw std::runtime_error(booted.error());
    constexpr CpuId kCpu{0};
    for (int i = 0; i < 3; ++i) booted->apply(Spawn{kCpu, TaskKind::thread});
    SmallFields fields;
    MachineState state = booted->state();
    fields(state);
    return {*booted, booted->save(), fields.places()};
}

const Saved& saved_machine(bool is_new) {
    static const Saved kOld = save(testing::contiguous(), KernelFacts::linux_4_7());
    static const Saved kNew = save(testing::vmapped_6_1(), KernelFacts::linux_6_1());
    return is_new ? kNew : kOld;
}

RC_GTEST_PROP(DamagedMachine, IsRefusedOrKeepsItsInvariants, (bool is_new, std::uint64_t seed)) {
    const Saved& saved = saved_machine(is_new);
    Random random{seed};
    for (int i = 0; i < 5; ++i) {
        auto bytes = saved.bytes;
        bytes[saved.places[random.below(saved.places.size())]] ^= static_cast<std::byte>(1U << random.below(8));
        Machine machine = saved.machine;
        if (machine.restore(bytes)) {
            RC_ASSERT(machine.check_invariants() == "");
        } else {
            RC_ASSERT(machine == saved.machine);
        }
    }
}

} // namespace
} // namespace ksl::core
