// SPDX-License-Identifier: MIT
//
// A kernel's dump of the tests' data, unpacked.
#pragma once

#include "sim/import/read_file.h"
#include "tests/sim/support/scratch.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace ksl::sim::testing {

/// With its types beside it.
class UnpackedDump {
public:
    explicit UnpackedDump(const std::string& name)
        : from_(std::filesystem::path{KSL_TEST_DATA} / "kernel_dumps" / name) {
        for (const char* file : {"kallsyms.txt.gz", "structure_offsets.json"}) {
            std::filesystem::copy(from_ / file, scratch_.path(file));
        }
        write("core.elf", read("core.elf.gz"));
    }

    [[nodiscard]] std::string read(const std::string& file) const {
        auto text = read_file(from_ / file);
        EXPECT_TRUE(text) << to_string(text.error());
        return text.value_or("");
    }
    void write(const std::string& file, const std::string& bytes) const {
        std::ofstream{scratch_.path(file), std::ios::binary} << bytes;
    }
    void remove(const std::string& file) const { std::filesystem::remove(scratch_.path(file)); }
    [[nodiscard]] std::filesystem::path core() const { return scratch_.path("core.elf"); }

private:
    std::filesystem::path from_;
    Scratch scratch_;
};

} // namespace ksl::sim::testing
