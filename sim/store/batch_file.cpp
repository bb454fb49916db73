// SPDX-License-Identifier: MIT
#include "sim/store/batch_file.h"

#include "core/types/assert.h"
#include "sim/store/file_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <span>

namespace ksl::sim {

namespace {

using namespace file_format;

constexpr std::size_t kPageBytes = RecordPages::kPageBytes;
constexpr std::uint32_t kRootPage = 2;

constexpr std::size_t kHeaderBytes = 100; ///< of the file; section 1.3
constexpr std::size_t kChangeCounterAt = 24;
constexpr std::size_t kPageCountAt = 28;
constexpr std::size_t kVersionValidForAt = 92;

void write_file_header(std::byte* header) {
    std::memcpy(header, "SQLite format 3", 16);
    put_u16(header + 16, kPageBytes);
    header[18] = std::byte{1};  // written and
    header[19] = std::byte{1};  // read with a rollback journal
    header[21] = std::byte{64}; // fixed payload fractions
    header[22] = std::byte{32};
    header[23] = std::byte{32};
    put_u32(header + 40, 1); // schema cookie: the schema never changes
    put_u32(header + 44, 4); // schema format
    put_u32(header + 56, 1); // UTF-8
    put_u32(header + 96, SQLITE_VERSION_NUMBER);
}

std::byte* put_text(std::byte* out, std::string_view text) {
    std::memcpy(out, text.data(), text.size());
    return out + text.size();
}

/// The one row of sqlite_schema: ('table', name, name, root page, statement), as a cell with rowid 1.
std::vector<std::byte> schema_cell(std::string_view table, std::string_view statement) {
    const auto text_type = [](std::string_view text) { return 13 + 2 * text.size(); };
    std::vector<std::byte> record(64 + 2 * table.size() + statement.size());
    std::byte* at = record.data() + 1;
    at = put_varint(at, text_type("table"));
    at = put_varint(at, text_type(table));
    at = put_varint(at, text_type(table));
    at = put_varint(at, 1); // a number of one byte
    at = put_varint(at, text_type(statement));
    record[0] = static_cast<std::byte>(at - record.data());
    at = put_text(at, "table");
    at = put_text(at, table);
    at = put_text(at, table);
    *at++ = static_cast<std::byte>(kRootPage);
    at = put_text(at, statement);
    record.resize(static_cast<std::size_t>(at - record.data()));

    std::vector<std::byte> cell(2 * kMaxVarintBytes + record.size());
    at = put_varint(cell.data(), record.size());
    at = put_varint(at, 1);
    at = std::ranges::copy(record, at).out;
    cell.resize(static_cast<std::size_t>(at - cell.data()));
    return cell;
}

/// What SQLite allocates for an open file: its own part, then ours.
struct OpenFile {
    sqlite3_file base;
    const BatchFile* file;
};

} // namespace

/// SQLite's callbacks. All of them are called by the thread that uses the connection.
class BatchFile::Vfs {
public:
    static void fill(sqlite3_vfs& vfs, BatchFile* file) {
        vfs.iVersion = 1;
        vfs.szOsFile = sizeof(OpenFile);
        vfs.mxPathname = 512;
        vfs.zName = file->name_.c_str();
        vfs.pAppData = file;
        vfs.xOpen = open;
        vfs.xDelete = [](sqlite3_vfs*, const char*, int) { return SQLITE_READONLY; };
        vfs.xAccess = [](sqlite3_vfs*, const char*, int, int* exists) {
            *exists = 0; // no journal is ever left over
            return SQLITE_OK;
        };
        vfs.xFullPathname = [](sqlite3_vfs*, const char* name, int size, char* out) {
            sqlite3_snprintf(size, out, "%s", name);
            return SQLITE_OK;
        };
        vfs.xRandomness = [](sqlite3_vfs*, int size, char* out) {
            return default_vfs()->xRandomness(default_vfs(), size, out);
        };
        vfs.xSleep = [](sqlite3_vfs*, int microseconds) { return default_vfs()->xSleep(default_vfs(), microseconds); };
        vfs.xCurrentTime = [](sqlite3_vfs*, double* day) { return default_vfs()->xCurrentTime(default_vfs(), day); };
    }

private:
    static sqlite3_vfs* default_vfs() { return sqlite3_vfs_find(nullptr); }

    static int open(sqlite3_vfs* vfs, const char*, sqlite3_file* out, int flags, int* out_flags) {
        out->pMethods = nullptr;
        if ((flags & SQLITE_OPEN_MAIN_DB) == 0) return SQLITE_CANTOPEN;
        static const sqlite3_io_methods io_methods = methods();
        reinterpret_cast<OpenFile*>(out)->file = static_cast<const BatchFile*>(vfs->pAppData);
        out->pMethods = &io_methods;
        if (out_flags != nullptr) *out_flags = flags;
        return SQLITE_OK;
    }

    static int read(sqlite3_file* open_file, void* out, int size, sqlite3_int64 offset) {
        const BatchFile& file = *reinterpret_cast<OpenFile*>(open_file)->file;
        auto* to = static_cast<std::byte*>(out);
        auto wanted = static_cast<std::size_t>(size);
        auto at = static_cast<std::size_t>(offset);
        while (wanted != 0 && at < file.page_count() * kPageBytes) {
            const auto rest = file.page(at / kPageBytes + 1).subspan(at % kPageBytes);
            const std::size_t part = std::min(wanted, rest.size());
            std::memcpy(to, rest.data(), part);
            to += part;
            at += part;
            wanted -= part;
        }
        if (wanted == 0) return SQLITE_OK;
        std::memset(to, 0, wanted);
        return SQLITE_IOERR_SHORT_READ;
    }

    static sqlite3_io_methods methods() {
        sqlite3_io_methods all{};
        all.iVersion = 1;
        all.xClose = [](sqlite3_file*) { return SQLITE_OK; };
        all.xRead = read;
        all.xWrite = [](sqlite3_file*, const void*, int, sqlite3_int64) { return SQLITE_READONLY; };
        all.xTruncate = [](sqlite3_file*, sqlite3_int64) { return SQLITE_READONLY; };
        all.xSync = [](sqlite3_file*, int) { return SQLITE_OK; };
        all.xFileSize = [](sqlite3_file* file, sqlite3_int64* size) {
            *size = static_cast<sqlite3_int64>(reinterpret_cast<OpenFile*>(file)->file->page_count()) *
                    sqlite3_int64{kPageBytes};
            return SQLITE_OK;
        };
        all.xLock = [](sqlite3_file*, int) { return SQLITE_OK; };
        all.xUnlock = [](sqlite3_file*, int) { return SQLITE_OK; };
        all.xCheckReservedLock = [](sqlite3_file*, int* held) {
            *held = 0;
            return SQLITE_OK;
        };
        all.xFileControl = [](sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; };
        all.xSectorSize = [](sqlite3_file*) { return static_cast<int>(kPageBytes); };
        all.xDeviceCharacteristics = [](sqlite3_file*) { return 0; };
        return all;
    }
};

BatchFile::BatchFile(std::string_view table, std::string_view create_statement)
    : name_(fmt::format("ksl-batch-{}", fmt::ptr(this))), uri_(fmt::format("file:batch?vfs={}&mode=ro", name_)),
      schema_page_(kPageBytes), root_page_(kPageBytes) {
    write_file_header(schema_page_.data());
    const std::vector<std::byte> cell = schema_cell(table, create_statement);
    KSL_ASSERT(cell.size() < kPageBytes - 256, "a CREATE TABLE statement that fits on a page");
    const std::size_t content = kPageBytes - cell.size();
    std::ranges::copy(cell, schema_page_.begin() + static_cast<std::ptrdiff_t>(content));
    put_leaf_header(schema_page_.data() + kHeaderBytes, 1, content);
    put_u16(schema_page_.data() + kHeaderBytes + kLeafHeaderBytes, content);
    show(RecordPages{});
    Vfs::fill(vfs_, this);
    sqlite3_vfs_register(&vfs_, 0);
}

BatchFile::~BatchFile() {
    sqlite3_vfs_unregister(&vfs_);
}

std::size_t BatchFile::page_count() const {
    const std::size_t leaves = rows_ == nullptr ? 0 : rows_->page_count();
    return leaves < 2 ? kRootPage : kRootPage + leaves;
}

std::span<const std::byte> BatchFile::page(std::size_t number) const {
    if (number == 1) return schema_page_;
    if (number > kRootPage) return rows_->page(number - kRootPage - 1);
    // A root with one child would not be a B-tree: a single leaf is the root itself.
    return rows_ != nullptr && rows_->page_count() == 1 ? rows_->page(0) : std::span<const std::byte>{root_page_};
}

void BatchFile::show(const RecordPages& rows) {
    rows_ = rows.page_count() == 0 ? nullptr : &rows;
    write_root(rows);
    // A changed counter tells SQLite that what it has in its cache is another file's.
    ++changes_;
    put_u32(schema_page_.data() + kChangeCounterAt, changes_);
    put_u32(schema_page_.data() + kVersionValidForAt, changes_);
    put_u32(schema_page_.data() + kPageCountAt, static_cast<std::uint32_t>(page_count()));
}

void BatchFile::write_root(const RecordPages& rows) {
    std::byte* root = root_page_.data();
    if (rows.page_count() < 2) {
        put_leaf_header(root, 0, kPageBytes);
        return;
    }
    const std::size_t cells = rows.page_count() - 1;
    std::size_t content = kPageBytes;
    const auto leaf_number = [](std::size_t leaf) { return static_cast<std::uint32_t>(kRootPage + 1 + leaf); };
    for (std::size_t leaf = 0; leaf < cells; ++leaf) {
        std::array<std::byte, 4 + kMaxVarintBytes> cell; // NOLINT(*-member-init): written before it is read
        put_u32(cell.data(), leaf_number(leaf));
        const std::byte* end = put_varint(cell.data() + 4, rows.last_row(leaf));
        const auto bytes = static_cast<std::size_t>(end - cell.data());
        content -= bytes;
        std::memcpy(root + content, cell.data(), bytes);
        put_u16(root + kInteriorHeaderBytes + leaf * kCellPointerBytes, content);
    }
    put_leaf_header(root, cells, content);
    root[0] = kTableInterior;
    put_u32(root + kLeafHeaderBytes, leaf_number(cells));
}

} // namespace ksl::sim
