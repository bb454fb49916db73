// SPDX-License-Identifier: MIT
//
// The per-CPU stack cache: a few stacks that dead tasks left, with their pages, mapping and descriptors, ready for the
// next clone() on this CPU.
//
// Rules:   slots are tried from 0 on, both when a stack is wanted and when one is offered, so that slot 0 is the
//          busiest.
// Source:  alloc_thread_stack_node, free_thread_stack (4.9), try_release_thread_stack_to_cache (6.1) of kernel/fork.c;
//          NR_CACHED_STACKS is 2 in all of them.
#pragma once

#include "core/effects/effects.h"
#include "core/kstack/stack_table.h"

#include <array>
#include <cstdint>
#include <optional>

namespace ksl::core {

inline constexpr unsigned kMostCacheSlots = 16;

class StackCache {
public:
    StackCache() = default;
    explicit StackCache(std::uint8_t slots) : count_(slots) {}

    [[nodiscard]] std::optional<StackId> take(Effects& fx) {
        for (std::uint8_t slot = 0; slot < count_; ++slot) {
            fx.charge(Step::stack_cache_probe);
            fx.read(address(fx, slot));
            if (slots_[slot].is_none()) continue;
            fx.charge(Step::stack_cache_take);
            fx.write(address(fx, slot));
            return std::exchange(slots_[slot], StackId::none());
        }
        return std::nullopt;
    }
    /// False if all slots are taken.
    [[nodiscard]] bool put(StackId stack, Effects& fx) {
        for (std::uint8_t slot = 0; slot < count_; ++slot) {
            fx.charge(Step::stack_cache_probe);
            fx.read(address(fx, slot));
            if (!slots_[slot].is_none()) continue;
            fx.charge(Step::stack_cache_put);
            fx.write(address(fx, slot));
            slots_[slot] = stack;
            return true;
        }
        return false;
    }
    /// Free slots only; for the CPU hotplug callback and for views.
    [[nodiscard]] std::uint8_t slots() const { return count_; }
    [[nodiscard]] StackId slot(std::uint8_t index) const { return slots_[index]; }
    void set_slot(std::uint8_t index, StackId stack) { slots_[index] = stack; }

    template <class Archive>
    void describe(Archive& archive) {
        archive(count_, slots_);
    }
    friend bool operator==(const StackCache&, const StackCache&) = default;

private:
    static VirtAddr address(const Effects& fx, std::uint8_t slot) {
        return fx.data().stack_cache(fx.cpu()) + Bytes{std::uint64_t{slot} * 8U};
    }

    std::uint8_t count_ = 0;
    std::array<StackId, kMostCacheSlots> slots_{};
};

} // namespace ksl::core
