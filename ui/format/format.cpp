// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/format/format.h"

#include <QCoreApplication>
#include <QLatin1StringView>
#include <array>
#include <cmath>

namespace ksl::ui {

namespace {

/// Puts `separator` before every `group` digits, counted from the right.
QString grouped(const QString& digits, qsizetype group, QChar separator) {
    QString out;
    for (qsizetype i = 0; i < digits.size(); ++i) {
        if (i != 0 && (digits.size() - i) % group == 0) out += separator;
        out += digits[i];
    }
    return out;
}

QString with_unit(const QString& number, const QString& unit) {
    return number + QChar(kThinSpace) + unit;
}

struct Unit {
    double size;
    const char16_t* name;
};
constexpr std::array<Unit, 4> kTimeUnits{{{1, u"ns"}, {1e3, u"µs"}, {1e6, u"ms"}, {1e9, u"s"}}};
constexpr double kFirstSeconds = 1e10; // 12.30 s, but 9999.00 ms: a run rarely lasts longer

/// The unit in which `nanoseconds`, rounded to `digits`, stays below 1000 (below 10 000 for ms).
const Unit& time_unit(double nanoseconds, int digits) {
    const double size = std::abs(nanoseconds);
    const double half_digit = 0.5 * std::pow(10, -digits);
    if (size < 1000 - 0.5) return kTimeUnits[0];
    if (size < (1000 - half_digit) * 1e3) return kTimeUnits[1];
    return size < kFirstSeconds ? kTimeUnits[2] : kTimeUnits[3];
}

QString time_text(double nanoseconds, int digits) {
    const Unit& unit = time_unit(nanoseconds, digits);
    const int shown = unit.size == 1 ? 0 : digits;
    return with_unit(format_decimal(nanoseconds / unit.size, shown), QString::fromUtf16(unit.name));
}

constexpr std::array<const char16_t*, 7> kByteUnits{u"B", u"KiB", u"MiB", u"GiB", u"TiB", u"PiB", u"EiB"};

/// Largest unit that does not make the number smaller than one.
std::size_t byte_unit(std::uint64_t bytes) {
    std::size_t unit = 0;
    for (; unit + 1 < kByteUnits.size() && bytes >> (10 * (unit + 1)) != 0; ++unit) {
    }
    return unit;
}

QString in_unit(std::uint64_t bytes, std::size_t unit) {
    const std::uint64_t size = std::uint64_t{1} << (10 * unit);
    if (bytes % size == 0) return format_count(bytes / size);
    return format_decimal(static_cast<double>(bytes) / static_cast<double>(size), 1);
}

} // namespace

QString format_count(std::uint64_t count) {
    return grouped(QString::number(count), 3, QChar(kThinSpace));
}

QString format_decimal(double value, int digits) {
    if (!std::isfinite(value)) return QStringLiteral("–");
    const QString plain = QString::number(std::abs(value), 'f', digits);
    const qsizetype point = plain.indexOf(u'.');
    const QString whole = point < 0 ? plain : plain.left(point);
    const QString rest = point < 0 ? QString() : plain.mid(point);
    const bool is_zero = plain.toDouble() == 0;
    return (value < 0 && !is_zero ? QStringLiteral("−") : QString()) + grouped(whole, 3, QChar(kThinSpace)) + rest;
}

QString format_percent(double share, int digits) {
    return with_unit(format_decimal(100 * share, digits), QStringLiteral("%"));
}

QString format_time(core::Nanoseconds time) {
    return format_time(static_cast<double>(time.count()));
}
QString format_time(double nanoseconds) {
    return time_text(nanoseconds, 2);
}
QString format_time_tick(double nanoseconds) {
    // An axis names decades, so it may use every unit from its first number on.
    std::size_t unit = 0;
    while (unit + 1 < kTimeUnits.size() && std::abs(nanoseconds) >= kTimeUnits[unit + 1].size * (1 - 1e-9)) ++unit;
    const double value = nanoseconds / kTimeUnits[unit].size;
    for (const int digits : {0, 1, 2}) {
        const double scale = std::pow(10, digits);
        if (std::abs((std::round(value * scale) / scale) - value) <= 1e-6 * std::abs(value) || digits == 2) {
            return with_unit(format_decimal(value, digits), QString::fromUtf16(kTimeUnits[unit].name));
        }
    }
    return {};
}
QString format_playhead(core::Nanoseconds time) {
    return time_text(static_cast<double>(time.count()), 3);
}
QString format_time_difference(double nanoseconds) {
    const QString text = format_time(nanoseconds);
    return nanoseconds > 0 ? u'+' + text : text;
}
QString format_cycles(core::Cycles cycles) {
    return with_unit(format_count(cycles.count()), QStringLiteral("cycles"));
}

QString format_bytes(core::Bytes bytes) {
    constexpr std::uint64_t kExactBelow = 8192;
    const std::uint64_t count = bytes.count();
    const bool is_exact = count < 1024 || (count < kExactBelow && count % 1024 != 0);
    const std::size_t unit = is_exact ? 0 : byte_unit(count);
    return with_unit(in_unit(count, unit), QString::fromUtf16(kByteUnits[unit]));
}

QString format_bytes_of(core::Bytes part, core::Bytes whole) {
    const std::size_t unit = byte_unit(whole.count());
    const QString unit_name = QString::fromUtf16(kByteUnits[unit]);
    //: used bytes of all bytes, e.g. 11.2 of 16 KiB
    const QString pattern = QCoreApplication::translate("format", "%1 of %2");
    return with_unit(pattern.arg(in_unit(part.count(), unit), in_unit(whole.count(), unit)), unit_name);
}

QString format_hex(std::uint64_t value) {
    return grouped(QString::number(value, 16), 4, u'\'');
}
QString format_address(core::VirtAddr at) {
    return grouped(QStringLiteral("%1").arg(at.raw(), 16, 16, QChar(u'0')), 4, u'\'');
}
QString format_pfn(core::Pfn frame) {
    return format_hex(frame.raw());
}

QString latin(std::string_view name) {
    return QString::fromLatin1(name.data(), static_cast<qsizetype>(name.size()));
}

bool parse_hex(const QString& text, std::uint64_t& value) {
    QString digits = text.trimmed();
    if (digits.startsWith(QLatin1StringView("0x"), Qt::CaseInsensitive)) digits.remove(0, 2);
    digits.removeIf([](QChar c) { return c == u'\'' || c == u'_' || c == u' ' || c == QChar(kThinSpace); });
    bool ok = false;
    const qulonglong number = digits.toULongLong(&ok, 16);
    // QString would also take a sign.
    if (!ok || digits.startsWith(u'-') || digits.startsWith(u'+')) return false;
    value = number;
    return true;
}

} // namespace ksl::ui
