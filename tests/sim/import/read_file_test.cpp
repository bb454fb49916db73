// SPDX-License-Identifier: MIT
#include "sim/import/read_file.h"
#include "tests/sim/import/scratch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace ksl::sim {
namespace {

using testing::gzip;
using ::testing::HasSubstr;
using testing::Scratch;
using testing::zstd;

std::string message_of(const Result<std::string>& result) {
    return result ? "no error" : result.error().message;
}

/// Half a megabyte that does not compress to nothing: more than one block of input and output.
std::string long_text() {
    std::string text;
    std::uint64_t state = 1;
    while (text.size() < 600'000) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        text += std::to_string(state);
    }
    return text;
}

TEST(ReadFile, PlainGzipAndZstdGiveTheSameText) {
    const Scratch scratch;
    for (const std::string& text : {std::string{}, std::string{"one line\n"}, long_text(), std::string(700'000, 'x')}) {
        EXPECT_EQ(read_file(scratch.write("plain.txt", text)), text);
        EXPECT_EQ(read_file(scratch.write("a.txt.gz", gzip(text))), text);
        EXPECT_EQ(read_file(scratch.write("a.txt.zst", zstd(text))), text);
    }
}

TEST(ReadFile, GzipMembersAndZstdFramesAfterEachOtherAreOneText) {
    const Scratch scratch;
    EXPECT_EQ(read_file(scratch.write("two.gz", gzip("first ") + gzip("") + gzip("second"))), "first second");
    EXPECT_EQ(read_file(scratch.write("two.zst", zstd("first ") + zstd("") + zstd("second"))), "first second");
}

TEST(ReadFile, MissingFilesFoldersAndDevicesAreNamed) {
    const Scratch scratch;
    const auto missing = read_file(scratch.path("nothing.gz"));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().message, "there is no such file");
    EXPECT_EQ(to_string(missing.error()), scratch.path("nothing.gz").string() + ": there is no such file");
    EXPECT_THAT(message_of(read_file(scratch.path(""))), HasSubstr("is a folder"));
    EXPECT_THAT(message_of(read_file("/dev/zero")), HasSubstr("not a regular file"));
}

TEST(ReadFile, EveryTruncationOfACompressedFileIsNoticed) {
    const Scratch scratch;
    const std::string text = "a text of some length, a text of some length, and its end\n";
    for (const bool is_gzip : {true, false}) {
        const std::string whole = is_gzip ? gzip(text) : zstd(text);
        for (std::size_t size = 0; size < whole.size(); ++size) {
            const auto read = read_file(scratch.write(is_gzip ? "cut.gz" : "cut.zst", whole.substr(0, size)));
            ASSERT_FALSE(read) << size;
            EXPECT_THAT(message_of(read), HasSubstr(size == 0 ? "is empty" : "is truncated")) << size;
        }
    }
}

TEST(ReadFile, CorruptDataAreNoticed) {
    const Scratch scratch;
    std::string damaged = gzip(long_text());
    damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 0x10);
    EXPECT_THAT(message_of(read_file(scratch.write("bad.gz", damaged))), HasSubstr("is corrupt or not gzip"));
    std::string checksum = gzip("some text");
    checksum[checksum.size() - 6] = static_cast<char>(checksum[checksum.size() - 6] ^ 1);
    EXPECT_THAT(message_of(read_file(scratch.write("sum.gz", checksum))), HasSubstr("incorrect data check"));
    EXPECT_THAT(message_of(read_file(scratch.write("text.gz", "plain text"))), HasSubstr("is corrupt or not gzip"));
    EXPECT_THAT(message_of(read_file(scratch.write("tail.gz", gzip("x") + "garbage"))), HasSubstr("corrupt"));
    EXPECT_THAT(message_of(read_file(scratch.write("text.zst", "plain text"))), HasSubstr("is corrupt or not zstd"));
    EXPECT_THAT(message_of(read_file(scratch.write("tail.zst", zstd("x") + "garbage"))), HasSubstr("corrupt"));
}

TEST(ReadFile, ABombStopsAtTheLimit) {
    const Scratch scratch;
    const std::string bomb(64U << 20U, '\0');
    for (const auto& path : {scratch.write("bomb.gz", gzip(bomb)), scratch.write("bomb.zst", zstd(bomb))}) {
        EXPECT_LT(std::filesystem::file_size(path), 100'000U);
        EXPECT_THAT(message_of(read_file(path, core::Bytes{1'000'000})), HasSubstr("limit of 1000000 bytes"));
    }
    EXPECT_THAT(message_of(read_file(scratch.write("plain", "12345"), core::Bytes{4})), HasSubstr("limit of 4 bytes"));
    EXPECT_EQ(read_file(scratch.path("plain"), core::Bytes{5}), "12345");
}

} // namespace
} // namespace ksl::sim
