// SPDX-License-Identifier: GPL-3.0-or-later
//
// Finding a command by a few of its letters: "gta" finds "Go to marker A".
#pragma once

#include <QList>
#include <QString>
#include <optional>

namespace ksl::ui {

struct FuzzyMatch {
    int score = 0;              ///< higher is better
    QList<qsizetype> positions; ///< of the matched letters, for emphasis
};

/// Nothing unless every letter of `pattern` occurs in `text` in this order (case and spaces aside). Letters at the
/// start of words and runs of letters score highest. An empty pattern matches everything with score 0.
[[nodiscard]] std::optional<FuzzyMatch> fuzzy_match(const QString& pattern, const QString& text);

} // namespace ksl::ui
