// SPDX-License-Identifier: MIT
#include "sim/verify/overflow_log.h"

#include "sim/import/csv_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ksl::sim {

namespace {

/// Registers that 6.1 keeps of its first report and prints again at the end of each. CR2 and RSP are the engine's to
/// judge.
constexpr std::array<std::string_view, 15> kKeptRegisters{"RAX", "RBX", "RCX", "RDX", "RSI", "RDI", "RBP", "R08",
                                                          "R09", "R10", "R11", "R12", "R13", "R14", "R15"};
/// Those that it reads anew each time: the same only within one report.
constexpr std::array<std::string_view, 7> kReadRegisters{"FS", "GS", "DS", "ES", "CR0", "CR3", "CR4"};

std::string_view word_at(std::string_view line, std::size_t at) {
    const std::string_view rest = line.substr(std::min(at, line.size()));
    return rest.substr(0, rest.find_first_of(" \t(>]"));
}

/// The hexadecimal word behind `key`, spaces between left out.
std::optional<std::string_view> value_after(std::string_view line, std::string_view key) {
    std::size_t at = line.find(key);
    if (at == std::string_view::npos) return std::nullopt;
    at = line.find_first_not_of(' ', at + key.size());
    const std::string_view word = word_at(line, std::min(at, line.size()));
    return word.empty() ? std::nullopt : std::optional{word};
}

std::optional<std::uint64_t> number_after(std::string_view line, std::string_view key) {
    const auto word = value_after(line, key);
    return word ? parse_number(*word, 16) : std::nullopt;
}

bool begins_report(std::string_view line) {
    return line.starts_with("BUG: ") || line.starts_with("general protection fault") ||
           line.starts_with("kernel BUG at ");
}

/// "[<ffffffff81249827>] recursive_loop.isra.0+0x47/0x80", "? recursive_loop+0xa6/0xc0".
struct Symbol {
    std::string_view name;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::optional<std::uint64_t> address;
};

std::optional<Symbol> symbol_in(std::string_view line) {
    const auto plus = line.find("+0x");
    if (plus == std::string_view::npos) return std::nullopt;
    const auto slash = line.find("/0x", plus);
    if (slash == std::string_view::npos) return std::nullopt;
    const auto begin = line.find_last_of(" :", plus) + 1;
    const auto offset = parse_number(line.substr(plus + 3, slash - plus - 3), 16);
    const auto size = parse_number(word_at(line, slash + 3), 16);
    if (!offset || !size || begin >= plus) return std::nullopt;
    Symbol symbol{.name = line.substr(begin, plus - begin), .offset = *offset, .size = *size, .address = {}};
    const auto bracket = line.rfind("[<", plus);
    if (bracket != std::string_view::npos) symbol.address = parse_number(word_at(line, bracket + 2), 16);
    return symbol;
}

class LogJudge {
public:
    LogJudge(const capture::OverflowTest& test, PartResult& part) : test_(test), part_(part) {}

    void run(const std::optional<ReportedTask>& task) {
        for (const std::string& line : test_.log) read(line);
        if (task) judge_task(*task);
        for (const auto& [what, values] : said_) judge_same(what, values);
        judge_symbols();
    }

private:
    void read(std::string_view line) {
        if (begins_report(line)) ++report_;
        if (report_ > 0) {
            if (test_.is_6_1 && line.starts_with("---[ end trace")) is_summary_next_ = true;
            if (line.starts_with("RIP")) begin_block(line);
            if (is_told_) read_registers(line);
            if (line.starts_with("RIP") && !line.starts_with("RIP: 0033:")) read_instruction(line);
        }
        if (const auto symbol = symbol_in(line)) {
            const std::string name{symbol->name};
            sizes_[name].push_back(symbol->size);
            if (symbol->address && !line.starts_with("RIP")) starts_[name].push_back(*symbol->address - symbol->offset);
        }
    }
    /// The first registers of all are those that 6.1 prints again after each report; what the task had in user mode
    /// stands between them.
    void begin_block(std::string_view line) {
        if (!line.starts_with("RIP: ")) return;
        const bool is_first = !std::exchange(has_block_, true);
        is_told_ = line.starts_with("RIP: 0010:") && (is_first || is_summary_next_);
        is_summary_next_ = false;
    }
    void read_registers(std::string_view line) {
        for (const std::string_view name : kKeptRegisters) read_register(line, name);
        if (report_ == 1) {
            for (const std::string_view name : kReadRegisters) read_register(line, name);
        }
        if (line.starts_with("Code: ")) said_[fmt::format("{}: Code", test_.name)].emplace_back(line.substr(6));
        // 6.1 has no addresses there: the instruction is the registers' own.
        const auto symbol = line.starts_with("RIP: ") && !line.contains("[<") ? symbol_in(line) : std::nullopt;
        if (symbol)
            said_[fmt::format("{}: instruction", test_.name)].push_back(
                fmt::format("{}+{:#x}", symbol->name, symbol->offset));
    }
    void read_register(std::string_view line, std::string_view name) {
        const std::string key = fmt::format("{}:", name);
        const std::size_t at = line.find(key);
        const bool is_word = at == 0 || (at != std::string_view::npos && line[at - 1] == ' ');
        if (!is_word) return;
        if (const auto value = value_after(line.substr(at), key))
            said_[fmt::format("{}: {}", test_.name, name)].emplace_back(*value);
    }
    void read_instruction(std::string_view line) {
        const auto symbol = line.contains("[<") ? symbol_in(line) : std::nullopt;
        if (symbol) said_[where("instruction")].push_back(fmt::format("{}+{:#x}", symbol->name, symbol->offset));
        for (std::size_t at = line.find("[<"); at != std::string_view::npos; at = line.find("[<", at + 2))
            said_[where("address of the instruction")].emplace_back(word_at(line, at + 2));
    }
    [[nodiscard]] std::string where(std::string_view name) const {
        return fmt::format("{}: {} in report {}", test_.name, name, report_);
    }

    void judge(std::string where, std::string recorded, std::string wanted) {
        if (recorded == wanted) {
            part_.add_exact();
            return;
        }
        part_.add_difference({.event = 0,
                              .where = std::move(where),
                              .recorded = std::move(recorded),
                              .engine = std::move(wanted),
                              .around = "told more than once"});
    }
    template <class T>
    static const T& most_of(const std::vector<T>& values) {
        return *std::ranges::max_element(values, {}, [&](const T& any) { return std::ranges::count(values, any); });
    }
    void judge_same(const std::string& what, const std::vector<std::string>& values) {
        const std::string& believed = most_of(values);
        for (std::size_t i = 1; i < values.size(); ++i) {
            // Of the believed ones, one is what the others are held against.
            const bool is_first_wrong = i == 1 && values[0] != believed;
            judge(what, is_first_wrong ? values[0] : values[i], believed);
            if (is_first_wrong && values[1] != believed) judge(what, values[1], believed);
        }
    }

    void judge_symbols() {
        const auto judge_numbers = [&](std::string_view what, const auto& by_name, std::size_t least) {
            for (const auto& [name, values] : by_name) {
                if (values.size() < least) continue;
                const std::uint64_t believed = most_of(values);
                if (static_cast<std::size_t>(std::ranges::count(values, believed)) * 3 < values.size() * 2) continue;
                for (const std::uint64_t value : values)
                    judge(fmt::format("{}: {} of {}", test_.name, what, name), fmt::format("{:#x}", value),
                          fmt::format("{:#x}", believed));
            }
        };
        judge_numbers("size", sizes_, 3);
        judge_numbers("start", starts_, 3);
    }

    void judge_task(const ReportedTask& task) {
        const auto line = std::ranges::find_if(
            test_.log, [](const std::string& any) { return any.contains(" PID: ") && any.contains(" Comm: "); });
        if (line == test_.log.end()) return;
        const auto pid = value_after(*line, " PID: ");
        judge(fmt::format("{}: PID in the log", test_.name), std::string{pid.value_or("none")},
              std::to_string(task.pid));
        const auto name = value_after(*line, " Comm: ");
        if (!test_.comm.empty())
            judge(fmt::format("{}: Comm in the log", test_.name), std::string{name.value_or("none")}, test_.comm);
        // 4.x: "task: A task.stack: B" or "task: A ti: B task.ti: B" on the next line.
        if (std::next(line) == test_.log.end()) return;
        const std::string_view next = *std::next(line);
        if (!next.starts_with("task: ")) return;
        const auto judge_address = [&](std::string_view key, std::uint64_t wanted) {
            if (const auto address = number_after(next, key))
                judge(fmt::format("{}: {} in the log", test_.name, key.substr(0, key.find(':'))),
                      fmt::format("{:#x}", *address), fmt::format("{:#x}", wanted));
        };
        judge_address("task: ", task.task);
        judge_address(" task.stack: ", task.stack);
        judge_address(" ti: ", task.stack);
        judge_address(" task.ti: ", task.stack);
    }

    const capture::OverflowTest& test_;
    PartResult& part_;
    std::size_t report_ = 0;
    bool has_block_ = false;
    bool is_told_ = false; ///< the registers that follow are told more than once
    bool is_summary_next_ = false;
    std::map<std::string, std::vector<std::string>, std::less<>> said_;
    std::map<std::string, std::vector<std::uint64_t>, std::less<>> sizes_, starts_;
};

} // namespace

void judge_log(const capture::OverflowTest& test, const std::optional<ReportedTask>& task, PartResult& part) {
    LogJudge{test, part}.run(task);
}

} // namespace ksl::sim
