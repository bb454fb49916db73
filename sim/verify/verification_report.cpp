// SPDX-License-Identifier: MIT
#include "sim/verify/verification_report.h"

#include "sim/text/numbers.h"
#include "sim/text/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace ksl::sim {

namespace {

using Json = nlohmann::ordered_json;

/// Differences of one part that are printed; all are in the JSON.
constexpr std::size_t kShown = 20;

constexpr std::string_view kCalibrationNote =
    "The same workloads on the same designs, simulated and measured, in instructions a task. Not judged: prices are\n"
    "approximations, and this is how good they are. A positive rest is what the engine does not charge, a negative "
    "one\n"
    "what it charges too much.\n\n";

std::uint64_t undetermined_in(const PartResult& part) {
    std::uint64_t count = 0;
    for (const Undetermined& reason : part.undetermined()) count += reason.count;
    return count;
}

Json json_of(const PartResult& part) {
    Json json{{"exact", part.exact()}, {"total", part.total()}};
    if (!part.undetermined().empty()) {
        Json& reasons = json["undetermined"] = Json::array();
        for (const Undetermined& reason : part.undetermined()) {
            reasons.push_back({{"reason", reason.reason}, {"count", reason.count}});
        }
    }
    if (!part.differences().empty()) {
        Json& differences = json["differences"] = Json::array();
        for (const Difference& difference : part.differences()) {
            differences.push_back({{"event", difference.event},
                                   {"where", difference.where},
                                   {"recorded", difference.recorded},
                                   {"engine", difference.engine},
                                   {"around", difference.around}});
        }
    }
    return json;
}

Json json_of(const CalibrationRow& row) {
    return {{"workload", row.workload},   {"part", row.part},         {"step", row.step},
            {"simulated", row.simulated}, {"measured", row.measured}, {"unexplained", row.unexplained()}};
}

Json json_of(const Verification& verification) {
    Json json{{"capture", verification.capture},
              {"kind", name_of(verification.kind)},
              {"path", verification.folder.string()},
              {"is_exact", verification.is_exact()}};
    if (verification.kind == CaptureKind::replay) {
        json["events"] = verification.events;
        json["states_compared"] = verification.states;
    }
    for (const PartResult& part : verification.parts) json[part.name()] = json_of(part);
    if (!verification.measured.empty()) {
        Json& measured = json["measured"] = Json::array();
        for (const Measured& figure : verification.measured) {
            measured.push_back({{"name", figure.name}, {"value", figure.value}, {"unit", figure.unit}});
        }
    }
    if (!verification.calibration.empty()) {
        Json& rows = json["calibration"] = Json::array();
        for (const CalibrationRow& row : verification.calibration) rows.push_back(json_of(row));
    }
    return json;
}

/// Text of files may be anything: what is no UTF-8 is replaced, never a reason to stop.
std::string dumped(const Json& json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::string differences_text(const Verification& verification, const PartResult& part) {
    std::string text;
    for (std::size_t i = 0; i < std::min(kShown, part.differences().size()); ++i) {
        const Difference& difference = part.differences()[i];
        const std::string at =
            verification.kind == CaptureKind::replay ? fmt::format(" event {},", difference.event) : "";
        text += fmt::format("{}: {}:{} {}\n    recorded  {}\n    engine    {}\n", verification.capture, part.name(), at,
                            difference.where, difference.recorded, difference.engine);
        if (!difference.around.empty()) text += fmt::format("    around    {}\n", difference.around);
    }
    if (part.differing() > kShown) {
        text +=
            fmt::format("{}: {}: {} more differences\n", verification.capture, part.name(), part.differing() - kShown);
    }
    return text;
}

std::string figure_cell(const PartResult* part) {
    if (part == nullptr || (part->total() == 0 && part->undetermined().empty())) return "";
    return fmt::format("{} of {}", grouped(part->exact()), grouped(part->total()));
}

/// Names of all parts of these captures, in the order in which they first appear.
std::vector<std::string> parts_of(std::span<const Verification* const> verifications) {
    std::vector<std::string> names;
    for (const Verification* verification : verifications) {
        for (const PartResult& part : verification->parts) {
            if (std::ranges::find(names, part.name()) == names.end()) names.push_back(part.name());
        }
    }
    return names;
}

std::string markdown_of(std::span<const Verification* const> verifications) {
    std::string text = "| part |";
    std::string line = "|---|";
    for (const Verification* verification : verifications) {
        text += fmt::format(" {} |", verification->capture);
        line += "--:|";
    }
    text += "\n" + line + "\n";
    for (const std::string& name : parts_of(verifications)) {
        text += fmt::format("| {} |", name);
        for (const Verification* verification : verifications) {
            text += fmt::format(" {} |", figure_cell(verification->part(name)));
        }
        text += "\n";
    }
    return text;
}

std::string undetermined_markdown(std::span<const Verification> verifications) {
    std::string text;
    for (const Verification& verification : verifications) {
        for (const PartResult& part : verification.parts) {
            for (const Undetermined& reason : part.undetermined()) {
                text += fmt::format("| {} | {} | {} | {} |\n", verification.capture, part.name(), grouped(reason.count),
                                    reason.reason);
            }
        }
    }
    return text.empty() ? text : "| capture | part | answers | reason |\n|---|---|--:|---|\n" + text;
}

/// "+12 %" of what was measured.
std::string share_text(const CalibrationRow& row) {
    if (row.measured == 0) return "";
    return fmt::format("{:+.1f} %", 100.0 * static_cast<double>(row.unexplained()) / static_cast<double>(row.measured));
}

std::string signed_text(std::int64_t value) {
    std::string text = value < 0 ? "-" : "+";
    text += grouped(static_cast<std::uint64_t>(value < 0 ? -value : value));
    return text;
}

std::string calibration_markdown(const Verification& verification) {
    if (verification.calibration.empty()) return "";
    std::string text = fmt::format("#### {}\n\n| workload | part | step | simulated | measured | unexplained | |\n"
                                   "|---|---|---|--:|--:|--:|--:|\n",
                                   verification.capture);
    for (const CalibrationRow& row : verification.calibration) {
        text +=
            fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", row.workload, row.part, row.step,
                        grouped(row.simulated), grouped(row.measured), signed_text(row.unexplained()), share_text(row));
    }
    return text + "\n";
}

std::string calibration_text(std::span<const Verification> verifications) {
    Table table{.columns = {{.key = "capture", .title = "calibration of", .unit = Unit::text},
                            {.key = "workload", .title = "workload", .unit = Unit::text},
                            {.key = "part", .title = "part", .unit = Unit::text},
                            {.key = "step", .title = "instructions", .unit = Unit::text},
                            {.key = "simulated", .title = "simulated", .unit = Unit::count},
                            {.key = "measured", .title = "measured", .unit = Unit::count},
                            {.key = "unexplained", .title = "unexplained", .unit = Unit::count}},
                .rows = {}};
    for (const Verification& verification : verifications) {
        for (const CalibrationRow& row : verification.calibration) {
            table.rows.push_back({verification.capture, row.workload, row.part, row.step, row.simulated, row.measured,
                                  row.unexplained()});
        }
    }
    if (table.rows.empty()) return "";
    std::string text = "\n";
    text += to_text(table);
    return text;
}

std::string measured_markdown(std::span<const Verification* const> verifications) {
    std::string text = "| median, instructions |";
    std::string line = "|---|";
    for (const Verification* verification : verifications) {
        text += fmt::format(" {} |", verification->capture);
        line += "--:|";
    }
    text += "\n" + line + "\n";
    for (const Measured& row : verifications.front()->measured) {
        text += fmt::format("| {} |", row.name);
        for (const Verification* verification : verifications) {
            const auto same = std::ranges::find(verification->measured, row.name, &Measured::name);
            text += same == verification->measured.end() ? " |" : fmt::format(" {} |", grouped(same->value));
        }
        text += "\n";
    }
    return text;
}

} // namespace

std::string to_text(std::span<const Verification> verifications) {
    Table table{.columns = {{.key = "capture", .title = "capture", .unit = Unit::text},
                            {.key = "part", .title = "part", .unit = Unit::text},
                            {.key = "exact", .title = "exact", .unit = Unit::count},
                            {.key = "total", .title = "total", .unit = Unit::count},
                            {.key = "undetermined", .title = "not determined", .unit = Unit::count}},
                .rows = {}};
    for (const Verification& verification : verifications) {
        for (const PartResult& part : verification.parts) {
            table.rows.push_back(
                {verification.capture, part.name(), part.exact(), part.total(), undetermined_in(part)});
        }
        for (const Measured& figure : verification.measured) {
            table.rows.push_back({verification.capture, figure.name + ", " + figure.unit, std::monostate{},
                                  figure.value, std::monostate{}});
        }
    }
    std::string text = to_text(table) + calibration_text(verifications);
    for (const Verification& verification : verifications) {
        for (const PartResult& part : verification.parts) text += differences_text(verification, part);
    }
    return text;
}

std::string to_json(const Verification& verification) {
    return dumped(json_of(verification));
}

std::string to_json(std::span<const Verification> verifications) {
    Json json{{"schema", "kstacklab.verify/1"}, {"captures", Json::array()}};
    for (const Verification& verification : verifications) json["captures"].push_back(json_of(verification));
    return dumped(json);
}

std::string to_markdown(std::span<const Verification> verifications) {
    struct Chapter {
        CaptureKind kind;
        std::string_view title;
    };
    static constexpr std::array kChapters{
        Chapter{CaptureKind::replay, "Replays: allocator, vmalloc, stack cache"},
        Chapter{CaptureKind::mmu, "Page tables and page walks"},
        Chapter{CaptureKind::snapshot, "Address space from the memory map"},
        Chapter{CaptureKind::overflow, "Overflows: faults, messages, deaths, what was overwritten"},
        Chapter{CaptureKind::fragmented, "Threads on fragmented memory"},
        Chapter{CaptureKind::cost, "Instruction counts"},
    };
    std::string text;
    for (const Chapter& chapter : kChapters) {
        std::vector<const Verification*> of_kind;
        for (const Verification& verification : verifications) {
            if (verification.kind == chapter.kind) of_kind.push_back(&verification);
        }
        if (of_kind.empty()) continue;
        text += fmt::format("### {}\n\n", chapter.title);
        text += markdown_of(of_kind) + "\n";
        if (chapter.kind != CaptureKind::cost) continue;
        text += measured_markdown(of_kind) + "\n" + std::string{kCalibrationNote};
        for (const Verification* verification : of_kind) text += calibration_markdown(*verification);
    }
    if (const std::string undetermined = undetermined_markdown(verifications); !undetermined.empty()) {
        text += "### Answers that the captures do not determine\n\n" + undetermined + "\n";
    }
    return text;
}

std::string summary(std::span<const Verification> verifications, std::size_t unreadable) {
    std::uint64_t exact = 0;
    std::uint64_t total = 0;
    for (const Verification& verification : verifications) {
        for (const PartResult& part : verification.parts) {
            exact += part.exact();
            total += part.total();
        }
    }
    const auto counted = [](std::size_t captures) {
        return fmt::format("{} capture{}", captures, captures == 1 ? "" : "s");
    };
    const std::string verdict = exact == total ? "all exact" : fmt::format("{} differ", grouped(total - exact));
    std::string text;
    if (!verifications.empty() || unreadable == 0)
        text = fmt::format("{}, {} answers: {}", counted(verifications.size()), grouped(total), verdict);
    if (unreadable != 0) text += fmt::format("{}{} not readable", text.empty() ? "" : "; ", counted(unreadable));
    return text;
}

} // namespace ksl::sim
