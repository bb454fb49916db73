// SPDX-License-Identifier: MIT
#include "sim/scenario/price_file.h"

#include "sim/toml/toml_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace ksl::sim {

namespace {

using namespace std::string_view_literals;

constexpr std::string_view kFolder = "prices/";
constexpr std::string_view kExtension = ".toml";
/// Dearer than any step: a second at 4 GHz.
constexpr std::uint32_t kMostCycles = 4'000'000'000;

/// How far a figure can be trusted.
enum class Tag : std::uint8_t { measured, derived, published, estimate };
constexpr std::array kTags{Spelling{"measured"sv, Tag::measured}, Spelling{"derived"sv, Tag::derived},
                           Spelling{"published"sv, Tag::published}, Spelling{"estimate"sv, Tag::estimate}};

std::string_view name_of(Tag tag) {
    return kTags[static_cast<std::size_t>(tag)].name;
}

/// One list and the ones that it builds on, the last one first.
class PriceReader {
public:
    explicit PriceReader(const Assets& assets) : assets_(assets) {}

    Result<void> read(std::string_view text, std::string_view origin) {
        KSL_TRY_ASSIGN(reader, TomlReader::parse(text, origin));
        TomlTable root = reader.root();
        const std::string name = root.text("kernel");
        const std::string base = root.text("base", "");
        names_.push_back(name);
        if (std::ranges::find(names_, base) != names_.end()) {
            root.refuse("base", fmt::format("goes in a circle: {}, {}; another list would be right",
                                            fmt::join(names_, ", "), base));
            return reader.finish();
        }
        if (!base.empty()) KSL_TRY(read_asset(base, root));
        // Read on the way back, so that a list goes over its base.
        record_.name = name;
        read_cycles_per_instruction(root, base.empty());
        read_steps(root, base.empty());
        return reader.finish();
    }

    [[nodiscard]] const PriceListRecord& record() const { return record_; }

    [[nodiscard]] Prices prices() && {
        std::array<core::Price, core::kSteps> table{};
        for (std::size_t i = 0; i < core::kSteps; ++i) {
            table[i] = {.instructions = record_.prices[i].instructions, .stall_cycles = record_.prices[i].stall_cycles};
        }
        Prices prices{.list = core::PriceList{table, record_.cpi_milli}, .record = std::move(record_)};
        for (std::size_t i = 0; i < core::kSteps; ++i) {
            prices.record.prices[i].cycles =
                static_cast<std::uint32_t>(prices.list[static_cast<core::Step>(i)].count());
        }
        return prices;
    }

private:
    Result<void> read_asset(const std::string& name, TomlTable& root) {
        const auto asset = assets_.find(fmt::format("{}{}{}", kFolder, name, kExtension));
        if (asset) return read(asset->text, asset->origin);
        if (asset.error().kind == ErrorKind::environment) return std::unexpected(asset.error());
        root.refuse("base",
                    fmt::format("there is no price list \"{}\"; the name of a file in prices/ would be right", name));
        return {};
    }

    void read_cycles_per_instruction(TomlTable& root, bool is_required) {
        TomlTable table = root.table("cycles_per_instruction");
        if (!is_required && !table.exists()) return;
        record_.cpi_milli = table.integer<std::uint32_t>("milli", {1, 100'000});
        static_cast<void>(table.choice("tag", kTags));
        require_source(table);
    }

    void read_steps(TomlTable& root, bool is_required) {
        TomlTable steps = root.table("steps");
        record_.prices.resize(core::kSteps);
        for (std::size_t i = 0; i < core::kSteps; ++i) {
            const auto& [name, unit] = core::kStepTexts[i];
            TomlTable step = steps.table(name);
            if (step.exists())
                record_.prices[i] = read_price(step, name);
            else if (is_required && !steps.has(name))
                steps.refuse(fmt::format("has no price for `{0}` ({1}); {0} = {{ instructions = ..., tag = ..., "
                                         "source = ... }} would be right",
                                         name, unit));
        }
    }

    static PriceRecord read_price(TomlTable& step, std::string_view name) {
        PriceRecord price;
        price.step = name;
        price.instructions = step.integer<std::uint32_t>("instructions", {0, 1'000'000'000});
        price.stall_cycles = step.integer<std::uint32_t>("stall", {0, 1'000'000'000}, 0);
        price.tag = name_of(step.choice("tag", kTags));
        price.source = require_source(step);
        return price;
    }

    static std::string require_source(TomlTable& table) {
        std::string source = table.text("source");
        if (table.has("source") && source.empty())
            table.refuse("source", "is empty; where the figure comes from would be right");
        return source;
    }

    const Assets& assets_;
    std::vector<std::string> names_; ///< of the lists that are being read
    PriceListRecord record_;
};

/// Instructions times cycles per instruction must stay a 32-bit number of cycles.
Result<void> check_sizes(const PriceListRecord& record, std::string_view origin) {
    for (const PriceRecord& price : record.prices) {
        const std::uint64_t cycles = std::uint64_t{price.instructions} * record.cpi_milli / 1000 + price.stall_cycles;
        if (cycles > kMostCycles)
            return fail(
                std::string{origin}, 0,
                fmt::format("`{}` takes {} cycles; at most {} would be right", price.step, cycles, kMostCycles));
    }
    return {};
}

} // namespace

Result<Prices> read_prices(const Assets& assets, std::string_view text, std::string_view origin) {
    PriceReader reader{assets};
    KSL_TRY(reader.read(text, origin));
    KSL_TRY(check_sizes(reader.record(), origin));
    return std::move(reader).prices();
}

Result<Prices> load_prices(const Assets& assets, std::string_view kernel) {
    KSL_TRY_ASSIGN(asset, assets.find(fmt::format("{}{}{}", kFolder, kernel, kExtension)));
    return read_prices(assets, asset.text, asset.origin);
}

} // namespace ksl::sim
