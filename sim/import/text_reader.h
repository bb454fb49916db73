// SPDX-License-Identifier: MIT
//
// Line by line through a text file of the kernel's, remembering the first thing that is wrong and its line; after that
// every reading gives zeros and nothing, so that readers are written straight through and ask once at the end. For use
// in .cpp files of sim/import only.
#pragma once

#include "sim/base/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ksl::sim {

class TextReader {
public:
    TextReader(std::string file, std::string_view text) : file_(std::move(file)), rest_(text) {}

    /// Goes to the next line that is not blank; false at the end and after an error.
    bool next();
    [[nodiscard]] std::string_view line() const { return line_; }
    [[nodiscard]] int line_number() const { return number_; }

    /// Takes the next word of the line, or nothing.
    std::string_view word();
    /// The rest of the line, without spaces round it.
    [[nodiscard]] std::string_view rest_of_line() const;
    /// All words that are left.
    [[nodiscard]] std::vector<std::string_view> words();
    /// Takes the word if it is the next one.
    bool skip(std::string_view wanted);
    /// The next word must be this.
    void expect(std::string_view wanted);

    /// The next word must be a decimal number up to `most`.
    std::uint64_t number(std::string_view what, std::uint64_t most = UINT64_MAX);
    /// A whole text must be a number.
    std::uint64_t number_in(std::string_view what, std::string_view text, int base = 10,
                            std::uint64_t most = UINT64_MAX);

    void refuse(std::string message);
    [[nodiscard]] bool ok() const { return !error_; }
    /// The value, or what was wrong.
    template <class T>
    [[nodiscard]] Result<T> result(T value) const {
        if (error_) return std::unexpected(*error_);
        return value;
    }

private:
    std::string file_;
    std::string_view rest_; ///< lines to come
    std::string_view line_;
    std::string_view left_; ///< of the line
    int number_ = 0;
    std::optional<Error> error_;
};

/// Text for messages: at most 40 characters of it.
[[nodiscard]] std::string shortened(std::string_view text);

} // namespace ksl::sim
