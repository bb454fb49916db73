// SPDX-License-Identifier: MIT
#include "tests/architecture/rules.h"

#include "tests/architecture/source_text.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <regex>
#include <sstream>

namespace ksl::architecture {

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 9> kFolders{"core",  "sim",     "ui",  "app",   "tests",
                                                   "cmake", "scripts", ".ci", "assets"};

/// The lowest layer first.
constexpr std::array<std::string_view, 4> kLayers{"core", "sim", "ui", "app"};

std::string_view first_folder(std::string_view path) {
    return path.substr(0, path.find('/'));
}
bool is_in(std::string_view path, std::string_view folder) {
    return path.starts_with(folder) && path.substr(folder.size()).starts_with("/");
}
std::size_t layer_of(std::string_view path) {
    return static_cast<std::size_t>(std::ranges::find(kLayers, first_folder(path)) - kLayers.begin());
}
/// The window, its tests and its benchmarks: they know Qt and carry the licence that QCustomPlot asks for.
bool is_window(std::string_view path) {
    return is_in(path, "ui") || is_in(path, "app/gui") || is_in(path, "tests/ui") ||
           path.starts_with("tests/bench/ui_");
}
bool is_cpp(std::string_view path) {
    return path.ends_with(".h") || path.ends_with(".cpp");
}
bool is_cmake(std::string_view path) {
    return path.ends_with(".cmake") || path.ends_with("CMakeLists.txt");
}

/// A header of the standard library has small letters, no folder and no ending; intrinsics belong to the compiler.
bool is_standard(const Include& include) {
    static constexpr std::array<std::string_view, 2> kIntrinsics{"emmintrin.h", "immintrin.h"};
    const bool is_intrinsic = std::ranges::find(kIntrinsics, include.path) != kIntrinsics.end();
    static const std::regex standard{"[a-z_0-9]+"};
    return !include.is_quoted && (is_intrinsic || std::regex_match(include.path, standard));
}
bool is_qt(const Include& include) {
    static const std::regex qt{R"((Qt\w*/.*|Q[A-Z]\w*|q[a-z]*\.h|qcustomplot.*))"};
    return std::regex_match(include.path, qt);
}

bool is_include(const std::string& line) {
    static const std::regex include_line{R"(^\s*#\s*include\b.*)"};
    return std::regex_match(line, include_line);
}

/// Collects what is wrong with one file.
class FileCheck {
public:
    FileCheck(std::string_view path, std::string_view contents) : path_(path), contents_(contents) {}

    std::vector<Violation> check() {
        check_licence();
        if (is_cpp(path_)) check_cpp();
        if (is_cmake(path_)) check_cmake();
        return std::move(violations_);
    }

private:
    void add(int line, std::string what) { violations_.push_back({std::string{path_}, line, std::move(what)}); }

    void add_matches(std::string_view text, const std::regex& pattern, const std::string& what) {
        int number = 0;
        for (const std::string& line : lines_of(text)) {
            ++number;
            std::smatch match;
            if (is_include(line)) continue; // check_include() has looked at it
            if (std::regex_search(line, match, pattern)) add(number, what + ": " + match.str());
        }
    }

    void check_licence() {
        const std::string expected = is_window(path_) ? "GPL-3.0-or-later" : "MIT";
        int number = 0;
        for (const std::string& line : lines_of(contents_.substr(0, 400))) {
            if (++number > 3) break;
            static constexpr std::string_view kTag = "SPDX-License-Identifier: ";
            const std::size_t at = line.find(kTag);
            if (at == std::string::npos) continue;
            const std::string licence = line.substr(at + kTag.size());
            if (licence != expected)
                add(number, std::string{"licence "}.append(licence).append(" where the layer's is ").append(expected));
            return;
        }
        add(1, "no SPDX-License-Identifier in the first three lines; " + expected + " would be right");
    }

    void check_cpp() {
        if (path_.ends_with(".h") && contents_.find("#pragma once") == std::string_view::npos)
            add(1, "no #pragma once");
        for (const Include& include : includes_of(contents_)) check_include(include);
        const std::string code = code_of(contents_, Literals::blank);
        const bool may_know_qt = is_window(path_);
        static const std::regex qt_name{R"(\bQ(t\b|t::|[A-Z][a-z]\w*))"};
        if (!may_know_qt) add_matches(code, qt_name, "names Qt");
        static const std::regex sqlite_name{R"(\b(sqlite3\w*|SQLite::\w+))"};
        if (!may_know_sqlite()) add_matches(code, sqlite_name, "names SQLite");
        if (is_in(path_, "ui") && !is_in(path_, "ui/theme")) check_colours();
    }

    void check_include(const Include& include) {
        const std::size_t own = layer_of(path_);
        if (own == kLayers.size()) return; // tests may look everywhere
        const std::size_t other = layer_of(include.path);
        if (include.is_quoted && other == kLayers.size()) {
            add(include.line,
                "includes \"" + include.path + "\"; paths start at the root, and tests are not part of it");
        }
        if (include.is_quoted && other != kLayers.size() && other > own) {
            add(include.line,
                std::string{"layer "}.append(kLayers[own]).append(" includes the higher layer: ") + include.path);
        }
        if (kLayers[own] == "app" && !is_window(path_) && is_in(include.path, "ui")) {
            add(include.line, "the command line includes the window: " + include.path);
        }
        if (kLayers[own] == "core" && !include.is_quoted && !is_standard(include)) {
            add(include.line, "core includes more than the standard library: " + include.path);
        }
        if (kLayers[own] == "sim" && is_qt(include)) add(include.line, "sim includes Qt: " + include.path);
        const bool is_sqlite = include.path.starts_with("SQLiteCpp/") || include.path == "sqlite3.h";
        if (is_sqlite && !may_know_sqlite()) add(include.line, "SQLite outside sim/store: " + include.path);
    }

    [[nodiscard]] bool may_know_sqlite() const {
        return is_in(path_, "sim/store") || is_in(path_, "tests/sim/store") ||
               path_ == "tests/bench/loads/log_load.cpp";
    }

    void check_colours() {
        const std::string code = code_of(contents_, Literals::keep);
        static const std::regex colour{
            R"re(\bQColor\s*\w*\s*[({]\s*["0-9]|\bqRgba?\s*\(\s*[0-9]|"#[0-9A-Fa-f]{3,8}"|\bQt::(white|black|red|green|blue|cyan|magenta|yellow|gray|darkRed|darkGreen|darkBlue|darkCyan|darkMagenta|darkYellow|darkGray|lightGray)\b)re"};
        add_matches(code, colour, "a colour outside ui/theme");
    }

    void check_cmake() {
        const std::string_view folder = first_folder(path_);
        static const std::regex qt{R"(\b(Qt[56]?::\w+|find_package\(Qt\w*|QCustomPlot\w*))"};
        static const std::regex sqlite{R"(\b(SQLite\w*(::\w+)?))"};
        if (folder == "core" || folder == "sim") add_matches(code_without_hash_comments(), qt, "names Qt");
        if (folder != "tests" && !is_in(path_, "sim/store"))
            add_matches(code_without_hash_comments(), sqlite, "names SQLite");
    }

    [[nodiscard]] std::string code_without_hash_comments() const {
        std::string code;
        for (const std::string& line : lines_of(contents_)) code += line.substr(0, line.find('#')) + '\n';
        return code;
    }

    std::string_view path_;
    std::string_view contents_;
    std::vector<Violation> violations_;
};

/// Data of tests carry the licence of their origin or none, and samples are as they must be.
bool is_data(std::string_view path) {
    return is_in(path, "tests/data") || path.find("/corpus/") != std::string_view::npos ||
           path.find("/samples/") != std::string_view::npos || path.find("/golden/") != std::string_view::npos;
}

bool is_source(std::string_view path) {
    static constexpr std::array<std::string_view, 8> kEndings{".h",   ".cpp",  ".cmake", "CMakeLists.txt",
                                                              ".sql", ".toml", ".sh",    ".py"};
    if (is_data(path)) return false;
    const bool is_script =
        (is_in(path, "scripts") || is_in(path, ".ci")) && path.find('.', 1) == std::string_view::npos;
    return is_script || std::ranges::any_of(kEndings, [&](auto ending) { return path.ends_with(ending); });
}

} // namespace

std::vector<Violation> check_file(std::string_view path, std::string_view contents) {
    return FileCheck{path, contents}.check();
}

std::vector<std::string> source_files(const fs::path& root) {
    std::vector<std::string> files{"CMakeLists.txt"};
    for (const std::string_view folder : kFolders) {
        std::error_code missing;
        for (const auto& entry : fs::recursive_directory_iterator{root / folder, missing}) {
            const std::string path = entry.path().lexically_relative(root).generic_string();
            if (entry.is_regular_file() && is_source(path)) files.push_back(path);
        }
    }
    std::ranges::sort(files);
    return files;
}

std::vector<Violation> check_tree(const fs::path& root) {
    std::vector<Violation> all;
    for (const std::string& file : source_files(root)) {
        std::ifstream in{root / file, std::ios::binary};
        std::ostringstream contents;
        contents << in.rdbuf();
        const std::vector<Violation> found = check_file(file, contents.str());
        all.insert(all.end(), found.begin(), found.end());
    }
    return all;
}

} // namespace ksl::architecture
