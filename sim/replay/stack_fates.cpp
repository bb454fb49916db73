// SPDX-License-Identifier: MIT
#include "sim/replay/stack_fates.h"

#include <unordered_map>
#include <variant>

namespace ksl::sim {

namespace {

/// Walks the log backwards and knows for each stack how it is seen next.
class NextSeen {
public:
    StackFate of(core::VirtAddr stack) const {
        const auto found = next_.find(stack.raw());
        return found == next_.end() ? StackFate::unknown : found->second;
    }
    void see(const capture::EventBody& body) {
        if (const auto* task = std::get_if<capture::NewTask>(&body)) {
            next_[task->stack.raw()] = StackFate::cached;
        } else if (const auto* put = std::get_if<capture::PutStack>(&body)) {
            next_[put->stack.raw()] = StackFate::cached; // somebody had it meanwhile
        } else if (const auto* range = std::get_if<capture::VmapResultRange>(&body)) {
            next_[range->range.lowest.raw()] = StackFate::released; // reserved anew: it had become free before
        } else if (const auto* freed = std::get_if<capture::VmapLazyFree>(&body)) {
            next_[freed->range.lowest.raw()] = StackFate::released;
        } else if (const auto* unmapped = std::get_if<capture::Vunmap>(&body)) {
            next_[unmapped->address.raw()] = StackFate::released;
        } else if (const auto* callback = std::get_if<capture::StackFreeRcu>(&body)) {
            next_[callback->stack.raw()] = StackFate::released;
        }
    }

private:
    std::unordered_map<std::uint64_t, StackFate> next_;
};

} // namespace

StackFates::StackFates(const capture::EventLog& log) : fates_(log.events.size(), StackFate::unknown) {
    NextSeen next;
    for (std::size_t i = log.events.size(); i-- > 0;) {
        const capture::EventBody& body = log.events[i].body;
        if (const auto* put = std::get_if<capture::PutStack>(&body)) fates_[i] = next.of(put->stack);
        if (const auto* callback = std::get_if<capture::StackFreeRcu>(&body)) fates_[i] = next.of(callback->stack);
        next.see(body);
    }
}

} // namespace ksl::sim
