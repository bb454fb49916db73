// SPDX-License-Identifier: MIT
#include "sim/import/crash_dump.h"

#include "core/paging/kernel_layout.h"
#include "core/types/function_ref.h"
#include "sim/import/csv_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

namespace ksl::sim {

namespace {

/// A hostile dump may have tables that lead anywhere; real address spaces need far fewer.
constexpr std::size_t kMostTables = 262'144;

using Words = std::array<std::uint64_t, 512>;
using ReadPage = core::FunctionRef<bool(core::Pfn, Words&)>;

/// Reads all tables below a root, each once.
class TableCollector {
public:
    explicit TableCollector(ReadPage read) : read_(read) {}

    bool collect(core::Pfn table, core::Level level) {
        if (pages_.contains(table) || pages_.size() >= kMostTables) return true;
        Words words{};
        if (!read_(table, words)) return false;
        pages_.emplace(table, Page{level, words});
        if (level == core::Level::pt) return true;
        for (const std::uint64_t word : words) {
            const core::Pte entry{word};
            if (entry.is_present() && !entry.is_leaf(level)) std::ignore = collect(entry.table(), core::below(level));
        }
        return true;
    }
    [[nodiscard]] TablePagesCapture take(const core::ControlRegisters& registers) const {
        TablePagesCapture capture;
        capture.registers = registers;
        capture.memory = core::PhysMemory{core::Pages{pages_.rbegin()->first.raw() + 1}};
        for (const auto& [frame, page] : pages_) {
            std::ranges::copy(page.words, capture.memory.writable_words(frame));
            capture.pages.push_back({.frame = frame, .level = page.level});
        }
        return capture;
    }

private:
    struct Page {
        core::Level level;
        Words words;
    };
    ReadPage read_;
    std::map<core::Pfn, Page> pages_;
};

/// CR3 and CR4 of the kernel's own tables, by what VMCOREINFO says.
Result<core::ControlRegisters> registers_of(std::string_view vmcoreinfo, const std::string& file) {
    const auto symbol = vmcoreinfo_value(vmcoreinfo, "SYMBOL(swapper_pg_dir)");
    const auto address = symbol ? parse_number(*symbol, 16) : std::nullopt;
    if (!address) {
        return fail(file, 0,
                    "has neither registers of a processor nor VMCOREINFO; one of them must tell where its page "
                    "tables are");
    }
    const std::uint64_t phys_base = vmcoreinfo_number(vmcoreinfo, "NUMBER(phys_base)").value_or(0);
    const auto five = vmcoreinfo_value(vmcoreinfo, "NUMBER(pgtable_l5_enabled)");
    core::ControlRegisters registers;
    registers.cr3 = *address - core::kStartKernelMap.raw() + phys_base;
    if (five == "1") registers.cr4 |= core::cr4::kFiveLevel;
    return registers;
}

Result<core::ControlRegisters> registers_of(const CoreNotes& notes, const std::string& file) {
    if (notes.cpus.empty()) return registers_of(notes.vmcoreinfo, file);
    core::ControlRegisters registers;
    registers.cr0 = notes.cpus.front().cr0;
    registers.cr3 = notes.cpus.front().cr3;
    registers.cr4 = notes.cpus.front().cr4;
    return registers;
}

void add_vmcoreinfo(std::string_view vmcoreinfo, CrashDump& dump) {
    dump.has_vmcoreinfo = !vmcoreinfo.empty();
    dump.release = vmcoreinfo_value(vmcoreinfo, "OSRELEASE").value_or("");
    dump.phys_base = vmcoreinfo_number(vmcoreinfo, "NUMBER(phys_base)");
    dump.is_five_level = vmcoreinfo_value(vmcoreinfo, "NUMBER(pgtable_l5_enabled)") == "1";
}

} // namespace

Result<CrashDump> describe_crash_dump(const std::filesystem::path& path) {
    KSL_TRY_ASSIGN(file, DumpFile::open(path));
    CrashDump dump;
    dump.format = "kdump";
    dump.cpus = file.notes().cpus.size();
    if (const ElfCore* core = file.as_elf()) {
        dump.format = "ELF core";
        dump.segments = core->segments().size();
        for (const ElfCore::Segment& segment : core->segments()) {
            dump.memory_bytes += (segment.range.top - segment.range.lowest).count();
        }
    }
    add_vmcoreinfo(file.notes().vmcoreinfo, dump);
    return dump;
}

Result<TablePagesCapture> read_tables(const DumpFile& file, const std::string& name) {
    KSL_TRY_ASSIGN(registers, registers_of(file.notes(), name));
    const core::PagingMode mode = core::PagingMode::of(registers, {.physical_bits = 52});
    const auto read = [&](core::Pfn frame, Words& words) { return file.read_page(frame, words); };
    TableCollector collector{read};
    if (!collector.collect(core::Pte{registers.cr3}.table(), mode.geometry.top())) {
        return fail(name, 0, fmt::format("does not hold the top page table at {:#x}", registers.cr3));
    }
    return collector.take(registers);
}

Result<TablePagesCapture> read_crash_dump(const std::filesystem::path& path) {
    KSL_TRY_ASSIGN(file, DumpFile::open(path));
    return read_tables(file, path.string());
}

} // namespace ksl::sim
