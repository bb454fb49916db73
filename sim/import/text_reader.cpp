// SPDX-License-Identifier: MIT
#include "sim/import/text_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace ksl::sim {

namespace {
constexpr std::string_view kBlanks = " \t\r";
} // namespace

std::string shortened(std::string_view text) {
    constexpr std::size_t kMost = 40;
    return text.size() <= kMost ? std::string{text} : std::string{text.substr(0, kMost)} + "...";
}

bool TextReader::next() {
    while (!rest_.empty() && ok()) {
        const std::size_t end = std::min(rest_.find('\n'), rest_.size());
        line_ = rest_.substr(0, end);
        left_ = line_;
        rest_.remove_prefix(std::min(end + 1, rest_.size()));
        ++number_;
        if (line_.find_first_not_of(kBlanks) != std::string_view::npos) return true;
    }
    return false;
}

std::string_view TextReader::word() {
    const std::size_t first = left_.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) {
        left_ = {};
        return {};
    }
    left_.remove_prefix(first);
    const std::size_t end = std::min(left_.find_first_of(kBlanks), left_.size());
    const std::string_view found = left_.substr(0, end);
    left_.remove_prefix(end);
    return found;
}

std::string_view TextReader::rest_of_line() const {
    const std::size_t first = left_.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return left_.substr(first, left_.find_last_not_of(kBlanks) + 1 - first);
}

std::vector<std::string_view> TextReader::words() {
    std::vector<std::string_view> found;
    for (std::string_view next = word(); !next.empty(); next = word()) found.push_back(next);
    return found;
}

bool TextReader::skip(std::string_view wanted) {
    const std::string_view before = left_;
    if (word() == wanted) return true;
    left_ = before;
    return false;
}

void TextReader::expect(std::string_view wanted) {
    const std::string_view found = word();
    if (found != wanted) refuse(fmt::format("\"{}\" stands where \"{}\" is needed", shortened(found), wanted));
}

std::uint64_t TextReader::number(std::string_view what, std::uint64_t most) {
    return number_in(what, word(), 10, most);
}

std::uint64_t TextReader::number_in(std::string_view what, std::string_view text, int base, std::uint64_t most) {
    std::uint64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, value, base);
    if (problem == std::errc{} && stop == end && !text.empty() && value <= most) return value;
    refuse(fmt::format("{} is \"{}\"; a {} number up to {} is needed", what, shortened(text),
                       base == 16 ? "hexadecimal" : "decimal", most));
    return 0;
}

void TextReader::refuse(std::string message) {
    if (!error_) error_ = Error{file_, number_, std::move(message)};
}

} // namespace ksl::sim
