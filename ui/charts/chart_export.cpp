// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/chart_export.h"

#include "ui/charts/chart_painter.h"
#include "ui/charts/chart_plot.h"

#include <QBuffer>
#include <QCoreApplication>
#include <QFontMetricsF>
#include <QHashSeed>
#include <QImage>
#include <QPageSize>
#include <QPdfWriter>
#include <QSaveFile>
#include <QSvgGenerator>
#include <algorithm>
#include <cmath>

namespace ksl::ui {

namespace {

class FigureText {
    Q_DECLARE_TR_FUNCTIONS(FigureText)
};

/// The unit in which a figure is laid out: half a point. Fonts have whole pixel sizes in it, and 15 of them are 7.5 pt.
constexpr double kUnitsAnInch = 144;
constexpr double kMmAnInch = 25.4;

struct FigureFonts {
    int text;
    int title;
    int caption;
};
FigureFonts fonts_of(FigureSize size) {
    switch (size) {
    case FigureSize::column: return {.text = 15, .title = 18, .caption = 14};
    case FigureSize::page: return {.text = 17, .title = 21, .caption = 15};
    case FigureSize::slide: return {.text = 28, .title = 40, .caption = 20};
    }
    return {.text = 15, .title = 18, .caption = 14};
}

/// Qt writes fonts and patterns of a PDF in the order of a hash, whose seed changes from run to run.
class DeterministicHashes {
public:
    DeterministicHashes() { QHashSeed::setDeterministicGlobalSeed(); }
    ~DeterministicHashes() { QHashSeed::resetRandomGlobalSeed(); }
    DeterministicHashes(const DeterministicHashes&) = delete;
    DeterministicHashes& operator=(const DeterministicHashes&) = delete;
    DeterministicHashes(DeterministicHashes&&) = delete;
    DeterministicHashes& operator=(DeterministicHashes&&) = delete;
};

class Figure {
public:
    Figure(const Chart& chart, const FigureOptions& options) : chart_(chart), options_(options) {
        const int width = static_cast<int>(std::lround(width_in_mm(options.size) / kMmAnInch * kUnitsAnInch));
        const FigureFonts fonts = fonts_of(options.size);
        // One face alone: a second one would only make the file larger.
        style_ = {.look = options.look,
                  .text = font(fonts.text),
                  .title = font(fonts.title),
                  .line = 1,
                  .width = static_cast<double>(width)};
        if (options.size == FigureSize::slide) style_.line = 2;
        caption_font_ = font(fonts.caption);
        caption_ = wrapped(chart.caption, caption_font_, width - (2 * margin()));
        size_ = QSize(width, height_for(width));
        style_.height = size_.height() - caption_height();
    }
    [[nodiscard]] QSizeF size_in_mm() const { return QSizeF(size_) * kMmAnInch / kUnitsAnInch; }

    [[nodiscard]] QSize size() const { return size_; }

    void paint(QCPPainter& painter) const {
        painter.fillRect(QRectF(QPointF(0, 0), size_), options_.look.colour(Role::canvas));
        const double caption = caption_height();
        ChartPlot plot;
        plot.setBufferDevicePixelRatio(1);
        draw_chart(plot, chart_, style_);
        plot.settle(QRect(0, 0, size_.width(), static_cast<int>(size_.height() - caption)));
        painter.setMode(QCPPainter::pmVectorized);
        painter.setMode(QCPPainter::pmNoCaching);
        painter.setMode(QCPPainter::pmNonCosmetic);
        plot.toPainter(&painter, size_.width(), static_cast<int>(size_.height() - caption));
        paint_caption(painter, size_.height() - caption);
    }

private:
    /// As the title and the legend have it.
    [[nodiscard]] double margin() const { return QFontMetricsF(style_.text).height() / 2; }

    /// A slide has its shape; on paper the plot keeps its own, and what is written around it comes on top.
    [[nodiscard]] int height_for(int width) const {
        constexpr double kSlideShape = 9.0 / 16;
        const double plot_shape = options_.size == FigureSize::column ? 0.62 : 0.45;
        if (options_.size == FigureSize::slide) return static_cast<int>(std::lround(width * kSlideShape));
        const ChartExtras extras = extras_of(chart_, style_);
        return static_cast<int>(std::ceil((width * plot_shape) + extras.title + extras.legend + caption_height()));
    }

    [[nodiscard]] QFont font(int units) const {
        QFont own = options_.look.font(TextSize::small);
        own.setPixelSize(
            static_cast<int>(std::lround(units * std::clamp(options_.look.scale(), 1.0, Look::kMostScale))));
        // Hinting depends on the machine's settings; an export does not.
        own.setHintingPreference(QFont::PreferNoHinting);
        own.setKerning(true);
        return own;
    }
    [[nodiscard]] double caption_height() const {
        if (caption_.isEmpty()) return 0;
        return std::ceil(QFontMetricsF(caption_font_).lineSpacing() * static_cast<double>(caption_.count(u'\n') + 1)) +
               (2 * margin());
    }
    void paint_caption(QPainter& painter, double top) const {
        if (caption_.isEmpty()) return;
        const QFontMetricsF metrics(caption_font_);
        painter.setFont(caption_font_);
        painter.setPen(options_.look.colour(Role::text));
        double y = top + metrics.ascent();
        for (const QString& line : caption_.split(u'\n')) {
            painter.drawText(QPointF(margin(), y), line);
            y += metrics.lineSpacing();
        }
    }

    const Chart& chart_;
    const FigureOptions& options_;
    QSize size_;
    ChartStyle style_;
    QFont caption_font_;
    QString caption_;
};

QByteArray to_png(const Figure& figure, const Chart& chart, int scale) {
    scale = std::clamp(scale, 1, 4);
    QImage image(figure.size() * scale, QImage::Format_RGB32);
    image.fill(0U); // the figure paints all of it
    QCPPainter painter(&image);
    painter.scale(scale, scale);
    figure.paint(painter);
    painter.end();
    const auto dots_a_metre = static_cast<int>(std::lround(kUnitsAnInch * scale / kMmAnInch * 1000));
    image.setDotsPerMeterX(dots_a_metre);
    image.setDotsPerMeterY(dots_a_metre);
    image.setText(QStringLiteral("Title"), chart.title);
    image.setText(QStringLiteral("Description"), description_of(chart));
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    image.save(&buffer, "PNG");
    return bytes;
}

QByteArray to_svg(const Figure& figure, const Chart& chart) {
    QByteArray bytes;
    QBuffer buffer(&bytes);
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    generator.setResolution(static_cast<int>(kUnitsAnInch));
    generator.setSize(figure.size());
    generator.setViewBox(QRect(QPoint(0, 0), figure.size()));
    generator.setTitle(chart.title.toHtmlEscaped());
    generator.setDescription(description_of(chart).toHtmlEscaped());
    QCPPainter painter;
    painter.begin(&generator);
    figure.paint(painter);
    painter.end();
    return bytes;
}

QByteArray xmp_of(const Chart& chart) {
    return QStringLiteral(
               "<?xpacket begin=\"\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
               "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">"
               "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"
               "<rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">"
               "<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">%1</rdf:li></rdf:Alt></dc:title>"
               "<dc:description><rdf:Alt><rdf:li xml:lang=\"x-default\">%2</rdf:li></rdf:Alt></dc:description>"
               "</rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end=\"r\"?>\n")
        .arg(chart.title.toHtmlEscaped(), description_of(chart).toHtmlEscaped())
        .toUtf8();
}

/// Adds `delta` to every offset in the cross-reference table that points behind `position`.
void move_offsets(QByteArray& pdf, qsizetype position, qsizetype delta) {
    constexpr qsizetype kOffsetDigits = 10;
    constexpr qsizetype kEntryBytes = 20;
    const QByteArray table_mark = "\nxref\n";
    const QByteArray end_mark = "startxref\n";
    const qsizetype table = pdf.lastIndexOf(table_mark) + 1;
    const qsizetype end = pdf.lastIndexOf(end_mark) + end_mark.size();
    if (table == 0 || end < end_mark.size()) return;
    const qsizetype header_end = pdf.indexOf('\n', table + table_mark.size() - 1) + 1; // behind "0 25"
    for (qsizetype entry = header_end; pdf.at(entry) != 't'; entry += kEntryBytes) {   // up to "trailer"
        const qlonglong offset = pdf.mid(entry, kOffsetDigits).toLongLong();
        if (offset <= position) continue;
        pdf.replace(entry, kOffsetDigits, QByteArray::number(offset + delta).rightJustified(kOffsetDigits, '0'));
    }
    pdf.replace(end, pdf.indexOf('\n', end) - end, QByteArray::number(table));
}

/// The moment and time zone of making are the only things in the file that change.
void remove_date(QByteArray& pdf) {
    const qsizetype begin = pdf.indexOf("/CreationDate (");
    if (begin < 0) return;
    const qsizetype length = pdf.indexOf(')', begin) + 1 - begin;
    const QByteArray never = "/CreationDate (D:19700101000000Z)";
    pdf.replace(begin, length, never);
    move_offsets(pdf, begin, never.size() - length);
}

QByteArray to_pdf(const Figure& figure, const Chart& chart) {
    constexpr int kResolution = 1200;
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    QPdfWriter writer(&buffer);
    writer.setResolution(kResolution);
    writer.setPageSize(QPageSize(figure.size_in_mm(), QPageSize::Millimeter, QString(), QPageSize::ExactMatch));
    writer.setPageMargins(QMarginsF(0, 0, 0, 0));
    writer.setTitle(chart.title);
    writer.setCreator(QStringLiteral("kstacklab"));
    writer.setDocumentXmpMetadata(xmp_of(chart));
    QCPPainter painter;
    painter.begin(&writer);
    painter.scale(kResolution / kUnitsAnInch, kResolution / kUnitsAnInch);
    figure.paint(painter);
    painter.end();
    buffer.close();
    remove_date(bytes);
    return bytes;
}

} // namespace

double width_in_mm(FigureSize size) {
    switch (size) {
    case FigureSize::column: return 84;
    case FigureSize::page: return 174;
    case FigureSize::slide: return 254;
    }
    return 84;
}

std::expected<FigureFormat, QString> format_of(const QString& file_name) {
    const QString end = file_name.section(u'.', -1).toLower();
    if (end == QStringLiteral("png")) return FigureFormat::png;
    if (end == QStringLiteral("svg")) return FigureFormat::svg;
    if (end == QStringLiteral("pdf")) return FigureFormat::pdf;
    if (end == QStringLiteral("csv")) return FigureFormat::csv;
    return std::unexpected(FigureText::tr("%1: a figure ends in .svg, .pdf, .png or .csv").arg(file_name));
}

QByteArray export_chart(const Chart& chart, const FigureOptions& options) {
    if (options.format == FigureFormat::csv) return csv_of(table_of(chart)).toUtf8();
    const DeterministicHashes hashes;
    const Figure figure(chart, options);
    switch (options.format) {
    case FigureFormat::png: return to_png(figure, chart, options.png_scale);
    case FigureFormat::pdf: return to_pdf(figure, chart);
    case FigureFormat::svg:
    case FigureFormat::csv: break;
    }
    return to_svg(figure, chart);
}

std::expected<void, QString> save_chart(const Chart& chart, const FigureOptions& options, const QString& file_name) {
    QSaveFile file(file_name);
    if (!file.open(QIODevice::WriteOnly)) {
        return std::unexpected(FigureText::tr("%1 cannot be written: %2").arg(file_name, file.errorString()));
    }
    file.write(export_chart(chart, options));
    if (!file.commit())
        return std::unexpected(FigureText::tr("%1 cannot be written: %2").arg(file_name, file.errorString()));
    return {};
}

} // namespace ksl::ui
