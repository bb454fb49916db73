// SPDX-License-Identifier: MIT
#include "sim/store/run_inserts.h"

#include "sim/base/sha256.h"
#include "sim/store/wall_clock.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>

namespace ksl::sim {

namespace {

std::int64_t signed_of(std::uint64_t number) {
    return static_cast<std::int64_t>(number);
}

/// Binds values one after the other, from the first parameter on.
class Binder {
public:
    explicit Binder(SQLite::Statement& statement) : statement_(statement) {
        statement_.reset();
        statement_.clearBindings();
    }
    Binder& operator<<(std::int64_t value) {
        statement_.bind(next_++, value);
        return *this;
    }
    Binder& operator<<(std::uint64_t value) { return *this << signed_of(value); }
    Binder& operator<<(std::uint32_t value) { return *this << std::int64_t{value}; }
    Binder& operator<<(double value) {
        statement_.bind(next_++, value);
        return *this;
    }
    Binder& operator<<(const std::string& value) {
        statement_.bind(next_++, value);
        return *this;
    }
    Binder& operator<<(std::string_view value) { return *this << std::string{value}; }
    template <class T>
    Binder& operator<<(const std::optional<T>& value) {
        if (value) return *this << *value;
        ++next_; // parameters are NULL until bound
        return *this;
    }

private:
    SQLite::Statement& statement_;
    int next_ = 1;
};

void execute(SQLite::Statement& statement) {
    statement.exec();
    statement.reset();
}

std::optional<std::int64_t> id_by_digest(SQLite::Database& sql, std::string_view table, const std::string& digest) {
    SQLite::Statement query{sql, fmt::format("SELECT id FROM {} WHERE digest = ?", table)};
    Binder{query} << digest;
    if (!query.executeStep()) return std::nullopt;
    return query.getColumn(0).getInt64();
}

std::int64_t input_id(SQLite::Database& sql, const std::string& text) {
    const std::string digest = sha256(text);
    if (const auto known = id_by_digest(sql, "input_text", digest)) return *known;
    SQLite::Statement insert{sql, "INSERT INTO input_text (digest, text) VALUES (?, ?)"};
    Binder{insert} << digest << text;
    execute(insert);
    return sql.getLastInsertRowid();
}

std::string digest_of_list(const PriceListRecord& list) {
    std::string all = fmt::format("{}\n{}\n", list.name, list.cpi_milli);
    for (const PriceRecord& price : list.prices) {
        all += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\n", price.step, price.instructions, price.stall_cycles, price.cycles,
                           price.source, price.tag);
    }
    return sha256(all);
}

std::int64_t price_list_id(SQLite::Database& sql, const PriceListRecord& list) {
    const std::string digest = digest_of_list(list);
    if (const auto known = id_by_digest(sql, "price_list", digest)) return *known;
    SQLite::Statement insert{sql, "INSERT INTO price_list (digest, name, cpi_milli) VALUES (?, ?, ?)"};
    Binder{insert} << digest << list.name << list.cpi_milli;
    execute(insert);
    const std::int64_t id = sql.getLastInsertRowid();
    SQLite::Statement price{sql,
                            "INSERT INTO price (price_list, step, instructions, stall_cycles, cycles, source, tag) "
                            "VALUES (?, ?, ?, ?, ?, ?, ?)"};
    for (const PriceRecord& row : list.prices) {
        Binder{price} << id << row.step << row.instructions << row.stall_cycles << row.cycles << row.source << row.tag;
        execute(price);
    }
    return id;
}

/// "a, b, c" and as many "?, ?, ?".
std::pair<std::string, std::string> sum_columns() {
    std::string parameters;
    for (std::size_t i = 0; i < kOperationCosts; ++i) parameters += i == 0 ? "?" : ", ?";
    return {fmt::format("{}", fmt::join(kOperationCostNames, ", ")), parameters};
}

void forget_summaries(SQLite::Database& sql, RunId run) {
    for (const std::string_view table : {"operation_total", "latency_count"}) {
        SQLite::Statement remove{sql, fmt::format("DELETE FROM {} WHERE run = ?", table)};
        Binder{remove} << run.raw();
        execute(remove);
    }
}

} // namespace

std::vector<RunId> insert_runs(SQLite::Database& sql, std::span<const RunRecord> records) {
    const auto first = static_cast<std::uint32_t>(sql.execAndGet("SELECT coalesce(max(id), 0) + 1 FROM run").getInt());
    SQLite::Statement insert{
        sql,
        "INSERT INTO run (id, baseline, scenario, scenario_text, overrides, design, design_text, kernel, processor, "
        "processor_text, price_list, clock_mhz, cpus, memory_bytes, seed, engine, status, simulated_ns, operations, "
        "wall_started) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'interrupted', 0, 0, ?)"};
    SQLite::Statement input{sql, "INSERT INTO run_input (run, name, input) VALUES (?, ?, ?)"};
    const std::string now = wall_clock_text();
    std::vector<RunId> ids;
    for (std::uint32_t i = 0; i < records.size(); ++i) {
        const RunRecord& run = records[i];
        std::optional<std::uint32_t> baseline;
        if (run.baseline) baseline = first + static_cast<std::uint32_t>(*run.baseline);
        std::optional<std::int64_t> prices;
        if (run.prices) prices = price_list_id(sql, *run.prices);
        Binder{insert} << first + i << baseline << run.scenario << run.scenario_text << run.overrides << run.design
                       << run.design_text << run.kernel << run.processor << run.processor_text << prices
                       << run.clock_mhz << run.cpus << run.memory_bytes << run.seed << run.engine << now;
        execute(insert);
        for (const InputRecord& text : run.inputs) {
            Binder{input} << first + i << text.name << input_id(sql, text.text);
            execute(input);
        }
        ids.emplace_back(first + i);
    }
    return ids;
}

void announce_operations(SQLite::Database& sql, RunId run, std::uint64_t count) {
    SQLite::Statement update{sql,
                             "UPDATE run SET operations = operations + ?1, first_operation = coalesce("
                             "first_operation, (SELECT coalesce(max(rowid), 0) + 1 FROM operation)), "
                             "last_operation = (SELECT coalesce(max(rowid), 0) + ?1 FROM operation) WHERE id = ?2"};
    Binder{update} << count << run.raw();
    execute(update);
}

void insert_events(SQLite::Database& sql, const RunBatch& batch) {
    SQLite::Statement insert{sql, "INSERT INTO event (run, seq, at_ns, cpu, kind, detail) VALUES (?, ?, ?, ?, ?, ?)"};
    std::uint64_t seq = batch.first_event;
    for (const RecordedEvent& event : batch.events) {
        Binder{insert} << batch.run.raw() << seq++ << event.at_ns << std::uint32_t{event.cpu} << event.kind
                       << event.detail;
        execute(insert);
    }
}

void insert_series(SQLite::Database& sql, const RunBatch& batch) {
    SQLite::Statement insert{sql, "INSERT INTO series (run, name, at_ns, value) VALUES (?, ?, ?, ?)"};
    for (const SeriesPoint& point : batch.series) {
        Binder{insert} << batch.run.raw() << point.name << point.at_ns << point.value;
        execute(insert);
    }
}

void insert_closing(SQLite::Database& sql, RunId run, const RunClosing& closing) {
    forget_summaries(sql, run); // another program may have taken the run for dead and completed it
    const auto [columns, parameters] = sum_columns();
    SQLite::Statement total{sql, fmt::format("INSERT INTO operation_total (run, kind, outcome, operations, {}) "
                                             "VALUES (?, ?, ?, ?, {})",
                                             columns, parameters)};
    for (const OperationTotal& row : closing.totals) {
        Binder binder{total};
        binder << run.raw() << name_of(row.kind) << name_of(row.outcome) << row.operations;
        for (const std::uint64_t sum : row.sums) binder << sum;
        execute(total);
    }
    SQLite::Statement latency{
        sql, "INSERT INTO latency_count (run, kind, outcome, latency_ns, operations) VALUES (?, ?, ?, ?, ?)"};
    for (const LatencyCounts& group : closing.latencies) {
        for (const LatencyCount& count : group.counts) {
            Binder{latency} << run.raw() << name_of(group.kind) << name_of(group.outcome) << count.latency_ns
                            << count.operations;
            execute(latency);
        }
    }
    SQLite::Statement step{sql, "INSERT INTO step_total (run, kind, step, times, cycles) VALUES (?, ?, ?, ?, ?)"};
    for (const StepTotal& row : closing.steps) {
        Binder{step} << run.raw() << name_of(row.kind) << row.step << row.times << row.cycles;
        execute(step);
    }
    SQLite::Statement metric{sql, "INSERT INTO metric (run, name, value, unit) VALUES (?, ?, ?, ?)"};
    for (const Metric& row : closing.metrics) {
        Binder{metric} << run.raw() << row.name << row.value << row.unit;
        execute(metric);
    }
    std::optional<std::string> digest;
    if (closing.end.state_digest) digest = fmt::format("{:016x}", *closing.end.state_digest);
    SQLite::Statement update{sql, "UPDATE run SET status = ?, simulated_ns = ?, state_digest = ?, wall_ended = ?, "
                                  "wall_seconds = ? WHERE id = ?"};
    Binder{update} << name_of(closing.end.status) << closing.end.simulated_ns << digest << wall_clock_text()
                   << closing.wall_seconds << run.raw();
    execute(update);
}

void complete_interrupted_runs(SQLite::Database& sql) {
    SQLite::Statement killed{
        sql, "SELECT id, first_operation, last_operation FROM run WHERE status = 'interrupted' AND "
             "operations > 0 AND NOT EXISTS (SELECT 1 FROM operation_total AS done WHERE done.run = run.id)"};
    std::vector<std::array<std::int64_t, 3>> runs;
    while (killed.executeStep()) {
        runs.push_back(
            {killed.getColumn(0).getInt64(), killed.getColumn(1).getInt64(), killed.getColumn(2).getInt64()});
    }
    std::string sums;
    for (const std::string_view name : kOperationCostNames) sums += fmt::format(", sum({})", name);
    for (const auto& [run, first, last] : runs) {
        SQLite::Statement totals{sql,
                                 fmt::format("INSERT INTO operation_total SELECT run, kind, outcome, count(*){} FROM "
                                             "operation WHERE rowid BETWEEN ? AND ? AND run = ? GROUP BY 1, 2, 3",
                                             sums)};
        Binder{totals} << first << last << run;
        execute(totals);
        SQLite::Statement counts{sql, "INSERT INTO latency_count SELECT run, kind, outcome, latency_ns, count(*) FROM "
                                      "operation WHERE rowid BETWEEN ? AND ? AND run = ? GROUP BY 1, 2, 3, 4"};
        Binder{counts} << first << last << run;
        execute(counts);
    }
}

} // namespace ksl::sim
