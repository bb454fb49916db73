// SPDX-License-Identifier: MIT
//
// Typed reading of JSON text. A document remembers the first thing that is wrong with it, by its place
// ("vmap.busy[3].start"); from then on every reading gives zeros and nothing, so that readers are written straight
// through and ask once at the end.
//
// Memory:  bounded before a value is stored: at most kMostValues values, nested at most kDeepest deep.
// For use in .cpp files of sim/import only.
#pragma once

#include "core/types/address.h"
#include "core/types/function_ref.h"
#include "sim/base/error.h"

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ksl::sim {

class JsonNode;

class JsonDocument {
public:
    static constexpr std::size_t kMostValues = 4'000'000;
    static constexpr std::size_t kDeepest = 32;

    [[nodiscard]] static Result<JsonDocument> parse(std::string file, std::string_view text);

    [[nodiscard]] JsonNode root() const;
    [[nodiscard]] bool ok() const { return !state_->error; }
    /// The first error; only if !ok().
    [[nodiscard]] Error error() const { return state_->error.value_or(Error{}); }

private:
    friend class JsonNode;
    struct State {
        std::string file;
        nlohmann::json json;
        std::optional<Error> error;
    };
    std::unique_ptr<State> state_; ///< in one place, whatever happens to the document
};

/// One value of a document, or nothing after an error. Valid as long as the document.
class JsonNode {
public:
    /// A member that must exist.
    [[nodiscard]] JsonNode operator[](std::string_view key) const;
    /// A member that may be missing or null.
    [[nodiscard]] std::optional<JsonNode> find(std::string_view key) const;

    [[nodiscard]] bool is_null() const { return json_ == nullptr || json_->is_null(); }
    [[nodiscard]] bool is_number() const { return json_ != nullptr && json_->is_number_unsigned(); }
    [[nodiscard]] bool is_text() const { return json_ != nullptr && json_->is_string(); }
    [[nodiscard]] bool is_array() const { return json_ != nullptr && json_->is_array(); }
    [[nodiscard]] std::size_t size() const { return json_ == nullptr ? 0 : json_->size(); }

    [[nodiscard]] std::uint64_t number(std::uint64_t most) const;
    [[nodiscard]] std::int64_t integer(std::int64_t least, std::int64_t most) const;
    [[nodiscard]] bool boolean() const;
    [[nodiscard]] std::string text() const;
    /// A number written as text: "0xffffc90000000000".
    [[nodiscard]] std::uint64_t hex() const;
    [[nodiscard]] core::VirtAddr address() const { return core::VirtAddr{hex()}; }
    /// An array of numbers from 0 to `most`.
    [[nodiscard]] std::vector<std::uint64_t> numbers(std::uint64_t most) const;

    /// Visits an array's elements in order.
    void each(core::FunctionRef<void(const JsonNode&)> visit) const;
    /// Visits an object's members, ordered by key.
    void each_member(core::FunctionRef<void(std::string_view, const JsonNode&)> visit) const;
    [[nodiscard]] JsonNode at(std::size_t index) const;

    /// Makes this value the document's error: "PLACE is VALUE; WHAT is needed".
    void refuse(std::string_view what_is_needed) const;
    [[nodiscard]] bool ok() const { return !state_->error; }

private:
    friend class JsonDocument;
    JsonNode(JsonDocument::State* state, const nlohmann::json* json, std::string place)
        : state_(state), json_(json), place_(std::move(place)) {}
    [[nodiscard]] JsonNode nothing() const { return {state_, nullptr, place_}; }

    JsonDocument::State* state_;
    const nlohmann::json* json_; ///< null after an error
    std::string place_;
};

} // namespace ksl::sim
