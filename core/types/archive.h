// SPDX-License-Identifier: MIT
//
// One description of a state serves three purposes: hashing it, writing it and reading it back. A part of the machine
// says once which members are its state:
//
//     template <class Archive> void describe(Archive& archive) { archive(zones_, batch_); }
//
// and StateHasher, StateWriter and StateReader do the rest. Members may be integers, enums, plain structs without
// padding, arrays and vectors of these, optionals, or types with a describe() of their own.
//
// Format:  little endian, sizes as 64-bit counts; no versioning here (machine/machine_io.h puts a header in front).
// Errors:  StateReader never trusts its input: after any inconsistency ok() is false and every further read gives
// zeros.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace ksl::core {

static_assert(std::endian::native == std::endian::little, "the state format is the memory format");

/// Values whose bytes are their state: no padding, no pointers.
template <class T>
concept PlainState =
    std::is_trivially_copyable_v<T> && std::has_unique_object_representations_v<T> && !std::is_pointer_v<T>;

template <class T, class Archive>
concept DescribesItself = requires(T& value, Archive& archive) { value.describe(archive); };

namespace detail {
template <class T>
inline constexpr bool is_vector = false;
template <class T, class A>
inline constexpr bool is_vector<std::vector<T, A>> = true;
template <class T>
inline constexpr bool is_array = false;
template <class T, std::size_t N>
inline constexpr bool is_array<std::array<T, N>> = true;
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool always_false = false;
} // namespace detail

/// Common walk over a description; Derived has bytes(void*, size) and resize(vector&).
template <class Derived>
class ArchiveBase {
public:
    template <class... Ts>
    void operator()(Ts&... values) {
        (one(values), ...);
    }

private:
    friend Derived;
    ArchiveBase() = default;

    Derived& self() { return static_cast<Derived&>(*this); }

    template <class T>
    void one(T& value) {
        if constexpr (DescribesItself<T, Derived>) {
            value.describe(self());
        } else if constexpr (std::is_same_v<T, bool>) {
            std::uint8_t byte = value ? 1 : 0;
            self().bytes(&byte, 1);
            if constexpr (Derived::kReads) value = byte != 0;
        } else if constexpr (PlainState<T>) {
            self().bytes(&value, sizeof value);
        } else if constexpr (detail::is_vector<T>) {
            self().resize(value);
            if constexpr (PlainState<typename T::value_type>) {
                self().bytes(value.data(), value.size() * sizeof(typename T::value_type));
            } else {
                for (auto& item : value) one(item);
            }
        } else if constexpr (detail::is_array<T>) {
            for (auto& item : value) one(item);
        } else if constexpr (detail::is_optional<T>) {
            bool present = value.has_value();
            one(present);
            if constexpr (Derived::kReads) {
                if (present)
                    value.emplace();
                else
                    value.reset();
            }
            if (present) one(*value);
        } else {
            static_assert(detail::always_false<T>, "not a state: give it a describe()");
        }
    }
};

/// A 64-bit digest of a state: equal states have equal digests on every computer.
/// A multiply-and-rotate mixer over 8-byte words (the construction of wyhash and its kin); not for secrets.
class StateHasher : public ArchiveBase<StateHasher> {
public:
    static constexpr bool kReads = false;

    void bytes(const void* data, std::size_t size) {
        const auto* at = static_cast<const unsigned char*>(data);
        for (; size >= 8; at += 8, size -= 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, at, 8);
            mix(word);
        }
        if (size != 0) {
            std::uint64_t word = 0;
            std::memcpy(&word, at, size);
            mix(word ^ (static_cast<std::uint64_t>(size) << 56));
        }
    }
    template <class T>
    void resize(std::vector<T>& values) {
        mix(values.size());
    }
    [[nodiscard]] std::uint64_t digest() const {
        std::uint64_t h = state_;
        h = (h ^ (h >> 32)) * 0xd6e8feb86659fd93U;
        return h ^ (h >> 32);
    }

private:
    void mix(std::uint64_t word) {
        state_ = std::rotl((state_ ^ word) * 0x9e3779b97f4a7c15U, 29) + 0x2545f4914f6cdd1dU;
    }

    std::uint64_t state_ = 0x243f6a8885a308d3U;
};

class StateWriter : public ArchiveBase<StateWriter> {
public:
    static constexpr bool kReads = false;

    void bytes(const void* data, std::size_t size) {
        const auto* at = static_cast<const std::byte*>(data);
        out_.insert(out_.end(), at, at + size);
    }
    template <class T>
    void resize(std::vector<T>& values) {
        std::uint64_t count = values.size();
        bytes(&count, sizeof count);
    }
    [[nodiscard]] std::vector<std::byte> take() { return std::move(out_); }

private:
    std::vector<std::byte> out_;
};

class StateReader : public ArchiveBase<StateReader> {
public:
    static constexpr bool kReads = true;

    explicit StateReader(std::span<const std::byte> in) : in_(in) {}

    void bytes(void* data, std::size_t size) {
        if (size == 0) return; // an empty vector's data() is null, which memcpy must not see
        if (size > in_.size()) {
            ok_ = false;
            in_ = {};
            std::memset(data, 0, size);
            return;
        }
        std::memcpy(data, in_.data(), size);
        in_ = in_.subspan(size);
    }
    template <class T>
    void resize(std::vector<T>& values) {
        std::uint64_t count = 0;
        bytes(&count, sizeof count);
        // An element takes at least one byte of input, so a hostile count cannot make us allocate more than that.
        if (count > in_.size()) {
            ok_ = false;
            count = 0;
        }
        values.resize(static_cast<std::size_t>(count));
    }
    void fail() { ok_ = false; }
    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool at_end() const { return in_.empty(); }
    [[nodiscard]] std::size_t remaining() const { return in_.size(); }

private:
    std::span<const std::byte> in_;
    bool ok_ = true;
};

/// Digest of anything that describes itself. Describing does not change the value, it only needs one signature for
/// reading and writing; hence the cast.
template <class T>
[[nodiscard]] std::uint64_t digest_of(const T& value) {
    StateHasher hasher;
    hasher(const_cast<T&>(value)); // NOLINT(cppcoreguidelines-pro-type-const-cast)
    return hasher.digest();
}

template <class T>
[[nodiscard]] std::vector<std::byte> bytes_of_state(const T& value) {
    StateWriter writer;
    writer(const_cast<T&>(value)); // NOLINT(cppcoreguidelines-pro-type-const-cast)
    return writer.take();
}

} // namespace ksl::core
