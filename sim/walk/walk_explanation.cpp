// SPDX-License-Identifier: MIT
#include "sim/walk/walk_explanation.h"

#include "sim/text/numbers.h"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <string_view>

namespace ksl::sim {

namespace {

using core::Level;
using core::Pte;

std::vector<ExplainedEntry> entries_of(const WalkSource& source, const WalkExplanation& walk) {
    if (!walk.outcome && walk.outcome.error().vector != core::Vector::page_fault) return {};
    const Level last = walk.outcome ? walk.outcome->leaf_level : walk.outcome.error().level;
    std::vector<ExplainedEntry> entries;
    core::Pfn table = walk.root;
    for (Level level = walk.mode.geometry.top();; level = core::below(level)) {
        const unsigned index = core::index_of(walk.at, level);
        const core::PhysAddr at = core::address_of(table) + core::Bytes{index * sizeof(std::uint64_t)};
        const Pte entry = core::read_entry(source.tables.memory, at);
        entries.push_back({.level = level, .table = table, .index = index, .at = at, .entry = entry});
        if (level == last) return entries;
        table = entry.table();
    }
}

std::vector<ExplainedAccess> accesses_of(const core::PagingMode& mode, core::Rights rights) {
    std::vector<ExplainedAccess> accesses;
    for (const core::Privilege privilege : {core::Privilege::user, core::Privilege::supervisor}) {
        for (const core::AccessKind kind : {core::AccessKind::read, core::AccessKind::write, core::AccessKind::fetch}) {
            const core::Access access{.kind = kind, .privilege = privilege};
            accesses.push_back({.access = access, .error_code = core::protection_error(mode, rights, access)});
        }
    }
    return accesses;
}

std::string_view span_text(Level level) {
    static constexpr std::array<std::string_view, 6> kSpans{"", "4 KiB", "2 MiB", "1 GiB", "512 GiB", "256 TiB"};
    return kSpans[core::number_of(level)];
}

/// Where the entry leads.
std::string target_of(const ExplainedEntry& step) {
    if (!step.entry.is_present()) return "nothing is mapped here";
    if (!step.entry.is_leaf(step.level)) return fmt::format("table at {:#x}", address_of(step.entry.table()).raw());
    return fmt::format("{} page at {:#x}", span_text(step.level), step.entry.address(step.level).raw());
}

std::string outcome_text(const WalkExplanation& walk) {
    if (walk.outcome) {
        const core::Translation& found = *walk.outcome;
        const core::Rights rights = found.rights;
        return fmt::format("physical address {:#x}, in a {} page: {}, {}, {}{}\n", found.at.raw(),
                           span_text(found.leaf_level), rights.user ? "user" : "supervisor only",
                           rights.writable ? "writable" : "read-only",
                           rights.no_execute ? "not executable" : "executable", found.is_global() ? ", global" : "");
    }
    const core::Fault& fault = walk.outcome.error();
    if (fault.vector != core::Vector::page_fault) {
        return fmt::format("not canonical: bits 63 to {} are not all alike; the processor raises #GP before any walk\n",
                           walk.mode.geometry.address_bits() - 1);
    }
    const bool is_reserved = (fault.error_code & core::page_fault::kReserved) != 0;
    return fmt::format("not mapped: the walk ends at the {} entry, {}; page fault\n", core::name_of(fault.level),
                       is_reserved ? "which has a reserved bit set" : "which is not present");
}

std::string accesses_text(const WalkExplanation& walk) {
    std::string text;
    for (const ExplainedAccess& one : walk.accesses) {
        text += text.empty() ? "" : ", ";
        text += name_of(one.access);
        text += one.error_code == 0 ? " yes" : fmt::format(" #PF({:#x})", one.error_code);
    }
    return text;
}

} // namespace

std::string name_of(const core::Access& access) {
    static constexpr std::array<std::string_view, core::kAccessKinds> kKinds{"read", "write", "fetch"};
    return fmt::format("{} {}", access.is_user() ? "user" : "kernel", kKinds[static_cast<std::size_t>(access.kind)]);
}

std::string bits_in_words(Pte entry, Level level) {
    if (entry.is_clear()) return "empty";
    if (!entry.is_present()) return "not present; the other bits are the kernel's own";
    std::string words = "present";
    const auto add = [&](std::string_view word) { words.append(", ").append(word); };
    add(entry.has(Pte::kWritable) ? "writable" : "read-only");
    add(entry.has(Pte::kUser) ? "user" : "supervisor only");
    if (entry.has(Pte::kPwt)) add("write-through");
    if (entry.has(Pte::kPcd)) add("cache disabled");
    if (entry.has(Pte::kAccessed)) add("accessed");
    if (entry.is_leaf(level)) {
        if (entry.has(Pte::kDirty)) add("dirty");
        if (level != Level::pt) add("large page");
        if (entry.has(level == Level::pt ? Pte::kPat : Pte::kPatLarge)) add("PAT");
        if (entry.has(Pte::kGlobal)) add("global");
    }
    if (entry.has(Pte::kNoExecute)) add("not executable");
    return words;
}

WalkExplanation explain_walk(const WalkSource& source, core::VirtAddr at) {
    const core::PagingMode mode = source.tables.mode();
    const core::Pfn root = source.tables.root();
    WalkExplanation walk{.at = at,
                         .mode = mode,
                         .root = root,
                         .region = {},
                         .entries = {},
                         .outcome = core::inspect(source.tables.memory, mode.geometry, mode.rules, root, at),
                         .accesses = {}};
    if (source.layout) walk.region = core::name_of(source.layout->classify(at));
    walk.entries = entries_of(source, walk);
    if (walk.outcome) walk.accesses = accesses_of(mode, walk.outcome->rights);
    return walk;
}

std::string to_text(const WalkExplanation& walk) {
    std::string text = fmt::format("{}", hex_text(walk.at.raw()));
    if (!walk.region.empty()) text += fmt::format("  ({})", walk.region);
    text += fmt::format("\nCR3   {:#x}: {} levels\n", core::address_of(walk.root).raw(), walk.mode.geometry.levels());
    const auto out = std::back_inserter(text);
    for (const ExplainedEntry& step : walk.entries) {
        fmt::format_to(out, "{:<5} entry {:>3} of the table at {:#x} is {:#018x} -> {}\n      {}\n",
                       core::name_of(step.level), step.index, core::address_of(step.table).raw(), step.entry.bits(),
                       target_of(step), bits_in_words(step.entry, step.level));
    }
    text += "=>    " + outcome_text(walk);
    if (!walk.accesses.empty()) text += "      " + accesses_text(walk) + "\n";
    return text;
}

} // namespace ksl::sim
