// SPDX-License-Identifier: MIT
#include "sim/import/overflow_capture.h"

#include "sim/import/csv_fields.h"
#include "sim/import/json_node.h"
#include "sim/import/read_file.h"

#include <fmt/format.h>

#include <algorithm>

namespace ksl::sim::capture {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kFar = 1 << 20;
constexpr std::uint64_t kMany = 1 << 20;

std::optional<core::VirtAddr> optional_address(const JsonNode& node, std::string_view key) {
    const auto found = node.find(key);
    return found ? std::optional{found->address()} : std::nullopt;
}

void read_victim(const JsonNode& victim, OverflowTest& test) {
    test.stack = {victim["stack_base"].address(), victim["stack_top"].address()};
    test.task_struct = victim["task_struct"].address();
    test.thread_info = victim["thread_info"].address();
    test.magic_at = optional_address(victim, "stack_end_magic_address");
    test.saved_sp = optional_address(victim, "saved_sp");
    if (const auto pid = victim.find("pid")) test.victims_pid = static_cast<std::uint32_t>(pid->number(UINT32_MAX));
    if (const auto tgid = victim.find("tgid")) test.tgid = static_cast<std::uint32_t>(tgid->number(UINT32_MAX));
    if (const auto comm = victim.find("comm")) test.comm = comm->text();
    if (const auto fields = victim.find("thread_info_fields")) {
        const auto read = [&](std::string_view key, std::optional<std::uint64_t>& into) {
            if (const auto field = fields->find(key)) into = field->hex();
        };
        read("task", test.info_task);
        read("flags", test.info_flags);
        read("status", test.info_status);
        read("cpu", test.info_cpu);
        read("addr_limit", test.info_limit);
    }
    if (const auto magic = victim.find("stack_end_magic")) test.magic = magic->hex();
    if (const auto pfn = victim.find("stack_first_pfn")) test.first_pfn = pfn->number(UINT32_MAX);
    if (const auto area = victim.find("vm_struct")) {
        test.area = (*area)["addr"].address();
        test.area_bytes = (*area)["size"].number(kMany);
        test.area_pages = (*area)["nr_pages"].number(kMany);
        if (const auto flags = area->find("flags")) test.area_flags = flags->hex();
    }
}

std::optional<OverflowTest::LowBytes> low_bytes(const JsonNode& root, std::string_view key) {
    const auto node = root.find(key);
    if (!node) return std::nullopt;
    const std::string text = node->text();
    OverflowTest::LowBytes bytes{};
    bool is_sound = text.size() == 2 * bytes.size();
    for (std::size_t i = 0; is_sound && i < bytes.size(); ++i) {
        const auto value = parse_number(std::string_view{text}.substr(2 * i, 2), 16);
        is_sound = value.has_value();
        if (value) bytes[i] = static_cast<std::uint8_t>(*value);
    }
    if (!is_sound && node->ok()) node->refuse("128 hexadecimal digits");
    return bytes;
}

NeighbourPage read_neighbour(const JsonNode& node) {
    NeighbourPage page;
    page.page = node["page_relative_to_stack_base"].integer(-kFar, kFar);
    page.pfn = node["pfn"].number(UINT32_MAX);
    page.owner = node["before_owner"].text();
    const auto changed = node.find("bytes_changed");
    page.bytes_changed = (changed ? *changed : node["bytes_changed_by_after"]).number(core::kPageBytes);
    if (const auto at = node.find("lowest_changed_offset")) page.lowest = at->number(core::kPageBytes - 1);
    if (const auto at = node.find("highest_changed_offset")) page.highest = at->number(core::kPageBytes - 1);
    return page;
}

/// "512M", "4G".
std::uint64_t mebibytes(const JsonNode& node) {
    const std::string text = node.text();
    const auto digits = text.empty() ? std::nullopt : parse_number(std::string_view{text}.substr(0, text.size() - 1));
    const bool is_giga = text.ends_with('G');
    if (!digits || *digits == 0 || *digits > kMany || (!is_giga && !text.ends_with('M'))) {
        if (node.ok()) node.refuse("a size like 512M");
        return 0;
    }
    return is_giga ? *digits * 1024 : *digits;
}

/// "lkdtm.recur_count=13 lkdtm.rec_pad=920"
std::uint64_t recursions_in(std::string_view arguments) {
    constexpr std::string_view kKey = "recur_count=";
    const auto at = arguments.find(kKey);
    if (at == std::string_view::npos) return 0;
    const std::string_view rest = arguments.substr(at + kKey.size());
    return std::min(parse_number(rest.substr(0, rest.find(' '))).value_or(0), kMany);
}

/// "Calling function with 512 frame size to depth 64 ..."
std::uint64_t depth_in(const std::vector<std::string>& log) {
    constexpr std::string_view kKey = "frame size to depth ";
    for (const std::string& line : log) {
        const auto at = line.find(kKey);
        if (at == std::string::npos) continue;
        const std::string_view rest = std::string_view{line}.substr(at + kKey.size());
        return std::min(parse_number(rest.substr(0, rest.find(' '))).value_or(0), kMany);
    }
    return 0;
}

void read_console(std::string_view text, OverflowTest& test) {
    bool is_log = true;
    while (!text.empty()) {
        std::string_view line = take_line(text);
        if (line.starts_with("--- after the test")) {
            is_log = false;
            continue;
        }
        const auto stamp = line.find("] ");
        if (is_log && line.starts_with('[') && stamp != std::string_view::npos) line.remove_prefix(stamp + 2);
        if (line.empty()) continue;
        (is_log ? test.log : test.afterwards).emplace_back(line);
    }
}

} // namespace

Result<OverflowTest> parse_overflow_test(const std::string& file, std::string_view json, std::string_view console) {
    KSL_TRY_ASSIGN(document, JsonDocument::parse(file, json));
    const JsonNode root = document.root();
    OverflowTest test;
    read_console(console, test);
    test.name = root["test"].text();
    test.memory_mib = mebibytes(root["memory"]);
    test.pid = static_cast<std::uint32_t>(root["victim_pid"].number(UINT32_MAX));
    if (const auto cpus = root.find("smp")) test.cpus = cpus->number(kMany);
    if (const auto vmapped = root.find("vmap_stack")) test.says_vmapped = vmapped->boolean();
    test.answers = root["guest_shell_still_answers"].boolean();
    test.panic = root["panic"].boolean();
    test.oopses = root["oops_count"].number(kMany);
    const auto victim = root.find("victim");
    test.is_6_1 = victim.has_value();
    read_victim(victim ? *victim : root["victim_before"], test);
    if (const auto arguments = root.find("kernel_arguments_added")) test.recursions = recursions_in(arguments->text());
    if (test.recursions == 0) test.recursions = depth_in(test.log);
    test.before = low_bytes(root, "lowest_64_bytes_of_stack_before");
    test.after = low_bytes(root, "lowest_64_bytes_of_stack_after");
    if (const auto pages = root.find("physical_neighbours")) {
        pages->each([&](const JsonNode& page) { test.neighbours.push_back(read_neighbour(page)); });
    }
    if (const auto runs = root.find("fill_runs_after")) {
        runs->each([&](const JsonNode& run) {
            test.runs.push_back({.from = run["from_base"].integer(-kFar, kFar),
                                 .length = run["length"].integer(1, kFar),
                                 .fill = static_cast<std::uint8_t>(run["fill_byte"].number(255))});
        });
    }
    if (!document.ok()) return std::unexpected(document.error());
    return test;
}

Result<std::vector<OverflowTest>> read_overflow_tests(const fs::path& folder) {
    std::vector<fs::path> files;
    std::error_code error;
    for (fs::directory_iterator at{folder, error}; !error && at != fs::directory_iterator{}; at.increment(error)) {
        if (at->path().extension() == ".json") files.push_back(at->path());
    }
    if (error) return fail(folder.string(), 0, fmt::format("cannot be read: {}", error.message()));
    if (files.empty()) return fail(folder.string(), 0, "holds no test; TEST.json with TEST.console.txt would be one");
    std::ranges::sort(files);
    std::vector<OverflowTest> tests;
    for (const fs::path& file : files) {
        KSL_TRY_ASSIGN(json, read_file(file));
        fs::path log = file;
        log.replace_extension(".console.txt");
        KSL_TRY_ASSIGN(console, read_file(log));
        KSL_TRY_ASSIGN(test, parse_overflow_test(file.string(), json, console));
        test.name = file.stem().string();
        tests.push_back(std::move(test));
    }
    return tests;
}

} // namespace ksl::sim::capture
