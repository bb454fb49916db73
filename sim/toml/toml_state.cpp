// SPDX-License-Identifier: MIT
#include "sim/toml/toml_state.h"

#include "sim/text/similar.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

namespace ksl::sim {

namespace {

constexpr std::size_t kLongLiteral = 60;

std::string_view type_name(const toml::node& node) {
    switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "a list";
    case toml::node_type::string: return "text";
    case toml::node_type::integer: return "a whole number";
    case toml::node_type::floating_point: return "a number with a fraction";
    case toml::node_type::boolean: return "a truth value";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time: return "a date or time";
    case toml::node_type::none: break;
    }
    return "nothing";
}

bool is_before(const Error& a, const Error& b) {
    return std::pair{a.line, a.column} < std::pair{b.line, b.column};
}

} // namespace

std::string literal_of(const toml::node& node) {
    // Text in double quotes, as most people write it.
    constexpr auto kFlags = toml::toml_formatter::default_flags & ~toml::format_flags::allow_literal_strings;
    std::ostringstream text;
    node.visit([&](const auto& value) { text << toml::toml_formatter{value, kFlags}; });
    return std::move(text).str();
}

TomlTable::State::State(toml::table document, std::string file)
    : document_(std::move(document)), file_(std::move(file)) {
    views_.push_back({.node = &document_, .parent = 0, .key = {}, .path = {}, .asked = {}, .is_skipped = false});
}

std::size_t TomlTable::State::add_view(std::size_t parent, std::string_view key, const toml::table* node,
                                       std::string path) {
    // A table that is read twice has one account of its keys.
    if (node != nullptr) {
        const auto known = std::ranges::find_if(views_, [&](const View& view) { return view.node == node; });
        if (known != views_.end()) return static_cast<std::size_t>(known - views_.begin());
    }
    views_.push_back({.node = node,
                      .parent = parent,
                      .key = std::string{key},
                      .path = std::move(path),
                      .asked = {},
                      .is_skipped = false});
    return views_.size() - 1;
}

std::string TomlTable::State::path_of(std::size_t view, std::string_view key) const {
    const std::string& path = views_[view].path;
    return path.empty() ? std::string{key} : fmt::format("{}.{}", path, key);
}

void TomlTable::State::keep(Error error) {
    if (!error_) error_ = std::move(error);
}

Error TomlTable::State::error_at(const toml::source_region& place, std::string message) const {
    const bool is_override = place.path != nullptr && place.path->starts_with("--set ");
    if (is_override) return {.file = *place.path, .line = 0, .message = std::move(message)};
    return {.file = file_,
            .line = static_cast<int>(place.begin.line),
            .message = std::move(message),
            .column = static_cast<int>(place.begin.column)};
}

const toml::key* TomlTable::State::probably_meant(const View& view, std::string_view key) {
    if (view.node == nullptr) return nullptr;
    std::vector<std::string> candidates;
    for (const auto& [name, node] : *view.node) {
        if (!view.asked.contains(name.str())) candidates.emplace_back(name.str());
    }
    const auto found = view.node->find(nearest(key, candidates));
    return found == view.node->end() ? nullptr : &found->first;
}

/// A missing key is often there, but misspelt; or its whole table is.
Error TomlTable::State::missing(std::size_t number, std::string_view key, std::string_view wanted) const {
    const View& view = views_[number];
    const std::string path = path_of(number, key);
    const toml::source_region place = view.node == nullptr ? toml::source_region{} : view.node->source();
    if (const toml::key* meant = probably_meant(view, key)) {
        return error_at(place, fmt::format("key `{}` is missing; is it meant by `{}`?", path, meant->str()));
    }
    if (view.node == nullptr) {
        if (const toml::key* meant = probably_meant(views_[view.parent], view.key)) {
            return error_at(meant->source(),
                            fmt::format("key `{}` is missing; is `{}` meant by `{}`?", path, view.key, meant->str()));
        }
    }
    return error_at(place, fmt::format("key `{}` is missing; {} would be right", path, wanted));
}

const toml::node* TomlTable::State::find(std::size_t number, std::string_view key, bool is_optional,
                                         std::string_view wanted) {
    View& view = views_[number];
    view.asked.emplace(key);
    const toml::node* node = view.node == nullptr ? nullptr : view.node->get(key);
    if (node == nullptr && !is_optional && !error_) keep(missing(number, key, wanted));
    return node;
}

void TomlTable::State::mistake(std::size_t view, std::string_view key, const toml::node& node, std::string message) {
    keep(error_at(node.source(), fmt::format("key `{}`: {}", path_of(view, key), message)));
}

bool TomlTable::State::accept(std::size_t view, std::string_view key, const toml::node& node, std::string problem) {
    if (problem.empty()) return true;
    mistake(view, key, node, std::move(problem));
    return false;
}

void TomlTable::State::mistake_at_table(std::size_t number, std::string_view message) {
    const View& view = views_[number];
    const toml::source_region place = view.node == nullptr ? toml::source_region{} : view.node->source();
    keep(error_at(place, view.path.empty() ? std::string{message} : fmt::format("table `{}`: {}", view.path, message)));
}

void TomlTable::State::wrong_type(std::size_t view, std::string_view key, const toml::node& node,
                                  std::string_view wanted) {
    const std::string literal = literal_of(node);
    const bool is_short = literal.size() <= kLongLiteral && !node.is_table() && !node.is_array_of_tables();
    mistake(view, key, node,
            is_short ? fmt::format("{} is {}; {} would be right", literal, type_name(node), wanted)
                     : fmt::format("this is {}; {} would be right", type_name(node), wanted));
}

void TomlTable::State::each_item(std::size_t view, std::string_view key, std::string_view wanted,
                                 core::FunctionRef<void(const toml::node&)> take) {
    const toml::node* node = find(view, key, true, wanted);
    if (node == nullptr) return;
    if (!node->is_array()) {
        wrong_type(view, key, *node, wanted);
        return;
    }
    for (const toml::node& item : *node->as_array()) take(item);
}

Result<void> TomlTable::State::finish() const {
    if (error_) return std::unexpected(*error_);
    std::optional<Error> first;
    for (const View& view : views_) {
        if (view.node == nullptr || view.is_skipped) continue;
        for (const auto& [key, node] : *view.node) {
            if (view.asked.contains(key.str())) continue;
            const std::vector<std::string> known{view.asked.begin(), view.asked.end()};
            const std::string meant = nearest(key.str(), known);
            const std::string path =
                view.path.empty() ? std::string{key.str()} : fmt::format("{}.{}", view.path, key.str());
            std::string right =
                known.empty() ? "no key is known here" : fmt::format("known here: {}", fmt::join(known, ", "));
            if (!meant.empty()) right = fmt::format("did you mean `{}`?", meant);
            Error error = error_at(key.source(), fmt::format("key `{}` is not known; {}", path, right));
            if (!first || is_before(error, *first)) first = std::move(error);
        }
    }
    if (first) return std::unexpected(*first);
    return {};
}

} // namespace ksl::sim
