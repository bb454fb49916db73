// SPDX-License-Identifier: MIT
#include "sim/base/embedded_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace ksl::sim {

std::span<const EmbeddedFile> embedded_samples();

namespace {

std::string on_disk(std::string_view path) {
    std::ifstream in{std::string{KSL_SOURCE_DIR "/tests/sim/base/samples/"} + std::string{path}, std::ios::binary};
    std::ostringstream text;
    text << in.rdbuf();
    return std::move(text).str();
}

TEST(Embed, EveryByteOfEveryFileIsInTheProgram) {
    ASSERT_EQ(embedded_samples().size(), 3U);
    for (const EmbeddedFile& file : embedded_samples()) EXPECT_EQ(file.text, on_disk(file.path)) << file.path;
    EXPECT_EQ(embedded_samples()[1].path, "every_byte.bin");
    EXPECT_EQ(embedded_samples()[1].text.size(), 768U);
}

TEST(Embed, FilesComeInOrderOfTheirPathsRelativeToTheRoot) {
    EXPECT_EQ(embedded_samples()[0].path, "empty.txt");
    EXPECT_EQ(embedded_samples()[2].path, "folder/text.toml");
}

} // namespace
} // namespace ksl::sim
