// SPDX-License-Identifier: MIT
//
// What the tables of one TomlReader share: the document, which keys were read, the first mistake. Internal to sim/toml.
#pragma once

#include "core/types/function_ref.h"
#include "sim/toml/toml_reader.h"

#include <toml++/toml.h>

#include <deque>
#include <set>
#include <string>
#include <vector>

namespace ksl::sim {

class TomlTable::State {
public:
    State(toml::table document, std::string file);

    /// One table as somebody reads it; `node` is null if the document lacks it.
    struct View {
        const toml::table* node = nullptr;
        std::size_t parent = 0; ///< view of the table that it is a key of; the root's is the root
        std::string key;        ///< "" for the root
        std::string path;       ///< from the root: "design.1"
        std::set<std::string, std::less<>> asked;
        bool is_skipped = false;
    };

    /// The value of a key, or null; notes that it was asked for. If it is missing and must not be, that is a mistake;
    /// `wanted` says what should be there.
    const toml::node* find(std::size_t number, std::string_view key, bool is_optional, std::string_view wanted);
    /// "key `PATH`: MESSAGE" at the place of `node`.
    void mistake(std::size_t view, std::string_view key, const toml::node& node, std::string message);
    /// True if `problem` is empty, else it is a mistake.
    bool accept(std::size_t view, std::string_view key, const toml::node& node, std::string problem);
    void mistake_at_table(std::size_t number, std::string_view message);
    /// A value of the wrong type.
    void wrong_type(std::size_t view, std::string_view key, const toml::node& node, std::string_view wanted);

    /// Calls `take` for each item of a list; a missing key is an empty list.
    void each_item(std::size_t view, std::string_view key, std::string_view wanted,
                   core::FunctionRef<void(const toml::node&)> take);

    std::size_t add_view(std::size_t parent, std::string_view key, const toml::table* node, std::string path);
    View& view(std::size_t number) { return views_[number]; }
    [[nodiscard]] std::string path_of(std::size_t view, std::string_view key) const;
    [[nodiscard]] Result<void> finish() const;

private:
    void keep(Error error);
    [[nodiscard]] Error error_at(const toml::source_region& place, std::string message) const;
    /// A key near `key` that nobody has asked for; null if there is none.
    static const toml::key* probably_meant(const View& view, std::string_view key);
    [[nodiscard]] Error missing(std::size_t number, std::string_view key, std::string_view wanted) const;

    toml::table document_;
    std::string file_;
    std::deque<View> views_; ///< grows while tables refer to it by number
    std::optional<Error> error_;
};

/// "300", "\"many\"", "[1, 2]": a value as TOML writes it, cut short if it is long.
[[nodiscard]] std::string literal_of(const toml::node& node);

} // namespace ksl::sim
