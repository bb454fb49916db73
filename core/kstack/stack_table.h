// SPDX-License-Identifier: MIT
//
// The kernel stacks that exist: in use, cached, or waiting to be freed. A stack is known by a StackId; its record names
// the area, block or slot behind it and the kernel's descriptors of it.
//
// Memory:  16 bytes a stack.
#pragma once

#include "core/kernel/stack_id.h"
#include "core/types/cow_array.h"

#include <cstdint>

namespace ksl::core {

struct StackRecord {
    /// By backing: number of the vmap_area (vmap, dynamic, alias), first frame of the block (direct map), slot
    /// (pid-slot).
    std::uint32_t place = 0;
    std::uint32_t vm_object = 0;  ///< struct vm_struct in its slab cache; mapped stacks only
    std::uint32_t page_array = 0; ///< its pages[] in its slab cache
    std::uint32_t task = 0;       ///< the last task that had it; of a free record: the next free one
    friend bool operator==(const StackRecord&, const StackRecord&) = default;
};

class StackTable {
public:
    [[nodiscard]] StackId add(const StackRecord& record) {
        std::uint32_t index = free_;
        if (index != kNone) {
            free_ = records_[index].task;
        } else {
            index = static_cast<std::uint32_t>(records_.size());
            records_.resize(records_.size() + 1);
        }
        records_.mut(index) = record;
        ++live_;
        return StackId{index};
    }
    void remove(StackId id) {
        records_.mut(id.raw()) = StackRecord{.place = kNone, .vm_object = 0, .page_array = 0, .task = free_};
        free_ = id.raw();
        --live_;
    }
    [[nodiscard]] const StackRecord& operator[](StackId id) const { return records_[id.raw()]; }
    [[nodiscard]] StackRecord& mut(StackId id) { return records_.mut(id.raw()); }
    [[nodiscard]] std::uint32_t live() const { return live_; }
    /// One past the largest id ever given; ids below may be free.
    [[nodiscard]] std::uint32_t limit() const { return static_cast<std::uint32_t>(records_.size()); }
    [[nodiscard]] bool is_live(StackId id) const { return id.raw() < limit() && records_[id.raw()].place != kNone; }

    template <class Archive>
    void describe(Archive& archive) {
        archive(records_, free_, live_);
    }
    friend bool operator==(const StackTable&, const StackTable&) = default;

private:
    static constexpr std::uint32_t kNone = 0xffffffffU;
    CowArray<StackRecord, 512> records_;
    std::uint32_t free_ = kNone;
    std::uint32_t live_ = 0;
};

} // namespace ksl::core
