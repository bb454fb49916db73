// SPDX-License-Identifier: MIT
//
// The folder of an mmu-* capture with other table pages in it: reading, walking, dumping, listing leaves.
#include "core/paging/dump.h"
#include "sim/import/table_pages.h"
#include "sim/verify/leaf_check.h"
#include "sim/walk/dump_choice.h"
#include "sim/walk/walk_explanation.h"

#include <unistd.h>
#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <string>

namespace {

namespace fs = std::filesystem;

const fs::path& folder() {
    static const fs::path kFolder = [] {
        const fs::path made = fs::temp_directory_path() / ("ksl_table_pages_fuzz_" + std::to_string(::getpid()));
        const fs::path from = fs::path{KSL_TEST_DATA} / "captures/6.1/mmu-y-128M";
        fs::create_directories(made);
        for (const char* name : {"control_registers.json", "table_pages_index.csv", "info_tlb.txt.gz"}) {
            fs::copy_file(from / name, made / name, fs::copy_options::overwrite_existing);
        }
        return made;
    }();
    return kFolder;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ksl;
    const std::string file = folder() / "table_pages.bin.gz";
    gzFile out = ::gzopen(file.c_str(), "wb1");
    if (size > 0) ::gzwrite(out, data, static_cast<unsigned>(size));
    ::gzclose(out);
    auto tables = sim::read_table_pages(folder());
    if (!tables) return 0;
    sim::PartResult leaves{"leaves"};
    std::ignore = sim::judge_leaves(*tables, folder() / "info_tlb.txt.gz", leaves);
    const sim::WalkSource source{.tables = std::move(*tables), .layout = std::nullopt, .sections = {}};
    for (const std::uint64_t at : {0x400000ULL, 0xffff888000000123ULL, 0xffffc90000010000ULL, 0xffffffff81000000ULL}) {
        const auto walk = sim::explain_walk(source, core::VirtAddr{at});
        std::ignore = sim::to_text(walk);
        std::ignore = sim::to_json(walk);
    }
    std::ignore = sim::captured_dump(source);
    return 0;
}
