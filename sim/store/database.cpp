// SPDX-License-Identifier: MIT
#include "sim/store/database.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>
#include <thread>

namespace ksl::sim {

namespace {

namespace fs = std::filesystem;

Error environment(const std::string& file, std::string message) {
    return fail_environment(file, std::move(message)).error();
}
Error input(const std::string& file, std::string message) {
    return fail(file, 0, std::move(message)).error();
}

std::string seconds_text(std::chrono::milliseconds time) {
    return fmt::format("{:g} s", std::chrono::duration<double>(time).count());
}

/// What can be said before SQLite looks at the file.
Result<void> check_place(const fs::path& path, OpenMode mode) {
    std::error_code ignored;
    if (path.empty()) return fail("", 0, "the name of the database is empty");
    if (fs::is_directory(path, ignored)) return fail(path.string(), 0, "a folder, not a database");
    if (mode == OpenMode::read && !fs::exists(path, ignored)) {
        return fail(path.string(), 0, "no such file; `kstacklab run` creates a database");
    }
    const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path{"."};
    if (!fs::is_directory(folder, ignored)) return fail(path.string(), 0, "its folder does not exist; create it first");
    return {};
}

/// A database in WAL mode cannot be opened in a folder that we may not write to, unless we promise that nobody changes
/// it; which holds where nobody has left a log beside it.
bool can_be_immutable(const fs::path& path) {
    std::error_code error;
    const auto log_bytes = fs::file_size(path.string() + "-wal", error);
    return error || log_bytes == 0;
}

std::string why_not_opened(const fs::path& path, OpenMode mode) {
    std::error_code ignored;
    const bool exists = fs::exists(path, ignored);
    const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path{"."};
    const int wanted = mode == OpenMode::read ? R_OK : R_OK | W_OK;
    if (::access(exists ? path.c_str() : folder.c_str(), wanted) == 0) return "cannot be opened: reason unknown";
    const std::string reason = std::generic_category().message(errno);
    return exists ? "cannot be opened: " + reason : "cannot be created in its folder: " + reason;
}

std::unique_ptr<SQLite::Database> open_sqlite(const fs::path& path, OpenMode mode, const OpenOptions& options,
                                              std::string_view uri_options) {
    // Each connection is used by one thread at a time, so SQLite need not lock its own structures.
    // Reading asks for write access as well, and does without where it is refused: only so can the last reader to close
    // tidy away the log. That it changes nothing else is query_only's promise.
    const int create = mode == OpenMode::append ? SQLite::OPEN_CREATE : 0;
    auto sql = std::make_unique<SQLite::Database>(
        file_uri(path, uri_options), SQLite::OPEN_READWRITE | create | SQLite::OPEN_URI | SQLite::OPEN_NOMUTEX,
        static_cast<int>(options.busy_timeout.count()));
    if (mode == OpenMode::read) sql->exec("PRAGMA query_only = ON");
    return sql;
}

int number(SQLite::Database& sql, const std::string& query) {
    return sql.execAndGet(query).getInt();
}

/// Whether somebody could mean us to fill it: no tables, no marks.
bool is_blank(SQLite::Database& sql) {
    return number(sql, "PRAGMA application_id") == 0 && number(sql, "PRAGMA user_version") == 0 &&
           number(sql, "SELECT count(*) FROM sqlite_schema") == 0;
}

/// SQLite does not wait for others here, so that programs that create one file together would fail.
void use_write_ahead_log(SQLite::Database& sql, std::chrono::milliseconds patience) {
    constexpr std::chrono::milliseconds kPause{10};
    for (;; patience -= kPause) {
        try {
            sql.exec("PRAGMA journal_mode = WAL");
            return;
        } catch (const SQLite::Exception& exception) {
            if (exception.getErrorCode() != SQLITE_BUSY || patience <= std::chrono::milliseconds{0}) throw;
            std::this_thread::sleep_for(kPause);
        }
    }
}

/// Steps from `version` to the current one; empty optional if one is missing.
std::optional<std::vector<const SchemaStep*>> steps_from(int version, const SchemaHistory& history) {
    std::vector<const SchemaStep*> steps;
    for (; version < history.version; ++version) {
        const auto step =
            std::ranges::find_if(history.steps, [&](const SchemaStep& candidate) { return candidate.from == version; });
        if (step == history.steps.end()) return std::nullopt;
        steps.push_back(&*step);
    }
    return steps;
}

} // namespace

std::string file_uri(const fs::path& path, std::string_view options) {
    std::string uri = "file:";
    for (const char letter : fs::absolute(path).string()) {
        const bool is_special = std::string_view{"%?#'"}.find(letter) != std::string_view::npos;
        uri += is_special ? fmt::format("%{:02X}", static_cast<unsigned char>(letter)) : std::string(1, letter);
    }
    return uri + std::string{options};
}

Error store_error(const std::string& file, int extended_code, int system_errno, const std::string& detail,
                  const OpenOptions& options) {
    const std::string reason = system_errno == 0 ? detail : std::generic_category().message(system_errno);
    switch (extended_code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return environment(file, fmt::format("locked by another program, after waiting {}; close that program, or name "
                                             "another database with --db",
                                             seconds_text(options.busy_timeout)));
    case SQLITE_FULL:
        return environment(file, "the disk is full; all that was saved before is safe, what did not fit is not in it");
    case SQLITE_READONLY:
        if (::access(file.c_str(), W_OK) == 0) {
            return environment(file, "its folder is read-only, and SQLite keeps a log beside the file; make the folder "
                                     "writable, or name another database with --db");
        }
        return environment(file, "read-only; make it writable, or name another database with --db");
    case SQLITE_CANTOPEN:
    case SQLITE_PERM: return environment(file, fmt::format("cannot be opened: {}", reason));
    case SQLITE_IOERR: return environment(file, fmt::format("reading or writing failed: {}", reason));
    case SQLITE_CORRUPT:
        return environment(file,
                           fmt::format("damaged ({}); `sqlite3 {} .recover` saves what can be read", detail, file));
    case SQLITE_NOTADB: return input(file, "not an SQLite database; name another file with --db");
    default: return environment(file, fmt::format("SQLite: {}", detail));
    }
}

Error Database::error_of(const SQLite::Exception& exception) const {
    int system_errno = system_errno_;
    if (system_errno == 0 && sql_ != nullptr) system_errno = sqlite3_system_errno(sql_->getHandle());
    return store_error(file_, exception.getExtendedErrorCode(), system_errno, exception.what(), options_);
}

void Database::note_system_error() {
    const int last = errno; // SQLite keeps none when a commit fails; the system's is still that of the write
    system_errno_ = sqlite3_system_errno(sql_->getHandle());
    if (system_errno_ == 0) system_errno_ = last;
}

Result<Database> Database::open(const fs::path& path, OpenMode mode, const OpenOptions& options,
                                const SchemaHistory& history) {
    KSL_TRY(check_place(path, mode));
    Database database{path.string(), options};
    KSL_TRY(database.connect(path, mode));
    KSL_TRY(database.check_and_prepare(mode, history));
    return database;
}

Result<void> Database::connect(const fs::path& path, OpenMode mode) {
    const auto try_to = [&](std::string_view uri_options) {
        return guarded([&] {
            sql_ = open_sqlite(path, mode, options_, uri_options);
            sqlite3_extended_result_codes(sql_->getHandle(), 1);
            // The first look at the file: whatever is wrong with it shows here.
            static_cast<void>(number(*sql_, "PRAGMA schema_version"));
        });
    };
    Result<void> opened = try_to("");
    if (!opened && mode == OpenMode::read && opened.error().kind == ErrorKind::environment && can_be_immutable(path)) {
        if (Result<void> immutable = try_to("?immutable=1")) return immutable;
    }
    // SQLite says no more than "unable to open"; the system knows why.
    if (!opened && sql_ == nullptr) return fail_environment(file_, why_not_opened(path, mode));
    return opened;
}

Result<void> Database::check_and_prepare(OpenMode mode, const SchemaHistory& history) {
    KSL_TRY_ASSIGN(blank, guarded([&] { return is_blank(*sql_); }));
    if (blank && mode == OpenMode::append) {
        KSL_TRY(guarded([&] { create(history); }));
    } else if (blank) {
        return fail(file_, 0, "an empty database; there is nothing to read in it yet");
    }
    KSL_TRY_ASSIGN(application, guarded([&] { return number(*sql_, "PRAGMA application_id"); }));
    if (application != kApplicationId) {
        return fail(file_, 0,
                    fmt::format("a database of another program (application id {:#x}, not {:#x}); kstacklab leaves it "
                                "alone, name another file with --db",
                                static_cast<std::uint32_t>(application), static_cast<std::uint32_t>(kApplicationId)));
    }
    KSL_TRY_ASSIGN(version, guarded([&] { return number(*sql_, "PRAGMA user_version"); }));
    if (version > history.version) {
        return fail(file_, 0,
                    fmt::format("of schema version {}, written by a newer kstacklab; this one reads versions up to {}",
                                version, history.version));
    }
    if (version < history.version) {
        const auto steps = steps_from(version, history);
        if (!steps) {
            return fail(file_, 0,
                        fmt::format("of schema version {}, which this kstacklab (version {}) cannot convert", version,
                                    history.version));
        }
        if (mode == OpenMode::read) {
            return fail_environment(file_, fmt::format("of schema version {}, to be converted to {} first, but opened "
                                                       "read-only; `kstacklab run --db` converts it",
                                                       version, history.version));
        }
        KSL_TRY(guarded([&] { convert(*steps, history.version); }));
    }
    if (mode == OpenMode::read) return {};
    if (sqlite3_db_readonly(sql_->getHandle(), "main") != 0) {
        return std::unexpected(store_error(file_, SQLITE_READONLY, 0, "", options_));
    }
    return guarded([&] {
        sql_->exec("PRAGMA synchronous = NORMAL");
        sql_->exec("PRAGMA cache_size = -16384");
        if (options_.max_pages != 0) sql_->exec(fmt::format("PRAGMA max_page_count = {}", options_.max_pages));
    });
}

void Database::create(const SchemaHistory& history) {
    sql_->exec("PRAGMA page_size = 8192");
    use_write_ahead_log(*sql_, options_.busy_timeout);
    in_transaction(SQLite::TransactionBehavior::IMMEDIATE, [&] {
        if (!is_blank(*sql_)) return; // another program was quicker
        sql_->exec(std::string{history.sql});
        sql_->exec(fmt::format("PRAGMA application_id = {}", kApplicationId));
        sql_->exec(fmt::format("PRAGMA user_version = {}", history.version));
    });
}

/// All steps in one transaction: the file has the old schema or the new one, never something between.
void Database::convert(const std::vector<const SchemaStep*>& steps, int version) {
    in_transaction(SQLite::TransactionBehavior::IMMEDIATE, [&] {
        for (const SchemaStep* step : steps) sql_->exec(step->sql);
        sql_->exec(fmt::format("PRAGMA user_version = {}", version));
    });
}

} // namespace ksl::sim
