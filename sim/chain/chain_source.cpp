// SPDX-License-Identifier: MIT
#include "sim/chain/chain_source.h"

#include "sim/import/read_file.h"
#include "sim/import/recognise.h"
#include "sim/text/similar.h"
#include "sim/toml/toml_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <system_error>

namespace ksl::sim {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kWord = 8;
/// No kernel stack is larger, and twice of it is deep enough to fall out of any.
constexpr std::uint64_t kLargestFrame = std::uint64_t{128} << 10;

/// The entry from user mode of 6.1: registers, and the call of do_syscall_64 with its frame.
const std::vector<ChainFrame>& system_call_entry() {
    static const std::vector<ChainFrame> entry{{"entry_SYSCALL_64_after_hwframe", core::Bytes{176}},
                                               {"do_syscall_64", core::Bytes{24}}};
    return entry;
}

/// "216 ip_tunnel_xmit"
std::vector<ChainFrame> read_frames(TomlTable& table) {
    std::vector<ChainFrame> frames;
    for (const std::string& text : table.texts("frames")) {
        std::uint64_t bytes = 0;
        const char* const end = text.data() + text.size();
        const auto [rest, error] = std::from_chars(text.data(), end, bytes);
        const bool is_right = error == std::errc{} && rest != end && *rest == ' ' && rest + 1 != end &&
                              bytes % kWord == 0 && bytes != 0 && bytes <= kLargestFrame;
        if (!is_right) {
            table.refuse("frames", fmt::format("\"{}\" is no frame; \"BYTES FUNCTION\" would be right, the bytes a "
                                               "multiple of 8 up to 128 KiB",
                                               text));
            break;
        }
        frames.push_back({std::string{rest + 1, end}, core::Bytes{bytes}});
    }
    if (frames.empty())
        table.refuse("frames", "is empty; a list of \"BYTES FUNCTION\", outermost first, would be right");
    return frames;
}

Result<Asset> find(const Assets& assets, std::string_view folder, std::string_view what, std::string_view name) {
    auto asset = assets.find(fmt::format("{}/{}.toml", folder, name));
    if (asset || asset.error().kind == ErrorKind::environment) return asset;
    std::vector<std::string> names;
    for (const std::string& path : assets.list(folder)) names.push_back(fs::path{path}.stem().string());
    const std::string meant = did_you_mean(name, names);
    return fail(
        "", 0,
        fmt::format("there is no {} \"{}\"{}", what, name,
                    meant.empty() ? fmt::format("; `kstacklab list {}` shows those that there are", folder) : meant));
}

/// "blk_mq_flush_plug_list.part.0" is a piece that the compiler cut off blk_mq_flush_plug_list.
std::string_view without_suffix(std::string_view function) {
    return function.substr(0, function.find('.'));
}

core::Bytes whole_words(core::Bytes bytes) {
    return core::Bytes{std::max(kWord, (bytes.count() + kWord - 1) / kWord * kWord)};
}

} // namespace

Result<CallChain> load_chain(const Assets& assets, std::string_view name) {
    KSL_TRY_ASSIGN(asset, find(assets, "chains", "call chain", name));
    KSL_TRY_ASSIGN(reader, TomlReader::parse(asset.text, asset.origin));
    TomlTable root = reader.root();
    CallChain chain;
    chain.name = name;
    chain.title = root.text("title");
    chain.source = root.text("source");
    static_cast<void>(root.text("begins", "")); // for readers of the file; the first frame says it, too
    chain.frames = read_frames(root);
    KSL_TRY(reader.finish());
    return chain;
}

Result<ChainAddition> load_addition(const Assets& assets, std::string_view name) {
    KSL_TRY_ASSIGN(asset, find(assets, "additions", "addition", name));
    KSL_TRY_ASSIGN(reader, TomlReader::parse(asset.text, asset.origin));
    TomlTable root = reader.root();
    ChainAddition addition;
    addition.name = name;
    addition.title = root.text("title");
    addition.source = root.text("source");
    addition.after = root.text("after", "");
    addition.frames = read_frames(root);
    KSL_TRY(reader.finish());
    return addition;
}

CallChain chain_from_trace(std::string name, const std::vector<TracedFrame>& rows) {
    CallChain chain;
    chain.title = fmt::format("The deepest path that the stack tracer saw: {}", name);
    chain.source = name;
    chain.name = std::move(name);
    for (const TracedFrame& row : rows) chain.frames.push_back({row.function, row.size});
    if (!chain.frames.empty()) chain.frames.front().bytes = core::Bytes{kWord};
    std::ranges::reverse(chain.frames);
    return chain;
}

Result<CallChain> read_trace_chain(const fs::path& file) {
    KSL_TRY_ASSIGN(text, read_file(file));
    KSL_TRY_ASSIGN(format, recognise(file.string(), text));
    if (format != ImportFormat::stack_trace) {
        return fail(file.string(), 0,
                    fmt::format("is {}; the text of /sys/kernel/tracing/stack_trace would be right", name_of(format)));
    }
    KSL_TRY_ASSIGN(rows, parse_stack_trace(file.string(), text));
    if (rows.empty()) return fail(file.string(), 0, "has no rows; the stack tracer has seen nothing yet");
    for (const TracedFrame& row : rows) {
        const bool is_right =
            row.size.count() % kWord == 0 && row.size.count() != 0 && row.size.count() <= kLargestFrame;
        if (is_right) continue;
        return fail(file.string(), 0,
                    fmt::format("{} has a frame of {} bytes; the stack pointer moves in words of 8", row.function,
                                row.size.count()));
    }
    CallChain chain = chain_from_trace(file.filename().string(), rows);
    chain.text = std::move(text);
    return chain;
}

void FrameSizes::add(const FunctionStack& function) {
    const auto [known, is_new] = functions_.try_emplace(function.function, function);
    if (!is_new && known->second.bytes < function.bytes) known->second = function;
}

Result<void> FrameSizes::read(const fs::path& path) {
    std::error_code error;
    std::vector<fs::path> files{path};
    if (fs::is_directory(path, error)) {
        files.clear();
        for (fs::recursive_directory_iterator at{path, error}, end; !error && at != end; at.increment(error)) {
            if (at->path().extension() == ".su") files.push_back(at->path());
        }
        if (error) return fail_environment(path.string(), "cannot be read: " + error.message());
        if (files.empty()) {
            return fail(path.string(), 0, "there are no *.su files in this folder; gcc -fstack-usage writes them");
        }
        std::ranges::sort(files);
    }
    for (const fs::path& file : files) {
        KSL_TRY_ASSIGN(text, read_file(file));
        KSL_TRY_ASSIGN(functions, parse_stack_usage(file.string(), text));
        for (const FunctionStack& function : functions) add(function);
    }
    return {};
}

const FunctionStack* FrameSizes::find(std::string_view function) const {
    auto found = functions_.find(function);
    if (found == functions_.end()) found = functions_.find(without_suffix(function));
    return found == functions_.end() ? nullptr : &found->second;
}

std::vector<std::string> FrameSizes::names() const {
    std::vector<std::string> names;
    names.reserve(functions_.size());
    for (const auto& [name, function] : functions_) names.push_back(name);
    return names;
}

namespace {

void remark_on(CallChain& chain, const FunctionStack& function) {
    if (function.kind != FrameKind::dynamic) return;
    chain.remarks.push_back(fmt::format("{} has a frame of unknown size; its {} bytes are those known to the compiler",
                                        function.function, function.bytes.count()));
}

} // namespace

Result<CallChain> chain_from_usage(const FrameSizes& sizes, std::span<const std::string> path) {
    CallChain chain;
    chain.name = path.empty() ? std::string{} : path.back();
    chain.title = fmt::format("A system call down to {}", chain.name);
    chain.source = "stack usage of the user's own build";
    chain.frames = system_call_entry();
    for (const std::string& name : path) {
        const FunctionStack* function = sizes.find(name);
        if (function == nullptr) {
            return fail(
                "", 0, fmt::format("--path: no .su file has a function {}{}", name, did_you_mean(name, sizes.names())));
        }
        chain.frames.push_back({name, whole_words(function->bytes)});
        remark_on(chain, *function);
    }
    return chain;
}

void resize(CallChain& chain, const FrameSizes& sizes) {
    std::size_t changed = 0;
    std::size_t unknown = 0;
    for (std::size_t i = chain.begins_with_entry() ? 1 : 0; i < chain.frames.size(); ++i) {
        const FunctionStack* function = sizes.find(chain.frames[i].function);
        if (function == nullptr) {
            ++unknown;
            continue;
        }
        ++changed;
        chain.frames[i].bytes = whole_words(function->bytes);
        remark_on(chain, *function);
    }
    chain.remarks.push_back(fmt::format("{} frames have the sizes of the build, {} are not in it", changed, unknown));
}

} // namespace ksl::sim
