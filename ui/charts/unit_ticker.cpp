// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/unit_ticker.h"

#include "ui/format/format.h"
#include "ui/layout/nice_ticks.h"

#include <QFontMetricsF>
#include <algorithm>

namespace ksl::ui {

namespace {

/// The largest of 1, KiB, MiB, ... that `bytes` reaches.
double byte_unit(double bytes) {
    double unit = 1;
    while (bytes >= 1024 * unit) unit *= 1024;
    return unit;
}

QString tick_text(double value, Quantity quantity) {
    switch (quantity) {
    case Quantity::time_ns: return value == 0 ? QStringLiteral("0") : format_time_tick(value);
    case Quantity::bytes: return value == 0 ? QStringLiteral("0") : format_quantity(value, quantity);
    case Quantity::share: {
        // As few digits as this tick needs; ticks of one axis may differ by one.
        const double percent = 100 * value;
        const bool is_whole = std::abs(percent - std::round(percent)) < 1e-6;
        return format_percent(value, is_whole ? 0 : 1);
    }
    case Quantity::count:
    case Quantity::number: break;
    }
    const bool is_whole = std::abs(value - std::round(value)) < 1e-9 * std::max(1.0, std::abs(value));
    return is_whole && std::abs(value) < 1e15 ? format_decimal(value, 0) : QString::number(value, 'g', 4);
}

} // namespace

unsigned UnitTicker::most_ticks() const {
    constexpr double kGap = 2; // labels a label apart
    const QFontMetricsF metrics(font_);
    const bool is_horizontal = axis_.orientation() == Qt::Horizontal;
    const double room = is_horizontal ? axis_.axisRect()->width() : axis_.axisRect()->height();
    const double label = is_horizontal ? metrics.horizontalAdvance(QStringLiteral("000 µs")) : metrics.height();
    return static_cast<unsigned>(std::clamp(room / (kGap * label), 2.0, 10.0));
}

void UnitTicker::generate(const QCPRange& range, const QLocale& /*locale*/, QChar /*format*/, int /*precision*/,
                          QVector<double>& ticks, QVector<double>* sub_ticks, QVector<QString>* labels) {
    ticks.clear();
    if (sub_ticks != nullptr) sub_ticks->clear();
    if (labels != nullptr) labels->clear();
    const unsigned most = most_ticks();
    const bool is_logarithmic = description_.scale == AxisScale::logarithmic;
    // Round bytes are round in KiB, MiB, ...
    const double unit = description_.quantity == Quantity::bytes ? byte_unit(range.upper) : 1;
    std::vector<Tick> all = is_logarithmic ? logarithmic_ticks(range.lower, range.upper, most)
                                           : linear_ticks(range.lower / unit, range.upper / unit, most);
    if (!is_logarithmic) {
        for (Tick& tick : all) tick.value *= unit;
    }
    for (const Tick& tick : all) {
        if (!tick.is_major) {
            if (sub_ticks != nullptr) sub_ticks->append(tick.value);
            continue;
        }
        ticks.append(tick.value);
        if (labels != nullptr) labels->append(tick_text(tick.value, description_.quantity));
    }
}

} // namespace ksl::ui
