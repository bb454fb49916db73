// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/view_export.h"

#include "ui/charts/chart_export.h"
#include "ui/theme/theme.h"

#include <QCoreApplication>
#include <QFile>
#include <QFontMetrics>
#include <QImage>
#include <QPainter>
#include <QPdfWriter>
#include <QSvgGenerator>
#include <QWidget>
#include <cmath>
#include <optional>

namespace ksl::ui {

namespace {

constexpr int kMargin = 6;
constexpr double kPointsAPixel = 72.0 / 96.0;

class ExportText {
    Q_DECLARE_TR_FUNCTIONS(ExportText)
};

/// Everything in the colours of paper while this lives. Nothing of it reaches the screen: widgets are painted later.
class OnPaper {
public:
    explicit OnPaper(Theme& theme) : theme_(theme), choice_(theme.choice()) { theme.choose(ThemeChoice::print); }
    ~OnPaper() { theme_.choose(choice_); }
    OnPaper(const OnPaper&) = delete;
    OnPaper& operator=(const OnPaper&) = delete;
    OnPaper(OnPaper&&) = delete;
    OnPaper& operator=(OnPaper&&) = delete;

private:
    Theme& theme_;
    ThemeChoice choice_;
};

/// The view with its caption below.
class Picture {
public:
    Picture(QWidget& view, QString caption) : view_(view), caption_(std::move(caption)) {
        const QFontMetrics metrics(view.font());
        const QRect text = metrics.boundingRect(QRect(0, 0, view.width() - (2 * kMargin), 10'000),
                                                Qt::TextWordWrap | Qt::AlignLeft, caption_);
        size_ = QSize(view.width(), view.height() + (caption_.isEmpty() ? 0 : text.height() + (2 * kMargin)));
    }
    [[nodiscard]] QSize size() const { return size_; }
    void draw(QPainter& painter) const {
        painter.fillRect(QRect(QPoint(0, 0), size_), view_.palette().color(QPalette::Window));
        view_.render(&painter, QPoint(0, 0), QRegion(), QWidget::DrawWindowBackground | QWidget::DrawChildren);
        painter.setFont(view_.font());
        painter.setPen(view_.palette().color(QPalette::WindowText));
        const QRect below(kMargin, view_.height() + kMargin, size_.width() - (2 * kMargin),
                          size_.height() - view_.height() - kMargin);
        painter.drawText(below, Qt::TextWordWrap | Qt::AlignLeft, caption_);
    }
    [[nodiscard]] const QString& caption() const { return caption_; }

private:
    QWidget& view_;
    QString caption_;
    QSize size_;
};

bool save_png(const Picture& picture, QIODevice& file) {
    QImage image(picture.size() * kExportScale, QImage::Format_ARGB32_Premultiplied);
    image.setDevicePixelRatio(kExportScale);
    QPainter painter(&image);
    picture.draw(painter);
    painter.end();
    image.setText(QStringLiteral("Description"), picture.caption());
    return image.save(&file, "PNG");
}

bool save_svg(const Picture& picture, QIODevice& file) {
    QSvgGenerator generator;
    generator.setOutputDevice(&file);
    generator.setSize(picture.size());
    generator.setViewBox(QRect(QPoint(0, 0), picture.size()));
    generator.setTitle(QStringLiteral("kstacklab"));
    generator.setDescription(picture.caption());
    QPainter painter;
    if (!painter.begin(&generator)) return false;
    picture.draw(painter);
    return painter.end();
}

bool save_pdf(const Picture& picture, QIODevice& file) {
    QPdfWriter writer(&file);
    writer.setTitle(picture.caption());
    writer.setPageMargins(QMarginsF());
    writer.setPageSize(
        QPageSize(QSizeF(picture.size()) * kPointsAPixel, QPageSize::Point, QString(), QPageSize::ExactMatch));
    QPainter painter;
    if (!painter.begin(&writer)) return false;
    const double scale = double(writer.width()) / picture.size().width();
    painter.scale(scale, scale);
    picture.draw(painter);
    return painter.end();
}

} // namespace

QString export_filter() {
    return ExportText::tr("Pictures (*.png);;Drawings (*.svg);;Pages (*.pdf)");
}

std::expected<void, QString> export_view(QWidget& view, const QString& caption, const QString& file_name,
                                         Theme& theme) {
    const auto format = format_of(file_name);
    if (!format || *format == FigureFormat::csv) {
        return std::unexpected(
            ExportText::tr("%1: the name decides the format; .png, .svg or .pdf would be right").arg(file_name));
    }
    QFile file(file_name);
    if (!file.open(QIODevice::WriteOnly))
        return std::unexpected(ExportText::tr("%1 cannot be written: %2").arg(file_name, file.errorString()));
    // A picture may be meant for dark slides; a drawing goes into a paper.
    std::optional<OnPaper> paper;
    if (*format != FigureFormat::png) paper.emplace(theme);
    const Picture picture(view, caption);
    const bool done = *format == FigureFormat::png   ? save_png(picture, file)
                      : *format == FigureFormat::svg ? save_svg(picture, file)
                                                     : save_pdf(picture, file);
    if (!done || !file.flush())
        return std::unexpected(ExportText::tr("%1 cannot be written: %2").arg(file_name, file.errorString()));
    return {};
}

} // namespace ksl::ui
