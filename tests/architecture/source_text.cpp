// SPDX-License-Identifier: MIT
#include "tests/architecture/source_text.h"

#include <algorithm>

namespace ksl::architecture {

namespace {

/// Walks over the source once, copying what is code.
class Stripper {
public:
    Stripper(std::string_view source, Literals literals)
        : source_(source), keeps_literals_(literals == Literals::keep) {}

    std::string strip() {
        while (at_ < source_.size()) {
            if (starts("//"))
                blank_until("\n", false);
            else if (starts("/*"))
                blank_until("*/", true);
            else if (starts("R\""))
                take_raw_literal();
            else if (current() == '"' || is_character_literal())
                take_literal(current());
            else
                take();
        }
        return std::move(code_);
    }

private:
    [[nodiscard]] char current() const { return source_[at_]; }
    [[nodiscard]] bool starts(std::string_view text) const { return source_.substr(at_).starts_with(text); }
    /// A quote between digits separates them.
    [[nodiscard]] bool is_character_literal() const {
        const bool follows_digit = at_ > 0 && std::isxdigit(static_cast<unsigned char>(source_[at_ - 1])) != 0;
        return current() == '\'' && !follows_digit;
    }
    void take() { code_ += source_[at_++]; }
    void blank() {
        code_ += current() == '\n' ? '\n' : ' ';
        ++at_;
    }
    void blank_until(std::string_view end, bool is_part_of_it) {
        const std::size_t found = std::min(source_.find(end, at_), source_.size());
        const std::size_t stop = std::min(found + (is_part_of_it ? end.size() : 0), source_.size());
        while (at_ < stop) blank();
    }
    void take_inside() {
        if (keeps_literals_)
            take();
        else
            blank();
    }
    void take_literal(char quote) {
        take();
        while (at_ < source_.size() && current() != quote && current() != '\n') {
            if (current() == '\\' && at_ + 1 < source_.size()) take_inside();
            take_inside();
        }
        if (at_ < source_.size()) take();
    }
    void take_raw_literal() {
        const std::size_t open = source_.find('(', at_);
        if (open == std::string_view::npos) {
            take();
            return;
        }
        const std::string end = ')' + std::string{source_.substr(at_ + 2, open - at_ - 2)} + '"';
        const std::size_t stop = std::min(source_.find(end, open), source_.size() - end.size()) + end.size();
        while (at_ < stop) take_inside();
    }

    std::string_view source_;
    bool keeps_literals_;
    std::size_t at_ = 0;
    std::string code_;
};

} // namespace

std::string code_of(std::string_view source, Literals literals) {
    return Stripper{source, literals}.strip();
}

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

std::vector<Include> includes_of(std::string_view source) {
    std::vector<Include> includes;
    int number = 0;
    for (const std::string& line : lines_of(code_of(source, Literals::keep))) {
        ++number;
        const std::size_t hash = line.find_first_not_of(" \t");
        if (hash == std::string::npos || line[hash] != '#') continue;
        const std::size_t word = line.find_first_not_of(" \t", hash + 1);
        if (word == std::string::npos || !std::string_view{line}.substr(word).starts_with("include")) continue;
        const std::size_t open = line.find_first_of("\"<", word);
        if (open == std::string::npos) continue;
        const std::size_t close = line.find_first_of("\">", open + 1);
        if (close == std::string::npos) continue;
        includes.push_back({number, line.substr(open + 1, close - open - 1), line[open] == '"'});
    }
    return includes;
}

} // namespace ksl::architecture
