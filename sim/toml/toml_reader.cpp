// SPDX-License-Identifier: MIT
#include "sim/toml/toml_reader.h"

#include "sim/text/numbers.h"
#include "sim/text/similar.h"
#include "sim/toml/quantity.h"
#include "sim/toml/toml_overrides.h"
#include "sim/toml/toml_state.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

namespace ksl::sim {

namespace {

constexpr std::array kByteUnits{UnitName{"B", 1}, UnitName{"KiB", std::uint64_t{1} << 10},
                                UnitName{"MiB", std::uint64_t{1} << 20}, UnitName{"GiB", std::uint64_t{1} << 30},
                                UnitName{"TiB", std::uint64_t{1} << 40}};
constexpr std::array kTimeUnits{UnitName{"ns", 1}, UnitName{"us", 1'000}, UnitName{"µs", 1'000},
                                UnitName{"ms", 1'000'000}, UnitName{"s", 1'000'000'000}};

std::string text_of(std::int64_t number) {
    return fmt::format("{}", number);
}
std::string text_of(double number) {
    return fmt::format("{}", number);
}
std::string text_of(core::Bytes bytes) {
    return bytes_text(bytes);
}
std::string text_of(core::Nanoseconds time) {
    return duration_text(time);
}

/// "1 to 256", "at least 1", "at most 256", or "" without limits.
template <class T>
std::string range_text(const Limits<T>& limits) {
    const bool has_least = Limits<T>::kLowest < limits.least;
    const bool has_most = limits.most < Limits<T>::kHighest;
    if (has_least && has_most) return fmt::format("{} to {}", text_of(limits.least), text_of(limits.most));
    if (has_least) return fmt::format("at least {}", text_of(limits.least));
    if (has_most) return fmt::format("at most {}", text_of(limits.most));
    return "";
}

/// "a whole number, 1 to 256,": to be followed by "would be right".
template <class T>
std::string with_range(std::string_view what, const Limits<T>& limits) {
    const std::string range = range_text(limits);
    return range.empty() ? std::string{what} : fmt::format("{}, {},", what, range);
}

/// "" or "300 is too large; 1 to 256 would be right".
template <class T>
std::string out_of_range(const toml::node& node, T value, const Limits<T>& limits) {
    const bool is_too_large = limits.most < value;
    if (!is_too_large && !(value < limits.least)) return "";
    return fmt::format("{} is too {}; {} would be right", literal_of(node), is_too_large ? "large" : "small",
                       range_text(limits));
}

/// A number with or without a fraction.
std::optional<double> number_of(const toml::node& node) {
    const std::optional<double> value = node.is_number() ? node.value<double>() : std::nullopt;
    return value && !std::isnan(*value) ? value : std::nullopt;
}

Error parse_failure(const toml::parse_error& error, std::string_view file) {
    constexpr std::string_view kWhile = "Error while parsing ";
    std::string_view what = error.description();
    const bool is_located = what.starts_with(kWhile);
    if (is_located) what.remove_prefix(kWhile.size());
    return {.file = std::string{file},
            .line = static_cast<int>(error.source().begin.line),
            .message = is_located ? fmt::format("not valid TOML, while reading {}", what)
                                  : fmt::format("not valid TOML: {}", what),
            .column = static_cast<int>(error.source().begin.column)};
}

} // namespace

bool TomlTable::exists() const {
    return state_->view(number_).node != nullptr;
}

bool TomlTable::has(std::string_view key) const {
    return exists() && state_->view(number_).node->contains(key);
}

bool TomlTable::has_table(std::string_view key) const {
    return has(key) && state_->view(number_).node->get(key)->is_table();
}

std::vector<std::string> TomlTable::keys() const {
    struct Place {
        toml::source_position at;
        std::string key;
    };
    std::vector<Place> places;
    if (exists()) {
        for (const auto& [key, node] : *state_->view(number_).node)
            places.push_back({key.source().begin, std::string{key.str()}});
    }
    // toml++ sorts keys by name; what was set from outside has no place and comes first.
    std::ranges::stable_sort(places, [](const Place& a, const Place& b) { return a.at < b.at; });
    std::vector<std::string> keys;
    keys.reserve(places.size());
    for (Place& place : places) keys.push_back(std::move(place.key));
    return keys;
}

std::optional<std::int64_t> TomlTable::read_integer(std::string_view key, Limits<std::int64_t> limits,
                                                    bool is_optional) {
    const std::string wanted = with_range("a whole number", limits);
    const toml::node* node = state_->find(number_, key, is_optional, wanted);
    if (node == nullptr) return std::nullopt;
    const auto* value = node->as_integer();
    if (value == nullptr) {
        state_->wrong_type(number_, key, *node, wanted);
        return std::nullopt;
    }
    return state_->accept(number_, key, *node, out_of_range(*node, value->get(), limits)) ? std::optional{value->get()}
                                                                                          : std::nullopt;
}

double TomlTable::number(std::string_view key, Limits<double> limits, std::optional<double> otherwise) {
    const std::string wanted = with_range("a number", limits);
    const toml::node* node = state_->find(number_, key, otherwise.has_value(), wanted);
    if (node == nullptr) return otherwise.value_or(0);
    const std::optional<double> value = number_of(*node);
    if (!value)
        state_->wrong_type(number_, key, *node, wanted);
    else if (state_->accept(number_, key, *node, out_of_range(*node, *value, limits)))
        return *value;
    return otherwise.value_or(0);
}

bool TomlTable::boolean(std::string_view key, std::optional<bool> otherwise) {
    constexpr std::string_view kWanted = "true or false";
    const toml::node* node = state_->find(number_, key, otherwise.has_value(), kWanted);
    if (node == nullptr) return otherwise.value_or(false);
    if (const auto* value = node->as_boolean()) return value->get();
    state_->wrong_type(number_, key, *node, kWanted);
    return otherwise.value_or(false);
}

std::string TomlTable::text(std::string_view key, const std::optional<std::string>& otherwise) {
    constexpr std::string_view kWanted = "text in quotes";
    const toml::node* node = state_->find(number_, key, otherwise.has_value(), kWanted);
    if (node == nullptr) return otherwise.value_or("");
    if (const auto* value = node->as_string()) return value->get();
    state_->wrong_type(number_, key, *node, kWanted);
    return otherwise.value_or("");
}

core::Bytes TomlTable::bytes(std::string_view key, Limits<core::Bytes> limits, std::optional<core::Bytes> otherwise) {
    constexpr std::string_view kWanted = "a size like \"16 KiB\" (B, KiB, MiB, GiB, TiB)";
    const toml::node* node = state_->find(number_, key, otherwise.has_value(), kWanted);
    if (node == nullptr) return otherwise.value_or(core::Bytes{});
    std::optional<std::uint64_t> count;
    if (const auto* value = node->as_string()) count = parse_quantity(value->get(), kByteUnits);
    if (const auto* value = node->as_integer(); value != nullptr && value->get() >= 0) {
        count = static_cast<std::uint64_t>(value->get());
    }
    if (!count)
        state_->mistake(number_, key, *node,
                        fmt::format("{} is not a size; {} would be right", literal_of(*node), kWanted));
    else if (state_->accept(number_, key, *node, out_of_range(*node, core::Bytes{*count}, limits)))
        return core::Bytes{*count};
    return otherwise.value_or(core::Bytes{});
}

core::Nanoseconds TomlTable::duration(std::string_view key, Limits<core::Nanoseconds> limits,
                                      std::optional<core::Nanoseconds> otherwise) {
    constexpr std::string_view kWanted = "a time like \"250 ns\" (ns, us, ms, s)";
    const toml::node* node = state_->find(number_, key, otherwise.has_value(), kWanted);
    if (node == nullptr) return otherwise.value_or(core::Nanoseconds{});
    std::optional<std::uint64_t> count;
    if (const auto* value = node->as_string()) count = parse_quantity(value->get(), kTimeUnits);
    if (!count)
        state_->mistake(number_, key, *node,
                        fmt::format("{} is not a time; {} would be right", literal_of(*node), kWanted));
    else if (state_->accept(number_, key, *node, out_of_range(*node, core::Nanoseconds{*count}, limits)))
        return core::Nanoseconds{*count};
    return otherwise.value_or(core::Nanoseconds{});
}

std::optional<std::size_t> TomlTable::read_choice(std::string_view key, std::span<const std::string> names,
                                                  bool is_optional) {
    const std::string wanted = fmt::format("one of {}", fmt::join(names, ", "));
    const toml::node* node = state_->find(number_, key, is_optional, wanted);
    if (node == nullptr) return std::nullopt;
    const toml::value<std::string>* value = node->as_string();
    if (value == nullptr) {
        state_->wrong_type(number_, key, *node, wanted);
        return std::nullopt;
    }
    const auto found = std::ranges::find(names, value->get());
    if (found == names.end()) {
        state_->mistake(number_, key, *node,
                        fmt::format("{} is none of {}{}", literal_of(*node), fmt::join(names, ", "),
                                    did_you_mean(value->get(), names)));
        return std::nullopt;
    }
    return static_cast<std::size_t>(found - names.begin());
}

std::vector<std::int64_t> TomlTable::integers(std::string_view key, Limits<std::int64_t> limits) {
    const std::string wanted = with_range("a list of whole numbers", limits);
    std::vector<std::int64_t> all;
    state_->each_item(number_, key, wanted, [&](const toml::node& item) {
        const auto* value = item.as_integer();
        if (value == nullptr)
            state_->wrong_type(number_, key, item, wanted);
        else if (state_->accept(number_, key, item, out_of_range(item, value->get(), limits)))
            all.push_back(value->get());
    });
    return all;
}

std::vector<double> TomlTable::numbers(std::string_view key, Limits<double> limits) {
    const std::string wanted = with_range("a list of numbers", limits);
    std::vector<double> all;
    state_->each_item(number_, key, wanted, [&](const toml::node& item) {
        const std::optional<double> value = number_of(item);
        if (!value)
            state_->wrong_type(number_, key, item, wanted);
        else if (state_->accept(number_, key, item, out_of_range(item, *value, limits)))
            all.push_back(*value);
    });
    return all;
}

std::vector<std::string> TomlTable::texts(std::string_view key) {
    constexpr std::string_view kWanted = "a list of texts in quotes";
    std::vector<std::string> all;
    state_->each_item(number_, key, kWanted, [&](const toml::node& item) {
        if (const auto* value = item.as_string())
            all.push_back(value->get());
        else
            state_->wrong_type(number_, key, item, kWanted);
    });
    return all;
}

std::vector<std::string> TomlTable::literals(std::string_view key) {
    std::vector<std::string> all;
    const toml::node* node = state_->find(number_, key, true, "a value");
    if (node == nullptr) return all;
    if (const toml::array* array = node->as_array()) {
        for (const toml::node& item : *array) all.push_back(literal_of(item));
    } else {
        all.push_back(literal_of(*node));
    }
    return all;
}

TomlTable TomlTable::table(std::string_view key) {
    constexpr std::string_view kWanted = "a table of keys";
    const toml::node* node = state_->find(number_, key, true, kWanted);
    if (node != nullptr && !node->is_table()) state_->wrong_type(number_, key, *node, kWanted);
    return {state_, state_->add_view(number_, key, node == nullptr ? nullptr : node->as_table(),
                                     state_->path_of(number_, key))};
}

std::vector<TomlTable> TomlTable::tables(std::string_view key) {
    const std::string wanted = fmt::format("tables, [[{}]] each,", state_->path_of(number_, key));
    const toml::node* node = state_->find(number_, key, true, wanted);
    std::vector<TomlTable> all;
    if (node == nullptr) return all;
    if (node->is_table()) return {table(key)};
    const toml::array* array = node->as_array();
    if (array == nullptr) {
        state_->wrong_type(number_, key, *node, wanted);
        return all;
    }
    for (std::size_t i = 0; i < array->size(); ++i) {
        const toml::node& item = *array->get(i);
        if (!item.is_table()) {
            state_->wrong_type(number_, key, item, wanted);
            continue;
        }
        const std::string path = fmt::format("{}.{}", state_->path_of(number_, key), i);
        all.push_back({state_, state_->add_view(number_, key, item.as_table(), path)});
    }
    return all;
}

void TomlTable::refuse(std::string_view key, std::string_view message) {
    const toml::node* node = state_->find(number_, key, true, "");
    if (node != nullptr)
        state_->mistake(number_, key, *node, std::string{message});
    else
        state_->mistake_at_table(number_, fmt::format("key `{}`: {}", key, message));
}

void TomlTable::refuse(std::string_view message) {
    state_->mistake_at_table(number_, message);
}

void TomlTable::skip() {
    state_->view(number_).is_skipped = true;
}

Result<TomlReader> TomlReader::parse(std::string_view text, std::string_view file,
                                     std::span<const std::string> overrides) {
    try {
        toml::table document = toml::parse(text, file);
        for (const std::string& assignment : overrides) KSL_TRY(apply_override(document, assignment));
        return TomlReader{std::make_unique<TomlTable::State>(std::move(document), std::string{file})};
    } catch (const toml::parse_error& error) {
        return std::unexpected(parse_failure(error, file));
    }
}

TomlReader::TomlReader(std::unique_ptr<TomlTable::State> state) : state_(std::move(state)) {}
TomlReader::TomlReader(TomlReader&&) noexcept = default;
TomlReader& TomlReader::operator=(TomlReader&&) noexcept = default;
TomlReader::~TomlReader() = default;

TomlTable TomlReader::root() {
    return {state_.get(), 0};
}

Result<void> TomlReader::finish() const {
    return state_->finish();
}

} // namespace ksl::sim
