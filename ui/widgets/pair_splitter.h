// SPDX-License-Identifier: GPL-3.0-or-later
//
// One view, or the same view of two runs side by side with A and B over them. The second one is there all the time, and
// shown when there is a second run.
#pragma once

#include "ui/theme/theme.h"

#include <QLabel>
#include <QSplitter>
#include <array>

namespace ksl::ui {

class PairSplitter : public QSplitter {
    Q_OBJECT

public:
    PairSplitter(const Theme& theme, Qt::Orientation orientation, QWidget* a, QWidget* b, QWidget* parent = nullptr);

    /// The designs' names, for the captions.
    void show_pair(const QString& a, const QString& b);
    void show_single();
    [[nodiscard]] bool is_pair() const { return is_pair_; }

    // One above the other, views as high as they need to be: for a scroll area.
    [[nodiscard]] bool hasHeightForWidth() const override { return orientation() == Qt::Vertical; }
    [[nodiscard]] int heightForWidth(int width) const override;

private:
    [[nodiscard]] QWidget* framed(QWidget* view, QLabel* caption);
    void restyle();

    const Theme& theme_;
    std::array<QLabel*, 2> captions_{};
    std::array<QWidget*, 2> sides_{};
    bool is_pair_ = false;
};

} // namespace ksl::ui
