// SPDX-License-Identifier: MIT
//
// The files that come with the program: scenarios, designs, processors, price lists, lessons. They are part of the
// executable; a folder of the user's may replace some and add others.
//
// Paths:   relative with forward slashes, "scenarios/article.toml".
// Order:   the user's folder first (--assets, else the environment variable KSTACKLAB_ASSETS), then the built-in
//          files.
// Errors:  a missing file names the most similar one that exists; a folder that cannot be read is the user's error.
#pragma once

#include "sim/base/error.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ksl::sim {

struct Asset {
    std::string path;   ///< as asked for
    std::string origin; ///< for messages: the file on disk, or "built-in scenarios/article.toml"
    std::string text;
};

class Assets {
public:
    /// The built-in files alone.
    Assets() = default;

    /// With the user's folder: `folder` if it is not empty, else KSTACKLAB_ASSETS if that is set and not empty.
    static Result<Assets> open(const std::filesystem::path& folder = {});

    [[nodiscard]] Result<Asset> find(std::string_view path) const;
    /// Paths of all files in a folder and below, sorted, each once. An unknown folder is empty.
    [[nodiscard]] std::vector<std::string> list(std::string_view folder) const;

private:
    std::filesystem::path user_folder_;
};

} // namespace ksl::sim
