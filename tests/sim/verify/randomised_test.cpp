// SPDX-License-Identifier: MIT
//
// Kernels that drew their bases: the engine's dump is theirs, line for line, and a wrong line is one difference.
#include "tests/sim/verify/spoiled_capture.h"
#include "tests/test_name.h"

namespace ksl::sim {
namespace {

using testing::differing_parts;

const std::filesystem::path kFolder{KSL_TEST_DATA "/randomised"};

class Randomised : public ::testing::TestWithParam<const char*> {
protected:
    [[nodiscard]] std::filesystem::path copy() const {
        const auto folder = scratch_.path(GetParam());
        std::filesystem::copy(kFolder / GetParam(), folder);
        return folder;
    }
    testing::Scratch scratch_;
};

TEST_P(Randomised, EveryLineOfTheDumpIsTheKernels) {
    const auto verification = verify_capture(kFolder / GetParam());
    ASSERT_TRUE(verification) << to_string(verification.error());
    EXPECT_EQ(differing_parts(*verification), "");
    ASSERT_NE(verification->part("dump"), nullptr);
    EXPECT_GT(verification->part("dump")->exact(), 100U);
    EXPECT_EQ(verification->part("direct_map")->exact(), 3U);
}

/// Also the lines that tell the bases.
TEST_P(Randomised, AnyWrongLineIsOneDifference) {
    const auto folder = copy();
    const auto file = folder / "page_tables_kernel.txt";
    const std::string dump = read_file(file).value();
    for (const char* section : {"Low Kernel Mapping", "vmalloc() Area", "Vmemmap", "High Kernel Mapping", "Modules"}) {
        const std::size_t line = dump.find('\n', dump.find(std::string{"---[ "} + section)) + 1;
        // A digit of the first address, one of the second, and the whole line.
        for (const std::size_t digit : {std::size_t{13}, std::size_t{33}}) {
            std::string wrong = dump;
            wrong[line + digit] = wrong[line + digit] == '3' ? '4' : '3';
            std::ofstream{file, std::ios::binary} << wrong;
            EXPECT_EQ(differing_parts(folder), "dump 1") << section << ", digit " << digit;
        }
    }
}

TEST_P(Randomised, WithoutTheDumpItSaysWhatIsMissing) {
    const auto folder = copy();
    std::filesystem::remove(folder / "page_tables_kernel.txt");
    const auto verification = verify_capture(folder);
    ASSERT_FALSE(verification);
    EXPECT_NE(to_string(verification.error()).find("randomised"), std::string::npos) << to_string(verification.error());
}

INSTANTIATE_TEST_SUITE_P(Captures, Randomised,
                         ::testing::Values("snapshot-6.1-kaslr-512M", "snapshot-6.1-kaslr-la57-6G"),
                         [](const auto& test) { return ksl::testing::as_test_name(test.param); });

} // namespace
} // namespace ksl::sim
