// SPDX-License-Identifier: MIT
#include "sim/import/json_node.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace ksl::sim {

namespace {

/// First pass: is it JSON, and can we afford it?
class Budget : public nlohmann::json_sax<nlohmann::json> {
public:
    bool null() override { return count(); }
    bool boolean(bool) override { return count(); }
    bool number_integer(number_integer_t) override { return count(); }
    bool number_unsigned(number_unsigned_t) override { return count(); }
    bool number_float(number_float_t, const string_t&) override { return count(); }
    bool string(string_t&) override { return count(); }
    bool binary(binary_t&) override { return count(); }
    bool key(string_t&) override { return true; }
    bool start_object(std::size_t) override { return descend(); }
    bool start_array(std::size_t) override { return descend(); }
    bool end_object() override { return ascend(); }
    bool end_array() override { return ascend(); }
    bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
        problem_ = fmt::format("is not JSON, or truncated, at byte {}", position);
        return false;
    }
    [[nodiscard]] const std::string& problem() const { return problem_; }

private:
    bool count() {
        if (++values_ <= JsonDocument::kMostValues) return true;
        problem_ = fmt::format("has more than {} values", JsonDocument::kMostValues);
        return false;
    }
    bool descend() {
        if (++depth_ > JsonDocument::kDeepest) {
            problem_ = fmt::format("is nested more than {} deep", JsonDocument::kDeepest);
            return false;
        }
        return count();
    }
    bool ascend() {
        --depth_;
        return true;
    }

    std::size_t values_ = 0;
    std::size_t depth_ = 0;
    std::string problem_;
};

std::string shown(const nlohmann::json& json) {
    constexpr std::size_t kMost = 40;
    if (json.is_object()) return "an object";
    if (json.is_array()) return "an array";
    std::string text = json.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
    if (text.size() > kMost) text = text.substr(0, kMost) + "...";
    return text;
}

} // namespace

Result<JsonDocument> JsonDocument::parse(std::string file, std::string_view text) {
    Budget budget;
    if (!nlohmann::json::sax_parse(text, &budget)) return fail(std::move(file), 0, budget.problem());
    JsonDocument document;
    document.state_ = std::make_unique<State>();
    document.state_->file = std::move(file);
    document.state_->json = nlohmann::json::parse(text, nullptr, false);
    return document;
}

JsonNode JsonDocument::root() const {
    return {state_.get(), &state_->json, ""};
}

void JsonNode::refuse(std::string_view what_is_needed) const {
    if (state_->error) return;
    const std::string_view place = place_.empty() ? "the document" : std::string_view{place_};
    state_->error = Error{
        state_->file, 0,
        fmt::format("{} is {}; {} is needed", place, json_ == nullptr ? "missing" : shown(*json_), what_is_needed)};
}

JsonNode JsonNode::operator[](std::string_view key) const {
    if (json_ == nullptr) return nothing();
    if (!json_->is_object()) {
        refuse("an object");
        return nothing();
    }
    JsonNode member{state_, nullptr, place_.empty() ? std::string{key} : fmt::format("{}.{}", place_, key)};
    const auto found = json_->find(key);
    if (found == json_->end()) {
        member.refuse("it");
    } else {
        member.json_ = &*found;
    }
    return member;
}

std::optional<JsonNode> JsonNode::find(std::string_view key) const {
    if (json_ == nullptr) return std::nullopt;
    if (!json_->is_object()) {
        refuse("an object");
        return std::nullopt;
    }
    const auto found = json_->find(key);
    if (found == json_->end() || found->is_null()) return std::nullopt;
    return (*this)[key];
}

std::uint64_t JsonNode::number(std::uint64_t most) const {
    if (json_ == nullptr) return 0;
    if (json_->is_number_unsigned() && json_->get<std::uint64_t>() <= most) return json_->get<std::uint64_t>();
    refuse(fmt::format("a whole number from 0 to {}", most));
    return 0;
}

std::int64_t JsonNode::integer(std::int64_t least, std::int64_t most) const {
    if (json_ == nullptr) return 0;
    const bool fits = !json_->is_number_unsigned() || json_->get<std::uint64_t>() <= INT64_MAX;
    if (json_->is_number_integer() && fits) {
        const auto value = json_->get<std::int64_t>();
        if (least <= value && value <= most) return value;
    }
    refuse(fmt::format("a whole number from {} to {}", least, most));
    return 0;
}

bool JsonNode::boolean() const {
    if (json_ == nullptr) return false;
    if (json_->is_boolean()) return json_->get<bool>();
    refuse("true or false");
    return false;
}

std::string JsonNode::text() const {
    if (json_ == nullptr) return {};
    if (json_->is_string()) return json_->get<std::string>();
    refuse("text");
    return {};
}

std::uint64_t JsonNode::hex() const {
    if (json_ == nullptr) return 0;
    if (json_->is_string()) {
        const auto& text = json_->get_ref<const std::string&>();
        std::uint64_t value = 0;
        if (text.starts_with("0x")) {
            const auto* end = text.data() + text.size();
            const auto [stop, problem] = std::from_chars(text.data() + 2, end, value, 16);
            if (problem == std::errc{} && stop == end) return value;
        }
    }
    refuse("a 64-bit number as text, like \"0xffffc90000000000\",");
    return 0;
}

std::vector<std::uint64_t> JsonNode::numbers(std::uint64_t most) const {
    std::vector<std::uint64_t> values;
    if (json_ == nullptr) return values;
    if (!json_->is_array()) {
        refuse("an array of numbers");
        return values;
    }
    values.reserve(json_->size());
    for (std::size_t i = 0; i < json_->size() && ok(); ++i) {
        const nlohmann::json& item = (*json_)[i];
        if (item.is_number_unsigned() && item.get<std::uint64_t>() <= most) {
            values.push_back(item.get<std::uint64_t>());
        } else {
            static_cast<void>(at(i).number(most)); // says what is wrong
        }
    }
    return values;
}

JsonNode JsonNode::at(std::size_t index) const {
    if (json_ == nullptr) return nothing();
    return {state_, &(*json_)[index], fmt::format("{}[{}]", place_, index)};
}

void JsonNode::each(core::FunctionRef<void(const JsonNode&)> visit) const {
    if (json_ == nullptr) return;
    if (!json_->is_array()) {
        refuse("an array");
        return;
    }
    for (std::size_t i = 0; i < json_->size() && ok(); ++i) visit(at(i));
}

void JsonNode::each_member(core::FunctionRef<void(std::string_view, const JsonNode&)> visit) const {
    if (json_ == nullptr) return;
    if (!json_->is_object()) {
        refuse("an object");
        return;
    }
    for (auto item = json_->begin(); item != json_->end() && ok(); ++item) {
        visit(item.key(), JsonNode{state_, &item.value(), fmt::format("{}.{}", place_, item.key())});
    }
}

} // namespace ksl::sim
