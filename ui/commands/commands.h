// SPDX-License-Identifier: GPL-3.0-or-later
//
// Everything the window can be told to do, in one table: it feeds the menus, the command palette, the key sheet and the
// tests. A new action is one line here and one handler where it is carried out (command_actions.h).
//
// Scopes:  a key acts in the scope of the view that has the focus, else in those around it (map inside canvas inside
//          global). An inner command may use a key of an outer one only where the table says so in `shadows`; any other
//          clash is a conflict, and a conflict is a failing test.
#pragma once

#include <QString>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace ksl::ui {

enum class Command : std::uint8_t {
    // file, scenario
    open_scenario,
    open_database,
    import_system,
    quit,
    restart_run,
    // playback
    play_pause,
    next_event,
    previous_event,
    next_clone,
    previous_clone,
    next_interesting,
    previous_interesting,
    shuttle_forward,
    shuttle_back,
    go_start,
    go_end,
    rate_up,
    rate_down,
    // view
    workspace_explore,
    workspace_lesson,
    workspace_compare,
    workspace_trace,
    reset_layout,
    next_dock,
    previous_dock,
    go_to,
    centre_selection,
    peel,
    larger_text,
    smaller_text,
    toggle_patterns,
    toggle_motion,
    toggle_presenter,
    toggle_caption,
    // painted views
    zoom_in,
    zoom_out,
    zoom_fit,
    pan_left,
    pan_right,
    pan_up,
    pan_down,
    cursor_left,
    cursor_right,
    cursor_up,
    cursor_down,
    inspect,
    // map of physical memory
    map_next_mode,
    map_previous_mode,
    map_hilbert,
    map_linear,
    map_fit,
    // timeline
    set_marker_a,
    set_marker_b,
    go_to_marker_a,
    go_to_marker_b,
    // compare
    toggle_ab,
    swap_ab,
    link_cameras,
    next_difference,
    previous_difference,
    // lesson
    lesson_next,
    lesson_back,
    // export, help
    export_view,
    command_palette,
    key_sheet,
    glossary,
    describe_view,
};

enum class Scope : std::uint8_t { global, canvas, map, address_space, page_walk, stack, timeline, lesson };

enum class MenuId : std::uint8_t { file, scenario, run, view, compare, lesson, exports, help, none };

struct CommandInfo {
    Command id{};
    const char* name = ""; ///< stable, for settings and scripts
    const char* text = ""; ///< for menus; translated by text_of()
    const char* help = ""; ///< one sentence; translated by help_of()
    const char* keys = ""; ///< default keys in Qt's portable text, separated by spaces
    Scope scope = Scope::global;
    MenuId menu = MenuId::none;
    // Named so that a line of the table may leave it out. NOLINTNEXTLINE(readability-redundant-member-init)
    std::optional<Command> shadows = {}; ///< the command of an outer scope whose key this one takes over
};

/// In the order of the enum, which is also the order in menus.
[[nodiscard]] std::span<const CommandInfo> all_commands();
[[nodiscard]] const CommandInfo& info_of(Command command);
/// Nothing if no command has this stable name.
[[nodiscard]] std::optional<Command> command_named(const QString& name);

[[nodiscard]] QString text_of(Command command);
[[nodiscard]] QString help_of(Command command);
[[nodiscard]] QString name_of(Scope scope);
[[nodiscard]] QString name_of(MenuId menu);

/// The scope around this one; global has none.
[[nodiscard]] std::optional<Scope> parent_of(Scope scope);
/// `scope` and those around it, from the inside out.
[[nodiscard]] std::vector<Scope> scope_chain(Scope scope);

} // namespace ksl::ui
