// SPDX-License-Identifier: MIT
#include "sim/import/import_summary.h"

#include "sim/import/crash_dump.h"
#include "sim/import/import_facts.h"
#include "sim/import/read_file.h"
#include "sim/import/recognise.h"
#include "sim/text/cell_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

namespace ksl::sim {

namespace fs = std::filesystem;

namespace {

using Json = nlohmann::ordered_json;

/// A value by itself reads as in a table.
std::string value_text(const ImportFact& fact) {
    const Table table{.columns = {{.key = "", .title = "", .unit = fact.unit}}, .rows = {{fact.value}}};
    const std::string text = to_text(table);
    const std::size_t last = text.find_last_not_of('\n');
    const std::size_t line = text.rfind('\n', last) + 1;
    const std::size_t from = text.find_first_not_of(' ', line);
    return text.substr(from, last + 1 - from);
}

} // namespace

Result<ImportSummary> import_file(const fs::path& path) {
    std::error_code ignored;
    ImportSummary summary;
    summary.file = path.string();
    if (!fs::exists(path, ignored)) return fail(summary.file, 0, "does not exist");
    if (fs::is_directory(path, ignored)) {
        KSL_TRY(add_capture_facts(path, summary));
        return summary;
    }
    if (is_elf_core(path) || is_kdump(path)) {
        KSL_TRY(add_crash_dump_facts(path, summary));
        return summary;
    }
    KSL_TRY_ASSIGN(text, read_file(path));
    KSL_TRY_ASSIGN(format, recognise(summary.file, text));
    summary.format = name_of(format);
    KSL_TRY(add_facts(format, text, summary));
    return summary;
}

std::string to_text(const ImportSummary& summary) {
    std::size_t width = 0;
    for (const ImportFact& fact : summary.facts) width = std::max(width, fact.title.size());
    std::string text = fmt::format("{}: {}\n", summary.file, summary.format);
    for (const ImportFact& fact : summary.facts) {
        text += fmt::format("  {:<{}}  {}\n", fact.title, width, value_text(fact));
    }
    if (!summary.rows.rows.empty()) {
        text += '\n';
        text += to_text(summary.rows);
    }
    return text;
}

std::string to_json(const ImportSummary& summary) {
    Json json{{"schema", "kstacklab.import/1"}, {"file", summary.file}, {"format", summary.format}};
    for (const ImportFact& fact : summary.facts) json[fact.key] = json_of(fact.value, fact.unit);
    if (!summary.rows.rows.empty()) {
        Json& rows = json["rows"] = Json::array();
        for (const auto& row : summary.rows.rows) {
            Json object = Json::object();
            for (std::size_t i = 0; i < row.size(); ++i) {
                const Column& column = summary.rows.columns[i];
                object[column.key] = json_of(row[i], column.unit);
            }
            rows.push_back(std::move(object));
        }
    }
    return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

} // namespace ksl::sim
