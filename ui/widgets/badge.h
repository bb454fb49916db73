// SPDX-License-Identifier: GPL-3.0-or-later
//
// Says how true a figure is, with its source. Shape and word, not colour alone: a full square is measured, a half one
// modelled, an outline simplified.
#pragma once

#include "ui/theme/theme.h"

#include <QString>
#include <QWidget>
#include <cstdint>

namespace ksl::ui {

enum class Fidelity : std::uint8_t {
    measured,   ///< from a real machine or capture
    modelled,   ///< computed by the engine as the source describes it
    simplified, ///< the model leaves something out; the source says what
};
[[nodiscard]] QString name_of(Fidelity fidelity);

class Badge : public QWidget {
    Q_OBJECT

public:
    Badge(const Theme& theme, Fidelity fidelity, const QString& source, QWidget* parent = nullptr);

    void set(Fidelity fidelity, const QString& source);
    [[nodiscard]] Fidelity fidelity() const { return fidelity_; }
    [[nodiscard]] QString source() const { return source_; }

    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;
    /// What the mouse reads by hovering, the keyboard reads by arriving.
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    const Theme& theme_;
    Fidelity fidelity_;
    QString source_;
};

} // namespace ksl::ui
