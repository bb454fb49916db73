// SPDX-License-Identifier: MIT
#include "sim/replay/stack_cache_replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ksl::sim {

using core::VirtAddr;

namespace {

constexpr VirtAddr kEmpty{0};
constexpr const char* kEarlierChoice = "a callback ran between the choice of the stack and its record";
constexpr const char* kShownByNewTask = "only a later new task says that the stack was kept, and is judged itself";
constexpr const char* kNotSeenAgain = "the stack is not seen again before the trace ends";

std::string shown(VirtAddr stack) {
    return stack == kEmpty ? "new memory" : fmt::format("{:#x}", stack.raw());
}

} // namespace

VirtAddr StackSlots::take() {
    for (VirtAddr& slot : slots) {
        if (slot != kEmpty) return std::exchange(slot, kEmpty);
    }
    return kEmpty;
}

bool StackSlots::put(VirtAddr stack) {
    for (VirtAddr& slot : slots) {
        if (slot != kEmpty) continue;
        slot = stack;
        return true;
    }
    return false;
}

bool StackSlots::remove(VirtAddr stack) {
    for (VirtAddr& slot : slots) {
        if (slot != stack) continue;
        slot = kEmpty;
        return true;
    }
    return false;
}

std::string to_string(const StackSlots& slots) {
    const auto one = [](VirtAddr slot) { return slot == kEmpty ? "empty" : fmt::format("{:#x}", slot.raw()); };
    return fmt::format("slot 0 {}, slot 1 {}", one(slots.slots[0]), one(slots.slots[1]));
}

StackCacheReplay::StackCacheReplay(const std::optional<std::vector<capture::CachedStacks>>& recorded)
    : exists_(recorded && !recorded->empty()) {
    if (!exists_) return;
    const capture::CachedStacks& cpu = recorded->front();
    for (std::size_t i = 0; i < slots_.slots.size() && i < cpu.size(); ++i) slots_.slots[i] = cpu[i].value_or(kEmpty);
}

void StackCacheReplay::offer(std::uint64_t event, VirtAddr stack, StackFate fate, Offerer offerer) {
    if (exists_ && stack != kEmpty) offers_.push_back({event, stack, fate, offerer});
}

StackCacheReplay::Course StackCacheReplay::course(std::size_t before) const {
    Course course{slots_, kEmpty, true};
    for (std::size_t i = 0; i <= offers_.size(); ++i) {
        if (i == before) course.chosen = course.slots.take();
        if (i == offers_.size()) break;
        const bool is_cached = course.slots.put(offers_[i].stack);
        const StackFate predicted = is_cached ? StackFate::cached : StackFate::released;
        if (offers_[i].fate != StackFate::unknown && offers_[i].fate != predicted) course.agrees = false;
    }
    return course;
}

/// Counts what became of the offers and makes it so; `choice_after`: a stack is taken after that many of them.
void StackCacheReplay::judge_offers(std::size_t choice_after) {
    for (std::size_t i = 0; i <= offers_.size(); ++i) {
        if (i == choice_after) slots_.take();
        if (i == offers_.size()) break;
        const Offer& offer = offers_[i];
        const StackSlots before = slots_;
        const bool is_cached = slots_.put(offer.stack);
        if (offer.fate == StackFate::unknown) {
            given_back_.add_undetermined(kNotSeenAgain);
        } else if ((offer.fate == StackFate::cached) == is_cached) {
            given_back_.add_exact();
        } else if (!is_cached) {
            given_back_.add_undetermined(kShownByNewTask);
        } else {
            given_back_.add_difference({offer.event, "stack given back", fmt::format("{} released", shown(offer.stack)),
                                        fmt::format("{} kept", shown(offer.stack)), to_string(before)});
            slots_.remove(offer.stack); // what was seen later decides
        }
    }
    offers_.clear();
}

StackSlots StackCacheReplay::peek() const {
    StackSlots slots = slots_;
    for (const Offer& offer : offers_) slots.put(offer.stack);
    return slots;
}

const StackSlots& StackCacheReplay::settle() {
    judge_offers(offers_.size() + 1);
    return slots_;
}

void StackCacheReplay::chose_new_memory(std::uint64_t event, const StackSlots& at_request) {
    if (!exists_) return;
    if (at_request.is_empty()) {
        new_tasks_.add_exact();
    } else if (slots_.is_empty()) {
        new_tasks_.add_undetermined(kEarlierChoice);
    } else {
        StackSlots slots = at_request;
        new_tasks_.add_difference({event, "new_task", shown(kEmpty), shown(slots.take()), to_string(at_request)});
    }
    settle();
}

std::vector<std::size_t> StackCacheReplay::possible_choices(VirtAddr recorded) const {
    constexpr std::size_t kFarthest = 256; // callbacks of one batch
    std::vector<std::size_t> possible;
    std::vector<StackSlots> outcomes;
    std::size_t before = offers_.size();
    for (std::size_t tries = 0; tries <= kFarthest; ++tries, --before) {
        const Course tried = course(before);
        const bool is_new = std::ranges::find(outcomes, tried.slots) == outcomes.end();
        if (tried.chosen == recorded && tried.agrees && is_new) {
            possible.push_back(before);
            outcomes.push_back(tried.slots);
        }
        if (before == 0 || offers_[before - 1].offerer != Offerer::callback) break;
    }
    return possible;
}

void StackCacheReplay::choose_after(std::size_t offers) {
    if (offers == offers_.size()) {
        new_tasks_.add_exact();
    } else {
        new_tasks_.add_undetermined(kEarlierChoice);
    }
    judge_offers(offers);
}

void StackCacheReplay::chose_otherwise(std::uint64_t event, VirtAddr recorded) {
    const Course straight = course(offers_.size());
    const StackSlots before = peek();
    judge_offers(offers_.size());
    wrongly_chosen_ = straight.chosen;
    if (straight.chosen == recorded) { // only what became of the stacks given back is wrong, and is counted
        new_tasks_.add_exact();
        return;
    }
    new_tasks_.add_difference({event, "new_task", shown(recorded), shown(straight.chosen), to_string(before)});
}

void StackCacheReplay::chose_otherwise_than_reserved(std::uint64_t event, VirtAddr recorded, VirtAddr reserved) {
    new_tasks_.add_difference({event, "new_task", shown(recorded), shown(reserved), to_string(peek())});
    wrongly_chosen_ = kEmpty;
    settle();
}

bool StackCacheReplay::take_over(VirtAddr recorded) {
    if (!slots_.remove(recorded)) return false;
    if (wrongly_chosen_ == kEmpty) return true;
    // It never left its slot: the first that is empty, as slots are filled from the first on.
    slots_.put(wrongly_chosen_);
    return true;
}

} // namespace ksl::sim
