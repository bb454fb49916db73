// SPDX-License-Identifier: MIT
//
// A folder of its own for each test, removed afterwards.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace ksl::sim::testing {

class Scratch {
public:
    Scratch() {
        const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
        folder_ = std::filesystem::path{::testing::TempDir()} /
                  ("ksl_" + std::string{test->test_suite_name()} + "_" + std::string{test->name()});
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() { std::filesystem::remove_all(folder_); }

    [[nodiscard]] std::filesystem::path path(std::string_view name) const { return folder_ / name; }
    [[nodiscard]] std::filesystem::path write(std::string_view name, std::string_view contents) const {
        std::ofstream{path(name), std::ios::binary} << contents;
        return path(name);
    }

private:
    std::filesystem::path folder_;
};

} // namespace ksl::sim::testing
