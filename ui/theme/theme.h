// SPDX-License-Identifier: GPL-3.0-or-later
//
// The theme the user chose, and the look that follows from it. One object for a window; views hold a reference and
// repaint on changed().
//
// System:   Qt 6.4 cannot ask the desktop for its scheme. The theme compares the lightness of the palette's window and
//           text colours, and looks again after each change of the application's palette has taken effect.
#pragma once

#include "ui/theme/look.h"

#include <QObject>
#include <QString>
#include <array>
#include <cstdint>

namespace ksl::ui {

enum class ThemeChoice : std::uint8_t { system, light, dark, print, high_contrast };
inline constexpr std::array<ThemeChoice, 5> kThemeChoices{ThemeChoice::system, ThemeChoice::light, ThemeChoice::dark,
                                                          ThemeChoice::print, ThemeChoice::high_contrast};

class Theme : public QObject {
    Q_OBJECT

public:
    explicit Theme(QObject* parent = nullptr);

    [[nodiscard]] const Look& look() const { return look_; }
    [[nodiscard]] ThemeChoice choice() const { return choice_; }

    void choose(ThemeChoice choice);
    /// 0.8 to 2.5.
    void set_scale(double scale);
    void set_patterns(bool on);
    void set_presenter(bool on);
    /// Setting, or the platform's own switch; animations then take no time.
    void set_reduced_motion(bool on);
    [[nodiscard]] bool has_reduced_motion() const { return reduced_motion_; }

    /// Name for menus.
    [[nodiscard]] static QString name_of(ThemeChoice choice);

Q_SIGNALS:
    /// look() has changed; repaint and lay out again.
    void changed();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void refresh();
    [[nodiscard]] Scheme scheme() const;

    ThemeChoice choice_ = ThemeChoice::system;
    LookOptions options_;
    bool presenter_ = false;
    bool reduced_motion_ = false;
    bool sets_palette_ = false; ///< our own palette change is under way
    Look look_;
};

/// Light or dark, from the lightness of window and text in the application's palette.
[[nodiscard]] Scheme scheme_of(const QPalette& palette);

} // namespace ksl::ui
