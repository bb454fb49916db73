// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the words in the pictures mean, each in a sentence or two: for the tips of the views and for the list under
// Help. Words are as the field writes them; the sentences can be translated.
#pragma once

#include <QLatin1StringView>
#include <QString>
#include <span>

namespace ksl::ui {

struct Word {
    const char* word = "";
    const char* meaning = ""; ///< translated by meaning_of()
};

/// In alphabetical order.
[[nodiscard]] std::span<const Word> all_words();
/// Empty if the word is not in the list.
[[nodiscard]] QString meaning_of(QLatin1StringView word);

} // namespace ksl::ui
