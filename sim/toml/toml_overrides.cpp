// SPDX-License-Identifier: MIT
#include "sim/toml/toml_overrides.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <sstream>
#include <string_view>
#include <vector>

namespace ksl::sim {

namespace {

std::vector<std::string> parts_of(std::string_view path) {
    std::vector<std::string> parts;
    for (std::size_t from = 0;;) {
        const std::size_t dot = path.find('.', from);
        parts.emplace_back(path.substr(from, dot - from));
        if (dot == std::string_view::npos) return parts;
        from = dot + 1;
    }
}

std::optional<std::size_t> index_of(std::string_view part) {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
    if (error != std::errc{} || end != part.data() + part.size()) return std::nullopt;
    return index;
}

/// A document with the value as its one key "value"; empty if it is not TOML.
std::optional<toml::table> parse_as_toml(std::string_view value, const std::string& origin) {
    try {
        toml::table parsed = toml::parse(fmt::format("value = {}", value), origin);
        if (parsed.size() == 1) return parsed; // a line end in the value could have begun another key
    } catch (const toml::parse_error&) {
        return std::nullopt;
    }
    return std::nullopt;
}

toml::table parse_value(std::string_view value, const std::string& origin) {
    if (auto parsed = parse_as_toml(value, origin)) return std::move(*parsed);
    // Text as it stands; written out by toml++, which knows what to escape.
    toml::table quoted;
    quoted.insert("value", std::string{value});
    std::ostringstream text;
    text << quoted;
    return toml::parse(text.str(), origin);
}

class Override {
public:
    explicit Override(const std::string& assignment) : origin_("--set " + assignment) {
        const std::size_t equals = assignment.find('=');
        has_value_ = equals != std::string::npos && equals != 0;
        path_ = assignment.substr(0, equals);
        if (has_value_) value_ = assignment.substr(equals + 1);
    }

    Result<void> apply(toml::table& root) {
        const std::vector<std::string> parts = parts_of(path_);
        const bool has_empty_part = std::ranges::any_of(parts, [](const auto& part) { return part.empty(); });
        if (!has_value_ || has_empty_part) {
            return fail(origin_, 0, "an override looks like machine.cpus=8: a key, \"=\", and its value");
        }
        toml::node* at = &root;
        std::string done;
        for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
            KSL_TRY_ASSIGN(next, descend(*at, parts[i], done));
            at = next;
            done += (done.empty() ? "" : ".") + parts[i];
        }
        toml::table* table = at->as_table();
        if (table == nullptr) return not_a_table(done);
        toml::table parsed = parse_value(value_, origin_);
        // Moved, because a copy would forget where it comes from.
        parsed.get("value")->visit([&]<class Node>(Node& node) {
            table->erase(parts.back());
            table->insert(key_of(parts.back()), std::move(node));
        });
        return {};
    }

private:
    Result<toml::node*> descend(toml::node& at, const std::string& part, const std::string& done) const {
        if (toml::array* array = at.as_array()) {
            const std::optional<std::size_t> index = index_of(part);
            if (index && *index < array->size()) return array->get(*index);
            return fail(origin_, 0,
                        fmt::format("`{}` is a list of {}; a number below that should follow, not `{}`", done,
                                    array->size(), part));
        }
        toml::table* table = at.as_table();
        if (table == nullptr) return not_a_table(done);
        toml::node* next = table->get(part);
        if (next == nullptr) {
            table->insert(key_of(part), toml::table{});
            next = table->get(part);
        }
        return next;
    }
    [[nodiscard]] toml::key key_of(const std::string& part) const {
        return toml::key{part, toml::source_region{{}, {}, std::make_shared<const std::string>(origin_)}};
    }
    [[nodiscard]] std::unexpected<Error> not_a_table(const std::string& done) const {
        return fail(origin_, 0, fmt::format("`{}` is a value, it has no keys below it", done));
    }

    std::string origin_;
    std::string path_;
    std::string value_;
    bool has_value_ = false;
};

} // namespace

Result<void> apply_override(toml::table& root, const std::string& assignment) {
    return Override{assignment}.apply(root);
}

} // namespace ksl::sim
