// SPDX-License-Identifier: GPL-3.0-or-later
//
// Charts as files, without a window: PNG, SVG, PDF at the sizes of a column, a page or a slide, CSV of what is drawn.
// The same chart gives the same bytes every time: no dates, no order that depends on a hash seed.
//
// Sizes:    column 84 mm, page 174 mm wide, slide 16:9; text is at least 7 pt at that size.
// Access:   the description of the chart is in the file: PNG text "Description", SVG <desc>, PDF XMP dc:description.
// Needs:    a QGuiApplication (the offscreen platform will do).
#pragma once

#include "ui/charts/chart.h"
#include "ui/theme/look.h"

#include <QByteArray>
#include <QString>
#include <cstdint>
#include <expected>

namespace ksl::ui {

enum class FigureFormat : std::uint8_t { png, svg, pdf, csv };
enum class FigureSize : std::uint8_t { column, page, slide };

struct FigureOptions {
    FigureFormat format = FigureFormat::svg;
    FigureSize size = FigureSize::column;
    Look look = Look::for_print();
    int png_scale = 2; ///< 1..4; scale 1 is 144 dots an inch
};

/// The height follows from title, legend and caption; a slide is 16:9.
[[nodiscard]] double width_in_mm(FigureSize size);
/// From the end of a file name; nothing for others.
[[nodiscard]] std::expected<FigureFormat, QString> format_of(const QString& file_name);

[[nodiscard]] QByteArray export_chart(const Chart& chart, const FigureOptions& options);
/// Writes the file as a whole or not at all; the error is a sentence.
[[nodiscard]] std::expected<void, QString> save_chart(const Chart& chart, const FigureOptions& options,
                                                      const QString& file_name);

} // namespace ksl::ui
