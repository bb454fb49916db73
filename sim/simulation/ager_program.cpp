// SPDX-License-Identifier: MIT
//
// Other memory coming and going. A block is allocated an operation; before that, blocks whose time is over are freed,
// and more if memory is fuller than it may become.
#include "sim/simulation/program_turn.h"

namespace ksl::sim {

namespace {

/// A share as a number of 2^32.
bool happens(core::Random& random, double share) {
    return static_cast<double>(random.next() >> 32) < share * 4294967296.0;
}

core::PageUse draw_use(core::Random& random, const Ager& spec) {
    const double what = static_cast<double>(random.next() >> 11) / 9007199254740992.0;
    if (what < spec.unmovable / 2) return core::PageUse::slab;
    if (what < spec.unmovable) return core::PageUse::unmovable;
    if (what < spec.unmovable + spec.reclaimable) return core::PageUse::reclaimable;
    return happens(random, spec.page_cache) ? core::PageUse::page_cache : core::PageUse::anonymous;
}

/// Half of the blocks are single pages, a quarter pairs, and so on; what is left goes to the largest order.
core::Order draw_order(core::Random& random, std::uint8_t largest) {
    const std::uint64_t bits = random.next();
    unsigned order = 0;
    while (order < largest && (bits >> order & 1) != 0) ++order;
    return core::Order{order};
}

} // namespace

Decision Programs::main(Turn& turn, const Ager& spec) {
    const core::PageAllocator& pages = turn.machine().state().memory.pages;
    if (fill_frames_ == 0) {
        fill_frames_ = static_cast<std::uint64_t>(static_cast<double>(pages.free_pages().count()) * spec.fill);
    }
    if (done_ == spec.operations) return Turn::finish();
    std::optional<HeldBlock> over = held_.take_due(done_);
    if (!over && held_.frames() >= fill_frames_) over = held_.take_next();
    if (over) return Turn::command(core::FreePages{turn.cpu(), core::Pfn{over->pfn}});
    const core::PageUse use = draw_use(random_, spec);
    // File and user pages come one by one.
    const bool is_single = use == core::PageUse::page_cache || use == core::PageUse::anonymous;
    const core::Order order = is_single ? core::Order{0} : draw_order(random_, spec.largest_order);
    return Turn::command(core::AllocPages{turn.cpu(), order, use});
}

void Programs::learn(ActorTable& /*actors*/, ActorId /*self*/, const Decision& decision, const core::Outcome& outcome) {
    const auto* request = std::get_if<core::AllocPages>(&decision.command);
    const auto* spec = std::get_if<Ager>(&workload_);
    if (decision.what != Decision::What::command || request == nullptr || spec == nullptr) return;
    ++done_;
    const std::uint64_t lifetime = exponential(random_, spec->lifetime);
    const bool stays = happens(random_, spec->long_lived);
    if (!outcome.is_done()) return;
    const HeldBlock block{outcome.value, request->order.raw()};
    if (stays) {
        held_.keep(block);
    } else {
        held_.hold(block, std::max(done_ + lifetime, held_.horizon()));
    }
}

} // namespace ksl::sim
