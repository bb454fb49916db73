// SPDX-License-Identifier: MIT
#include "sim/import/read_file.h"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace ksl::sim {

namespace {

constexpr std::size_t kBlock = std::size_t{256} << 10U;
/// Frames that need more history than this are refused: it is memory that the file asks for.
constexpr int kLargestZstdWindowLog = 27;

std::string reason_of(int errno_value) {
    return std::generic_category().message(errno_value);
}

/// The output, up to the limit.
class Output {
public:
    Output(const std::string& file, core::Bytes limit) : file_(file), limit_(limit.count()) {}

    Result<void> add(const char* data, std::size_t size) {
        if (size > limit_ - text_.size()) {
            return fail(file_, 0, fmt::format("the contents are larger than the limit of {} bytes", limit_));
        }
        text_.append(data, size);
        return {};
    }
    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    const std::string& file_;
    std::uint64_t limit_;
    std::string text_;
};

struct CloseFile {
    void operator()(std::FILE* file) const { static_cast<void>(std::fclose(file)); }
};
using OpenFile = std::unique_ptr<std::FILE, CloseFile>;

/// Blocks of an open file; an empty block is its end.
class Input {
public:
    Input(const std::string& name, OpenFile file) : name_(name), file_(std::move(file)), block_(kBlock) {}

    Result<std::string_view> next() {
        const std::size_t size = std::fread(block_.data(), 1, block_.size(), file_.get());
        if (size == 0 && std::ferror(file_.get()) != 0) {
            return fail(name_, 0, fmt::format("cannot be read: {}", reason_of(errno)));
        }
        return std::string_view{block_.data(), size};
    }

private:
    const std::string& name_;
    OpenFile file_;
    std::vector<char> block_;
};

Result<OpenFile> open(const std::string& name, const std::filesystem::path& path) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (status.type() == std::filesystem::file_type::not_found) return fail(name, 0, "there is no such file");
    if (error) return fail(name, 0, fmt::format("cannot be looked at: {}", error.message()));
    if (status.type() != std::filesystem::file_type::regular) {
        return fail(name, 0,
                    std::filesystem::is_directory(status) ? "is a folder; a file is needed"
                                                          : "is not a regular file; a file is needed");
    }
    OpenFile file{std::fopen(path.c_str(), "rb")};
    if (file == nullptr) return fail(name, 0, fmt::format("cannot be opened: {}", reason_of(errno)));
    return file;
}

Result<void> read_plain(Input& input, Output& output) {
    while (true) {
        KSL_TRY_ASSIGN(block, input.next());
        if (block.empty()) return {};
        KSL_TRY(output.add(block.data(), block.size()));
    }
}

/// A gzip file is one or more members after each other (RFC 1952, 2.2).
class GzipReader {
public:
    explicit GzipReader(const std::string& name) : name_(name) {
        constexpr int kGzipHeaderOnly = 15 + 16;
        ready_ = inflateInit2(&stream_, kGzipHeaderOnly) == Z_OK;
    }
    GzipReader(const GzipReader&) = delete;
    GzipReader(GzipReader&&) = delete;
    GzipReader& operator=(const GzipReader&) = delete;
    GzipReader& operator=(GzipReader&&) = delete;
    ~GzipReader() {
        if (ready_) inflateEnd(&stream_);
    }

    Result<void> read(Input& input, Output& output) {
        if (!ready_) return fail(name_, 0, "cannot be decompressed: no memory");
        while (true) {
            KSL_TRY_ASSIGN(block, input.next());
            if (block.empty()) break;
            KSL_TRY(decompress(block, output));
        }
        if (!any_) return fail(name_, 0, "is empty; gzip data are needed");
        if (!at_member_end_) return fail(name_, 0, "is truncated: the gzip data end in the middle");
        return {};
    }

private:
    Result<void> decompress(std::string_view block, Output& output) {
        // zlib does not write to its input; the missing const is historical.
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(block.data())); // NOLINT(*-const-cast)
        stream_.avail_in = static_cast<uInt>(block.size());
        while (stream_.avail_in != 0) {
            if (at_member_end_ && any_) inflateReset(&stream_);
            any_ = true;
            at_member_end_ = false;
            KSL_TRY(one_step(output));
        }
        return {};
    }
    Result<void> one_step(Output& output) {
        int status = Z_OK;
        do {
            stream_.next_out = reinterpret_cast<Bytef*>(out_.data());
            stream_.avail_out = static_cast<uInt>(out_.size());
            status = inflate(&stream_, Z_NO_FLUSH);
            if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) return corrupt();
            KSL_TRY(output.add(out_.data(), out_.size() - stream_.avail_out));
        } while (status != Z_STREAM_END && stream_.avail_out == 0);
        at_member_end_ = status == Z_STREAM_END;
        return {};
    }
    [[nodiscard]] std::unexpected<Error> corrupt() const {
        return fail(name_, 0,
                    fmt::format("is corrupt or not gzip: {}",
                                stream_.msg != nullptr ? stream_.msg : "the data do not decompress"));
    }

    const std::string& name_;
    z_stream stream_{};
    std::vector<char> out_ = std::vector<char>(kBlock);
    bool ready_ = false;
    bool any_ = false;
    bool at_member_end_ = false;
};

struct FreeZstd {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
};

Result<void> read_zstd(const std::string& name, Input& input, Output& output) {
    const std::unique_ptr<ZSTD_DStream, FreeZstd> stream{ZSTD_createDStream()};
    if (stream == nullptr) return fail(name, 0, "cannot be decompressed: no memory");
    ZSTD_DCtx_setParameter(stream.get(), ZSTD_d_windowLogMax, kLargestZstdWindowLog);
    std::vector<char> out(kBlock);
    bool any = false;
    std::size_t wanted = 0; // 0 at the end of a frame
    while (true) {
        KSL_TRY_ASSIGN(block, input.next());
        if (block.empty()) break;
        any = true;
        ZSTD_inBuffer in{block.data(), block.size(), 0};
        bool out_was_full = false;
        while (in.pos < in.size || out_was_full) {
            ZSTD_outBuffer to{out.data(), out.size(), 0};
            wanted = ZSTD_decompressStream(stream.get(), &to, &in);
            if (ZSTD_isError(wanted) != 0U) {
                return fail(name, 0, fmt::format("is corrupt or not zstd: {}", ZSTD_getErrorName(wanted)));
            }
            KSL_TRY(output.add(out.data(), to.pos));
            out_was_full = to.pos == to.size;
            if (wanted == 0 && in.pos == in.size) break;
        }
    }
    if (!any) return fail(name, 0, "is empty; zstd data are needed");
    if (wanted != 0) return fail(name, 0, "is truncated: the zstd data end in the middle");
    return {};
}

} // namespace

Result<std::string> read_file(const std::filesystem::path& path, core::Bytes limit) {
    const std::string name = path.string();
    KSL_TRY_ASSIGN(file, open(name, path));
    Input input{name, std::move(file)};
    Output output{name, limit};
    const auto end = path.extension();
    if (end == ".gz") {
        KSL_TRY(GzipReader{name}.read(input, output));
    } else if (end == ".zst") {
        KSL_TRY(read_zstd(name, input, output));
    } else {
        KSL_TRY(read_plain(input, output));
    }
    return output.take();
}

} // namespace ksl::sim
