// SPDX-License-Identifier: MIT
#include "sim/verify/overflow_evidence.h"

#include "core/kstack/thread_info.h"
#include "sim/import/csv_fields.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

namespace ksl::sim {

namespace {

constexpr std::uint64_t kStack = 16384;
constexpr std::int64_t kPage = core::kPageBytes;
constexpr std::uint64_t kDirectMap2016 = 0xffff880000000000;
constexpr std::uint64_t kDirectMap61 = 0xffff888000000000;
/// Room that a page fault's frame needs: six words.
constexpr std::uint64_t kFaultFrame = 48;
/// Least depth of a write system call: pt_regs and the fork frame's worth of callers.
constexpr std::uint64_t kLeastStart = 224;

constexpr std::array<std::string_view, 9> kTellTale{
    "BUG: ",         "Kernel panic - not syncing", "kernel stack overflow", "stack guard page: ",
    "Oops: ",        "Thread overran stack",       "lkdtm: FAIL: ",         "general protection fault",
    "kernel BUG at "};
constexpr std::array<std::string_view, 3> kFirstLines{"BUG: ", "general protection fault", "kernel BUG at "};

bool starts_with_any(std::string_view line, std::span<const std::string_view> prefixes) {
    return std::ranges::any_of(prefixes, [&](std::string_view prefix) { return line.starts_with(prefix); });
}

/// The value that most votes are for; of several, the first that was cast.
template <class T>
class Votes {
public:
    void add(T value, unsigned weight = 1) {
        for (auto& [known, votes] : counted_) {
            if (known != value) continue;
            votes += weight;
            return;
        }
        counted_.emplace_back(value, weight);
    }
    [[nodiscard]] std::optional<T> winner() const {
        const auto best = std::ranges::max_element(counted_, {}, &std::pair<T, unsigned>::second);
        return best == counted_.end() ? std::nullopt : std::optional{best->first};
    }

private:
    std::vector<std::pair<T, unsigned>> counted_;
};

/// The hexadecimal number behind a key.
std::optional<std::uint64_t> hex_after(std::string_view line, std::string_view key) {
    const auto at = line.find(key);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view rest = line.substr(at + key.size());
    return parse_number(rest.substr(0, rest.find_first_not_of("0123456789abcdefABCDEF")), 16);
}

/// "Code: ... <48> 8b 14 d5 80 30 64 81 ...": mov table(,index,8), register at the marked byte.
std::optional<std::uint64_t> indexed_table(std::string_view line) {
    const auto mark = line.find('<');
    if (!line.starts_with("Code: ") || mark == std::string_view::npos || line.size() < mark + 26) return std::nullopt;
    std::array<std::uint64_t, 8> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const auto value = parse_number(line.substr(i == 0 ? mark + 1 : mark + 2 + 3 * i, 2), 16);
        if (!value) return std::nullopt;
        bytes[i] = *value;
    }
    const bool is_indexed_load =
        (bytes[0] & 0xf8) == 0x48 && bytes[1] == 0x8b && (bytes[2] & 0xc7) == 0x04 && (bytes[3] & 0xc7) == 0xc5;
    if (!is_indexed_load) return std::nullopt;
    const auto displacement = static_cast<std::int32_t>(
        static_cast<std::uint32_t>(bytes[4] | bytes[5] << 8 | bytes[6] << 16 | bytes[7] << 24));
    return static_cast<std::uint64_t>(std::int64_t{displacement});
}

} // namespace

OverflowEvidence::OverflowEvidence(const capture::OverflowTest& test) : test_(test) {
    find_base();
    find_pid();
    find_task();
    find_first_page();
    find_reports();
    find_shape();
    find_pieces();
}

void OverflowEvidence::find_base() {
    Votes<std::uint64_t> votes;
    votes.add(test_.stack.lowest.raw());
    votes.add(test_.stack.top.raw() - kStack);
    const bool on_stack = kernel_of(test_) == OverflowKernel::linux_4_7;
    if (on_stack) votes.add(test_.thread_info.raw());
    if (test_.magic_at) votes.add(test_.magic_at->raw() - (on_stack ? core::kThreadInfoBytes.count() : 0));
    if (test_.area) votes.add(test_.area->raw());
    if (test_.saved_sp) votes.add(test_.saved_sp->raw() & ~(kStack - 1));
    if (test_.first_pfn) votes.add(kDirectMap2016 + *test_.first_pfn * core::kPageBytes);
    for (const capture::NeighbourPage& page : test_.neighbours) {
        const std::uint64_t direct_map = test_.is_6_1 ? kDirectMap61 : kDirectMap2016;
        votes.add(direct_map + (page.pfn - static_cast<std::uint64_t>(page.page)) * core::kPageBytes);
    }
    for (const std::string& line : test_.log) {
        if (const auto at = hex_after(line, "(stack is ")) votes.add(*at);
    }
    base_ = votes.winner().value_or(0);
}

void OverflowEvidence::find_pid() {
    constexpr std::string_view kOwner = "kernel stack of pid ";
    Votes<std::uint32_t> votes;
    votes.add(test_.pid);
    if (test_.victims_pid) votes.add(*test_.victims_pid);
    for (const capture::NeighbourPage& page : test_.neighbours) {
        const bool is_own = page.page >= 0 && page.page < static_cast<std::int64_t>(kStack) / kPage;
        if (!is_own || !page.owner.starts_with(kOwner)) continue;
        const std::string_view rest = std::string_view{page.owner}.substr(kOwner.size());
        if (const auto pid = parse_number(rest.substr(0, rest.find(' ')))) votes.add(static_cast<std::uint32_t>(*pid));
    }
    if (test_.tgid) votes.add(*test_.tgid); // the victim is a program of one thread
    for (const std::string& line : test_.log) {
        constexpr std::string_view kPid = " PID: ";
        const auto at = line.find(kPid);
        if (at == std::string::npos || test_.comm.empty() || !line.contains(" Comm: " + test_.comm + " ")) continue;
        const std::string_view rest = std::string_view{line}.substr(at + kPid.size());
        if (const auto pid = parse_number(rest.substr(0, rest.find(' ')))) votes.add(static_cast<std::uint32_t>(*pid));
        break; // the first report's
    }
    pid_ = votes.winner().value_or(test_.pid);
}

void OverflowEvidence::find_task() {
    Votes<std::uint64_t> votes;
    votes.add(test_.task_struct.raw());
    if (kernel_of(test_) != OverflowKernel::linux_4_7) votes.add(test_.thread_info.raw());
    if (test_.info_task) votes.add(*test_.info_task);
    if (test_.before && kernel_of(test_) == OverflowKernel::linux_4_7) {
        std::uint64_t task = 0;
        for (std::size_t i = 8; i-- > 0;) task = task << 8U | (*test_.before)[i];
        votes.add(task);
    }
    for (const std::string& line : test_.log) {
        if (!line.starts_with("task: ")) continue;
        if (const auto task = hex_after(line, "task: ")) votes.add(*task);
        break;
    }
    task_ = votes.winner().value_or(0);
}

void OverflowEvidence::find_first_page() {
    Votes<std::int64_t> votes;
    for (std::size_t i = 0; i < test_.neighbours.size(); ++i)
        votes.add(test_.neighbours[i].page - static_cast<std::int64_t>(i));
    first_page_ = votes.winner().value_or(0);
}

std::int64_t OverflowEvidence::page_of(std::size_t neighbour) const {
    return first_page_ + static_cast<std::int64_t>(neighbour);
}

void OverflowEvidence::find_reports() {
    Votes<std::uint64_t> tables;
    for (const std::string& line : test_.log) {
        if (starts_with_any(line, kFirstLines)) {
            reports_.emplace_back();
            reports_.back().is_numbered = line.contains(" [#");
            continue;
        }
        // A report's first line may be missing; its number comes once in each.
        if (line.contains(" [#")) {
            if (reports_.empty() || reports_.back().is_numbered) reports_.emplace_back();
            reports_.back().is_numbered = true;
        }
        if (reports_.empty()) continue;
        OopsReport& report = reports_.back();
        if (line.contains("<IRQ>")) report.in_interrupt = true;
        if (line.starts_with("---[ end trace")) report.is_complete = true;
        if (line.contains("CR2: ")) {
            if (const auto value = hex_after(line, "CR2: ")) report.cr2.push_back(*value);
        }
        if (const auto value = hex_after(line, "RSP: 0018:")) report.sp.push_back(*value);
        if (const auto value = hex_after(line, "RSP <")) report.sp.push_back(*value);
        if (const auto table = indexed_table(line)) {
            report.table = table;
            tables.add(*table);
        }
    }
    if (const auto table = tables.winner()) per_cpu_ = core::VirtAddr{*table};
}

void OverflowEvidence::find_shape() {
    shape_ = driver_shape(kernel_of(test_));
    if (test_.recursions != 0) shape_.calls = static_cast<std::uint32_t>(test_.recursions + 1);
    const std::uint64_t top = base_ + kStack;
    Votes<std::uint64_t> starts;
    if (test_.is_vmapped() && !reports_.empty()) {
        // The stack pointer of the frame that met the guard; a guard is never farther than a frame.
        std::vector<std::uint64_t> pointers = reports_.front().sp;
        // The frame pointer lies a frame above it, but for the return address and itself.
        for (const std::string& line : test_.log) {
            if (const auto frame = hex_after(line, "RBP: ")) pointers.push_back(*frame + 16 - shape_.frame);
        }
        for (const std::uint64_t sp : pointers) {
            const std::uint64_t depth = top - sp;
            if (depth < kLeastStart + shape_.frame || depth > kStack + std::uint64_t{2} * shape_.frame) continue;
            starts.add(kLeastStart + (depth - kLeastStart) % shape_.frame);
        }
    }
    for (const capture::FillRun& run : test_.runs) {
        // A fill of n was left by the call with n or n - 1 more to come. Only the beginning of a buffer tells where.
        if (run.from % kPage == 0) continue;
        for (const std::uint64_t remaining : {std::uint64_t{run.fill}, std::uint64_t{run.fill} - 1}) {
            if (run.fill == 0 || remaining >= shape_.calls) continue;
            const auto above = static_cast<std::int64_t>((shape_.calls - remaining) * shape_.frame);
            const std::int64_t start = static_cast<std::int64_t>(kStack) - run.from - above;
            if (start >= static_cast<std::int64_t>(kLeastStart) && start < kPage * 2)
                starts.add(static_cast<std::uint64_t>(start));
        }
    }
    if (const auto start = starts.winner()) shape_.start = static_cast<std::uint32_t>(*start / 8 * 8);
}

std::int64_t OverflowEvidence::first_frame_top() const {
    return static_cast<std::int64_t>(kStack) - shape_.start;
}

void OverflowEvidence::find_pieces() {
    for (std::uint32_t call = 0; call < shape_.calls; ++call) {
        const std::int64_t top = first_frame_top() - std::int64_t{call} * shape_.frame;
        std::int64_t from = top - shape_.touched;
        const std::int64_t end = from + shape_.buffer;
        while (from < end) {
            const std::int64_t page_end = (from >= 0 ? from / kPage + 1 : -((-from - 1) / kPage)) * kPage;
            const std::int64_t until = std::min(end, page_end);
            pieces_.push_back({.from = from, .length = until - from});
            from = until;
        }
    }
}

std::optional<unsigned> OverflowEvidence::head_word(std::int64_t offset) const {
    const std::int64_t below_top = first_frame_top() - offset; // bytes from here to the first frame's top
    if (below_top <= 0 || shape_.frame == 0) return std::nullopt;
    const std::int64_t in_frame = (below_top - 1) % shape_.frame + 1;
    if (in_frame > 32 || in_frame % 8 != 0 || (below_top - 1) / shape_.frame >= shape_.calls) return std::nullopt;
    return static_cast<unsigned>(4 - in_frame / 8);
}

std::vector<std::string> OverflowEvidence::messages() const {
    std::vector<std::string> found;
    for (const std::string& line : test_.log) {
        if (!starts_with_any(line, kTellTale)) continue;
        // What the byte next to the stack was is the neighbour's business.
        found.push_back(line.substr(0, line.find(" (byte: ")));
    }
    return found;
}

std::string OverflowEvidence::path() const {
    if (reports_.empty()) return "none";
    std::size_t outside = 0;
    for (const std::uint64_t sp : reports_.front().sp) {
        if (sp < base_ + kFaultFrame) ++outside;
    }
    return outside * 2 > reports_.front().sp.size() ? "double fault" : "page fault";
}

bool OverflowEvidence::panics_by_rule() const {
    return std::ranges::any_of(test_.log,
                               [](const std::string& line) { return line.starts_with("Kernel panic - not syncing"); });
}

std::uint64_t OverflowEvidence::oopses() const {
    return static_cast<std::uint64_t>(
        std::ranges::count_if(test_.log, [](const std::string& line) { return line.starts_with("---[ end trace"); }));
}

bool OverflowEvidence::exit_began() const {
    return !reports_.empty() && reports_.front().is_complete && !reports_.front().in_interrupt;
}

std::optional<bool> OverflowEvidence::lists_pid() const {
    const auto lists = [&](std::uint32_t wanted) {
        const std::string pid = std::to_string(wanted) + " ";
        return std::ranges::any_of(test_.afterwards, [&](const std::string& line) {
            const auto first = line.find_first_not_of(' ');
            return first != std::string::npos && std::string_view{line}.substr(first).starts_with(pid);
        });
    };
    constexpr std::uint32_t kInit = 1; // is in every list of processes
    if (!lists(kInit)) return std::nullopt;
    return lists(pid_);
}

} // namespace ksl::sim
