// SPDX-License-Identifier: MIT
//
// A copy of a capture in which a test changes answers.
#pragma once

#include "core/types/random.h"
#include "sim/import/read_file.h"
#include "sim/verify/verification.h"
#include "tests/sim/import/captures.h"
#include "tests/sim/import/scratch.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace ksl::sim::testing {

class SpoiledCapture {
public:
    explicit SpoiledCapture(const std::string& name)
        : folder_(scratch_.path(std::filesystem::path{name}.filename().string())) {
        std::filesystem::copy(capture(name), folder_);
    }

    [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
    [[nodiscard]] std::string read(const std::string& file) const {
        auto text = read_file(folder_ / file);
        EXPECT_TRUE(text) << to_string(text.error());
        return text.value_or("");
    }
    void write(const std::string& file, const std::string& text) const {
        std::ofstream{folder_ / file, std::ios::binary} << (file.ends_with(".gz") ? gzip(text) : text);
    }
    void replace(const std::string& file, const std::string& what, const std::string& by) const {
        std::string text = read(file);
        const std::size_t at = text.find(what);
        ASSERT_NE(at, std::string::npos) << file << " has no " << what;
        text.replace(at, what.size(), by);
        write(file, text);
    }
    /// Changes `count` lines among those that `edit` changes at all, chosen by `random`.
    void edit_lines(const std::string& file, std::size_t count, core::Random& random,
                    const std::function<std::string(const std::string&)>& edit) const {
        std::vector<std::string> lines;
        std::istringstream text{read(file)};
        for (std::string line; std::getline(text, line);) lines.push_back(line);
        std::vector<std::size_t> candidates;
        for (std::size_t i = 0; i < lines.size(); ++i) {
            if (edit(lines[i]) != lines[i]) candidates.push_back(i);
        }
        ASSERT_GE(candidates.size(), count) << file;
        std::set<std::size_t> chosen;
        while (chosen.size() < count) chosen.insert(candidates[random.below(candidates.size())]);
        std::string spoiled;
        for (std::size_t i = 0; i < lines.size(); ++i) {
            spoiled += (chosen.contains(i) ? edit(lines[i]) : lines[i]) + "\n";
        }
        write(file, spoiled);
    }

private:
    Scratch scratch_;
    std::filesystem::path folder_;
};

inline std::vector<std::string> fields_of(const std::string& row) {
    std::vector<std::string> fields;
    std::istringstream text{row};
    for (std::string field; std::getline(text, field, ',');) fields.push_back(field);
    return fields;
}
inline std::string row_of(const std::vector<std::string>& fields) {
    std::string row;
    for (const std::string& field : fields) row += (row.empty() ? "" : ",") + field;
    return row;
}

/// "allocations 3, states 1": the parts that differ.
inline std::string differing_parts(const Verification& verification) {
    std::string text;
    for (const PartResult& part : verification.parts) {
        if (part.differing() == 0) continue;
        text += (text.empty() ? "" : ", ") + part.name() + " " + std::to_string(part.differing());
    }
    return text;
}
inline std::string differing_parts(const std::filesystem::path& folder) {
    const auto verification = verify_capture(folder);
    return verification ? differing_parts(*verification) : to_string(verification.error());
}

} // namespace ksl::sim::testing
