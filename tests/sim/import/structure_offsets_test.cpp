// SPDX-License-Identifier: MIT
//
// scripts/structure-offsets on BTF made by hand, read back by what reads its output in earnest.
#include "sim/import/dump/kernel_types.h"
#include "tests/sim/support/scratch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <initializer_list>
#include <sstream>

namespace ksl::sim {
namespace {

using testing::Scratch;

/// Types and names of a BTF file (Documentation/bpf/btf.rst), little endian.
class Btf {
public:
    enum class Kind : std::uint8_t {
        integer = 1,
        array = 3,
        structure = 4,
        union_ = 5,
        enumeration = 6,
        constant = 10,
        variable = 14
    };
    static constexpr std::uint32_t kFlag = 1U << 31; ///< offsets of members carry the width of bitfields

    std::uint32_t name(const std::string& text) {
        const auto at = static_cast<std::uint32_t>(names_.size());
        names_ += text + '\0';
        return text.empty() ? 0 : at;
    }
    /// The type's number. `size` is a type's number for kinds that refer to one.
    std::uint32_t add(const std::string& text, Kind kind, std::uint32_t members, std::uint32_t size,
                      std::initializer_list<std::uint32_t> rest) {
        put(types_, name(text));
        put(types_, static_cast<std::uint32_t>(kind) << 24 | members);
        put(types_, size);
        for (const std::uint32_t word : rest) put(types_, word);
        return ++count_;
    }
    [[nodiscard]] std::string bytes() const {
        constexpr std::uint32_t kHeader = 24;
        std::string file;
        put(file, 0x0001EB9F); // the magic, version 1, no flags
        const auto types = static_cast<std::uint32_t>(types_.size());
        for (const std::uint32_t word : {kHeader, 0U, types, types, static_cast<std::uint32_t>(names_.size())})
            put(file, word);
        return file + types_ + names_;
    }

private:
    static void put(std::string& to, std::uint32_t word) {
        for (int i = 0; i < 4; ++i) to += static_cast<char>(word >> (8 * i) & 0xFFU);
    }
    std::string types_;
    std::string names_{'\0'};
    std::uint32_t count_ = 0;
};

bool succeeds(const std::string& command) {
    // NOLINTNEXTLINE(cert-env33-c,concurrency-mt-unsafe): the shell sends output to files; there is one thread
    return std::system(command.c_str()) == 0;
}

class StructureOffsets : public ::testing::Test {
protected:
    /// Runs the script on a file of these bytes; what it says is in `error`, what it prints beside the dump.
    bool run(const std::string& bytes) {
        static_cast<void>(scratch_.write("btf", bytes));
        const std::string folder = scratch_.path("").string();
        const std::string command = std::string{KSL_SOURCE_DIR} + "/scripts/structure-offsets '" + folder + "/btf' >'" +
                                    folder + "/structure_offsets.json' 2>'" + folder + "/error'";
        const bool is_good = succeeds(command);
        std::ostringstream text;
        text << std::ifstream{scratch_.path("error")}.rdbuf();
        error_ = text.str();
        return is_good;
    }
    Result<KernelTypes> types() {
        static_cast<void>(scratch_.write("kallsyms.txt", "ffffffff81a11a40 D init_task\n"));
        return KernelTypes::read_beside(scratch_.path("core.elf"));
    }

    Scratch scratch_;
    std::string error_;
};

std::string small_kernel() {
    Btf btf;
    using enum Btf::Kind;
    const auto word = btf.add("unsigned long", integer, 0, 8, {64});
    const auto either = btf.add("", union_, 2, 8, {btf.name("stack"), word, 0, btf.name("rcu"), word, 0});
    const auto fixed = btf.add("", constant, 0, either, {});
    // Bitfields of 1 and 3 bits from bit 64 on, then the union without a name.
    btf.add("task_struct", structure, 4 | Btf::kFlag, 24,
            {btf.name("flags"), word, 0, btf.name("on_rq"), word, 1U << 24 | 64, btf.name("policy"), word,
             3U << 24 | 73, 0, fixed, 128});
    const auto lists = btf.add("", array, 0, 0, {word, word, 14});
    btf.add("per_cpu_pages", structure, 2, 120, {btf.name("count"), word, 0, btf.name("lists"), lists, 64});
    btf.add("migratetype", enumeration, 2, 4, {btf.name("MIGRATE_ISOLATE"), 4, btf.name("MIGRATE_TYPES"), 5});
    const auto stacks = btf.add("", array, 0, 0, {word, word, 2});
    btf.add("cached_stacks", variable, 0, stacks, {0});
    return btf.bytes();
}

TEST_F(StructureOffsets, ComeOutOfBtf) {
    ASSERT_TRUE(run(small_kernel())) << error_;
    const auto kernel = types();
    ASSERT_TRUE(kernel) << to_string(kernel.error());
    EXPECT_EQ(kernel->offset("task_struct", "_sizeof"), 24U);
    EXPECT_EQ(kernel->offset("task_struct", "flags"), 0U);
    EXPECT_EQ(kernel->offset("task_struct", "on_rq"), 8U);
    EXPECT_EQ(kernel->offset("task_struct", "policy"), 9U);
    EXPECT_EQ(kernel->offset("task_struct", "stack"), 16U);
    EXPECT_EQ(kernel->offset("task_struct", "rcu"), 16U);
    EXPECT_EQ(kernel->offset("per_cpu_pages", "lists"), 8U);
    EXPECT_EQ(kernel->offset("zone", "_sizeof"), std::nullopt);
    EXPECT_EQ(kernel->constant("NR_PCP_LISTS"), 14U);
    EXPECT_EQ(kernel->constant("MIGRATE_ISOLATE"), 4U);
    EXPECT_EQ(kernel->constant("MIGRATE_CMA"), std::nullopt);
    EXPECT_EQ(kernel->constant("NR_CACHED_STACKS"), 2U);
}

TEST_F(StructureOffsets, OfADamagedFileAreOneLine) {
    const std::string good = small_kernel();
    for (std::size_t eighths = 1; eighths < 8; ++eighths) {
        ASSERT_FALSE(run(good.substr(0, good.size() * eighths / 8)));
        EXPECT_EQ(std::ranges::count(error_, '\n'), 1) << eighths << ": " << error_;
        EXPECT_TRUE(error_.starts_with("structure-offsets: ")) << error_;
    }
    EXPECT_FALSE(run("\x9f\xeb"));
}

} // namespace
} // namespace ksl::sim
