// SPDX-License-Identifier: MIT
#include "tests/architecture/rules.h"
#include "tests/architecture/source_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace ksl::architecture {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string mit = "// SPDX-License-Identifier: MIT\n";
const std::string gpl = "// SPDX-License-Identifier: GPL-3.0-or-later\n";

std::vector<std::string> found_in(std::string_view path, const std::string& contents) {
    std::vector<std::string> found;
    for (const Violation& violation : check_file(path, contents)) {
        found.push_back(std::to_string(violation.line) + ": " + violation.what);
    }
    return found;
}

TEST(Architecture, TheSourcesKeepTheirRules) {
    const fs::path root{KSL_SOURCE_DIR};
    ASSERT_GE(source_files(root).size(), 50U) << "the sources are where the test looks for them";
    for (const Violation& violation : check_tree(root)) {
        ADD_FAILURE() << violation.file << ':' << violation.line << ": " << violation.what;
    }
}

// The rest plants one violation each, so that the test above is known to be able to fail.

TEST(ArchitectureRules, ALowerLayerMustNotIncludeAHigherOne) {
    EXPECT_THAT(found_in("core/a.cpp", mit + "#include \"sim/base/error.h\"\n"),
                ElementsAre("2: layer core includes the higher layer: sim/base/error.h"));
    EXPECT_THAT(found_in("sim/a.cpp", mit + "\n#  include \"ui/views/map.h\"\n"),
                ElementsAre("3: layer sim includes the higher layer: ui/views/map.h"));
    EXPECT_THAT(found_in("ui/a.cpp", gpl + "#include \"app/gui/main.h\"\n"),
                ElementsAre("2: layer ui includes the higher layer: app/gui/main.h"));
    EXPECT_THAT(found_in("app/cli/a.cpp", mit + "#include \"ui/a.h\"\n#include \"sim/a.h\"\n"),
                ElementsAre("2: the command line includes the window: ui/a.h"));
    EXPECT_THAT(found_in("app/gui/a.cpp", gpl + "#include \"ui/a.h\"\n#include \"core/a.h\"\n"), IsEmpty());
    EXPECT_THAT(found_in("sim/a.cpp", mit + "#include \"core/a.h\"\n#include \"sim/b.h\"\n"), IsEmpty());
    EXPECT_THAT(found_in("tests/sim/a.cpp", mit + "#include \"ui/a.h\"\n"), IsEmpty());
}

TEST(ArchitectureRules, IncludesStartAtTheRootAndLeaveTestsOut) {
    EXPECT_THAT(found_in("core/a.cpp", mit + "#include \"a.h\"\n"), ElementsAre(HasSubstr("2: includes \"a.h\";")));
    EXPECT_THAT(found_in("sim/a.cpp", mit + "#include \"tests/sim/a.h\"\n"),
                ElementsAre(HasSubstr("includes \"tests/sim/a.h\"")));
}

TEST(ArchitectureRules, CoreKnowsTheStandardLibraryAlone) {
    for (const char* header : {"fmt/format.h", "unistd.h", "sys/mman.h", "QString", "toml++/toml.h", "zlib.h"}) {
        EXPECT_THAT(found_in("core/a.cpp", mit + "#include <" + header + ">\n"),
                    ElementsAre(std::string{"2: core includes more than the standard library: "} + header));
    }
    EXPECT_THAT(found_in("core/a.cpp", mit + "#include <vector>\n#include <immintrin.h>\n"), IsEmpty());
    EXPECT_THAT(found_in("sim/a.cpp", mit + "#include <fmt/format.h>\n"), IsEmpty());
}

TEST(ArchitectureRules, QtStaysInTheWindow) {
    EXPECT_THAT(found_in("sim/a.cpp", mit + "#include <QtCore/QString>\n"),
                ElementsAre("2: sim includes Qt: QtCore/QString"));
    EXPECT_THAT(found_in("sim/a.cpp", mit + "#include <QString>\n"), ElementsAre("2: sim includes Qt: QString"));
    EXPECT_THAT(found_in("core/a.h", mit + "#pragma once\nclass QObject;\n"), ElementsAre("3: names Qt: QObject"));
    EXPECT_THAT(found_in("sim/a.cpp", mit + "int x = Qt::red;\n"), ElementsAre("2: names Qt: Qt"));
    EXPECT_THAT(found_in("sim/CMakeLists.txt", "# SPDX-License-Identifier: MIT\nfind_package(Qt6 REQUIRED)\n"),
                ElementsAre("2: names Qt: find_package(Qt6"));
    EXPECT_THAT(found_in("sim/a.cpp",
                         mit + "// Qt, QObject\nQuantile q; const char* s = \"QObject\"; /* QWidget\nQWidget */\n"),
                IsEmpty());
    EXPECT_THAT(found_in("app/cli/a.cpp", mit + "QString s;\n"), ElementsAre("2: names Qt: QString"));
    EXPECT_THAT(found_in("ui/a.cpp", gpl + "#include <QWidget>\nQWidget w;\n"), IsEmpty());
    EXPECT_THAT(found_in("tests/bench/ui_bench.cpp", gpl + "#include <QImage>\nQImage i;\n"), IsEmpty());
}

TEST(ArchitectureRules, SqliteStaysInTheStore) {
    EXPECT_THAT(found_in("sim/a.cpp", mit + "#include <sqlite3.h>\n"),
                ElementsAre("2: SQLite outside sim/store: sqlite3.h"));
    EXPECT_THAT(found_in("ui/a.cpp", gpl + "#include <SQLiteCpp/Database.h>\n"),
                ElementsAre("2: SQLite outside sim/store: SQLiteCpp/Database.h"));
    EXPECT_THAT(found_in("app/cli/a.cpp", mit + "struct sqlite3_stmt;\n"),
                ElementsAre("2: names SQLite: sqlite3_stmt"));
    EXPECT_THAT(found_in("app/CMakeLists.txt", "# SPDX-License-Identifier: MIT\ntarget_link_libraries(a SQLiteCpp)\n"),
                ElementsAre("2: names SQLite: SQLiteCpp"));
    EXPECT_THAT(found_in("sim/store/a.cpp", mit + "#include <sqlite3.h>\nSQLite::Database d;\n"), IsEmpty());
    EXPECT_THAT(found_in("sim/a.cpp", mit + "// SQLite::Database\n#include \"sim/store/run_store.h\"\n"), IsEmpty());
}

TEST(ArchitectureRules, ColoursComeFromTheTheme) {
    for (const char* code : {"QColor(255, 0, 0)", "QColor{\"red\"}", "QColor c(\"#fff\")", "setPen(Qt::darkGreen)",
                             "style(\"#1B1F24\")", "qRgb(1, 2, 3)"}) {
        EXPECT_THAT(found_in("ui/views/a.cpp", gpl + code + ";\n"),
                    ElementsAre(HasSubstr("2: a colour outside ui/theme: ")))
            << code;
        EXPECT_THAT(found_in("ui/theme/a.cpp", gpl + code + ";\n"), IsEmpty()) << code;
    }
    EXPECT_THAT(found_in("ui/views/a.cpp", gpl + "QColor c = theme.color(Role::guard); // was QColor(1, 2, 3)\n"),
                IsEmpty());
    EXPECT_THAT(found_in("ui/views/a.cpp", gpl + "painter.setPen(Qt::NoPen);\n"), IsEmpty());
}

TEST(ArchitectureRules, EveryFileNamesTheLicenceOfItsLayer) {
    EXPECT_THAT(found_in("core/a.cpp", "int x;\n"),
                ElementsAre("1: no SPDX-License-Identifier in the first three lines; MIT would be right"));
    EXPECT_THAT(found_in("core/a.cpp", "\n\n\n" + mit), ElementsAre(HasSubstr("no SPDX-License-Identifier")));
    EXPECT_THAT(found_in("core/a.cpp", gpl), ElementsAre("1: licence GPL-3.0-or-later where the layer's is MIT"));
    EXPECT_THAT(found_in("ui/a.cpp", mit), ElementsAre("1: licence MIT where the layer's is GPL-3.0-or-later"));
    EXPECT_THAT(found_in("tests/ui/a.cpp", gpl), IsEmpty());
    EXPECT_THAT(found_in("app/gui/a.cpp", gpl), IsEmpty());
    EXPECT_THAT(found_in("app/cli/a.cpp", mit), IsEmpty());
    EXPECT_THAT(found_in("scripts/test", "#!/usr/bin/env bash\n# SPDX-License-Identifier: MIT\n"), IsEmpty());
}

TEST(ArchitectureRules, EveryHeaderIsIncludedOnce) {
    EXPECT_THAT(found_in("core/a.h", mit), ElementsAre("1: no #pragma once"));
}

TEST(ArchitectureRules, AViolationInATreeIsFound) {
    const fs::path root = fs::path{::testing::TempDir()} / "ksl_architecture";
    fs::remove_all(root);
    fs::create_directories(root / "core/types");
    fs::create_directories(root / "tests/data");
    fs::create_directories(root / "build/core");
    std::ofstream{root / "CMakeLists.txt"} << "# SPDX-License-Identifier: MIT\n";
    std::ofstream{root / "core/types/good.h"} << mit << "#pragma once\n";
    std::ofstream{root / "core/types/bad.h"} << mit << "#pragma once\n#include <QString>\n";
    std::ofstream{root / "tests/data/capture.toml"} << "no licence needed\n";
    std::ofstream{root / "build/core/generated.cpp"} << "no source of ours\n";
    EXPECT_THAT(source_files(root), ElementsAre("CMakeLists.txt", "core/types/bad.h", "core/types/good.h"));
    const std::vector<Violation> violations = check_tree(root);
    ASSERT_EQ(violations.size(), 1U);
    EXPECT_EQ(violations[0].file, "core/types/bad.h");
    fs::remove_all(root);
}

TEST(SourceText, CommentsAndLiteralsAreBlankedAndLinesStay) {
    EXPECT_EQ(code_of("a // b\nc /* d\ne */ f \"g\\\"h\" 'i' 1'000 R\"x(j)\"k)x\" l", Literals::blank),
              "a     \nc     \n     f \"    \" ' ' 1'000             l");
    EXPECT_EQ(code_of("a \"// b\" c", Literals::keep), "a \"// b\" c");
}

TEST(SourceText, IncludesInCommentsAreNone) {
    const auto includes = includes_of("// #include \"a.h\"\n/*\n#include <b>\n*/\n # include <c> // d\n");
    ASSERT_EQ(includes.size(), 1U);
    EXPECT_EQ(includes[0].path, "c");
    EXPECT_EQ(includes[0].line, 5);
}

} // namespace
} // namespace ksl::architecture
