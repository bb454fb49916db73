// SPDX-License-Identifier: MIT
#include "tests/oracle/guest_run.h"

#include <algorithm>
#include <ios>
#include <sstream>

namespace ksl::oracle {

namespace {

constexpr core::PhysAddr kOperationsAt{std::uint64_t{32} << 20};
constexpr core::PhysAddr kResultsAt{std::uint64_t{256} << 20};
constexpr std::uint64_t kMostTold = 10;

std::span<std::uint64_t> tables_of(QemuGuest& guest, const MmuProgram& program) {
    return guest.memory<std::uint64_t>(kTablesAt, program.tables * core::kWordsPerPage);
}
core::PhysAddr place_of(std::size_t word) {
    return kTablesAt + core::Bytes{word * sizeof(std::uint64_t)};
}

void print(std::ostream& out, const bootimage::Operation& operation) {
    out << "op " << static_cast<unsigned>(operation.op) << " kind " << static_cast<unsigned>(operation.kind) << " who "
        << static_cast<unsigned>(operation.who) << " stack " << static_cast<unsigned>(operation.stack) << " address "
        << operation.address << " value " << operation.value;
}
void print(std::ostream& out, const bootimage::Result& result) {
    out << "vector " << result.vector << " error code " << result.error_code << " value " << result.value << " CR2 "
        << result.cr2;
}

void compare_results(QemuGuest& guest, const MmuProgram& program, Differences& differences) {
    const auto results = guest.memory<bootimage::Result>(kResultsAt, program.operations.size());
    for (std::size_t i = 0; i < results.size(); ++i) {
        if (results[i] == program.expected[i] || ++differences.results > kMostTold) continue;
        std::ostringstream out;
        out << "operation " << i << std::hex << ": ";
        print(out, program.operations[i]);
        print(out << "; guest: ", results[i]);
        print(out << "; engine: ", program.expected[i]);
        differences.first.push_back(out.str());
    }
}

void compare_tables(QemuGuest& guest, const MmuProgram& program, Differences& differences) {
    const auto theirs = tables_of(guest, program);
    for (std::size_t i = 0; i < theirs.size(); ++i) {
        const std::uint64_t ours = program.tables_after.read(place_of(i));
        if (theirs[i] == ours || ++differences.table_entries > kMostTold) continue;
        std::ostringstream out;
        out << std::hex << "entry at " << place_of(i).raw() << ": guest " << theirs[i] << "; engine " << ours
            << "; before " << program.tables_before.read(place_of(i));
        differences.first.push_back(out.str());
    }
}

} // namespace

void put_into(QemuGuest& guest, const MmuProgram& program) {
    std::ranges::copy(program.operations,
                      guest.memory<bootimage::Operation>(kOperationsAt, program.operations.size()).begin());
    const auto tables = tables_of(guest, program);
    for (std::size_t i = 0; i < tables.size(); ++i) tables[i] = program.tables_before.read(place_of(i));
    DataWindows{}.put_into(guest);
    bootimage::Header header;
    header.levels = program.geometry.levels();
    header.operations_at = kOperationsAt.raw();
    header.results_at = kResultsAt.raw();
    header.count = program.operations.size();
    guest.header() = header;
}

Differences compare(QemuGuest& guest, const MmuProgram& program) {
    Differences differences;
    compare_results(guest, program, differences);
    compare_tables(guest, program, differences);
    program.data_after.for_each_difference(guest, [&](core::PhysAddr at, std::uint64_t theirs, std::uint64_t ours) {
        if (++differences.data_words > kMostTold) return;
        std::ostringstream out;
        out << std::hex << "data at " << at.raw() << ": guest " << theirs << "; engine " << ours;
        differences.first.push_back(out.str());
    });
    return differences;
}

} // namespace ksl::oracle
