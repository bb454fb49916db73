// SPDX-License-Identifier: MIT
//
// Where slab caches get their pages. The machine answers with whatever stands behind a page request (a killed task,
// another try); AllocatorPages asks the page allocator alone.
#pragma once

#include "core/memory/page_allocator.h"

namespace ksl::core {

class SlabPages {
public:
    virtual ~SlabPages() = default;

    [[nodiscard]] virtual std::expected<Pfn, AllocFailure> take(const AllocRequest& request) = 0;
    virtual void give_back(Pfn block, Order order) = 0;

protected:
    SlabPages() = default;
    SlabPages(const SlabPages&) = default;
    SlabPages& operator=(const SlabPages&) = default;
};

class AllocatorPages final : public SlabPages {
public:
    /// All must outlive this.
    AllocatorPages(PageAllocator& allocator, Effects& fx, PageOwners* owners = nullptr)
        : allocator_(allocator), fx_(fx), owners_(owners) {}

    [[nodiscard]] std::expected<Pfn, AllocFailure> take(const AllocRequest& request) override {
        return allocator_.allocate(request, fx_, owners_);
    }
    void give_back(Pfn block, Order order) override { allocator_.free(block, order, fx_); }

private:
    PageAllocator& allocator_;
    Effects& fx_;
    PageOwners* owners_;
};

} // namespace ksl::core
