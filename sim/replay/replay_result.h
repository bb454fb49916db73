// SPDX-License-Identifier: MIT
//
// What a replay found: for each part of the engine, how many of its answers were those of the real kernel, and where
// they were not.
//
// Counting: an answer is judged once. After a wrong one the recorded answer is taken over, so that one error counts as
//           one. What the trace does not determine (the kernel looked at something that was not recorded) is neither
//           right nor wrong: it is counted apart, with the reason.
#pragma once

#include "core/types/address.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ksl::sim {

/// One place where the engine and the real kernel disagree.
struct Difference {
    std::uint64_t event = 0; ///< index of the trace event that was judged; of a state: events before it
    std::string where;       ///< "vmap_result_range", "state_03: free areas", ...
    std::string recorded;    ///< what the kernel did
    std::string engine;      ///< what the engine did
    std::string around;      ///< the engine's state there, as far as it helps; may be empty, may have several lines

    friend bool operator==(const Difference&, const Difference&) = default;
};

/// Answers that the trace does not determine, by reason.
struct Undetermined {
    std::string reason;
    std::uint64_t count = 0;

    friend bool operator==(const Undetermined&, const Undetermined&) = default;
};

/// The judgement of one part, for instance "vmalloc addresses".
class PartResult {
public:
    PartResult() = default;
    explicit PartResult(std::string name) : name_(std::move(name)) {}

    /// Differences beyond this many are counted but not kept.
    static constexpr std::size_t kKept = 1000;

    void add_exact(std::uint64_t times = 1) { exact_ += times; }
    void add_difference(Difference difference);
    void add_undetermined(std::string_view reason, std::uint64_t times = 1);
    /// Another part's answers join this one's.
    void add(const PartResult& other);

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] std::uint64_t exact() const { return exact_; }
    /// Judged answers: exact and differing, without the undetermined.
    [[nodiscard]] std::uint64_t total() const { return exact_ + differing_; }
    [[nodiscard]] std::uint64_t differing() const { return differing_; }
    [[nodiscard]] const std::vector<Difference>& differences() const { return differences_; }
    [[nodiscard]] const std::vector<Undetermined>& undetermined() const { return undetermined_; }

    friend bool operator==(const PartResult&, const PartResult&) = default;

private:
    std::string name_;
    std::uint64_t exact_ = 0;
    std::uint64_t differing_ = 0;
    std::vector<Difference> differences_;
    std::vector<Undetermined> undetermined_;
};

/// An allocation whose recorded frame the engine does not believe.
struct OwnFrame {
    std::uint64_t event = 0;
    core::Pfn frame; ///< the engine's

    friend bool operator==(const OwnFrame&, const OwnFrame&) = default;
};

/// A free of vmalloc whose recorded range the engine does not believe.
struct OwnRelease {
    std::uint64_t event = 0;
    core::VirtRange range; ///< the engine's

    friend bool operator==(const OwnRelease&, const OwnRelease&) = default;
};

struct ReplayResult {
    std::string capture;      ///< the capture's folder, as given
    std::uint64_t events = 0; ///< events of the trace that were played
    std::uint64_t states = 0; ///< recorded states that were compared, the start not counted
    std::vector<PartResult> parts;
    std::vector<OwnFrame> own_frames{};     ///< of a page replay
    std::vector<OwnRelease> own_releases{}; ///< of a vmalloc replay

    [[nodiscard]] bool is_exact() const;
    /// The part of that name; nullptr if there is none.
    [[nodiscard]] const PartResult* part(std::string_view name) const;

    friend bool operator==(const ReplayResult&, const ReplayResult&) = default;
};

} // namespace ksl::sim
