// SPDX-License-Identifier: MIT
#include "tests/fuzz/mutate.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace ksl::fuzz {

namespace {

constexpr std::array<std::string_view, 14> kNumbers{"0",
                                                    "-1",
                                                    "1",
                                                    "4294967295",
                                                    "4294967296",
                                                    "18446744073709551615",
                                                    "18446744073709551616",
                                                    "0xffffffffffffffff",
                                                    "0x8000000000000000",
                                                    "9223372036854775807",
                                                    "1e400",
                                                    "99999999999999999999999",
                                                    "",
                                                    "0x"};

std::size_t place(const std::string& text, core::Random& random) {
    return text.empty() ? 0 : static_cast<std::size_t>(random.below(text.size()));
}

void change_byte(std::string& text, core::Random& random) {
    if (!text.empty()) text[place(text, random)] = static_cast<char>(random.below(256));
}
void flip_bit(std::string& text, core::Random& random) {
    if (text.empty()) return;
    char& byte = text[place(text, random)];
    byte = static_cast<char>(byte ^ (1 << random.below(8)));
}
void change_number(std::string& text, core::Random& random) {
    const std::size_t first = text.find_first_of("0123456789", place(text, random));
    if (first == std::string::npos) return;
    const std::size_t end = std::min(text.find_first_not_of("0123456789abcdefx", first), text.size());
    text.replace(first, end - first, kNumbers[static_cast<std::size_t>(random.below(kNumbers.size()))]);
}
void remove_piece(std::string& text, core::Random& random) {
    text.erase(place(text, random), static_cast<std::size_t>(random.below(64)) + 1);
}
void double_piece(std::string& text, core::Random& random) {
    const std::string piece = text.substr(place(text, random), static_cast<std::size_t>(random.below(200)) + 1);
    text.insert(place(text, random), piece);
}
void remove_line(std::string& text, core::Random& random) {
    const std::size_t begin = text.find('\n', place(text, random));
    if (begin == std::string::npos) return;
    text.erase(begin, text.find('\n', begin + 1) - begin);
}
void cut_off(std::string& text, core::Random& random) {
    text.resize(place(text, random));
}

} // namespace

std::string mutated(const std::string& input, core::Random& random) {
    using Change = void (*)(std::string&, core::Random&);
    static constexpr std::array<Change, 12> kChanges{change_byte,   flip_bit,      flip_bit,      change_number,
                                                     change_number, change_number, remove_piece,  double_piece,
                                                     remove_line,   change_byte,   change_number, cut_off};
    std::string text = input;
    for (std::uint64_t i = 0, count = 1 + random.below(4); i < count; ++i) {
        kChanges[static_cast<std::size_t>(random.below(kChanges.size()))](text, random);
    }
    return text;
}

} // namespace ksl::fuzz
