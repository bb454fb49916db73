// SPDX-License-Identifier: GPL-3.0-or-later
//
// Ticks of an axis of ours: round numbers (nice_ticks.h) written with their unit, no more of them than their labels
// have room for.
#pragma once

#include "ui/charts/chart.h"
#include "ui/charts/qcustomplot.h"

#include <QFont>
#include <utility>

namespace ksl::ui {

class UnitTicker : public QCPAxisTicker {
public:
    /// `axis` owns the ticker.
    UnitTicker(const QCPAxis& axis, ChartAxis description, const QFont& font)
        : axis_(axis), description_(std::move(description)), font_(font) {}

    void generate(const QCPRange& range, const QLocale& locale, QChar format, int precision, QVector<double>& ticks,
                  QVector<double>* sub_ticks, QVector<QString>* labels) override;

private:
    [[nodiscard]] unsigned most_ticks() const;

    const QCPAxis& axis_;
    ChartAxis description_;
    QFont font_;
};

} // namespace ksl::ui
