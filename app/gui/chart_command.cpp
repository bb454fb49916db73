// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/chart_command.h"

#include "app/gui/command_line.h"
#include "sim/text/table.h"
#include "ui/charts/chart_export.h"
#include "ui/charts/run_charts.h"

#include <CLI/CLI.hpp>
#include <QApplication>
#include <QFile>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace ksl::gui {

namespace {

struct ChartRequest {
    std::string database = "lab.sqlite";
    std::string out;
    std::string format = "png";
    std::string size = "page";
    std::uint32_t run = 0;
    bool is_report = false;
};

int report(const sim::Error& error) {
    std::fprintf(stderr, "kstacklab: %s\n", to_string(error).c_str());
    return exit_code(error.kind);
}

ui::FigureOptions options_of(const ChartRequest& request) {
    ui::FigureOptions options;
    options.size = request.size == "column"  ? ui::FigureSize::column
                   : request.size == "slide" ? ui::FigureSize::slide
                                             : ui::FigureSize::page;
    options.format = request.format == "svg"   ? ui::FigureFormat::svg
                     : request.format == "pdf" ? ui::FigureFormat::pdf
                     : request.format == "csv" ? ui::FigureFormat::csv
                                               : ui::FigureFormat::png;
    return options;
}

sim::Result<void> write_charts(const ChartRequest& request, const std::vector<ui::NamedChart>& charts) {
    std::error_code error;
    std::filesystem::create_directories(request.out, error);
    if (error) return sim::fail_environment(request.out, "cannot be made: " + error.message());
    for (const ui::NamedChart& named : charts) {
        const std::string file = request.out + "/" + named.name + "." + request.format;
        const auto saved = save_chart(named.chart, options_of(request), QString::fromStdString(file));
        if (!saved) return sim::fail_environment(file, saved.error().toStdString());
        std::printf("%s\n", file.c_str());
    }
    return {};
}

QString html(const sim::Table& table) {
    QString text = QStringLiteral("<table><tr>");
    for (const sim::Column& column : table.columns) {
        text += QStringLiteral("<th>%1</th>").arg(QString::fromStdString(column.title).toHtmlEscaped());
    }
    text += QStringLiteral("</tr>\n");
    sim::Table one{.columns = table.columns, .rows = {}};
    for (const auto& row : table.rows) {
        text += QStringLiteral("<tr>");
        for (std::size_t i = 0; i < row.size(); ++i) {
            const sim::Table cell{.columns = {table.columns[i]}, .rows = {{row[i]}}};
            // The last line of a table of one cell is that cell, as people read it.
            const QStringList lines = QString::fromStdString(to_text(cell)).trimmed().split(QLatin1Char('\n'));
            text += QStringLiteral("<td>%1</td>").arg(lines.back().trimmed().toHtmlEscaped());
        }
        text += QStringLiteral("</tr>\n");
    }
    return text + QStringLiteral("</table>\n");
}

sim::Result<void> write_report(const ChartRequest& request, sim::RunStore& store,
                               const std::vector<ui::NamedChart>& charts) {
    KSL_TRY_ASSIGN(table, store.query("SELECT kind, design, run, seed, operations, failed, mean_ns, p50_ns, p99_ns,"
                                      " p999_ns, max_ns, mean_ratio, mean_difference_ns FROM comparison"
                                      " WHERE run IN (SELECT id FROM run WHERE coalesce(baseline, id) ="
                                      " (SELECT coalesce(baseline, id) FROM run ORDER BY id DESC LIMIT 1))"
                                      " ORDER BY kind, run"));
    QString page = QStringLiteral("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>kstacklab"
                                  "</title><style>body{font-family:sans-serif;max-width:60em;margin:2em auto;"
                                  "padding:0 1em}table{border-collapse:collapse;font-size:90%}td,th{padding:.2em .6em;"
                                  "text-align:right;border-bottom:1px solid #ccc}td:nth-child(-n+2),th:nth-child(-n+2)"
                                  "{text-align:left}svg{max-width:100%;height:auto}</style></head><body>\n"
                                  "<h1>Kernel stacks compared</h1>\n");
    page += html(table);
    ui::FigureOptions options = options_of(request);
    options.format = ui::FigureFormat::svg;
    for (const ui::NamedChart& named : charts) {
        const QString svg = QString::fromUtf8(export_chart(named.chart, options));
        page += QStringLiteral("<h2>%1</h2>\n").arg(named.chart.title.toHtmlEscaped());
        page += svg.mid(svg.indexOf(QStringLiteral("<svg")));
        page += QLatin1Char('\n');
    }
    page += QStringLiteral("</body></html>\n");
    QFile file(QString::fromStdString(request.out));
    const QByteArray bytes = page.toUtf8();
    if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size() || !file.flush()) {
        return sim::fail_environment(request.out, "cannot be written: " + file.errorString().toStdString());
    }
    std::printf("%s\n", request.out.c_str());
    return {};
}

sim::Result<void> draw(const ChartRequest& request) {
    KSL_TRY_ASSIGN(store, sim::RunStore::open(request.database, sim::OpenMode::read));
    const std::optional<sim::RunId> run = request.run == 0 ? std::nullopt : std::optional{sim::RunId{request.run}};
    KSL_TRY_ASSIGN(charts, ui::charts_of(store, run));
    return request.is_report ? write_report(request, store, charts) : write_charts(request, charts);
}

} // namespace

bool wants_charts(int argc, char** argv) {
    const std::string_view first = argc > 1 ? argv[1] : "";
    return first == "chart" || first == "report";
}

int draw_charts(int argc, char** argv) {
    ChartRequest request;
    CLI::App app{"Charts of a lab database."};
    CLI::App* chart = app.add_subcommand("chart", "One file a chart");
    CLI::App* page = app.add_subcommand("report", "One HTML file");
    for (CLI::App* command : {chart, page}) {
        command->add_option("--db", request.database, "Lab database")->capture_default_str();
        command->add_option("--run", request.run, "A run of the experiment; without it, the newest");
        command->add_option("--size", request.size, "column, page or slide")
            ->check(CLI::IsMember({"column", "page", "slide"}));
    }
    chart->add_option("--out", request.out, "Folder")->default_val("charts");
    chart->add_option("--format", request.format, "png, svg, pdf or csv")
        ->check(CLI::IsMember({"png", "svg", "pdf", "csv"}));
    page->add_option("--out", request.out, "File")->default_val("report.html");
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& help) {
        return app.exit(help);
    } catch (const CLI::ParseError& error) {
        std::fprintf(stderr, "kstacklab: %s; see kstacklab chart --help\n", error.what());
        return kWrongInput;
    }
    request.is_report = page->parsed();
    if (request.out.empty()) request.out = request.is_report ? "report.html" : "charts";
    qputenv("QT_QPA_PLATFORM", "offscreen");
    const QApplication application(argc, argv);
    const auto done = draw(request);
    return done ? kDone : report(done.error());
}

} // namespace ksl::gui
