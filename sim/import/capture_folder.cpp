// SPDX-License-Identifier: MIT
#include "sim/import/capture_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <system_error>
#include <utility>

namespace ksl::sim::capture {

namespace {

Result<std::vector<std::filesystem::path>> files_of(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::directory_iterator at{folder, error};
    if (error) return fail(folder.string(), 0, fmt::format("is not a folder that can be read: {}", error.message()));
    std::vector<std::filesystem::path> files;
    for (; at != std::filesystem::directory_iterator{}; at.increment(error)) {
        if (error) return fail(folder.string(), 0, fmt::format("cannot be read: {}", error.message()));
        files.push_back(at->path());
    }
    std::ranges::sort(files);
    return files;
}

std::optional<std::filesystem::path> first_of(const std::vector<std::filesystem::path>& files,
                                              std::initializer_list<const char*> names) {
    for (const char* name : names) {
        for (const auto& file : files) {
            if (file.filename() == name) return file;
        }
    }
    return std::nullopt;
}
std::optional<std::filesystem::path> rows_of(const std::vector<std::filesystem::path>& files) {
    return first_of(files, {"events.csv.gz", "events.csv"});
}
std::optional<std::filesystem::path> text_of(const std::vector<std::filesystem::path>& files) {
    return first_of(files, {"trace.txt.zst", "trace.txt.gz", "trace.txt"});
}
std::optional<std::filesystem::path> trace_of(const std::vector<std::filesystem::path>& files) {
    const auto rows = rows_of(files);
    return rows ? rows : text_of(files);
}

Result<std::vector<State>> states_of(const std::vector<std::filesystem::path>& files) {
    std::vector<State> states;
    for (const auto& file : files) {
        const std::string name = file.filename().string();
        if (!name.starts_with("state_") || name.find(".json") == std::string::npos) continue;
        KSL_TRY_ASSIGN(state, read_state(file));
        if (!state.events_before) {
            return fail(file.string(), 0, "trace_events_before_this_state is missing; a state of a replay needs it");
        }
        if (!states.empty() && state.events_before < states.back().events_before) {
            return fail(file.string(), 0, "is older than the state before it; states must be numbered in their order");
        }
        if (!states.empty() && state.vmap.has_free_tree() != states.front().vmap.has_free_tree()) {
            return fail(file.string(), 0, "is of another kernel than the first state");
        }
        states.push_back(std::move(state));
    }
    return states;
}

} // namespace

Result<Capture> read_capture(const std::filesystem::path& folder) {
    KSL_TRY_ASSIGN(files, files_of(folder));
    const auto trace = trace_of(files);
    if (!trace) return fail(folder.string(), 0, "has no events.csv.gz and no trace.txt.zst; one of them is needed");
    Capture capture;
    capture.folder = folder.string();
    KSL_TRY_ASSIGN(states, states_of(files));
    if (states.empty()) return fail(folder.string(), 0, "has no state_00.json.gz; the state at the start is needed");
    capture.states = std::move(states);
    KSL_TRY_ASSIGN(log, read_events(trace.value_or("")));
    capture.log = std::move(log);
    const std::uint64_t last = capture.log.events.empty() ? 0 : capture.log.events.back().index + 1;
    const std::uint64_t needed = capture.states.back().events_before.value_or(0);
    if (needed > last) {
        return fail(
            trace.value_or("").string(), 0,
            fmt::format("has {} events, but the last state was taken after {}; the trace is incomplete", last, needed));
    }
    return capture;
}

Result<std::optional<EventLog>> read_trace_text(const std::filesystem::path& folder) {
    KSL_TRY_ASSIGN(files, files_of(folder));
    const auto text = text_of(files);
    if (!text || !rows_of(files)) return std::nullopt;
    KSL_TRY_ASSIGN(log, read_events(*text));
    return std::optional{std::move(log)};
}

} // namespace ksl::sim::capture
