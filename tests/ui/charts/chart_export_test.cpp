// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/support/made_up_charts.h"
#include "tests/ui/support/pictures.h"
#include "ui/charts/chart_export.h"

#include <gtest/gtest.h>

#include <QCryptographicHash>
#include <QFile>
#include <QProcess>
#include <QRegularExpression>
#include <QSvgRenderer>
#include <QTemporaryDir>
#include <ctime>

namespace ksl::ui {
namespace {

constexpr std::array kFormats{FigureFormat::png, FigureFormat::svg, FigureFormat::pdf, FigureFormat::csv};
constexpr std::array kEnds{"png", "svg", "pdf", "csv"};
constexpr std::array kSizes{FigureSize::column, FigureSize::page, FigureSize::slide};

QByteArray digest_of_everything() {
    QCryptographicHash hash(QCryptographicHash::Sha256);
    for (const auto& [name, chart] : test::every_chart()) {
        for (const FigureFormat format : kFormats) hash.addData(export_chart(chart, {.format = format}));
    }
    return hash.result().toHex();
}

TEST(ChartExport, GivesTheSameBytesTwice) {
    EXPECT_EQ(digest_of_everything(), digest_of_everything());
}

// Run by the test below in processes of their own: prints the digest.
TEST(ChartExportChild, PrintsItsDigest) {
    if (qEnvironmentVariableIsSet("KSL_PRINT_DIGEST")) std::printf("digest=%s\n", digest_of_everything().constData());
}

TEST(ChartExport, GivesTheSameBytesInAnotherProcessAtAnotherTime) {
    const auto digest_in_process = [](const char* hash_seed) {
        QProcess child;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("KSL_PRINT_DIGEST"), QStringLiteral("1"));
        environment.insert(QStringLiteral("QT_HASH_SEED"), QString::fromLatin1(hash_seed));
        environment.insert(QStringLiteral("TZ"), QString::fromLatin1(hash_seed[0] == '0' ? "UTC" : "Asia/Tokyo"));
        child.setProcessEnvironment(environment);
        child.start(QCoreApplication::applicationFilePath(),
                    {QStringLiteral("--gtest_filter=ChartExportChild.PrintsItsDigest")});
        EXPECT_TRUE(child.waitForFinished(120'000));
        const QRegularExpression line(QStringLiteral("digest=([0-9a-f]{64})"));
        return line.match(QString::fromLatin1(child.readAllStandardOutput())).captured(1);
    };
    const QString first = digest_in_process("0");
    EXPECT_EQ(first.size(), 64);
    // -1 and other values: Qt takes a random seed.
    for (int i = 0; i < 3; ++i) EXPECT_EQ(digest_in_process("-1"), first);
}

TEST(ChartExport, SvgKeepsTextAsTextAndCarriesTheDescription) {
    for (const auto& [name, chart] : test::every_chart()) {
        const QByteArray svg = export_chart(chart, {.format = FigureFormat::svg, .size = FigureSize::page});
        const QString text = QString::fromUtf8(svg);
        EXPECT_TRUE(text.contains(chart.title)) << name;
        EXPECT_TRUE(text.contains(QStringLiteral("kstacklab 0.1.0"))) << name << ": the caption";
        EXPECT_TRUE(text.contains(QStringLiteral("<desc>") + description_of(chart).toHtmlEscaped())) << name;
        QSvgRenderer renderer(svg);
        EXPECT_TRUE(renderer.isValid()) << name;
        const QRegularExpression width(QStringLiteral("width=\"([0-9.]+)mm\""));
        EXPECT_NEAR(width.match(text).captured(1).toDouble(), 174, 0.3);
        EXPECT_FALSE(text.contains(QStringLiteral("20") + QString::number(QDate::currentDate().year() % 100) +
                                   QStringLiteral("-")))
            << "a date";
    }
}

TEST(ChartExport, NothingInAnSvgLeavesThePage) {
    // SVG Tiny has no clipping: whatever is drawn outside would be seen.
    for (const auto& [name, chart] : test::every_chart()) {
        for (const FigureSize size : kSizes) {
            const QString svg = QString::fromUtf8(export_chart(chart, {.format = FigureFormat::svg, .size = size}));
            const QRegularExpression box(QStringLiteral("viewBox=\"0 0 ([0-9]+) ([0-9]+)\""));
            const auto found = box.match(svg);
            const double width = found.captured(1).toDouble();
            const double height = found.captured(2).toDouble();
            ASSERT_GT(width, 100);
            const QRegularExpression lines(QStringLiteral("points=\"([^\"]*)\""));
            for (const auto& line : lines.globalMatch(svg)) {
                for (const QString& point : line.captured(1).split(u' ', Qt::SkipEmptyParts)) {
                    const double x = point.section(u',', 0, 0).toDouble();
                    const double y = point.section(u',', 1, 1).toDouble();
                    // Markers are drawn around their own origin.
                    EXPECT_TRUE(x >= -40 && x <= width + 2 && y >= -40 && y <= height + 2)
                        << name << ": " << point.toStdString();
                }
            }
        }
    }
}

struct PlacedText {
    QString text;
    QRectF rect;
};

/// Every text of an SVG that QSvgGenerator wrote, where it is on the page.
QList<PlacedText> texts_of(const QString& svg) {
    QList<PlacedText> all;
    const QRegularExpression piece(QStringLiteral(
        "transform=\"matrix\\(([^)]*)\\)\"|<text[^>]*x=\"([-0-9.e]+)\" y=\"([-0-9.e]+)\"[^>]*font-family=\"([^\"]*)\" "
        "font-size=\"([0-9.]+)\"[^>]*>([^<]*)</text>"));
    QTransform transform;
    for (const auto& found : piece.globalMatch(svg)) {
        if (!found.captured(1).isEmpty()) {
            const QStringList m = found.captured(1).split(u',');
            transform = QTransform(m[0].toDouble(), m[1].toDouble(), m[2].toDouble(), m[3].toDouble(), m[4].toDouble(),
                                   m[5].toDouble());
            continue;
        }
        QFont font(found.captured(4));
        font.setPixelSize(found.captured(5).toInt());
        const QFontMetricsF metrics(font);
        const QString text = found.captured(6).trimmed();
        // The ink, not the line: neighbours may share the space between lines.
        QRectF ink = metrics.tightBoundingRect(text);
        ink.translate(found.captured(2).toDouble(), found.captured(3).toDouble());
        all += {text, transform.mapRect(ink)};
    }
    return all;
}

TEST(ChartExport, NoTextIsCutOrLiesOnAnother) {
    for (const auto& [name, chart] : test::every_chart()) {
        for (const FigureSize size : kSizes) {
            const QString svg = QString::fromUtf8(export_chart(chart, {.format = FigureFormat::svg, .size = size}));
            const auto box = QRegularExpression(QStringLiteral("viewBox=\"0 0 ([0-9]+) ([0-9]+)\"")).match(svg);
            const QRectF page(0, 0, box.captured(1).toDouble(), box.captured(2).toDouble());
            const QList<PlacedText> texts = texts_of(svg);
            EXPECT_GT(texts.size(), 8) << name;
            for (qsizetype i = 0; i < texts.size(); ++i) {
                EXPECT_TRUE(page.contains(texts[i].rect))
                    << name << static_cast<int>(size) << ": " << texts[i].text.toStdString();
                for (qsizetype j = i + 1; j < texts.size(); ++j) {
                    EXPECT_FALSE(texts[i].rect.adjusted(0.5, 0.5, -0.5, -0.5).intersects(texts[j].rect))
                        << name << static_cast<int>(size) << ": " << texts[i].text.toStdString() << " on "
                        << texts[j].text.toStdString();
                }
            }
        }
    }
}

TEST(ChartExport, FontsAreAtLeastSevenPointsAtEverySize) {
    for (const FigureSize size : kSizes) {
        const QString svg =
            QString::fromUtf8(export_chart(test::histogram_chart(), {.format = FigureFormat::svg, .size = size}));
        const QRegularExpression texts(QStringLiteral("<text[^>]*font-size=\"([0-9.]+)\""));
        int count = 0;
        for (const auto& text : texts.globalMatch(svg)) {
            ++count;
            EXPECT_GE(text.captured(1).toDouble() / 2, 7) << "in half points";
        }
        EXPECT_GT(count, 8);
    }
}

TEST(ChartExport, PdfHasNoDateAndTheDescription) {
    const Chart chart = test::ecdf_chart();
    const QByteArray pdf = export_chart(chart, {.format = FigureFormat::pdf});
    EXPECT_TRUE(pdf.startsWith("%PDF-"));
    EXPECT_TRUE(pdf.contains("/CreationDate (D:19700101000000"));
    EXPECT_TRUE(pdf.contains(description_of(chart).toHtmlEscaped().toUtf8()));
    EXPECT_TRUE(pdf.contains("/FontFile2") || pdf.contains("/FontFile3")) << "fonts are in the file, text is text";
}

TEST(ChartExport, PdfOffsetsPointAtTheirObjects) {
    for (const char* zone : {"UTC", "Asia/Tokyo"}) {
        qputenv("TZ", zone);
        tzset();
        const QByteArray pdf = export_chart(test::bar_chart(BarStyle::stacked), {.format = FigureFormat::pdf});
        const qsizetype table = pdf.mid(pdf.lastIndexOf("startxref\n") + 10).split('\n').front().toLongLong();
        ASSERT_EQ(pdf.mid(table, 5), "xref\n");
        const QList<QByteArray> lines = pdf.mid(table).split('\n');
        const int objects = lines[1].split(' ').back().toInt();
        ASSERT_GT(objects, 10);
        for (int i = 1; i < objects; ++i) {
            const QByteArray& entry = lines[2 + i];
            if (entry.endsWith("f ")) continue;
            const QByteArray expected = QByteArray::number(i) + " 0 obj";
            EXPECT_EQ(pdf.mid(entry.left(10).toLongLong(), expected.size()), expected) << zone;
        }
    }
    qunsetenv("TZ");
    tzset();
}

TEST(ChartExport, PngSaysItsSizeAndDescription) {
    const Chart chart = test::box_chart();
    QImage image;
    ASSERT_TRUE(image.loadFromData(
        export_chart(chart, {.format = FigureFormat::png, .size = FigureSize::column, .png_scale = 4})));
    EXPECT_NEAR(image.width() / (image.dotsPerMeterX() / 1000.0), 84, 0.3);
    EXPECT_EQ(image.text(QStringLiteral("Description")), description_of(chart));
}

TEST(ChartExport, FilesAreWrittenWholeOrRefusedWithASentence) {
    const QTemporaryDir folder;
    const QString good = folder.filePath(QStringLiteral("fig.csv"));
    ASSERT_TRUE(save_chart(test::line_chart(), {.format = *format_of(good)}, good));
    QFile file(good);
    ASSERT_TRUE(file.open(QIODevice::ReadOnly));
    EXPECT_TRUE(file.readAll().startsWith("Series,"));
    const auto refused = save_chart(test::line_chart(), {}, folder.filePath(QStringLiteral("no/such/fig.svg")));
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().contains(QStringLiteral("cannot be written")));
    EXPECT_FALSE(format_of(QStringLiteral("fig.doc")));
    EXPECT_EQ(*format_of(QStringLiteral("a.b/fig.PDF")), FigureFormat::pdf);
}

TEST(ChartExport, WritesAnExampleOfEverythingForTheEye) {
    const QDir folder(QStringLiteral(KSL_PICTURES "/figures"));
    folder.mkpath(QStringLiteral("."));
    for (const auto& [name, chart] : test::every_chart()) {
        for (std::size_t f = 0; f < 3; ++f) {
            for (std::size_t s = 0; s < kSizes.size(); ++s) {
                constexpr std::array kSizeNames{"column", "page", "slide"};
                const QString file = folder.filePath(
                    QStringLiteral("%1_%2.%3")
                        .arg(QLatin1StringView(name), QLatin1StringView(kSizeNames[s]), QLatin1StringView(kEnds[f])));
                EXPECT_TRUE(save_chart(chart, {.format = kFormats[f], .size = kSizes[s]}, file));
            }
        }
    }
}

} // namespace
} // namespace ksl::ui
