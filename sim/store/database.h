// SPDX-License-Identifier: MIT
//
// One connection to a lab database, opened with all the checks that keep us out of other programs' files. Internal to
// sim/store: SQLite's exceptions end at guarded().
//
// Errors:  what is wrong with the file is the user's error (not a database, another program's, of a newer kstacklab);
//          what is wrong with its surroundings is the environment's (locked, read-only, disk full, damaged).
// Threads: one at a time.
#pragma once

#include "sim/base/error.h"
#include "sim/store/open_options.h"
#include "sim/store/schema.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace ksl::sim {

/// The sentence for an SQLite result code. `detail`: SQLite's own words, for codes that we have none for.
[[nodiscard]] Error store_error(const std::string& file, int extended_code, int system_errno, const std::string& detail,
                                const OpenOptions& options);

class Database {
public:
    /// Creates the file where it is missing (append), converts an older schema, refuses what it must not touch.
    static Result<Database> open(const std::filesystem::path& path, OpenMode mode, const OpenOptions& options,
                                 const SchemaHistory& history = schema_history());

    [[nodiscard]] SQLite::Database& sql() { return *sql_; }
    [[nodiscard]] const std::string& file() const { return file_; }
    [[nodiscard]] Error error_of(const SQLite::Exception& exception) const;

    /// Result of calling `body`, SQLite's exceptions turned into errors.
    template <class Body>
    auto guarded(Body&& body) -> Result<std::invoke_result_t<Body>> {
        try {
            if constexpr (std::is_void_v<std::invoke_result_t<Body>>) {
                std::forward<Body>(body)();
                return {};
            } else {
                return std::forward<Body>(body)();
            }
        } catch (const SQLite::Exception& exception) {
            return std::unexpected(error_of(exception));
        }
    }

    /// Calls `body` in a transaction, which is rolled back if `body` throws.
    template <class Body>
    void in_transaction(SQLite::TransactionBehavior behavior, Body&& body) {
        SQLite::Transaction transaction{*sql_, behavior};
        try {
            std::forward<Body>(body)();
            transaction.commit();
        } catch (const SQLite::Exception&) {
            note_system_error(); // before rolling back makes SQLite forget it
            throw;
        }
    }

private:
    Database(std::string file, const OpenOptions& options) : file_(std::move(file)), options_(options) {}

    Result<void> connect(const std::filesystem::path& path, OpenMode mode);
    Result<void> check_and_prepare(OpenMode mode, const SchemaHistory& history);
    void create(const SchemaHistory& history);
    void convert(const std::vector<const SchemaStep*>& steps, int version);
    void note_system_error();

    std::string file_;
    OpenOptions options_;
    int system_errno_ = 0; ///< of the last transaction that failed
    std::unique_ptr<SQLite::Database> sql_;
};

} // namespace ksl::sim
