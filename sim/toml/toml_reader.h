// SPDX-License-Identifier: MIT
//
// Reading scenarios, designs, processors and price lists from TOML, so that every mistake is answered with its place,
// the key, what is wrong and what would be right.
//
//     KSL_TRY_ASSIGN(reader, TomlReader::parse(text, "storm.toml", overrides));
//     TomlTable machine = reader.root().table("machine");
//     spec.cpus = machine.integer<std::uint16_t>("cpus", {1, 256}, 4);       // 4 if the key is missing
//     spec.memory = machine.bytes("memory", {16_MiB, 1_TiB});                // must be there
//     spec.paging = machine.choice("paging", kPagingNames, Paging::four_level);
//     KSL_TRY(reader.finish());                                              // the first mistake, or a key nobody read
//
// Errors:  "FILE:LINE:COLUMN: key `machine.cpus`: 300 is too large; 1 to 256 would be right". The first one is kept;
//          after it every read gives the value for a missing key, or zero, so that reading code has no branches for
//          errors.
// Unknown: a key that was not read is a mistake (mostly a spelling mistake), unless its whole table was left to
//          skip().
// --set:   an override "KEY=VALUE" replaces or adds a value before anything is read; its errors begin with "--set
//          KEY=VALUE" instead of a place in the file. KEY is a path with dots; a number in it counts the tables of an
//          array from 0: design.1.guard. VALUE is TOML; what is not is text, so that --set design.backing=vmap works.
// Ownership: tables refer to their reader and must not outlive it.
#pragma once

#include "core/types/address.h"
#include "core/types/time.h"
#include "sim/base/error.h"

#include <array>
#include <concepts>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace ksl::sim {

/// Both ends are allowed.
template <class T>
struct Limits {
    static constexpr T kLowest = std::numeric_limits<T>::lowest();
    static constexpr T kHighest = std::numeric_limits<T>::max();
    T least = kLowest;
    T most = kHighest;
};
template <class Unit>
struct Limits<core::Amount<Unit>> {
    static constexpr core::Amount<Unit> kLowest{0};
    static constexpr core::Amount<Unit> kHighest{std::numeric_limits<std::uint64_t>::max()};
    core::Amount<Unit> least = kLowest;
    core::Amount<Unit> most = kHighest;
};

/// A value of an enumeration and how files spell it.
template <class Enum>
struct Spelling {
    std::string_view name;
    Enum value;
};

class TomlTable {
public:
    /// Whether the file has this table.
    [[nodiscard]] bool exists() const;
    /// Whether it has this key, whatever its type.
    [[nodiscard]] bool has(std::string_view key) const;
    /// Whether it has this key and the value is a table.
    [[nodiscard]] bool has_table(std::string_view key) const;
    /// All keys, in the order of the file; for tables whose keys are names that the file chooses.
    [[nodiscard]] std::vector<std::string> keys() const;

    // Each of these reads one value. Without `otherwise` the key must be there.
    template <std::integral T>
    T integer(std::string_view key, Limits<T> limits = {}, std::optional<T> otherwise = std::nullopt) {
        static_assert(sizeof(T) < 8 || std::signed_integral<T>, "TOML's integers are signed 64-bit numbers");
        const std::optional<std::int64_t> given = read_integer(key, {limits.least, limits.most}, otherwise.has_value());
        return given ? static_cast<T>(*given) : otherwise.value_or(T{});
    }
    double number(std::string_view key, Limits<double> limits, std::optional<double> otherwise = std::nullopt);
    bool boolean(std::string_view key, std::optional<bool> otherwise = std::nullopt);
    std::string text(std::string_view key, const std::optional<std::string>& otherwise = std::nullopt);
    /// A number of bytes, or text with a unit: "16 KiB"; B, KiB, MiB, GiB, TiB.
    core::Bytes bytes(std::string_view key, Limits<core::Bytes> limits,
                      std::optional<core::Bytes> otherwise = std::nullopt);
    /// Text with a unit: "250 ns"; ns, us (or µs), ms, s.
    core::Nanoseconds duration(std::string_view key, Limits<core::Nanoseconds> limits,
                               std::optional<core::Nanoseconds> otherwise = std::nullopt);
    /// `spellings` names every value; without `otherwise` and after a mistake the result is the first of them.
    template <class Enum, std::size_t N>
    Enum choice(std::string_view key, const std::array<Spelling<Enum>, N>& spellings,
                std::optional<std::type_identity_t<Enum>> otherwise = std::nullopt) {
        std::array<std::string, N> names;
        for (std::size_t i = 0; i < N; ++i) names[i] = spellings[i].name;
        const std::optional<std::size_t> index = read_choice(key, names, otherwise.has_value());
        return index ? spellings[*index].value : otherwise.value_or(spellings.front().value);
    }

    // Lists; a missing key is an empty list.
    std::vector<std::int64_t> integers(std::string_view key, Limits<std::int64_t> limits = {});
    std::vector<double> numbers(std::string_view key, Limits<double> limits);
    std::vector<std::string> texts(std::string_view key);
    /// The values of a list of any type, or a single value, each as TOML would write it: what --set takes.
    std::vector<std::string> literals(std::string_view key);

    /// [key]. A missing one has no keys; ask exists().
    TomlTable table(std::string_view key);
    /// [[key]], each; a single [key] is a list of one. A missing key is an empty list.
    std::vector<TomlTable> tables(std::string_view key);

    /// A mistake that only its meaning shows: "key `design.guard`: MESSAGE".
    void refuse(std::string_view key, std::string_view message);
    /// A mistake of the table as a whole.
    void refuse(std::string_view message);
    /// Its remaining keys are somebody else's to read.
    void skip();

private:
    friend class TomlReader;
    class State;
    TomlTable(State* state, std::size_t number) : state_(state), number_(number) {}

    std::optional<std::int64_t> read_integer(std::string_view key, Limits<std::int64_t> limits, bool is_optional);
    std::optional<std::size_t> read_choice(std::string_view key, std::span<const std::string> names, bool is_optional);

    State* state_;
    std::size_t number_;
};

class TomlReader {
public:
    /// `file` is for messages. Each override is "KEY=VALUE".
    static Result<TomlReader> parse(std::string_view text, std::string_view file,
                                    std::span<const std::string> overrides = {});
    TomlReader(const TomlReader&) = delete;
    TomlReader& operator=(const TomlReader&) = delete;
    TomlReader(TomlReader&&) noexcept;
    TomlReader& operator=(TomlReader&&) noexcept;
    ~TomlReader();

    [[nodiscard]] TomlTable root();
    /// The first mistake that reading met, or the first key that nobody read. To be called when all is read.
    [[nodiscard]] Result<void> finish() const;

private:
    explicit TomlReader(std::unique_ptr<TomlTable::State> state);
    std::unique_ptr<TomlTable::State> state_;
};

} // namespace ksl::sim
