// SPDX-License-Identifier: MIT
#include "sim/chain/chain_choice.h"

#include "sim/chain/chain_source.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace ksl::sim {

namespace {

constexpr unsigned kMostTimes = 1000;
constexpr std::uint64_t kLargestFrame = std::uint64_t{128} << 10;
/// More than any stack can hold, and enough for every recursion to fall out of it.
constexpr std::size_t kMostFrames = 100'000;

std::optional<std::uint64_t> number(std::string_view text, std::uint64_t most) {
    std::uint64_t value = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || rest != text.data() + text.size() || value == 0 || value > most) return std::nullopt;
    return value;
}

struct Counted {
    std::string what;
    unsigned times = 1;
};

Result<Counted> counted(const std::string& text) {
    const std::size_t star = text.rfind('*');
    if (star == std::string::npos) return Counted{text};
    const auto times = number(std::string_view{text}.substr(star + 1), kMostTimes);
    if (!times) {
        return fail("", 0, fmt::format("\"{}\": how many times is a number from 1 to {}", text, kMostTimes));
    }
    return Counted{text.substr(0, star), static_cast<unsigned>(*times)};
}

/// "my_function=3072"
Result<ChainAddition> made_up(const std::string& text, std::size_t equals) {
    const auto bytes = number(std::string_view{text}.substr(equals + 1), kLargestFrame);
    if (equals == 0 || !bytes || *bytes % 8 != 0) {
        return fail("", 0,
                    fmt::format("\"{}\" is no frame; FUNCTION=BYTES would be right, the bytes a multiple of 8 up to "
                                "128 KiB",
                                text));
    }
    return ChainAddition{.name = text,
                         .title = {},
                         .source = {},
                         .after = {},
                         .frames = {{text.substr(0, equals), core::Bytes{*bytes}}}};
}

Result<void> check_length(const CallChain& chain) {
    if (chain.frames.size() <= kMostFrames) return {};
    return fail(
        "", 0,
        fmt::format("the chain would have {} frames; at most {} would be right", chain.frames.size(), kMostFrames));
}

} // namespace

Result<void> compose(CallChain& chain, const Assets& assets, std::span<const std::string> additions,
                     std::span<const std::string> recursions) {
    for (const std::string& text : additions) {
        KSL_TRY_ASSIGN(wanted, counted(text));
        const std::size_t equals = wanted.what.find('=');
        auto addition = equals != std::string::npos ? made_up(wanted.what, equals) : load_addition(assets, wanted.what);
        if (!addition) return std::unexpected(addition.error());
        KSL_TRY(add_to(chain, *addition, wanted.times));
        KSL_TRY(check_length(chain));
    }
    for (const std::string& text : recursions) {
        KSL_TRY_ASSIGN(wanted, counted(text));
        KSL_TRY(recurse(chain, wanted.what, wanted.times));
        KSL_TRY(check_length(chain));
    }
    return {};
}

} // namespace ksl::sim
