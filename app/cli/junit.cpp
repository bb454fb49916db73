// SPDX-License-Identifier: MIT
#include "app/cli/junit.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

namespace ksl::cli {

namespace {

std::string escaped(std::string_view text) {
    std::string safe;
    for (const char c : text) {
        switch (c) {
        case '&': safe += "&amp;"; break;
        case '<': safe += "&lt;"; break;
        case '>': safe += "&gt;"; break;
        case '"': safe += "&quot;"; break;
        default: safe += c;
        }
    }
    return safe;
}

std::string suite_xml(const JunitSuite& suite) {
    const auto failures = std::ranges::count(suite.cases, false, &JunitCase::passed);
    std::string xml = fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\">\n", escaped(suite.name),
                                  suite.cases.size(), failures);
    for (const JunitCase& one : suite.cases) {
        xml += fmt::format(R"(    <testcase classname="{}" name="{}")", escaped(suite.name), escaped(one.name));
        xml += one.passed ? "/>\n"
                          : fmt::format(">\n      <failure message=\"{}\"/>\n    </testcase>\n", escaped(one.text));
    }
    return xml + "  </testsuite>\n";
}

} // namespace

sim::Result<void> write_junit(const std::filesystem::path& file, std::span<const JunitSuite> suites) {
    std::ofstream out(file, std::ios::binary);
    out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
    for (const JunitSuite& suite : suites) out << suite_xml(suite);
    out << "</testsuites>\n";
    out.flush();
    if (!out) return sim::fail_environment(file.string(), "cannot be written");
    return {};
}

} // namespace ksl::cli
