// SPDX-License-Identifier: MIT
#include "sim/store/run_queries.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <span>

namespace ksl::sim {

namespace {

/// Reads a row's columns one after the other, from the first on.
class Reader {
public:
    explicit Reader(SQLite::Statement& row) : row_(row) {}

    template <class Int>
    Int number() {
        return static_cast<Int>(row_.getColumn(next_++).getInt64());
    }
    double real() { return row_.getColumn(next_++).getDouble(); }
    std::string text() { return row_.getColumn(next_++).getString(); }
    template <class Int>
    std::optional<Int> optional_number() {
        const SQLite::Column column = row_.getColumn(next_++);
        if (column.isNull()) return std::nullopt;
        return static_cast<Int>(column.getInt64());
    }

private:
    SQLite::Statement& row_;
    int next_ = 0;
};

/// A name that a newer program wrote into a database of this version cannot be; 0 is as good as any.
template <class Enum, std::size_t N>
Enum enum_of(const std::array<std::string_view, N>& names, std::string_view name) {
    const auto found = std::ranges::find(names, name);
    return found == names.end() ? Enum{} : static_cast<Enum>(found - names.begin());
}

std::optional<std::uint64_t> digest_of_hex(const std::string& hex) {
    std::uint64_t digest = 0;
    const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), digest, 16);
    if (error != std::errc{} || hex.empty()) return std::nullopt;
    return digest;
}

std::vector<InputRecord> read_inputs(SQLite::Database& sql, RunId run) {
    SQLite::Statement query{sql, "SELECT name, text FROM run_input JOIN input_text ON input_text.id = input "
                                 "WHERE run = ? ORDER BY name"};
    query.bind(1, std::int64_t{run.raw()});
    std::vector<InputRecord> inputs;
    while (query.executeStep()) {
        Reader row{query};
        InputRecord input{.name = row.text(), .text = {}};
        input.text = row.text();
        inputs.push_back(std::move(input));
    }
    return inputs;
}

PriceListRecord read_prices(SQLite::Database& sql, std::int64_t list) {
    SQLite::Statement head{sql, "SELECT name, cpi_milli FROM price_list WHERE id = ?"};
    head.bind(1, list);
    PriceListRecord prices;
    if (head.executeStep()) {
        Reader row{head};
        prices.name = row.text();
        prices.cpi_milli = row.number<std::uint32_t>();
    }
    SQLite::Statement query{sql, "SELECT step, instructions, stall_cycles, cycles, source, tag FROM price "
                                 "WHERE price_list = ? ORDER BY step"};
    query.bind(1, list);
    while (query.executeStep()) {
        Reader row{query};
        PriceRecord price;
        price.step = row.text();
        price.instructions = row.number<std::uint32_t>();
        price.stall_cycles = row.number<std::uint32_t>();
        price.cycles = row.number<std::uint32_t>();
        price.source = row.text();
        price.tag = row.text();
        prices.prices.push_back(std::move(price));
    }
    return prices;
}

OperationRow operation_of(SQLite::Statement& statement) {
    Reader row{statement};
    OperationRow operation;
    operation.kind = row.number<OperationKind>();
    operation.outcome = row.number<Outcome>();
    const auto source = row.number<std::uint8_t>();
    if (source != 0) operation.source = static_cast<core::StackSource>(source - 1);
    const auto sink = row.number<std::uint8_t>();
    if (sink != 0) operation.sink = static_cast<core::StackSink>(sink - 1);
    operation.cpu = row.number<std::uint16_t>();
    operation.task = row.number<std::uint32_t>();
    operation.start_ns = row.number<std::uint64_t>();
#define KSL_READ(type, name) operation.name = row.number<type>();
    KSL_OPERATION_COSTS(KSL_READ)
#undef KSL_READ
    return operation;
}

Unit unit_of(std::string_view column) {
    if (column.ends_with("_ns")) return Unit::nanoseconds;
    if (column.ends_with("_bytes")) return Unit::bytes;
    if (column.ends_with("ratio")) return Unit::ratio;
    if (column.ends_with("share")) return Unit::share;
    return Unit::text; // until a number is seen
}

/// In text every value has its unit beside it.
std::string title_of(const std::string& column) {
    for (const std::string_view unit : {"_ns", "_bytes"}) {
        if (column.ends_with(unit)) return column.substr(0, column.size() - unit.size());
    }
    return column;
}

Cell cell_of(const SQLite::Column& column) {
    if (column.isNull()) return std::monostate{};
    if (column.isInteger()) return std::int64_t{column.getInt64()};
    if (column.isFloat()) return column.getDouble();
    return column.getString();
}

} // namespace

std::vector<RunInfo> read_runs(SQLite::Database& sql) {
    SQLite::Statement query{sql, "SELECT id, baseline, scenario, design, kernel, processor, seed, engine, status, "
                                 "simulated_ns, operations, state_digest, wall_started FROM run ORDER BY id"};
    std::vector<RunInfo> runs;
    while (query.executeStep()) {
        Reader row{query};
        RunInfo run;
        run.id = RunId{row.number<std::uint32_t>()};
        if (const auto baseline = row.optional_number<std::uint32_t>()) run.baseline = RunId{*baseline};
        run.scenario = row.text();
        run.design = row.text();
        run.kernel = row.text();
        run.processor = row.text();
        run.seed = row.number<std::uint64_t>();
        run.engine = row.text();
        run.status = enum_of<RunStatus>(kRunStatusNames, row.text());
        run.simulated_ns = row.number<std::uint64_t>();
        run.operations = row.number<std::uint64_t>();
        run.state_digest = digest_of_hex(row.text());
        run.wall_started = row.text();
        runs.push_back(std::move(run));
    }
    return runs;
}

std::optional<RunRecord> read_recipe(SQLite::Database& sql, RunId run) {
    SQLite::Statement query{sql,
                            "SELECT scenario, scenario_text, overrides, design, design_text, kernel, processor, "
                            "processor_text, price_list, clock_mhz, cpus, memory_bytes, seed, engine, baseline - id "
                            "FROM run WHERE id = ?"};
    query.bind(1, std::int64_t{run.raw()});
    if (!query.executeStep()) return std::nullopt;
    Reader row{query};
    RunRecord record;
    record.scenario = row.text();
    record.scenario_text = row.text();
    record.overrides = row.text();
    record.design = row.text();
    record.design_text = row.text();
    record.kernel = row.text();
    record.processor = row.text();
    record.processor_text = row.text();
    if (const auto prices = row.optional_number<std::int64_t>()) record.prices = read_prices(sql, *prices);
    record.clock_mhz = row.number<std::uint32_t>();
    record.cpus = row.number<std::uint32_t>();
    record.memory_bytes = row.number<std::uint64_t>();
    record.seed = row.number<std::uint64_t>();
    record.engine = row.text();
    record.inputs = read_inputs(sql, run);
    return record;
}

std::vector<OperationRow> read_operations(SQLite::Database& sql, RunId run, std::uint64_t first, std::uint64_t count) {
    const auto columns = std::span{kOperationKeyNames}.subspan(2);
    SQLite::Statement query{
        sql,
        fmt::format("SELECT {}, {} FROM operation JOIN run ON run.id = operation.run WHERE operation.rowid BETWEEN "
                    "run.first_operation AND run.last_operation AND run.id = ?1 AND seq >= ?2 ORDER BY seq LIMIT ?3",
                    fmt::join(columns, ", "), fmt::join(kOperationCostNames, ", "))};
    query.bind(1, std::int64_t{run.raw()});
    query.bind(2, static_cast<std::int64_t>(first));
    query.bind(3, static_cast<std::int64_t>(count));
    std::vector<OperationRow> rows;
    while (query.executeStep()) rows.push_back(operation_of(query));
    return rows;
}

std::vector<OperationTotal> read_totals(SQLite::Database& sql, RunId run) {
    SQLite::Statement query{sql, fmt::format("SELECT kind, outcome, operations, {} FROM operation_total WHERE run = ?",
                                             fmt::join(kOperationCostNames, ", "))};
    query.bind(1, std::int64_t{run.raw()});
    std::vector<OperationTotal> totals;
    while (query.executeStep()) {
        Reader row{query};
        OperationTotal total;
        total.kind = enum_of<OperationKind>(kOperationKindNames, row.text());
        total.outcome = enum_of<Outcome>(kOutcomeNames, row.text());
        total.operations = row.number<std::uint64_t>();
        for (std::uint64_t& sum : total.sums) sum = row.number<std::uint64_t>();
        totals.push_back(total);
    }
    std::ranges::sort(totals, [](const OperationTotal& a, const OperationTotal& b) {
        return std::pair{a.kind, a.outcome} < std::pair{b.kind, b.outcome};
    });
    return totals;
}

std::vector<LatencyCount> read_latencies(SQLite::Database& sql, RunId run, OperationKind kind, Outcome outcome) {
    SQLite::Statement query{sql, "SELECT latency_ns, operations FROM latency_count WHERE run = ? AND kind = ? AND "
                                 "outcome = ? ORDER BY latency_ns"};
    query.bind(1, std::int64_t{run.raw()});
    query.bind(2, std::string{name_of(kind)});
    query.bind(3, std::string{name_of(outcome)});
    std::vector<LatencyCount> counts;
    while (query.executeStep()) {
        Reader row{query};
        LatencyCount count;
        count.latency_ns = row.number<std::uint64_t>();
        count.operations = row.number<std::uint64_t>();
        counts.push_back(count);
    }
    return counts;
}

std::vector<StepTotal> read_step_totals(SQLite::Database& sql, RunId run) {
    SQLite::Statement query{sql, "SELECT kind, step, times, cycles FROM step_total WHERE run = ? ORDER BY kind, step"};
    query.bind(1, std::int64_t{run.raw()});
    std::vector<StepTotal> totals;
    while (query.executeStep()) {
        Reader row{query};
        StepTotal total;
        total.kind = enum_of<OperationKind>(kOperationKindNames, row.text());
        total.step = row.text();
        total.times = row.number<std::uint64_t>();
        total.cycles = row.number<std::uint64_t>();
        totals.push_back(std::move(total));
    }
    return totals;
}

std::vector<Metric> read_metrics(SQLite::Database& sql, RunId run) {
    SQLite::Statement query{sql, "SELECT name, value, unit FROM metric WHERE run = ? ORDER BY name"};
    query.bind(1, std::int64_t{run.raw()});
    std::vector<Metric> metrics;
    while (query.executeStep()) {
        Reader row{query};
        Metric metric;
        metric.name = row.text();
        metric.value = row.real();
        metric.unit = row.text();
        metrics.push_back(std::move(metric));
    }
    return metrics;
}

std::vector<SeriesPoint> read_series(SQLite::Database& sql, RunId run, std::string_view name) {
    SQLite::Statement query{sql, "SELECT name, at_ns, value FROM series WHERE run = ? AND name = ? ORDER BY at_ns"};
    query.bind(1, std::int64_t{run.raw()});
    query.bind(2, std::string{name});
    std::vector<SeriesPoint> points;
    while (query.executeStep()) {
        Reader row{query};
        SeriesPoint point;
        point.name = row.text();
        point.at_ns = row.number<std::uint64_t>();
        point.value = row.real();
        points.push_back(std::move(point));
    }
    return points;
}

std::vector<RecordedEvent> read_events(SQLite::Database& sql, RunId run) {
    SQLite::Statement query{sql, "SELECT at_ns, cpu, kind, detail FROM event WHERE run = ? ORDER BY seq"};
    query.bind(1, std::int64_t{run.raw()});
    std::vector<RecordedEvent> events;
    while (query.executeStep()) {
        Reader row{query};
        RecordedEvent event;
        event.at_ns = row.number<std::uint64_t>();
        event.cpu = row.number<std::uint16_t>();
        event.kind = row.text();
        event.detail = row.text();
        events.push_back(std::move(event));
    }
    return events;
}

Table read_table(SQLite::Database& sql, const std::string& select) {
    SQLite::Statement query{sql, select};
    Table table;
    for (int i = 0; i < query.getColumnCount(); ++i) {
        const std::string name = query.getColumnName(i);
        table.columns.push_back({name, title_of(name), unit_of(name)});
    }
    while (query.executeStep()) {
        auto& row = table.rows.emplace_back();
        for (int i = 0; i < query.getColumnCount(); ++i) {
            row.push_back(cell_of(query.getColumn(i)));
            Unit& unit = table.columns[static_cast<std::size_t>(i)].unit;
            const bool is_number =
                !std::holds_alternative<std::monostate>(row.back()) && !std::holds_alternative<std::string>(row.back());
            if (unit == Unit::text && is_number) unit = Unit::count;
        }
    }
    return table;
}

} // namespace ksl::sim
