// SPDX-License-Identifier: MIT
#include "sim/text/csv.h"

namespace ksl::sim {

namespace {

void append_field(std::string& text, std::string_view field) {
    if (field.find_first_of(",\"\r\n") == std::string_view::npos) {
        text += field;
        return;
    }
    text += '"';
    for (const char letter : field) {
        if (letter == '"') text += '"';
        text += letter;
    }
    text += '"';
}

class Parser {
public:
    Parser(std::string_view text, std::string_view file) : rest_(text), file_(file) {
        if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
    }

    Result<std::vector<CsvRow>> parse() {
        std::vector<CsvRow> rows;
        while (!rest_.empty()) {
            CsvRow row{line_, {}};
            do {
                KSL_TRY_ASSIGN(field, next_field());
                row.fields.push_back(std::move(field));
            } while (take(","));
            if (!take("\r\n") && !take("\n") && !rest_.empty()) {
                return fail(std::string{file_}, line_,
                            "a field in quotes must end at a comma or at the end of its line");
            }
            ++line_;
            if (row.fields != std::vector<std::string>{""}) rows.push_back(std::move(row));
        }
        return rows;
    }

private:
    bool take(std::string_view expected) {
        if (!rest_.starts_with(expected)) return false;
        rest_.remove_prefix(expected.size());
        return true;
    }

    Result<std::string> next_field() {
        if (take("\"")) return next_quoted();
        std::size_t end = rest_.find_first_of(",\n");
        if (end == std::string_view::npos) end = rest_.size();
        if (end < rest_.size() && rest_[end] == '\n' && end > 0 && rest_[end - 1] == '\r') --end;
        std::string field{rest_.substr(0, end)};
        rest_.remove_prefix(end);
        return field;
    }

    Result<std::string> next_quoted() {
        const int opened = line_;
        std::string field;
        for (;;) {
            const std::size_t quote = rest_.find('"');
            if (quote == std::string_view::npos) {
                return fail(std::string{file_}, opened, "a field begins with a quote and has none at its end");
            }
            for (const char letter : rest_.substr(0, quote)) line_ += letter == '\n' ? 1 : 0;
            field += rest_.substr(0, quote);
            rest_.remove_prefix(quote + 1);
            if (!take("\"")) return field;
            field += '"';
        }
    }

    std::string_view rest_;
    std::string_view file_;
    int line_ = 1;
};

} // namespace

void append_csv_row(std::string& text, std::span<const std::string> fields) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
        if (i != 0) text += ',';
        append_field(text, fields[i]);
    }
    text += '\n';
}

Result<std::vector<CsvRow>> parse_csv(std::string_view text, std::string_view file) {
    return Parser{text, file}.parse();
}

} // namespace ksl::sim
