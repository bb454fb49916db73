// SPDX-License-Identifier: MIT
//
// Following a recording of which one entry may be wrong, by an engine that may be wrong as well. Where an answer
// differs, nobody knows yet who is right: the engine that goes on with its own answer and the one that takes the
// recorded answer over are both followed, and what comes next drops the one that it contradicts. So a wrong answer of
// the engine counts as one difference, and so does a falsified entry of the recording; what is reported is the fewest
// differences that explain it.
//
// World: a value that can be copied, with differences() and goes_on_like(other), true if both will answer alike.
// Cost:  one world as long as all answers are exact; at most kMost afterwards, and one again where it is hopeless.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

namespace ksl::sim {

template <class World>
class Hypotheses {
public:
    static constexpr std::size_t kMost = 8;
    /// A world with this many differences more than the best is given up.
    static constexpr std::uint64_t kPatience = 3;
    /// With so many differences the recording is another run's: only the best world goes on.
    static constexpr std::uint64_t kHopeless = 2000;

    explicit Hypotheses(World start) { worlds_.push_back(std::move(start)); }

    /// Plays one entry: play(world, alternatives) changes the world as the engine answers, and appends what would be if
    /// the recorded answer were taken over.
    template <class Play>
    void advance(Play play) {
        for (World& world : worlds_) play(world, alternatives_);
        if (worlds_.size() == 1 && alternatives_.empty()) [[likely]]
            return;
        std::ranges::move(alternatives_, std::back_inserter(worlds_));
        alternatives_.clear();
        sort();
        const std::uint64_t most = worlds_.front().differences() + kPatience;
        std::erase_if(worlds_, [&](const World& world) { return world.differences() >= most; });
        drop_equal_ones();
        const std::size_t kept = worlds_.front().differences() < kHopeless ? kMost : 1;
        if (worlds_.size() > kept) worlds_.erase(worlds_.begin() + static_cast<std::ptrdiff_t>(kept), worlds_.end());
    }
    [[nodiscard]] const World& best() const { return worlds_.front(); }
    /// The one with the least of what `figure` says; of equal ones, the one with the fewest differences.
    template <class Figure>
    [[nodiscard]] const World& best_by(Figure figure) const {
        return *std::ranges::min_element(worlds_, {}, figure);
    }
    [[nodiscard]] std::size_t size() const { return worlds_.size(); }

private:
    /// By differences; of equal ones, the older first.
    void sort() {
        const auto fewer = [](const World& a, const World& b) { return a.differences() < b.differences(); };
        for (auto next = worlds_.begin(); next != worlds_.end(); ++next) {
            std::rotate(std::upper_bound(worlds_.begin(), next, *next, fewer), next, std::next(next));
        }
    }
    /// Of worlds that will answer alike, only the one with the fewest differences is of interest.
    void drop_equal_ones() {
        for (std::size_t i = 0; i < worlds_.size(); ++i) {
            const auto first = worlds_.begin() + static_cast<std::ptrdiff_t>(i) + 1;
            const auto equal = [&](const World& other) { return worlds_[i].goes_on_like(other); };
            worlds_.erase(std::remove_if(first, worlds_.end(), equal), worlds_.end());
        }
    }

    std::vector<World> worlds_; ///< fewest differences first
    std::vector<World> alternatives_;
};

} // namespace ksl::sim
