// SPDX-License-Identifier: MIT
#include "sim/scenario/lesson.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace ksl::sim {

namespace {

constexpr std::array kViews{
    Spelling{"none", LessonView::none},
    Spelling{"physical-memory", LessonView::physical_memory},
    Spelling{"address-space", LessonView::address_space},
    Spelling{"page-walk", LessonView::page_walk},
    Spelling{"stack", LessonView::stack},
    Spelling{"cpus", LessonView::cpus},
    Spelling{"timeline", LessonView::timeline},
    Spelling{"events", LessonView::events},
    Spelling{"design", LessonView::design},
    Spelling{"comparison", LessonView::comparison},
};
constexpr std::array kPlaces{
    Spelling{"stay", LessonPlace::stay},
    Spelling{"start", LessonPlace::start},
    Spelling{"end", LessonPlace::end},
    Spelling{"clone", LessonPlace::clone},
    Spelling{"failure", LessonPlace::failure},
    Spelling{"purge", LessonPlace::purge},
    Spelling{"difference", LessonPlace::difference},
};
constexpr std::uint32_t kMostNumber = 1U << 20;

std::optional<std::size_t> read_design(TomlTable& table, std::string_view key,
                                       const std::vector<DesignProfile>& designs) {
    if (!table.has(key)) return std::nullopt;
    const std::string name = table.text(key);
    const auto found = std::ranges::find(designs, name, &DesignProfile::name);
    if (found != designs.end()) return static_cast<std::size_t>(found - designs.begin());
    std::vector<std::string> names;
    names.reserve(designs.size());
    for (const DesignProfile& design : designs) names.push_back(design.name);
    table.refuse(
        key, fmt::format("the scenario has no design \"{}\"; one of {} would be right", name, fmt::join(names, ", ")));
    return std::nullopt;
}

std::optional<LessonQuestion> read_question(TomlTable& table) {
    if (!table.has("ask")) {
        for (const std::string_view key : {"answers", "right", "why"}) {
            if (table.has(key)) table.refuse(key, "answers no question; ask = \"...\" beside it would be right");
        }
        return std::nullopt;
    }
    LessonQuestion question;
    question.text = table.text("ask");
    question.answers = table.texts("answers");
    if (question.answers.size() < 2) {
        table.refuse(table.has("answers") ? "answers" : "ask",
                     fmt::format("has {} answers to choose from; two or more in answers = [...] would be right",
                                 question.answers.size()));
        return std::nullopt;
    }
    const auto most = static_cast<std::uint32_t>(question.answers.size());
    question.right = table.integer<std::uint32_t>("right", {1, most}) - 1;
    question.why = table.text("why", "");
    return question;
}

LessonStep read_step(TomlTable& table, const std::vector<DesignProfile>& designs, const LessonStep& before) {
    LessonStep step;
    step.text = table.text("text");
    if (table.has("text") && step.text.empty()) table.refuse("text", "is empty; what to see here would be right");
    step.look_at = table.choice("look_at", kViews, LessonView::none);
    step.place = table.choice("go_to", kPlaces, LessonPlace::stay);
    const bool is_counted =
        step.place == LessonPlace::clone || step.place == LessonPlace::failure || step.place == LessonPlace::difference;
    if (table.has("number") && !is_counted)
        table.refuse("number",
                     R"(counts nothing; go_to = "clone", "failure", "purge" or "difference" beside it would be right)");
    step.number = table.integer<std::uint32_t>("number", {1, kMostNumber}, 1);
    // What a step does not say is as it was in the one before.
    step.design = read_design(table, "design", designs).value_or(before.design);
    step.beside = table.has("design") || table.has("beside") ? read_design(table, "beside", designs) : before.beside;
    if (step.beside && *step.beside == step.design)
        table.refuse(table.has("beside") ? "beside" : "design", "is the other one as well; two designs would be right");
    if (step.place == LessonPlace::difference && !step.beside)
        table.refuse("go_to", "compares, and there is one design; beside = \"...\" with a second one would be right");
    if (step.look_at == LessonView::comparison && !step.beside)
        table.refuse("look_at", "compares, and there is one design; beside = \"...\" with a second one would be right");
    step.question = read_question(table);
    return step;
}

} // namespace

std::optional<Lesson> read_lesson(TomlTable table, const std::vector<DesignProfile>& designs) {
    if (!table.exists()) return std::nullopt;
    Lesson lesson;
    lesson.title = table.text("title");
    for (TomlTable& step : table.tables("step"))
        lesson.steps.push_back(read_step(step, designs, lesson.steps.empty() ? LessonStep{} : lesson.steps.back()));
    if (lesson.steps.empty()) table.refuse("has no steps; one [[lesson.step]] or more would be right");
    return lesson;
}

} // namespace ksl::sim
