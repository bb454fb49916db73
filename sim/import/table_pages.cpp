// SPDX-License-Identifier: MIT
#include "sim/import/table_pages.h"

#include "core/paging/pte.h"
#include "sim/import/csv_fields.h"
#include "sim/import/read_file.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

namespace ksl::sim {

namespace {

constexpr std::size_t kRecordBytes = sizeof(std::uint64_t) + core::kPageBytes;
/// 64 TiB, the most that 4-level kernels address: a larger frame number is damage, and would cost us memory.
constexpr std::uint64_t kMostFrames = std::uint64_t{1} << (46 - core::kPageShift);

Result<std::uint64_t> register_of(const nlohmann::json& document, const std::string& file, const char* name) {
    const auto found = document.find(name);
    if (found == document.end() || !found->is_string()) {
        return fail(file, 0, fmt::format("has no register \"{}\"; a hexadecimal string is needed", name));
    }
    const auto value = parse_number(found->get_ref<const std::string&>());
    if (!value) return fail(file, 0, fmt::format("\"{}\" is not a hexadecimal number", name));
    return *value;
}

Result<core::ControlRegisters> read_registers(const std::filesystem::path& path) {
    KSL_TRY_ASSIGN(text, read_file(path));
    const std::string file = path.string();
    const auto document = nlohmann::json::parse(text, nullptr, false);
    if (!document.is_object()) return fail(file, 0, "is not a JSON object");
    core::ControlRegisters registers;
    for (const auto& [name, place] :
         {std::pair{"cr0", &registers.cr0}, std::pair{"cr2", &registers.cr2}, std::pair{"cr3", &registers.cr3},
          std::pair{"cr4", &registers.cr4}, std::pair{"efer", &registers.efer}}) {
        KSL_TRY_ASSIGN(value, register_of(document, file, name));
        *place = value;
    }
    return registers;
}

std::uint64_t word_at(std::string_view bytes, std::size_t offset) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + offset, sizeof word);
    return word;
}

Result<core::PhysMemory> read_pages(const std::filesystem::path& path) {
    KSL_TRY_ASSIGN(bytes, read_file(path));
    const std::string file = path.string();
    if (bytes.empty() || bytes.size() % kRecordBytes != 0) {
        return fail(file, 0, fmt::format("is not a sequence of records of {} bytes", kRecordBytes));
    }
    const std::uint64_t last = core::frame_of(core::PhysAddr{word_at(bytes, bytes.size() - kRecordBytes)}).raw();
    if (last >= kMostFrames) return fail(file, 0, fmt::format("frame {:#x} is beyond 64 TiB", last));
    core::PhysMemory memory{core::Pages{last + 1}};
    std::uint64_t lowest = 0;
    for (std::size_t offset = 0; offset < bytes.size(); offset += kRecordBytes) {
        const core::PhysAddr at{word_at(bytes, offset)};
        const core::Pfn frame = core::frame_of(at);
        if (core::page_offset(at).count() != 0) return fail(file, 0, fmt::format("{:#x} is not a page", at.raw()));
        if (frame.raw() < lowest || frame.raw() > last) {
            return fail(file, 0, fmt::format("page {:#x} is out of order: pages must ascend", at.raw()));
        }
        lowest = frame.raw() + 1;
        std::memcpy(memory.writable_words(frame), bytes.data() + offset + sizeof(std::uint64_t), core::kPageBytes);
    }
    return memory;
}

Result<std::vector<TablePage>> read_index(const std::filesystem::path& path, const core::PhysMemory& memory) {
    KSL_TRY_ASSIGN(text, read_file(path));
    const std::string file = path.string();
    std::vector<TablePage> pages;
    int line = 0;
    for (std::string_view rest = text; !rest.empty();) {
        const std::string_view row = take_line(rest);
        if (++line == 1 || row.empty()) continue;
        std::array<std::string_view, 2> fields;
        if (!split_fields(row, fields)) return fail(file, line, "needs two fields: physical_address,level");
        const auto at = parse_number(fields[0]);
        const auto level = parse_number(fields[1]);
        if (!at || !level || *level < 1 || *level > 5) return fail(file, line, "needs an address and a level 1 to 5");
        const core::Pfn frame = core::frame_of(core::PhysAddr{*at});
        if (frame.raw() >= memory.frames().count() || memory.words(frame) == nullptr) {
            return fail(file, line, fmt::format("lists page {:#x}, which table_pages.bin.gz does not hold", *at));
        }
        pages.push_back({.frame = frame, .level = static_cast<core::Level>(*level)});
    }
    return pages;
}

} // namespace

core::Pfn TablePagesCapture::root() const {
    return core::Pte{registers.cr3}.table();
}

core::PagingMode TablePagesCapture::mode() const {
    return core::PagingMode::of(registers, {.physical_bits = 52});
}

Result<TablePagesCapture> read_table_pages(const std::filesystem::path& folder) {
    KSL_TRY_ASSIGN(registers, read_registers(folder / "control_registers.json"));
    KSL_TRY_ASSIGN(memory, read_pages(folder / "table_pages.bin.gz"));
    KSL_TRY_ASSIGN(pages, read_index(folder / "table_pages_index.csv", memory));
    return TablePagesCapture{.memory = std::move(memory), .registers = registers, .pages = std::move(pages)};
}

} // namespace ksl::sim
