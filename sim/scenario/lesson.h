// SPDX-License-Identifier: MIT
//
// A scenario's lesson: steps to go through in the window, each with a text, a place in the run, a view to look at, and
// sometimes a question to answer before going on.
//
//     [lesson]
//     title = "What a cached stack saves"
//
//     [[lesson.step]]
//     text = "Two stacks wait in the cache of each CPU."
//     design = "linux-4.9"       # the design that is shown; without it, the one of the step before
//     beside = "linux-4.7"       # a second one beside it, step by step
//     go_to = "clone"            # start, end, clone, failure, purge, difference; without it the run stays where it is
//     number = 3                 # which of them, counted from the start
//     look_at = "cpus"
//     ask = "Where does the next stack come from?"
//     answers = ["From the page allocator", "From the cache of the CPU"]
//     right = 2
//     why = "..."
//
// Errors:  as of all scenario keys: place, key, what is wrong, what would be right.
#pragma once

#include "sim/scenario/design_file.h"
#include "sim/toml/toml_reader.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ksl::sim {

enum class LessonView : std::uint8_t {
    none,
    physical_memory,
    address_space,
    page_walk,
    stack,
    cpus,
    timeline,
    events,
    design,
    comparison,
};

enum class LessonPlace : std::uint8_t {
    stay,
    start,
    end,
    clone,      ///< the n-th clone
    failure,    ///< the n-th step that failed, faulted or overflowed
    purge,      ///< the n-th purge of lazily freed address ranges
    difference, ///< the n-th operation that the two designs do differently
};

struct LessonQuestion {
    std::string text;
    std::vector<std::string> answers; ///< two at least
    std::size_t right = 0;            ///< index of an answer
    std::string why;
    friend bool operator==(const LessonQuestion&, const LessonQuestion&) = default;
};

struct LessonStep {
    std::string text;
    LessonView look_at = LessonView::none;
    LessonPlace place = LessonPlace::stay;
    std::uint32_t number = 1;          ///< of clone, failure or difference, from the start
    std::size_t design = 0;            ///< index of the scenario's design
    std::optional<std::size_t> beside; ///< the second design
    std::optional<LessonQuestion> question;
    friend bool operator==(const LessonStep&, const LessonStep&) = default;
};

struct Lesson {
    std::string title;
    std::vector<LessonStep> steps; ///< one at least
    friend bool operator==(const Lesson&, const Lesson&) = default;
};

/// [lesson]; nothing where the scenario has none. Mistakes are noted in the table's reader.
[[nodiscard]] std::optional<Lesson> read_lesson(TomlTable table, const std::vector<DesignProfile>& designs);

} // namespace ksl::sim
