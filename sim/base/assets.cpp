// SPDX-License-Identifier: MIT
#include "sim/base/assets.h"

#include "sim/base/embedded_file.h"
#include "sim/text/similar.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>

namespace ksl::sim {

std::span<const EmbeddedFile> embedded_assets();

namespace {

namespace fs = std::filesystem;

/// A path that leaves its root would read files that nobody meant as assets.
bool stays_inside(const fs::path& path) {
    return !path.empty() && path.is_relative() &&
           std::ranges::none_of(path, [](const fs::path& part) { return part == ".."; });
}

std::optional<std::string> read_whole(const fs::path& path) {
    std::ifstream in{path, std::ios::binary};
    std::ostringstream text;
    text << in.rdbuf();
    if (!in || !text) return std::nullopt;
    return std::move(text).str();
}

void add_files_below(const fs::path& root, const fs::path& folder, std::set<std::string>& paths) {
    std::error_code ignored; // what cannot be listed is not there
    for (fs::recursive_directory_iterator at{root / folder, ignored}, end; at != end; at.increment(ignored)) {
        if (at->is_regular_file(ignored)) paths.insert(at->path().lexically_relative(root).generic_string());
    }
}

} // namespace

Result<Assets> Assets::open(const fs::path& folder) {
    Assets assets;
    assets.user_folder_ = folder;
    const char* variable = std::getenv("KSTACKLAB_ASSETS"); // NOLINT(concurrency-mt-unsafe): read once, at start-up
    if (folder.empty() && variable != nullptr) assets.user_folder_ = variable;
    std::error_code ignored;
    if (!assets.user_folder_.empty() && !fs::is_directory(assets.user_folder_, ignored)) {
        return fail(assets.user_folder_.string(), 0,
                    folder.empty() ? "KSTACKLAB_ASSETS must name a folder" : "--assets must name a folder");
    }
    return assets;
}

Result<Asset> Assets::find(std::string_view path) const {
    if (!stays_inside(path)) {
        return fail(std::string{path}, 0, "not the name of an asset; a name looks like scenarios/article.toml");
    }
    if (!user_folder_.empty()) {
        const fs::path on_disk = user_folder_ / path;
        std::error_code ignored;
        if (fs::is_regular_file(on_disk, ignored)) {
            std::optional<std::string> text = read_whole(on_disk);
            if (!text) return fail_environment(on_disk.string(), "cannot be read");
            return Asset{std::string{path}, on_disk.string(), std::move(*text)};
        }
    }
    const auto files = embedded_assets();
    const auto found = std::ranges::find_if(files, [&](const auto& file) { return file.path == path; });
    if (found == files.end()) {
        return fail(std::string{path}, 0, fmt::format("there is no such asset{}", did_you_mean(path, list(""))));
    }
    return Asset{std::string{path}, fmt::format("built-in {}", path), std::string{found->text}};
}

std::vector<std::string> Assets::list(std::string_view folder) const {
    std::string prefix{folder};
    if (!prefix.empty() && prefix.back() != '/') prefix += '/';
    std::set<std::string> paths;
    for (const EmbeddedFile& file : embedded_assets()) {
        if (file.path.starts_with(prefix)) paths.emplace(file.path);
    }
    if (!user_folder_.empty() && (folder.empty() || stays_inside(folder))) {
        add_files_below(user_folder_, fs::path{folder}, paths);
    }
    return {paths.begin(), paths.end()};
}

} // namespace ksl::sim
