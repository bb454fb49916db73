// SPDX-License-Identifier: MIT
//
// `kstacklab list`: what there is to run and to run it on.
#include "app/cli/cli.h"

#include <array>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>

namespace ksl::cli {

namespace {

struct Kind {
    std::string_view name;
    std::string_view folder;
    std::string_view section = {}; ///< only files that have it, and its title instead of the file's
};
constexpr std::array kKinds{Kind{"scenarios", "scenarios"}, Kind{"lessons", "scenarios", "\n[lesson]\n"},
                            Kind{"designs", "designs"},     Kind{"processors", "processors"},
                            Kind{"prices", "prices"},       Kind{"chains", "chains"},
                            Kind{"additions", "additions"}};

struct Listed {
    std::string name;
    std::string title;
};

/// The text of `title = "..."` (or `name`), for a list; a file that has none is listed without.
std::string title_in(std::string_view text) {
    for (const std::string_view key : {"title = \"", "name = \""}) {
        std::size_t at = text.find(key);
        while (at != std::string_view::npos && at != 0 && text[at - 1] != '\n') at = text.find(key, at + 1);
        if (at == std::string_view::npos) continue;
        const std::size_t from = at + key.size();
        return std::string(text.substr(from, text.find('"', from) - from));
    }
    return {};
}

sim::Result<std::vector<Listed>> entries(const sim::Assets& assets, const Kind& kind) {
    std::vector<Listed> found;
    for (const std::string& path : assets.list(kind.folder)) {
        if (!path.ends_with(".toml")) continue;
        KSL_TRY_ASSIGN(asset, assets.find(path));
        std::string_view text = asset.text;
        if (!kind.section.empty()) {
            const std::size_t section = text.find(kind.section);
            if (section == std::string_view::npos) continue;
            text.remove_prefix(section);
        }
        const std::string name = path.substr(kind.folder.size() + 1, path.size() - kind.folder.size() - 6);
        found.push_back({name, title_in(text)});
    }
    return found;
}

struct Options {
    std::string kind;
    bool json = false;
};

sim::Result<int> list(const CommandLine& line, const Options& options) {
    KSL_TRY_ASSIGN(assets, line.assets());
    nlohmann::ordered_json all{{"schema", "kstacklab.list/1"}};
    bool is_first = true;
    for (const Kind& kind : kKinds) {
        if (!options.kind.empty() && options.kind != kind.name) continue;
        KSL_TRY_ASSIGN(found, entries(assets, kind));
        if (options.json) {
            auto& rows = all[std::string(kind.name)] = nlohmann::ordered_json::array();
            for (const Listed& entry : found) rows.push_back({{"name", entry.name}, {"title", entry.title}});
            continue;
        }
        std::printf("%s%.*s\n", is_first ? "" : "\n", static_cast<int>(kind.name.size()), kind.name.data());
        for (const Listed& entry : found) std::printf("  %-28s %s\n", entry.name.c_str(), entry.title.c_str());
        is_first = false;
    }
    if (options.json) std::printf("%s\n", all.dump(2).c_str());
    return kDone;
}

} // namespace

void add_list(CommandLine& line) {
    auto options = std::make_shared<Options>();
    CLI::App* command = line.add("list", "Shows the scenarios, lessons, designs and processors that there are",
                                 [&line, options] { return list(line, *options); });
    command->add_option("kind", options->kind, "Only these")
        ->check(CLI::IsMember({"scenarios", "lessons", "designs", "processors", "prices", "chains", "additions"}));
    command->add_flag("--json", options->json, "As JSON");
}

} // namespace ksl::cli
