// SPDX-License-Identifier: MIT
#include "sim/import/crash_dump.h"

#include "core/paging/kernel_layout.h"
#include "core/types/function_ref.h"
#include "sim/import/csv_fields.h"
#include "sim/import/elf_core.h"
#include "sim/import/kdump_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <map>
#include <string_view>
#include <utility>

namespace ksl::sim {

namespace {

/// A hostile dump may have tables that lead anywhere; real address spaces need far fewer.
constexpr std::size_t kMostTables = 262'144;

using Words = std::array<std::uint64_t, 512>;
using ReadPage = core::FunctionRef<bool(core::Pfn, Words&)>;

std::string first_bytes(const std::filesystem::path& path) {
    std::ifstream file{path, std::ios::binary};
    std::string bytes(20, '\0');
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
    return bytes;
}

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

Result<core::ControlRegisters> registers_of(const std::vector<CoreCpu>& cpus, std::string_view vmcoreinfo,
                                            const std::string& file) {
    if (cpus.empty()) return registers_of(vmcoreinfo, file);
    core::ControlRegisters registers;
    registers.cr0 = cpus.front().cr0;
    registers.cr3 = cpus.front().cr3;
    registers.cr4 = cpus.front().cr4;
    return registers;
}

Result<TablePagesCapture> collect_tables(const core::ControlRegisters& registers, ReadPage read,
                                         const std::string& file) {
    const core::PagingMode mode = core::PagingMode::of(registers, {.physical_bits = 52});
    TableCollector collector{read};
    if (!collector.collect(core::Pte{registers.cr3}.table(), mode.geometry.top())) {
        return fail(file, 0, fmt::format("does not hold the top page table at {:#x}", registers.cr3));
    }
    return collector.take(registers);
}

void add_vmcoreinfo(std::string_view vmcoreinfo, CrashDump& dump) {
    dump.has_vmcoreinfo = !vmcoreinfo.empty();
    dump.release = vmcoreinfo_value(vmcoreinfo, "OSRELEASE").value_or("");
    dump.phys_base = vmcoreinfo_number(vmcoreinfo, "NUMBER(phys_base)").value_or(0);
    dump.is_five_level = vmcoreinfo_value(vmcoreinfo, "NUMBER(pgtable_l5_enabled)") == "1";
}

} // namespace

bool is_elf_core(const std::filesystem::path& path) {
    const std::string bytes = first_bytes(path);
    return bytes.size() >= 18 && bytes.starts_with("\177ELF") && bytes[16] == 4 && bytes[17] == 0; // ET_CORE
}

bool is_kdump(const std::filesystem::path& path) {
    const std::string bytes = first_bytes(path);
    return bytes.starts_with("KDUMP   ") || bytes.starts_with("DISKDUMP") || bytes.starts_with("makedumpfile");
}

Result<CrashDump> describe_crash_dump(const std::filesystem::path& path) {
    CrashDump dump;
    if (is_kdump(path)) {
        dump.format = "kdump";
        KSL_TRY_ASSIGN(file, KdumpFile::open(path));
        dump.cpus = file.notes().cpus.size();
        add_vmcoreinfo(file.notes().vmcoreinfo, dump);
        return dump;
    }
    KSL_TRY_ASSIGN(core, ElfCore::open(path));
    dump.format = "ELF core";
    dump.segments = core.segments().size();
    dump.cpus = core.cpus().size();
    for (const ElfCore::Segment& segment : core.segments()) {
        dump.memory_bytes += (segment.range.top - segment.range.lowest).count();
    }
    add_vmcoreinfo(core.vmcoreinfo(), dump);
    return dump;
}

Result<TablePagesCapture> read_crash_dump(const std::filesystem::path& path) {
    if (is_kdump(path)) {
        KSL_TRY_ASSIGN(file, KdumpFile::open(path));
        KSL_TRY_ASSIGN(registers, registers_of(file.notes().cpus, file.notes().vmcoreinfo, path.string()));
        const auto read = [&](core::Pfn frame, Words& words) { return file.read_page(frame, words); };
        return collect_tables(registers, read, path.string());
    }
    KSL_TRY_ASSIGN(core, ElfCore::open(path));
    KSL_TRY_ASSIGN(registers, registers_of(core.cpus(), core.vmcoreinfo(), path.string()));
    const auto read = [&](core::Pfn frame, Words& words) { return core.read_page(frame, words); };
    return collect_tables(registers, read, path.string());
}

} // namespace ksl::sim
