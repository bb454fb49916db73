// SPDX-License-Identifier: MIT
//
// Writing into the lab database. Two lines: eight INTEGER columns into a table of their own without a journal, the load
// that other ways into SQLite are measured by; and whole operation rows through RunStore as runs are recorded, with
// log, checks and summaries. User and system time of all threads.
#include "sim/store/bulk_insert.h"
#include "sim/store/run_store.h"
#include "tests/bench/loads/load.h"
#include "tests/bench/loads/loads.h"

#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <string>

namespace ksl::bench {

namespace {

namespace fs = std::filesystem;

class ScratchFile {
public:
    explicit ScratchFile(const std::string& folder)
        : path_(fs::path{folder} / ("ksl_log_load_" + std::to_string(::getpid()) + ".sqlite")) {
        remove();
    }
    ScratchFile(const ScratchFile&) = delete;
    ScratchFile& operator=(const ScratchFile&) = delete;
    ~ScratchFile() { remove(); }
    [[nodiscard]] const fs::path& path() const { return path_; }

private:
    void remove() const {
        for (const char* end : {"", "-wal", "-shm"}) fs::remove(path_.string() + end);
    }
    fs::path path_;
};

std::string note(const fs::path& file, std::uint64_t rows) {
    const double bytes = static_cast<double>(fs::file_size(file)) / static_cast<double>(rows);
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "file=%.1fB/row", bytes);
    return text.data();
}

/// run, seq, cpu, t_ns, latency_ns, two counts of misses, outcome: 64 Ki rows that are used again and again.
std::vector<std::array<std::int64_t, 8>> narrow_rows() {
    core::Random random{51};
    std::vector<std::array<std::int64_t, 8>> rows(65536);
    std::int64_t now = 0;
    const auto draw = [&](std::uint64_t bound) { return static_cast<std::int64_t>(random.below(bound)); };
    for (std::size_t i = 0; i < rows.size(); ++i) {
        now += 200 + draw(4000);
        const auto latency = 1500 + static_cast<std::int64_t>(-3000 * std::log(1 - unit(random)));
        rows[i] = {1, static_cast<std::int64_t>(i), draw(64), now, latency, draw(40), draw(9), draw(100) == 0 ? 1 : 0};
    }
    return rows;
}

void narrow(const std::string& folder, std::uint64_t operations) {
    const ScratchFile file{folder};
    const auto rows = narrow_rows();
    const std::int64_t span = rows.back()[3];
    Stopwatch watch{Clock::user_and_system};
    {
        SQLite::Database sql{"file:" + file.path().string(),
                             SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_URI | SQLite::OPEN_NOMUTEX};
        sql.exec("PRAGMA journal_mode = OFF");
        sql.exec("PRAGMA synchronous = OFF");
        sql.exec("PRAGMA main.locking_mode = EXCLUSIVE");
        sql.exec("CREATE TABLE ev (run_id INTEGER, seq INTEGER, cpu INTEGER, t_ns INTEGER, latency_ns INTEGER, "
                 "dtlb_misses INTEGER, stlb_misses INTEGER, outcome INTEGER)");
        sim::BulkInsert insert{sql, "ev"};
        sim::RecordPages pages;
        for (std::uint64_t i = 0; i < operations; ++i) {
            std::array<std::int64_t, 8> row = rows[i & 0xffff];
            row[1] = static_cast<std::int64_t>(i);
            row[3] += static_cast<std::int64_t>(i >> 16) * span;
            if (pages.append(row)) continue;
            insert.insert(pages);
            pages = sim::RecordPages{pages.take_buffer()};
            pages.append(row);
        }
        insert.insert(pages);
    }
    print_result("f.log", "8xINTEGER", watch.stop(), operations, note(file.path(), operations));
}

std::vector<sim::OperationRow> operation_rows() {
    core::Random random{52};
    std::vector<sim::OperationRow> rows(65536);
    const auto draw = [&](std::uint64_t bound) { return static_cast<std::uint32_t>(random.below(bound)); };
    std::uint64_t now = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        sim::OperationRow& row = rows[i];
        now += 200 + draw(4000);
        const bool is_clone = i % 2 == 0;
        row.kind = is_clone ? sim::OperationKind::clone : sim::OperationKind::exit;
        row.cpu = static_cast<std::uint16_t>(draw(4));
        row.task = draw(32768);
        row.start_ns = now;
        row.accesses = 150 + draw(60);
        row.l1_dtlb_misses = draw(20);
        row.stlb_misses = draw(4);
        row.walks = row.stlb_misses + draw(2);
        row.walk_references = row.walks + draw(4);
        row.lines_l1 = row.accesses - draw(40);
        row.lines_l2 = draw(30);
        row.lines_l3 = draw(20);
        row.lines_memory = draw(8);
        row.step_cycles = is_clone ? 24'000 : 18'000;
        row.memory_cycles =
            std::uint64_t{12} * row.lines_l2 + std::uint64_t{35} * row.lines_l3 + std::uint64_t{180} * row.lines_memory;
        row.tlb_cycles = std::uint64_t{7} * row.l1_dtlb_misses + std::uint64_t{25} * row.walks;
        row.cycles = row.step_cycles + row.memory_cycles + row.tlb_cycles;
        row.latency_ns = row.cycles / 3;
        if (is_clone) row.source = draw(10) < 8 ? core::StackSource::stack_cache : core::StackSource::vmalloc;
        if (!is_clone) row.sink = core::StackSink::stack_cache;
        if (draw(10) == 0) {
            row.tree_levels = 13;
            row.pcp_refills = 1;
            row.new_table_pages = draw(64) == 0 ? 1 : 0;
        }
    }
    return rows;
}

int operations_load(const std::string& folder, std::uint64_t operations) {
    const ScratchFile file{folder};
    const std::vector<sim::OperationRow> rows = operation_rows();
    Stopwatch watch{Clock::user_and_system};
    const auto record = [&]() -> sim::Result<void> {
        KSL_TRY_ASSIGN(store, sim::RunStore::open(file.path(), sim::OpenMode::append));
        KSL_TRY_ASSIGN(run, store.begin_run(sim::RunRecord{}));
        for (std::uint64_t left = operations; left != 0;) {
            const std::uint64_t part = std::min<std::uint64_t>(left, rows.size());
            KSL_TRY(run.append(std::span{rows}.first(part)));
            left -= part;
        }
        KSL_TRY(run.finish({}));
        return store.close();
    };
    const auto recorded = record();
    const double seconds = watch.stop();
    if (!recorded) {
        std::fprintf(stderr, "%s\n", to_string(recorded.error()).c_str());
        return sim::exit_code(recorded.error().kind);
    }
    print_result("f.log", "operation row, " + std::to_string(sim::kOperationColumns) + " columns", seconds, operations,
                 note(file.path(), operations));
    return 0;
}

} // namespace

int run_log(const Arguments& arguments) {
    const std::uint64_t operations = arguments.number("--ops", 2'000'000);
    const std::string folder = arguments.text("--folder", ".");
    narrow(folder, operations);
    return operations_load(folder, operations);
}

} // namespace ksl::bench
