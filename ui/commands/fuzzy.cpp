// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/commands/fuzzy.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace ksl::ui {

namespace {

constexpr int kLetter = 1;
constexpr int kWordStart = 8;
constexpr int kRun = 10;
constexpr int kUnreachable = std::numeric_limits<int>::min() / 2;

bool starts_word(const QString& text, qsizetype at) {
    return at == 0 || (!text[at - 1].isLetterOrNumber() && text[at].isLetterOrNumber());
}

} // namespace

std::optional<FuzzyMatch> fuzzy_match(const QString& pattern, const QString& text) {
    QString letters = pattern.toCaseFolded();
    letters.removeIf([](QChar c) { return c.isSpace(); });
    const QString folded = text.toCaseFolded();
    const qsizetype n = letters.size();
    const qsizetype m = folded.size();
    if (n == 0) return FuzzyMatch{};
    // toCaseFolded() keeps the length for all but a few letters; where it does not, positions would be wrong.
    if (n > m || m != text.size()) return std::nullopt;

    // best[i][j]: score of the first i letters where the i-th one is text[j - 1]. Texts are short, so the plain table
    // will do.
    const auto cell = [m](qsizetype i, qsizetype j) { return static_cast<std::size_t>((i * (m + 1)) + j); };
    std::vector<int> best(static_cast<std::size_t>((n + 1) * (m + 1)), kUnreachable);
    std::vector<qsizetype> from(best.size(), 0);
    for (qsizetype i = 1; i <= n; ++i) {
        int before = i == 1 ? 0 : kUnreachable; // best score of i - 1 letters that end left of j
        qsizetype before_at = 0;
        for (qsizetype j = 1; j <= m; ++j) {
            if (i > 1 && j > 1 && best[cell(i - 1, j - 1)] > before) {
                before = best[cell(i - 1, j - 1)];
                before_at = j - 1;
            }
            if (letters[i - 1] != folded[j - 1] || before == kUnreachable) continue;
            const int own = kLetter + (starts_word(text, j - 1) ? kWordStart : 0);
            int score = before + own;
            from[cell(i, j)] = before_at;
            if (i > 1 && j > 1 && best[cell(i - 1, j - 1)] + own + kRun > score) {
                score = best[cell(i - 1, j - 1)] + own + kRun;
                from[cell(i, j)] = j - 1;
            }
            best[cell(i, j)] = score;
        }
    }
    qsizetype last = 0;
    for (qsizetype j = 1; j <= m; ++j) {
        if (last == 0 || best[cell(n, j)] > best[cell(n, last)]) last = j;
    }
    if (best[cell(n, last)] < 0) return std::nullopt;

    FuzzyMatch match;
    // Among equals the shorter text is the likelier one.
    match.score = (best[cell(n, last)] * 256) - static_cast<int>(std::min<qsizetype>(m, 255));
    for (qsizetype i = n, j = last; i > 0; j = from[cell(i, j)], --i) match.positions.prepend(j - 1);
    return match;
}

} // namespace ksl::ui
