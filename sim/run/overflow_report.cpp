// SPDX-License-Identifier: MIT
#include "sim/run/overflow_report.h"

#include "core/kstack/overflow.h"
#include "core/kstack/thread_info.h"
#include "sim/run/run_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ksl::sim {

namespace {

using core::Detector;
using core::Victim;

/// By Detector.
constexpr std::array<std::string_view, 9> kDetectorWords{"guard page fault", "guard double fault",  "check at switch",
                                                         "another oops",     "usage check at exit", "page fault",
                                                         "double fault",     "wild thread_info",    ""};
static_assert(static_cast<std::size_t>(Detector::none) + 1 == kDetectorWords.size());

std::vector<std::string> overwritten_by(const core::Overrun& run) {
    std::vector<std::string> things;
    // From the stack downwards: its own end, its own thread_info, then whatever lies below.
    if (run.hit(Victim::stack_end)) things.emplace_back("the magic word");
    for (std::size_t field = core::kThreadInfoFields.size(); field-- > 0;) {
        if ((run.fields >> field & 1U) != 0)
            things.push_back(fmt::format("thread_info.{}", core::kThreadInfoFields[field].name));
    }
    for (std::size_t victim = 0; victim < static_cast<std::size_t>(Victim::stack_end); ++victim) {
        if (run.hit(static_cast<Victim>(victim))) things.emplace_back(core::name_of(static_cast<Victim>(victim)));
    }
    return things;
}

/// The same in one line, thread_info's fields after its name.
std::string in_one_line(std::span<const std::string> things) {
    constexpr std::string_view kField = "thread_info.";
    std::string text;
    bool follows_field = false;
    for (const std::string& thing : things) {
        const bool is_field = thing.starts_with(kField);
        if (!text.empty()) text += follows_field && !is_field ? "; " : ", ";
        if (is_field && !follows_field) text += "thread_info: ";
        text += is_field ? thing.substr(kField.size()) : thing;
        follows_field = is_field;
    }
    return text;
}

} // namespace

std::vector<OverflowStory> overflow_stories(const core::Machine& machine) {
    const std::vector<core::Overrun>& runs = machine.state().overruns;
    const core::Frequency clock = machine.config().processor.clock;
    std::vector<OverflowStory> stories;
    stories.reserve(std::min(runs.size(), kMostStories));
    for (const core::Overrun& run : runs) {
        if (stories.size() == kMostStories) break;
        OverflowStory& story = stories.emplace_back();
        story.pid = run.pid;
        story.bytes = run.bytes;
        story.lowest = run.lowest.raw();
        story.overwritten = overwritten_by(run);
        if (run.is_noticed()) {
            story.noticed_by = kDetectorWords[static_cast<std::size_t>(run.detector)];
            const core::Cycles after{run.noticed > run.first ? (run.noticed - run.first).count() : 0};
            story.noticed_after_ns = clock.to_time(after).count();
        }
        if (run.raises_address_limit()) story.address_limit = run.address_limit;
    }
    return stories;
}

Table overflow_table(std::span<const RunSummary> runs, std::size_t most) {
    Table table;
    table.columns = {{"design", "design", Unit::text},
                     {"pid", "pid", Unit::plain},
                     {"bytes", "bytes", Unit::count},
                     {"overwritten", "overwritten, from the stack downwards", Unit::text},
                     {"noticed_by", "noticed by", Unit::text},
                     {"noticed_after_ns", "after", Unit::nanoseconds},
                     {"address_limit", "addr_limit is now", Unit::text}};
    for (const RunSummary& run : runs) {
        for (std::size_t i = 0; i < std::min(most, run.overflows.size()); ++i) {
            const OverflowStory& story = run.overflows[i];
            table.rows.push_back({run.design, std::uint64_t{story.pid}, story.bytes, in_one_line(story.overwritten),
                                  story.noticed_by.empty() ? std::string{"nobody"} : story.noticed_by,
                                  story.noticed_after_ns ? Cell{*story.noticed_after_ns} : Cell{},
                                  story.address_limit ? Cell{fmt::format("{:#x}", *story.address_limit)} : Cell{}});
        }
    }
    return table;
}

} // namespace ksl::sim
