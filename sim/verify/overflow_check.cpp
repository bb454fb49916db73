// SPDX-License-Identifier: MIT
#include "sim/verify/overflow_check.h"

#include "core/kstack/thread_info.h"
#include "core/types/assert.h"
#include "sim/import/csv_fields.h"
#include "sim/import/overflow_capture.h"
#include "sim/verify/overflow_evidence.h"
#include "sim/verify/overflow_log.h"
#include "sim/verify/overflow_messages.h"
#include "sim/verify/overflow_run.h"
#include "sim/verify/votes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace ksl::sim {

namespace {

using capture::OverflowTest;

constexpr std::int64_t kPage = core::kPageBytes;
constexpr std::uint64_t kDirectMap2016 = 0xffff880000000000;
constexpr std::uint64_t kDirectMap61 = 0xffff888000000000;
/// thread_info of 4.7 ends there.
constexpr auto kAboveInfo = static_cast<std::int64_t>(core::kThreadInfoBytes.count());
/// TIF_MEMDIE of 4.7: do_exit clears it.
constexpr std::uint64_t kMemdie = 1U << 20;
constexpr std::string_view kLuck = "what comes of overwritten memory of somebody alive";
constexpr std::string_view kOwnersWrites = "what a live owner wrote since";

struct Parts {
    PartResult layout{"stack_layout"};
    PartResult fault{"faults"};
    PartResult messages{"messages"};
    PartResult deaths{"deaths"};
    PartResult overwritten{"overwritten"};
    PartResult neighbours{"neighbours"};
    PartResult log{"log"};
};

std::string hex(std::uint64_t value) {
    return fmt::format("{:#x}", value);
}
std::string yes_no(bool value) {
    return value ? "yes" : "no";
}

class Judge {
public:
    Judge(const OverflowTest& test, bool checks_stack_end, Parts& parts)
        : test_(test), before_(test.before.value_or(OverflowTest::LowBytes{})),
          after_(test.after.value_or(OverflowTest::LowBytes{})), checks_stack_end_(checks_stack_end), parts_(parts),
          evidence_(test) {}

    Result<void> run() {
        if (!is_known()) {
            parts_.fault.add_undetermined("a test of the driver that overflows no stack");
            return {};
        }
        act_ = test_.name.starts_with("STACK_GUARD_PAGE_LEADING")    ? OverflowAct::read_below
               : test_.name.starts_with("STACK_GUARD_PAGE_TRAILING") ? OverflowAct::read_above
                                                                     : OverflowAct::recursion;
        KSL_TRY_ASSIGN(play, play_overflow(test_, checks_stack_end_, act_, evidence_.shape(), evidence_.per_cpu()));
        play_ = play;
        layout();
        fault();
        messages();
        deaths();
        low_bytes();
        runs();
        neighbours();
        judge_log(test_, reported_task(), parts_.log);
        return {};
    }

private:
    [[nodiscard]] bool is_known() const {
        constexpr std::array<std::string_view, 4> kTests{"EXHAUST_STACK", "OVERFLOW", "STACK_GUARD_PAGE_LEADING",
                                                         "STACK_GUARD_PAGE_TRAILING"};
        return std::ranges::any_of(kTests, [&](std::string_view known) { return test_.name.starts_with(known); });
    }
    void judge(PartResult& part, std::string_view what, const std::string& recorded, const std::string& engine) {
        if (recorded == engine) {
            part.add_exact();
        } else {
            part.add_difference({.event = 0,
                                 .where = fmt::format("{}: {}", test_.name, what),
                                 .recorded = recorded,
                                 .engine = engine,
                                 .around = {}});
        }
    }

    /// An address of the engine's stack as it would be in the captured one.
    [[nodiscard]] std::uint64_t moved(std::uint64_t value) const {
        const std::uint64_t lowest = play_.lowest.raw() - 32 * core::kPageBytes;
        if (value < lowest || value > play_.top.raw() + core::kPageBytes) return value;
        return value - play_.lowest.raw() + evidence_.base();
    }

    void layout() {
        PartResult& part = parts_.layout;
        const std::uint64_t base = evidence_.base();
        const std::uint64_t size = (play_.top - play_.lowest).count();
        const bool on_stack = kernel_of(test_) == OverflowKernel::linux_4_7;
        judge(part, "pid", std::to_string(test_.pid), std::to_string(evidence_.pid()));
        if (test_.victims_pid)
            judge(part, "pid of the victim", std::to_string(*test_.victims_pid), std::to_string(evidence_.pid()));
        if (test_.tgid) judge(part, "tgid of the victim", std::to_string(*test_.tgid), std::to_string(evidence_.pid()));
        if (test_.says_vmapped) judge(part, "vmapped", yes_no(*test_.says_vmapped), yes_no(test_.is_vmapped()));
        judge(part, "lowest byte of the stack", hex(test_.stack.lowest.raw()), hex(base));
        judge(part, "top of the stack", hex(test_.stack.top.raw()), hex(base + size));
        judge(part, "task_struct", hex(test_.task_struct.raw()), hex(evidence_.task()));
        judge(part, "thread_info", hex(test_.thread_info.raw()), hex(on_stack ? base : evidence_.task()));
        const std::uint64_t magic = base + (on_stack ? core::kThreadInfoBytes.count() : 0);
        if (test_.magic_at) judge(part, "place of the magic word", hex(test_.magic_at->raw()), hex(magic));
        if (test_.magic) judge(part, "magic word", hex(*test_.magic), hex(core::kStackEndMagic));
        if (test_.saved_sp)
            judge(part, "saved stack pointer inside", yes_no(test_.saved_sp->raw() - base < size), "yes");
        if (test_.area && test_.area_bytes && test_.area_pages) { // the reader gives all three or none
            judge(part, "start of the area", hex(test_.area->raw()), hex(base));
            judge(part, "size of the area", std::to_string(*test_.area_bytes), std::to_string(size + core::kPageBytes));
            judge(part, "pages of the area", std::to_string(*test_.area_pages),
                  std::to_string(size / core::kPageBytes));
        }
        if (test_.first_pfn) judge(part, "first frame", std::to_string(*test_.first_pfn), std::to_string(frame()));
        if (test_.before) bytes_before(on_stack);
    }
    [[nodiscard]] std::uint64_t frame() const {
        return (evidence_.base() - (test_.is_6_1 ? kDirectMap61 : kDirectMap2016)) / core::kPageBytes;
    }
    /// A fresh stack's lowest words: thread_info where it is there, the magic word.
    void bytes_before(bool on_stack) {
        if (on_stack) {
            judge(parts_.layout, "task before", hex(word(before_, 0)), hex(evidence_.task()));
            judge(parts_.layout, "addr_limit before", hex(word(before_, 24)), hex(core::kUserAddressLimit));
            // Which CPU it ran on is the scheduler's; one that exists.
            const std::uint64_t cpu = word(before_, 16) & 0xffffffff;
            const std::uint64_t likely = cpu < test_.cpus ? cpu : 0;
            judge(parts_.layout, "cpu before", std::to_string(cpu), std::to_string(likely));
            // The same fields, as the capture's tool read them.
            const auto same = [&](std::string_view name, std::optional<std::uint64_t> field, std::uint64_t wanted) {
                if (field) judge(parts_.layout, fmt::format("thread_info.{}", name), hex(*field), hex(wanted));
            };
            same("task", test_.info_task, evidence_.task());
            same("flags", test_.info_flags, word(before_, 8) & UINT32_MAX);
            same("status", test_.info_status, word(before_, 8) >> 32U);
            same("cpu", test_.info_cpu, likely);
            same("addr_limit", test_.info_limit, core::kUserAddressLimit);
        }
        const std::size_t magic = on_stack ? core::kThreadInfoBytes.count() : 0;
        judge(parts_.layout, "magic word before", hex(word(before_, magic)), hex(core::kStackEndMagic));
    }
    [[nodiscard]] static std::uint64_t word(const OverflowTest::LowBytes& bytes, std::size_t at) {
        std::uint64_t value = 0;
        for (std::size_t i = 8; i-- > 0;) value = value << 8 | bytes[at + i];
        return value;
    }

    [[nodiscard]] bool is_fault() const {
        return play_.notice && play_.notice->detector != core::Detector::stack_end_check;
    }
    [[nodiscard]] bool is_wild() const {
        return play_.notice && play_.notice->detector == core::Detector::wild_thread_info;
    }
    /// The engine cannot say what comes later: somebody's memory is gone and nobody has noticed.
    [[nodiscard]] bool is_luck() const { return !play_.notice && play_.deepest < 0; }
    /// Nor what others say whose memory is gone before the scheduler looks at the stack's end.
    [[nodiscard]] bool may_others_stumble() const {
        const bool is_checked_later = play_.notice && play_.notice->detector == core::Detector::stack_end_check;
        return is_luck() || (is_checked_later && play_.deepest < 0);
    }

    /// Whose overflow the log's first report is of.
    [[nodiscard]] std::optional<ReportedTask> reported_task() const {
        const bool may_be_of_others = may_others_stumble() && !evidence_.reports().empty();
        if (!play_.notice || may_be_of_others) return std::nullopt;
        return ReportedTask{.pid = evidence_.pid(), .task = evidence_.task(), .stack = evidence_.base()};
    }

    void fault() {
        PartResult& part = parts_.fault;
        if (!is_fault()) {
            if (may_others_stumble() && !evidence_.reports().empty())
                part.add_undetermined(kLuck, evidence_.reports().size());
            else
                judge(part, "faults", std::to_string(evidence_.faults()), "0");
            return;
        }
        KSL_ASSERT(play_.notice.has_value(), "a fault is noticed");
        const std::uint64_t address = is_wild() ? wild_address() : moved(play_.notice->address);
        if (evidence_.reports().empty()) judge(part, "fault address", "none", hex(address));
        for (const OopsReport& report : evidence_.reports()) {
            if (is_wild() && !report.table) continue; // another fault of a machine that is lost
            for (const std::uint64_t cr2 : report.cr2) judge(part, "CR2", hex(cr2), hex(address));
            if (is_wild()) continue;
            for (const std::uint64_t sp : report.sp) judge(part, "stack pointer", hex(sp), hex(expected_sp(sp)));
        }
        if (is_wild()) return;
        judge(part, "exception path", evidence_.path(), path_of(play_.notice->detector));
    }
    /// A stray read happens wherever its code's frame is; only a recursion's depth is known.
    [[nodiscard]] std::uint64_t expected_sp(std::uint64_t recorded) const {
        if (act_ == OverflowAct::recursion) return moved(play_.sp.raw());
        const std::uint64_t base = evidence_.base();
        const bool is_inside = recorded > base + 48 && recorded <= base + (play_.top - play_.lowest).count();
        return is_inside ? recorded : moved(play_.sp.raw());
    }
    /// The entry that the overwritten CPU number selects: the number may be half of an address of this stack.
    [[nodiscard]] std::uint64_t wild_address() const {
        std::uint64_t value = 0;
        for (std::int64_t i = 8; i-- > 0;) value = value << 8 | play_.at(16 + i);
        const std::uint64_t table = evidence_.per_cpu().value_or(core::KernelFacts{}.per_cpu_offsets).raw();
        return table + 8 * (moved(value) & 0xffffffff);
    }
    [[nodiscard]] static std::string path_of(core::Detector detector) {
        switch (detector) {
        case core::Detector::guard_double_fault:
        case core::Detector::double_fault: return "double fault";
        default: return "page fault";
        }
    }

    void messages() {
        std::uint64_t address = play_.notice ? moved(play_.notice->address) : 0;
        if (is_wild()) address = wild_address();
        const std::uint64_t base = evidence_.base();
        const MessageFacts facts{.kernel = kernel_of(test_),
                                 .act = act_,
                                 .detector = play_.notice ? play_.notice->detector : core::Detector::none,
                                 .machine_dies = play_.machine_died,
                                 .magic_is_gone = play_.notice && play_.notice->magic_is_gone,
                                 .address = address,
                                 .lowest = base,
                                 .top = base + (play_.top - play_.lowest).count()};
        const std::vector<std::string> wanted = messages_of(facts);
        const bool may_go_on = may_others_stumble() || is_wild();
        std::uint64_t more = 0;
        const std::vector<std::string> found = evidence_.messages();
        for (const auto& [is, ours] : aligned(found, wanted)) {
            if (ours == nullptr)
                ++more;
            else
                judge(parts_.messages, fmt::format("message {}", ours - wanted.data() + 1),
                      is == nullptr ? "none" : *is, *ours);
            if (ours == nullptr && !may_go_on) judge(parts_.messages, "further messages", *is, "none");
        }
        if (wanted.empty() && more == 0) parts_.messages.add_exact(); // silence is an answer
        if (may_go_on && more != 0) parts_.messages.add_undetermined(kLuck, more);
    }

    using MessagePair = std::pair<const std::string*, const std::string*>;
    /// Pairs of what the kernel said and what the engine says, with as few differences as possible; null: nothing.
    [[nodiscard]] static std::vector<MessagePair> aligned(const std::vector<std::string>& found,
                                                          const std::vector<std::string>& wanted) {
        // steps[i][j]: differences of the first i of `found` and the first j of `wanted`.
        std::vector<std::vector<std::size_t>> steps(found.size() + 1, std::vector<std::size_t>(wanted.size() + 1));
        for (std::size_t i = 0; i <= found.size(); ++i) {
            for (std::size_t j = 0; j <= wanted.size(); ++j) {
                if (i == 0 || j == 0)
                    steps[i][j] = i + j;
                else
                    steps[i][j] = std::min({steps[i - 1][j - 1] + (found[i - 1] == wanted[j - 1] ? 0U : 1U),
                                            steps[i - 1][j] + 1, steps[i][j - 1] + 1});
            }
        }
        std::vector<MessagePair> pairs;
        std::size_t i = found.size();
        std::size_t j = wanted.size();
        while (i != 0 || j != 0) {
            if (i != 0 && steps[i][j] == steps[i - 1][j] + 1) {
                pairs.emplace_back(&found[--i], nullptr);
            } else if (j != 0 && steps[i][j] == steps[i][j - 1] + 1) {
                pairs.emplace_back(nullptr, &wanted[--j]);
            } else {
                --i;
                --j;
                pairs.emplace_back(&found[i], &wanted[j]);
            }
        }
        std::ranges::reverse(pairs);
        return pairs;
    }

    void deaths() {
        PartResult& part = parts_.deaths;
        const bool printed = !test_.afterwards.empty();
        // Who answered is told twice: by the capture's summary and by what the machine printed.
        const bool answers = is_luck() ? printed : !play_.machine_died;
        judge(part, "the machine goes on", yes_no(test_.answers), yes_no(answers));
        if (!is_luck()) judge(part, "the machine prints afterwards", yes_no(printed), yes_no(answers));
        const bool panics = is_luck() || is_wild() ? evidence_.panics_by_rule() : play_.machine_died;
        judge(part, "panic", yes_no(test_.panic), yes_no(panics));
        judge(part, "oopses", std::to_string(test_.oopses), std::to_string(oopses()));
        if (is_luck()) part.add_undetermined(kLuck, 2);
        if (!answers || !printed || is_luck()) return;
        const auto listed = evidence_.lists_pid();
        if (listed) judge(part, "the task goes on", yes_no(*listed), yes_no(!play_.task_died));
        if (!listed) part.add_undetermined("no list of processes was printed", 1);
    }
    [[nodiscard]] std::uint64_t oopses() const {
        if (is_luck() || is_wild()) return evidence_.oopses();
        return is_fault() ? 1 : 0;
    }

    void low_bytes() {
        if (!test_.after || act_ != OverflowAct::recursion) return;
        if (kernel_of(test_) != OverflowKernel::linux_4_7) {
            judge(parts_.overwritten, "magic word", hex(word(after_, 0)), hex(engine_word(0)));
            return;
        }
        field("uaccess bits", 32, 8);
        field("magic word", 40, 8);
        cpu_flags_task();
        address_limit();
    }
    [[nodiscard]] std::uint64_t engine_word(std::int64_t at) const {
        // Where the recursion did not reach, what was there before stays.
        if (at < play_.deepest) return word(before_, static_cast<std::size_t>(at));
        std::uint64_t value = 0;
        for (std::int64_t i = 8; i-- > 0;) value = value << 8 | play_.at(at + i);
        return moved(value);
    }
    [[nodiscard]] static std::uint64_t part_of(std::uint64_t value, std::size_t from, std::size_t bytes) {
        value >>= 8 * from;
        return bytes == 8 ? value : value & ((std::uint64_t{1} << (8 * bytes)) - 1);
    }
    void field(std::string_view name, std::size_t at, std::size_t bytes) {
        const std::size_t start = at / 8 * 8;
        const std::uint64_t recorded = part_of(word(after_, start), at - start, bytes);
        const std::uint64_t engine = part_of(engine_word(static_cast<std::int64_t>(start)), at - start, bytes);
        const auto head = static_cast<std::int64_t>(start) < play_.deepest
                              ? std::nullopt
                              : evidence_.head_word(static_cast<std::int64_t>(start));
        if (head == 0) {
            parts_.overwritten.add_undetermined("the stack protector's word, drawn at random");
        } else if (head == 3) {
            const auto kind = [](std::uint64_t value) {
                return value >= 0xffffffff80000000 ? "an address of kernel text" : "no address of kernel text";
            };
            judge(parts_.overwritten, name, kind(word(after_, start)),
                  kind(engine_word(static_cast<std::int64_t>(start))));
        } else {
            judge(parts_.overwritten, name, hex(recorded), hex(engine));
        }
    }
    void cpu_flags_task() {
        field("cpu", 16, 4);
        field("status", 12, 4);
        // The way out of the system call sets and clears work bits, the lowest byte of the flags.
        const std::uint64_t mask = !is_wild() ? 0xffffffff : 0xffffff00 & ~(evidence_.exit_began() ? kMemdie : 0);
        judge(parts_.overwritten, "flags", hex(word(after_, 8) & mask), hex(engine_word(8) & mask));
        if (is_wild()) parts_.overwritten.add_undetermined("work bits that the way out of the kernel sets and clears");
        field("task", 0, 8);
    }
    /// do_exit puts the limit back: an oops that ran to its end in the task's own context.
    void address_limit() {
        if (evidence_.exit_began())
            judge(parts_.overwritten, "addr_limit", hex(word(after_, 24)), hex(core::kUserAddressLimit));
        else
            field("addr_limit", 24, 8);
    }

    // What each frame of the recursion left.
    void runs() {
        if (test_.runs.empty() || act_ != OverflowAct::recursion) return;
        std::int64_t highest_whole = INT64_MIN;
        for (const FillPiece& piece : evidence_.pieces()) {
            if (whole(piece)) highest_whole = std::max(highest_whole, piece.from);
        }
        for (const FillPiece& piece : evidence_.pieces()) {
            judge_piece(piece, play_.at(piece.from), piece.from > highest_whole);
        }
        for (const capture::FillRun& run : test_.runs) {
            if (std::ranges::none_of(evidence_.pieces(), [&](const FillPiece& piece) { return overlaps(run, piece); }))
                judge(parts_.overwritten, fmt::format("fill at {}", run.from), fmt::format("{} bytes", run.length),
                      "no buffer of the recursion there");
        }
    }
    [[nodiscard]] static bool overlaps(const capture::FillRun& run, const FillPiece& piece) {
        return run.from < piece.from + piece.length && piece.from < run.from + run.length;
    }
    [[nodiscard]] std::vector<capture::FillRun> runs_in(const FillPiece& piece) const {
        std::vector<capture::FillRun> inside;
        for (const capture::FillRun& run : test_.runs) {
            // A run belongs to the buffer that it overlaps most: where its middle is.
            const std::int64_t middle = run.from + run.length / 2;
            if (middle >= piece.from && middle < piece.from + piece.length) inside.push_back(run);
        }
        std::ranges::sort(inside, {}, &capture::FillRun::from);
        return inside;
    }
    [[nodiscard]] bool whole(const FillPiece& piece) const {
        const auto inside = runs_in(piece);
        return inside.size() == 1 && inside[0].from == piece.from && inside[0].length == piece.length;
    }
    void judge_piece(const FillPiece& piece, std::uint8_t fill, bool may_be_reused) {
        const std::vector<capture::FillRun> inside = runs_in(piece);
        // Runs of a few bytes are not listed in the capture.
        if (piece.length < 64 && inside.empty()) return;
        const std::string name = fmt::format("fill at {}", piece.from);
        if (may_be_reused && (inside.empty() || (inside.size() == 1 && inside[0].from == piece.from &&
                                                 inside[0].length < piece.length && inside[0].fill == fill))) {
            parts_.overwritten.add_undetermined("the upper part of the stack was used again");
            return;
        }
        if (inside.empty()) {
            judge(parts_.overwritten, name, "nothing", text_of(piece.from, piece.length, fill));
            return;
        }
        // thread_info was used and written since; a neighbour's owner is alive.
        const bool starts_in_thread_info = piece.from < kAboveInfo && piece.from + piece.length > kAboveInfo &&
                                           inside.front().from > piece.from && inside.front().from <= kAboveInfo;
        const std::int64_t end = inside.back().from + inside.back().length;
        const std::int64_t from = starts_in_thread_info ? piece.from : inside.front().from;
        const bool same_fill =
            std::ranges::all_of(inside, [&](const capture::FillRun& run) { return run.fill == fill; });
        judge(parts_.overwritten, name, text_of(from, end - from, same_fill ? fill : other_fill(inside, fill)),
              text_of(piece.from, piece.length, fill));
        if (inside.size() > 1) parts_.overwritten.add_undetermined(kOwnersWrites, inside.size() - 1);
    }
    [[nodiscard]] static std::uint8_t other_fill(const std::vector<capture::FillRun>& runs, std::uint8_t fill) {
        const auto other = std::ranges::find_if(runs, [&](const capture::FillRun& run) { return run.fill != fill; });
        return other->fill;
    }
    [[nodiscard]] static std::string text_of(std::int64_t from, std::int64_t length, std::uint8_t fill) {
        return fmt::format("{} bytes of {} from {}", length, fill, from);
    }

    // The pages round a contiguous stack.
    void neighbours() {
        const std::int64_t pages = static_cast<std::int64_t>((play_.top - play_.lowest).count()) / kPage;
        // A page is told twice, by number and by frame, and by its place in the list: one of the two may be wrong.
        std::vector<capture::NeighbourPage> listed = test_.neighbours;
        for (std::size_t i = 0; i < listed.size(); ++i) {
            capture::NeighbourPage& page = listed[i];
            const std::uint64_t by_number = frame() + static_cast<std::uint64_t>(page.page);
            const std::int64_t by_place = evidence_.page_of(i);
            if (page.pfn != by_number && page.pfn == frame() + static_cast<std::uint64_t>(by_place)) {
                judge(parts_.neighbours, fmt::format("frame {}, page", page.pfn), std::to_string(page.page),
                      std::to_string(by_place));
                page.page = by_place;
                continue;
            }
            judge(parts_.neighbours, fmt::format("page {}, frame", page.page), std::to_string(page.pfn),
                  std::to_string(by_number));
            page.pfn = by_number;
        }
        for (const capture::NeighbourPage& page : listed) {
            const std::string name = fmt::format("page {}", page.page);
            const bool is_own = page.page >= 0 && page.page < pages;
            if (is_own)
                judge(parts_.neighbours, name + ", owner",
                      yes_no(page.owner.starts_with(fmt::format("kernel stack of pid {} ", evidence_.pid()))), "yes");
            else
                owner_stack(listed, page, name);
            changes(page, name, is_own);
        }
    }
    /// A contiguous stack is an aligned block: whoever has one of its pages as a stack has all four.
    void owner_stack(const std::vector<capture::NeighbourPage>& listed, const capture::NeighbourPage& page,
                     const std::string& name) {
        if (!page.owner.starts_with("kernel stack of pid ")) return;
        const std::uint64_t block = page.pfn / 4;
        std::size_t others = 0;
        std::size_t same = 0;
        bool is_first = true;
        for (const capture::NeighbourPage& other : listed) {
            if (&other == &page || other.pfn / 4 != block) continue;
            ++others;
            if (&other < &page) is_first = false;
            if (other.owner == page.owner) ++same;
        }
        // One wrong page among four is that page's difference alone; of two that differ, the second's.
        const bool is_sound = same * 2 >= others || (others == 1 && is_first);
        if (others != 0) judge(parts_.neighbours, name + ", owner", yes_no(is_sound), "yes");
    }
    void changes(const capture::NeighbourPage& page, const std::string& name, bool is_own) {
        const std::int64_t from = page.page * kPage;
        const std::int64_t first = std::max(from, play_.deepest);
        const bool is_reached =
            act_ == OverflowAct::recursion && !play_.bytes.empty() && first < from + kPage && from < stack_bytes();
        const bool has_changed = page.bytes_changed != 0;
        if (is_reached) {
            judge(parts_.neighbours, name + ", overwritten", yes_no(has_changed), "yes");
            if (has_changed && !is_own) offsets(page, name, first - from);
            return;
        }
        // A page that nobody overran may have been used by its owner, or given to one.
        if (!has_changed)
            parts_.neighbours.add_exact();
        else if (page.owner.starts_with("free") && !test_.answers)
            judge(parts_.neighbours, name + ", overwritten", "yes", "no");
        else
            parts_.neighbours.add_undetermined(kOwnersWrites);
    }
    [[nodiscard]] std::int64_t stack_bytes() const {
        return static_cast<std::int64_t>((play_.top - play_.lowest).count());
    }
    /// First and last changed byte: a byte may have had its new value before, but not a whole frame's head.
    void offsets(const capture::NeighbourPage& page, const std::string& name, std::int64_t first) {
        if (!page.lowest || !page.highest) return;
        const std::int64_t slack = evidence_.shape().frame - evidence_.shape().buffer;
        const auto lowest = static_cast<std::int64_t>(*page.lowest);
        const auto highest = static_cast<std::int64_t>(*page.highest);
        const bool is_free = page.owner.starts_with("free");
        if (lowest < first && !is_free) {
            parts_.neighbours.add_undetermined(kOwnersWrites);
        } else {
            judge(parts_.neighbours, name + ", first changed byte",
                  std::to_string(lowest >= first && lowest < first + slack ? first : lowest), std::to_string(first));
        }
        judge(parts_.neighbours, name + ", last changed byte",
              std::to_string(highest > kPage - 1 - slack ? kPage - 1 : highest), std::to_string(kPage - 1));
    }

    const OverflowTest& test_;
    OverflowTest::LowBytes before_, after_; ///< zeros where the capture has none
    bool checks_stack_end_;
    Parts& parts_;
    OverflowEvidence evidence_;
    OverflowAct act_ = OverflowAct::recursion;
    OverflowPlay play_;
};

} // namespace

Result<void> check_overflow(Verification& verification) {
    KSL_TRY_ASSIGN(tests, capture::read_overflow_tests(verification.folder));
    // No file of a capture tells the kernel's configuration: the folder's name does.
    const bool checks_stack_end = verification.capture.contains("endcheck");
    Parts parts;
    Votes flags; // of the stacks' areas: the same kernel, the same flags
    for (const OverflowTest& test : tests) {
        if (test.area_flags) flags.add("flags of a stack's area", hex(*test.area_flags), 0, test.name);
    }
    flags.judge(parts.layout);
    for (const OverflowTest& test : tests) KSL_TRY(Judge(test, checks_stack_end, parts).run());
    for (PartResult* part : {&parts.layout, &parts.fault, &parts.messages, &parts.deaths, &parts.overwritten,
                             &parts.neighbours, &parts.log}) {
        if (part->total() != 0 || !part->undetermined().empty()) verification.parts.push_back(std::move(*part));
    }
    return {};
}

} // namespace ksl::sim
