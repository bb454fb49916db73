// SPDX-License-Identifier: MIT
//
// A trace that is told by rows and by the kernel's text: whatever is false in one of them is one difference.
#include "tests/sim/verify/spoiled_capture.h"
#include "tests/test_name.h"

#include <fmt/format.h>

#include <algorithm>

namespace ksl::sim {
namespace {

using testing::differing_parts;
using testing::SpoiledCapture;

constexpr const char* kCapture = "2016/replay-4.7-512M";
constexpr const char* kRows = "events.csv.gz";

std::uint64_t all_differences(const std::filesystem::path& folder) {
    const auto verification = verify_capture(folder);
    EXPECT_TRUE(verification) << to_string(verification.error());
    std::uint64_t sum = 0;
    if (verification)
        for (const PartResult& part : verification->parts) sum += part.differing();
    return sum;
}

/// Rows after the start of one kind, with another value in one column.
void falsify_rows(const SpoiledCapture& capture, std::size_t count, const std::string& event, std::size_t column,
                  const std::function<std::string(const std::string&)>& change, std::uint64_t seed) {
    core::Random random{seed};
    capture.edit_lines(kRows, count, random, [&](const std::string& row) {
        std::vector<std::string> fields = testing::fields_of(row);
        if (fields.size() <= column || fields[4] != event || std::stoull(fields[0]) < 2000) return row;
        fields[column] = change(fields[column]);
        return testing::row_of(fields);
    });
}

/// The text, uncompressed, with lines changed.
void falsify_lines(const SpoiledCapture& capture, std::size_t count,
                   const std::function<std::string(const std::string&)>& change) {
    capture.write("trace.txt", capture.read("trace.txt.zst"));
    std::filesystem::remove(capture.folder() / "trace.txt.zst");
    core::Random random{3};
    capture.edit_lines("trace.txt", count, random, change);
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    const std::size_t at = text.find(what);
    if (at != std::string::npos) text.replace(at, what.size(), by);
    return text;
}

constexpr std::size_t kTime = 1;
constexpr std::size_t kContext = 2;
constexpr std::size_t kPid = 3;
constexpr std::size_t kPfn = 5;
constexpr std::size_t kOrder = 6;
constexpr std::size_t kType = 7;
constexpr std::size_t kFlags = 8;

struct FalseInput {
    const char* event;
    std::size_t column;
    std::function<std::string(const std::string&)> change;
};
class FalseInputs : public ::testing::TestWithParam<FalseInput> {};

TEST_P(FalseInputs, AreOneDifferenceEach) {
    for (const std::size_t count : {1U, 7U}) {
        const SpoiledCapture capture{kCapture};
        falsify_rows(capture, count, GetParam().event, GetParam().column, GetParam().change, 7 + count);
        EXPECT_EQ(differing_parts(capture.folder()), "trace_text " + std::to_string(count));
    }
}

const auto kLastDigit = [](const std::string& text) {
    std::string other = text;
    if (!other.empty()) other.back() = other.back() == '7' ? '3' : '7';
    return other;
};
INSTANTIATE_TEST_SUITE_P(
    Columns, FalseInputs,
    ::testing::Values(FalseInput{"mm_page_free", kTime, kLastDigit}, FalseInput{"mm_page_alloc", kPid, kLastDigit},
                      FalseInput{"mm_page_free", kContext, [](const std::string&) { return std::string{"d.s."}; }},
                      FalseInput{"mm_page_free", kPfn, kLastDigit},
                      FalseInput{"mm_page_free_batched", kPfn, kLastDigit},
                      FalseInput{"mm_page_free", kOrder,
                                 [](const std::string& order) { return std::string{order == "0" ? "1" : "0"}; }},
                      FalseInput{"mm_page_alloc", kOrder,
                                 [](const std::string& order) { return std::string{order == "0" ? "2" : "0"}; }},
                      FalseInput{"mm_page_alloc", kType,
                                 [](const std::string& type) { return std::string{type == "0" ? "1" : "0"}; }},
                      FalseInput{"mm_page_alloc", kFlags,
                                 [](const std::string& flags) { return flags + "|__GFP_COLD"; }}),
    [](const auto& test) { return ksl::testing::as_test_name(test.index, test.param.event); });

TEST(FalseAnswers, AreCountedWhereTheReplayObjects) {
    const SpoiledCapture capture{kCapture};
    falsify_rows(capture, 9, "mm_page_alloc", kPfn, kLastDigit, 5);
    EXPECT_EQ(differing_parts(capture.folder()), "allocations 9");
}

TEST(FalseAnswers, AreFoundBesideFalseRequests) {
    const SpoiledCapture capture{kCapture};
    falsify_rows(capture, 4, "mm_page_pcpu_drain", kPfn, kLastDigit, 5);
    falsify_rows(capture, 3, "mm_page_free", kPfn, kLastDigit, 6);
    EXPECT_EQ(differing_parts(capture.folder()), "drains 4, trace_text 3");
}

TEST(FalseLines, AreOneDifferenceEach) {
    for (const char* key : {" pfn=", " order=", " migratetype=", " page=ffffea0000", " stack=0xffff", " pid="}) {
        const SpoiledCapture capture{kCapture};
        falsify_lines(capture, 5, [&](const std::string& line) {
            const std::size_t at = line.find(key);
            if (line.starts_with('#') || at == std::string::npos) return line;
            std::string other = line;
            char& digit = other[at + std::string{key}.size()];
            digit = digit == '1' ? '2' : '1';
            return other;
        });
        EXPECT_EQ(differing_parts(capture.folder()), "trace_text 5") << key;
    }
}

TEST(FalseLines, AMissingOrRepeatedLineIsOneDifference) {
    for (const bool is_repeated : {false, true}) {
        const SpoiledCapture capture{kCapture};
        falsify_lines(capture, 3, [&](const std::string& line) {
            if (line.find("mm_page_") == std::string::npos) return line;
            return is_repeated ? fmt::format("{0}\n{0}", line) : std::string{};
        });
        EXPECT_EQ(differing_parts(capture.folder()), "trace_text 3") << is_repeated;
    }
}

TEST(FalseLines, AndFalseRowsAddUp) {
    const SpoiledCapture capture{kCapture};
    falsify_lines(capture, 4, [](const std::string& line) {
        return line.find("mm_page_free:") == std::string::npos ? line : replaced(line, " order=0", " order=1");
    });
    falsify_rows(capture, 4, "mm_page_alloc_zone_locked", kPfn, kLastDigit, 11);
    falsify_rows(capture, 4, "mm_page_alloc", kTime, kLastDigit, 12);
    EXPECT_EQ(all_differences(capture.folder()), 12U) << differing_parts(capture.folder());
}

/// Where there is no text, what cannot be of a kernel is no reason to give up.
TEST(RowsWithoutAText, ThatCannotBeAreNoCrash) {
    for (const auto& [name, event] : {std::pair{"6.1/replay-vmap-y-512M", "mm_page_alloc_bulk"},
                                      std::pair{"6.1/replay-vmap-y-512M", "mm_page_free"},
                                      std::pair{"2016/replay-4.9-vmap-n-512M", "mm_page_alloc"}}) {
        for (const std::size_t column : {kOrder, kPfn}) {
            const SpoiledCapture capture{name};
            falsify_rows(
                capture, 20, event, column,
                [&](const std::string& text) { return column == kOrder ? std::string{"2"} : kLastDigit(text); }, 13);
            EXPECT_GE(all_differences(capture.folder()), 1U) << name << " " << event;
        }
    }
}

} // namespace
} // namespace ksl::sim
