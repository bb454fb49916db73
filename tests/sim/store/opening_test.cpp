// SPDX-License-Identifier: MIT
//
// Files that are not what a lab database should be, and places where there should be one.
#include "sim/store/database.h"
#include "sim/store/run_store.h"
#include "tests/sim/store/lab_samples.h"
#include "tests/sim/support/other_user.h"
#include "tests/sim/support/scratch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <thread>
#include <tuple>

namespace ksl::sim {
namespace {

namespace fs = std::filesystem;
using testing::answer;
using testing::contents_of;
using ::testing::HasSubstr;
using testing::record_sample;
using testing::sample_recipe;

class OpeningTest : public ::testing::Test {
protected:
    OpeningTest() { options_.busy_timeout = std::chrono::milliseconds{50}; }

    Error error_of_opening(OpenMode mode = OpenMode::append) {
        auto store = RunStore::open(file_, mode, options_);
        return store ? Error{} : store.error();
    }
    void expect_both_modes_fail(ErrorKind kind, const std::string& message) {
        for (const OpenMode mode : {OpenMode::append, OpenMode::read}) {
            const Error error = error_of_opening(mode);
            EXPECT_EQ(error.file, file_.string());
            EXPECT_EQ(error.message, message);
            EXPECT_EQ(error.kind, kind);
        }
    }
    void create_lab() {
        auto store = RunStore::open(file_, OpenMode::append);
        ASSERT_TRUE(store) << to_string(store.error());
        ASSERT_TRUE(record_sample(*store->begin_run(sample_recipe(1)), 1, 3000));
        ASSERT_TRUE(store->close());
    }
    void execute(const std::string& sql) const {
        SQLite::Database{file_.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE}.exec(sql);
    }

    testing::Scratch scratch_;
    fs::path file_ = scratch_.path("lab.sqlite");
    OpenOptions options_;
};

TEST_F(OpeningTest, AMissingFileIsCreatedForRecordingAndAnErrorForReading) {
    EXPECT_EQ(error_of_opening(OpenMode::read).message, "no such file; `kstacklab run` creates a database");
    EXPECT_FALSE(fs::exists(file_));
    EXPECT_TRUE(RunStore::open(file_, OpenMode::append));
    EXPECT_TRUE(RunStore::open(file_, OpenMode::read));
    EXPECT_EQ(answer(file_, "PRAGMA user_version"), "1");
    EXPECT_EQ(answer(file_, "PRAGMA application_id"), std::to_string(kApplicationId));
}

TEST_F(OpeningTest, AnEmptyFileIsFilled) {
    std::ofstream{file_}.flush();
    EXPECT_EQ(error_of_opening(OpenMode::read).message, "an empty database; there is nothing to read in it yet");
    EXPECT_TRUE(RunStore::open(file_, OpenMode::append));
}

TEST_F(OpeningTest, ANameThatLooksLikeAUriIsAName) {
    for (const char* name : {"file:odd?mode=ro", "100%25.sqlite", "a#b", ":memory:"}) {
        EXPECT_TRUE(RunStore::open(scratch_.path(name), OpenMode::append)) << name;
        EXPECT_TRUE(fs::exists(scratch_.path(name))) << name;
    }
}

TEST_F(OpeningTest, AnotherProgramsDatabaseIsLeftAlone) {
    execute("CREATE TABLE bookmarks (url TEXT)");
    expect_both_modes_fail(ErrorKind::input,
                           "a database of another program (application id 0x0, not 0x6b534c31); kstacklab "
                           "leaves it alone, name another file with --db");
    execute("PRAGMA application_id = 252006675");
    EXPECT_THAT(error_of_opening().message, HasSubstr("(application id 0xf055113"));
    EXPECT_EQ(answer(file_, "SELECT group_concat(name) FROM sqlite_schema"), "bookmarks");
    EXPECT_EQ(answer(file_, "PRAGMA journal_mode"), "delete");
}

TEST_F(OpeningTest, ANewerSchemaIsRefusedWithBothVersions) {
    create_lab();
    execute("PRAGMA user_version = 7");
    const std::string before = contents_of(file_);
    expect_both_modes_fail(ErrorKind::input,
                           "of schema version 7, written by a newer kstacklab; this one reads versions up to 1");
    EXPECT_EQ(contents_of(file_), before);
}

TEST_F(OpeningTest, AFileThatIsNoDatabaseIsTheUsersError) {
    std::ofstream{file_} << "This is a shopping list, and it is long enough to be looked at.\n"
                         << std::string(4096, 'x');
    expect_both_modes_fail(ErrorKind::input, "not an SQLite database; name another file with --db");
}

TEST_F(OpeningTest, AFolderIsNotADatabase) {
    fs::create_directory(file_);
    expect_both_modes_fail(ErrorKind::input, "a folder, not a database");
}

TEST_F(OpeningTest, AMissingFolderIsNotCreated) {
    file_ = scratch_.path("none/lab.sqlite");
    EXPECT_EQ(error_of_opening().message, "its folder does not exist; create it first");
    EXPECT_EQ(error_of_opening().kind, ErrorKind::input);
}

TEST_F(OpeningTest, ALockedDatabaseIsReportedAfterTheWait) {
    create_lab();
    SQLite::Database other{file_.string(), SQLite::OPEN_READWRITE};
    other.exec("BEGIN IMMEDIATE");
    const Error error = error_of_opening();
    EXPECT_EQ(error.message,
              "locked by another program, after waiting 0.05 s; close that program, or name another database "
              "with --db");
    EXPECT_EQ(error.kind, ErrorKind::environment);
    EXPECT_TRUE(RunStore::open(file_, OpenMode::read, options_)) << "reading needs no lock";
    other.exec("ROLLBACK");
    EXPECT_TRUE(RunStore::open(file_, OpenMode::append, options_));
}

TEST_F(OpeningTest, ABriefLockIsWaitedFor) {
    create_lab();
    options_.busy_timeout = std::chrono::seconds{20};
    SQLite::Database other{file_.string(), SQLite::OPEN_READWRITE};
    other.exec("BEGIN IMMEDIATE");
    std::thread releases{[&] {
        std::this_thread::sleep_for(std::chrono::milliseconds{100});
        other.exec("ROLLBACK");
    }};
    EXPECT_TRUE(RunStore::open(file_, OpenMode::append, options_));
    releases.join();
}

TEST_F(OpeningTest, AReadOnlyFileCanBeReadAndNotWritten) {
    create_lab();
    fs::permissions(file_, fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read);
    EXPECT_EQ(testing::as_other_user([&] { return to_string(error_of_opening(OpenMode::read)); }), "");
    EXPECT_EQ(testing::as_other_user([&] { return to_string(error_of_opening()); }),
              file_.string() + ": read-only; make it writable, or name another database with --db");
}

TEST_F(OpeningTest, AReadOnlyFolderCanBeReadAndNotWritten) {
    create_lab();
    fs::permissions(file_, fs::perms::all);
    fs::permissions(file_.parent_path(),
                    fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read | fs::perms::others_exec);
    EXPECT_EQ(testing::as_other_user([&] { return to_string(error_of_opening(OpenMode::read)); }), "");
    EXPECT_EQ(testing::as_other_user([&] { return to_string(error_of_opening()); }),
              file_.string() +
                  ": its folder is read-only, and SQLite keeps a log beside the file; make the folder writable, "
                  "or name another database with --db");
    file_ = scratch_.path("new.sqlite");
    EXPECT_EQ(testing::as_other_user([&] { return to_string(error_of_opening()); }),
              file_.string() + ": cannot be created in its folder: Permission denied");
    fs::permissions(file_.parent_path(), fs::perms::owner_all);
}

TEST_F(OpeningTest, AFileThatWeMayNotReadSaysSo) {
    create_lab();
    fs::permissions(file_, fs::perms::none);
    for (const OpenMode mode : {OpenMode::read, OpenMode::append}) {
        EXPECT_EQ(testing::as_other_user([&] { return to_string(error_of_opening(mode)); }),
                  file_.string() + ": cannot be opened: Permission denied");
    }
}

TEST_F(OpeningTest, ADamagedFileIsReportedWithAWayOut) {
    create_lab();
    {
        std::fstream out{file_, std::ios::in | std::ios::out | std::ios::binary};
        out.seekp(8192); // everything but the first page
        const std::string garbage(fs::file_size(file_) - 8192, '\x5a');
        out << garbage;
    }
    const Error error = error_of_opening();
    EXPECT_THAT(error.message, HasSubstr("damaged (database disk image is malformed); `sqlite3 "));
    EXPECT_THAT(error.message, HasSubstr("lab.sqlite .recover` saves what can be read"));
    EXPECT_EQ(error.kind, ErrorKind::environment);
    auto store = RunStore::open(file_, OpenMode::read);
    EXPECT_TRUE(!store || !store->runs()) << "reading it is an error as well";
}

TEST_F(OpeningTest, EveryTruncationIsSurvived) {
    create_lab();
    const auto whole = fs::file_size(file_);
    const auto copy = scratch_.path("cut.sqlite");
    for (std::uintmax_t size = 0; size < whole; size += 1500) {
        fs::copy_file(file_, copy, fs::copy_options::overwrite_existing);
        fs::resize_file(copy, size);
        auto store = RunStore::open(copy, OpenMode::read);
        if (!store) continue;
        const auto runs = store->runs(); // may succeed where the lost pages are others
        if (runs && !runs->empty()) std::ignore = store->operations(RunId{1}, 0, 100'000);
    }
}

/// A version 0 that never existed: no column for the kernel, and another name for the seed.
class MigrationTest : public OpeningTest {
protected:
    MigrationTest() {
        execute("CREATE TABLE run (id INTEGER PRIMARY KEY, design TEXT NOT NULL, random INTEGER NOT NULL) STRICT;"
                "INSERT INTO run VALUES (1, 'linux-4.7', 11), (2, 'linux-4.9', 12);"
                "PRAGMA application_id = " +
                std::to_string(kApplicationId));
        history_.version = 2;
        history_.sql = "CREATE TABLE never (used)";
        history_.steps = {{0, "ALTER TABLE run RENAME COLUMN random TO seed"},
                          {1, "ALTER TABLE run ADD COLUMN kernel TEXT; UPDATE run SET kernel = substr(design, 7)"}};
    }
    SchemaHistory history_;
};

TEST_F(MigrationTest, AnOlderSchemaIsConvertedStepByStepAndKeepsItsRows) {
    ASSERT_TRUE(Database::open(file_, OpenMode::append, options_, history_));
    EXPECT_EQ(answer(file_, "PRAGMA user_version"), "2");
    EXPECT_EQ(answer(file_, "SELECT group_concat(id || design || seed || kernel) FROM run"),
              "1linux-4.7114.7,2linux-4.9124.9");
    ASSERT_TRUE(Database::open(file_, OpenMode::append, options_, history_)) << "once converted it is current";
}

TEST_F(MigrationTest, AStepThatFailsChangesNothing) {
    history_.steps[1].sql = "ALTER TABLE run ADD COLUMN kernel TEXT; UPDATE nothing SET x = 1";
    const std::string before = contents_of(file_);
    EXPECT_FALSE(Database::open(file_, OpenMode::append, options_, history_));
    EXPECT_EQ(contents_of(file_), before);
    EXPECT_EQ(answer(file_, "PRAGMA user_version"), "0");
}

TEST_F(MigrationTest, AVersionWithoutAWayUpIsRefused) {
    history_.steps.erase(history_.steps.begin());
    const auto opened = Database::open(file_, OpenMode::append, options_, history_);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().message, "of schema version 0, which this kstacklab (version 2) cannot convert");
    EXPECT_EQ(opened.error().kind, ErrorKind::input);
}

TEST_F(MigrationTest, ReadingDoesNotConvert) {
    const auto opened = Database::open(file_, OpenMode::read, options_, history_);
    ASSERT_FALSE(opened);
    EXPECT_EQ(
        opened.error().message,
        "of schema version 0, to be converted to 2 first, but opened read-only; `kstacklab run --db` converts it");
    EXPECT_EQ(answer(file_, "PRAGMA user_version"), "0");
}

TEST_F(MigrationTest, ALockedDatabaseIsNotConverted) {
    SQLite::Database other{file_.string(), SQLite::OPEN_READWRITE};
    other.exec("BEGIN IMMEDIATE");
    const auto opened = Database::open(file_, OpenMode::append, options_, history_);
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().message, HasSubstr("locked by another program"));
}

} // namespace
} // namespace ksl::sim
