// SPDX-License-Identifier: MIT
//
// Which cache lines of struct vmap_area objects an operation on a tree touches. Without a memory port nobody asks, and
// the same code is compiled with NoTouch.
#pragma once

#include "core/vmalloc/vmap_host.h"

namespace ksl::core {

template <class Pool>
class AreaTouch {
public:
    static constexpr bool kSeen = true;

    AreaTouch(Effects& fx, const VmapHost& host, const AreaLayout& layout, const Pool& pool)
        : fx_(&fx), host_(&host), layout_(&layout), pool_(&pool) {}

    /// A step of a descent: bounds and tree links.
    void read(NodeIndex node) const { access(node, 0, layout_->rb_offset + 24U, false); }
    /// The last field: the next area to purge, or the subtree's maximum.
    void read_last(NodeIndex node) const { access(node, layout_->last_offset, 8, false); }
    void wrote_last(NodeIndex node) const { access(node, layout_->last_offset, 8, true); }
    /// Tree links, or bounds beside them.
    void wrote(NodeIndex node) const { access(node, layout_->rb_offset, 24, true); }
    void wrote_list(NodeIndex node) const { access(node, layout_->list_offset, 16, true); }

private:
    void access(NodeIndex node, unsigned first, unsigned size, bool is_write) const {
        if (node == kNoNode || (*pool_)[node].object().is_none()) return;
        const VirtAddr object = host_->area_object_address((*pool_)[node].object());
        const VirtAddr from = object + Bytes{first};
        const VirtAddr last = object + Bytes{first + size - 1};
        one(from, is_write);
        if (align_down(from, kCacheLine) != align_down(last, kCacheLine)) one(last, is_write);
    }
    void one(VirtAddr at, bool is_write) const {
        if (is_write) {
            fx_->write(at);
        } else {
            fx_->read(at);
        }
    }

    Effects* fx_;
    const VmapHost* host_;
    const AreaLayout* layout_;
    const Pool* pool_;
};

/// Calls `work` with the touch that `fx` asks for.
template <class Pool, class Work>
decltype(auto) with_touch(Effects& fx, const VmapHost& host, const AreaLayout& layout, const Pool& pool, Work&& work) {
    if (fx.sees_memory()) return work(AreaTouch<Pool>{fx, host, layout, pool});
    return work(NoTouch{});
}

} // namespace ksl::core
