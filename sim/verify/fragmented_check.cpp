// SPDX-License-Identifier: MIT
#include "sim/verify/fragmented_check.h"

#include "core/memory/counted_state.h"
#include "core/memory/page_allocator.h"
#include "core/memory/slab_rules.h"
#include "sim/verify/row_numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <set>

namespace ksl::sim {

namespace {

using capture::FragmentedCapture;
using core::Order;

constexpr Order kStackOrder{2};
constexpr std::uint64_t kStackKib = 16;
constexpr std::uint64_t kPageKib = 4;
constexpr std::uint64_t kTryAgain = 11; ///< EAGAIN: the limit of threads
constexpr std::uint64_t kNoMemory = 12; ///< ENOMEM
constexpr unsigned kMostFreeObjects = 64;
constexpr std::string_view kInstructions = "instructions";
constexpr std::string_view kOthers = "memory that others took or gave back between two threads";
constexpr std::string_view kPageLists = "single pages come through page lists that are not recorded";
constexpr std::string_view kSmallBlocks = "single pages and pairs that others took until the report";

std::optional<core::ZoneId> zone_named(std::string_view name) {
    const auto found = std::ranges::find(core::kZoneNames, name);
    if (found == core::kZoneNames.end()) return std::nullopt;
    return static_cast<core::ZoneId>(found - core::kZoneNames.begin());
}

core::MigrateType type_named(std::string_view name) {
    if (name == "Movable") return core::MigrateType::movable;
    if (name == "Reclaimable") return core::MigrateType::reclaimable;
    if (name == "HighAtomic") return core::MigrateType::highatomic;
    return core::MigrateType::unmovable;
}

core::CountedZone empty_zone(core::ZoneId id) {
    core::CountedZone zone;
    zone.id = id;
    return zone;
}

/// Free blocks and pageblocks by type, a zone each.
Result<std::vector<core::CountedZone>> counted_zones(const FragmentedCapture& capture) {
    std::vector<core::CountedZone> zones;
    const auto zone_of = [&](std::string_view name) -> core::CountedZone* {
        const auto id = zone_named(name);
        if (!id) return nullptr;
        const auto found = std::ranges::find(zones, *id, &core::CountedZone::id);
        return found != zones.end() ? &*found : &zones.emplace_back(empty_zone(*id));
    };
    for (const proc::TypedFreeBlocks& row : capture.types.free) {
        core::CountedZone* zone = zone_of(row.zone);
        if (zone == nullptr) return fail("result.txt", 0, fmt::format("zone {} is not known", row.zone));
        for (std::size_t order = 0; order < std::min<std::size_t>(core::kOrders, row.free_blocks.size()); ++order) {
            zone->free_blocks[order][static_cast<std::size_t>(type_named(row.type))] += static_cast<std::uint32_t>(
                std::min<std::uint64_t>(row.free_blocks[order], std::numeric_limits<std::uint16_t>::max()));
        }
    }
    for (const proc::TypedPageblocks& row : capture.types.pageblocks) {
        core::CountedZone* zone = zone_of(row.zone);
        if (zone == nullptr) return fail("result.txt", 0, fmt::format("zone {} is not known", row.zone));
        if (!zone->pageblocks) zone->pageblocks.emplace();
        for (std::size_t i = 0; i < std::min(row.blocks.size(), capture.types.types.size()); ++i) {
            (*zone->pageblocks)[static_cast<std::size_t>(type_named(capture.types.types[i]))] +=
                static_cast<std::uint32_t>(std::min<std::uint64_t>(row.blocks[i], 1U << 20U));
        }
    }
    return zones;
}

std::uint64_t blocks_of(const core::CountedZone& zone, std::size_t order) {
    std::uint64_t sum = 0;
    for (const std::uint32_t blocks : zone.free_blocks[order]) sum += blocks;
    return sum;
}

/// The lists of a machine whose memory is as large as its pageblocks; everything that is in use stays in use.
Result<core::PageState> start_from(const std::vector<core::CountedZone>& zones, const core::PageRules& rules) {
    std::uint64_t pageblocks = 0;
    for (const core::CountedZone& zone : zones) {
        if (!zone.pageblocks)
            return fail("result.txt", 0, "does not count pageblocks; the whole of pagetypeinfo would be right");
        for (const std::uint32_t blocks : *zone.pageblocks) pageblocks += blocks;
    }
    const core::Bytes size{pageblocks * core::kPageblockFrames * core::kPageBytes};
    if (size > core::Bytes{std::uint64_t{64} << 30})
        return fail("result.txt", 0, "counts more pageblocks than 64 GiB have");
    core::CountedMemory memory;
    memory.map = core::MemoryMap::pc(size);
    memory.zones = zones;
    memory.rules = rules;
    memory.page_cache_permille = 0; // pipe buffers: nothing can be dropped
    auto state = core::make_state(memory);
    if (!state) return fail("result.txt", 0, fmt::format("no memory can be like this: {}", state.error()));
    return std::move(*state);
}

/// What the engine did with one request after the other.
struct Play {
    std::vector<std::uint64_t> falls; ///< KiB of free memory that each thread took
    bool runs_out = false;            ///< after so many threads there was no block for the next one's stack
    std::vector<core::Zone> zones;    ///< at the end
};

/// Threads with contiguous stacks until one gets none, or `most` have theirs.
Play play_contiguous(const core::PageState& start, const core::SlabShape& shape, unsigned free_objects,
                     std::size_t most) {
    core::PageAllocator pages{start};
    core::Effects silent;
    const auto take = [&](Order order, core::Gfp gfp, core::FrameUse use) {
        return pages.allocate({.order = order, .gfp = gfp, .use = use}, silent).has_value();
    };
    Play play;
    unsigned objects = free_objects;
    while (play.falls.size() < most) {
        const core::Pages before = pages.free_pages();
        if (objects == 0) {
            const core::Gfp light =
                (core::gfp::kKernel | core::gfp::kNoRetry | core::gfp::kNoMemalloc).without(core::gfp::kReclaim);
            objects = shape.objects;
            if (!take(shape.order, light, core::FrameUse::slab)) {
                objects = shape.min_objects;
                if (!take(shape.min_order, core::gfp::kKernel, core::FrameUse::slab)) break;
            }
        }
        --objects;
        if (!take(kStackOrder, core::gfp::kKernel, core::FrameUse::kernel_stack)) break;
        play.falls.push_back((before - pages.free_pages()).count() * kPageKib);
    }
    play.runs_out = play.falls.size() < most;
    play.zones = {pages.state().zones.begin(), pages.state().zones.end()};
    return play;
}

class Judge {
public:
    explicit Judge(const FragmentedCapture& capture)
        : capture_(with_all_rows(capture)), is_contiguous_(falls_by_a_stack()) {
        // A refusal ends the run: only the last row can be one.
        const std::uint64_t last = capture_.threads.back().error;
        created_ = capture_.threads.size() - (last == kTryAgain || last == kNoMemory ? 1U : 0U);
    }

    Result<std::vector<PartResult>> run() {
        KSL_TRY_ASSIGN(zones, counted_zones(capture_));
        judge_start(zones);
        if (is_contiguous_) {
            KSL_TRY(judge_contiguous(zones));
        } else {
            judge_mapped();
        }
        if (capture_.created) {
            judge(ends_, "threads that the capture counts", std::to_string(*capture_.created),
                  std::to_string(created_));
            if (*capture_.created != created_) wrong_.insert(capture_.threads.size() - 1); // was it refused or not
        }
        judge_copies();
        std::vector<PartResult> parts;
        for (PartResult* part : {&start_, &threads_, &ends_, &lists_, &copies_}) {
            if (part->total() != 0 || !part->undetermined().empty()) parts.push_back(std::move(*part));
        }
        return parts;
    }

private:
    /// Rows that are missing, by the numbers of the others, are put in, and marked.
    static FragmentedCapture with_all_rows(FragmentedCapture capture) {
        std::vector<std::uint64_t> numbers;
        numbers.reserve(capture.threads.size());
        for (const capture::FragmentedThread& thread : capture.threads) numbers.push_back(thread.number);
        const std::vector<NumberedRow> checked = check_numbers(numbers);
        std::vector<capture::FragmentedThread> all;
        for (std::size_t i = 0; i < checked.size(); ++i) {
            for (std::uint64_t k = 0; k < checked[i].missing_before; ++k) {
                all.push_back({.number = all.size(),
                               .error = 0,
                               .free_kib = all.empty() ? capture.free_kib : all.back().free_kib,
                               .is_missing = true});
            }
            all.push_back(capture.threads[i]);
        }
        capture.threads = std::move(all);
        return capture;
    }
    static void judge(PartResult& part, std::string where, std::string recorded, std::string engine) {
        if (recorded == engine) {
            part.add_exact();
        } else {
            part.add_difference({.event = 0,
                                 .where = std::move(where),
                                 .recorded = std::move(recorded),
                                 .engine = std::move(engine),
                                 .around = {}});
        }
    }

    /// More than half of the threads took exactly one stack's worth of free memory.
    [[nodiscard]] bool falls_by_a_stack() const {
        std::size_t alike = 0;
        for (std::size_t i = 1; i < capture_.threads.size(); ++i) {
            if (capture_.threads[i - 1].free_kib == capture_.threads[i].free_kib + kStackKib) ++alike;
        }
        return alike * 2 > capture_.threads.size();
    }

    /// buddyinfo is the sum of pagetypeinfo. Where it is not, one of them is wrong: both are tried.
    void judge_start(std::vector<core::CountedZone>& zones) {
        for (const proc::BuddyZone& row : capture_.free) {
            const auto id = zone_named(row.zone);
            const auto zone = std::ranges::find_if(zones, [&](const core::CountedZone& own) { return own.id == id; });
            if (zone == zones.end()) continue;
            if (const auto missing = missing_type(row.zone)) {
                judge(start_, fmt::format("pagetypeinfo of zone {}", row.zone), "no line of type " + *missing,
                      "a line of every type");
                fill_in(*zone, type_named(*missing), row);
            }
            for (std::size_t order = 0; order < std::min<std::size_t>(core::kOrders, row.free_blocks.size()); ++order) {
                const std::uint64_t counted = blocks_of(*zone, order);
                judge(start_, fmt::format("free blocks of order {} in zone {}", order, row.zone),
                      std::to_string(row.free_blocks[order]), std::to_string(counted));
                if (row.free_blocks[order] != counted)
                    mends_.push_back({zone->id, order, row.free_blocks[order], counted});
            }
        }
    }
    /// A type of pageblocks without its line of free blocks, if it is just one.
    [[nodiscard]] std::optional<std::string> missing_type(std::string_view zone) const {
        std::optional<std::string> missing;
        for (const std::string& type : capture_.types.types) {
            const bool is_there = std::ranges::any_of(capture_.types.free, [&](const proc::TypedFreeBlocks& row) {
                return row.zone == zone && row.type == type;
            });
            if (is_there) continue;
            if (missing) return std::nullopt;
            missing = type;
        }
        return missing;
    }
    /// Its free blocks are what the other types leave.
    static void fill_in(core::CountedZone& zone, core::MigrateType type, const proc::BuddyZone& row) {
        for (std::size_t order = 0; order < std::min<std::size_t>(core::kOrders, row.free_blocks.size()); ++order) {
            const std::uint64_t counted = blocks_of(zone, order);
            const std::uint64_t rest = row.free_blocks[order] > counted ? row.free_blocks[order] - counted : 0;
            zone.free_blocks[order][static_cast<std::size_t>(type)] +=
                static_cast<std::uint32_t>(std::min<std::uint64_t>(rest, std::numeric_limits<std::uint16_t>::max()));
        }
    }
    struct Mend {
        core::ZoneId zone;
        std::size_t order;
        std::uint64_t total;
        std::uint64_t counted;
    };
    [[nodiscard]] std::vector<core::CountedZone> mended(std::vector<core::CountedZone> zones) const {
        for (const Mend& mend : mends_) {
            const auto zone = std::ranges::find(zones, mend.zone, &core::CountedZone::id);
            // As many of the type that has most as make the sum right.
            const auto most = std::ranges::max_element(zone->free_blocks[mend.order]);
            const std::int64_t right =
                std::int64_t{*most} + static_cast<std::int64_t>(mend.total) - static_cast<std::int64_t>(mend.counted);
            *most = static_cast<std::uint32_t>(std::clamp<std::int64_t>(right, 0, 1 << 16));
        }
        return zones;
    }

    [[nodiscard]] std::uint64_t free_before(std::size_t thread) const {
        return thread == 0 ? capture_.free_kib : capture_.threads[thread - 1].free_kib;
    }
    [[nodiscard]] std::size_t agreeing(const Play& play) const {
        std::size_t agree = 0;
        for (std::size_t i = 0; i < std::min(created_, play.falls.size()); ++i) {
            if (capture_.threads[i].free_kib + play.falls[i] == free_before(i)) ++agree;
        }
        return agree + (play.falls.size() == created_ ? 1U : 0U);
    }

    Result<void> judge_contiguous(const std::vector<core::CountedZone>& zones) {
        const core::SlabSizes sizes =
            capture_.counts_by_zone ? core::SlabSizes::linux_4_9(1) : core::SlabSizes::linux_4_7(1);
        const core::PageRules rules =
            capture_.counts_by_zone ? core::PageRules::linux_4_9() : core::PageRules::linux_4_7();
        const core::SlabShape shape = core::shape_of(sizes[core::SlabCacheId::task_struct].size, sizes.rules);
        // Beyond the recorded threads there is no telling but for the killer: he comes when the engine has no block
        // left.
        const std::size_t most = capture_.oom ? created_ + 1000 : created_;
        Play best;
        std::size_t agreed = 0;
        for (const bool mend : {false, true}) {
            if (mend && mends_.empty()) continue;
            auto start = start_from(mend ? mended(zones) : zones, rules);
            if (!start) {
                const bool other_is_tried = mend ? !best.zones.empty() : !mends_.empty();
                if (other_is_tried) continue;
                return std::unexpected(start.error());
            }
            for (unsigned free = 0; free < kMostFreeObjects; ++free) {
                Play play = play_contiguous(*start, shape, free, most);
                if (const std::size_t agree = agreeing(play); agree > agreed || best.zones.empty()) {
                    agreed = agree;
                    best = std::move(play);
                }
            }
        }
        judge_rows(best);
        judge_end(best);
        if (capture_.oom) judge_report(*capture_.oom, best);
        return {};
    }
    void judge_rows(const Play& play) {
        std::uint64_t now = capture_.free_kib;
        const std::vector<capture::FragmentedThread>& rows = capture_.threads;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const std::string where = fmt::format("thread {}", i);
            if (rows[i].is_missing) {
                judge(threads_, where, "no such row", "a thread");
                now -= i < play.falls.size() ? play.falls[i] : 0;
                continue;
            }
            const bool is_sound = rows[i].number == i && rows[i].error == 0;
            const std::size_t beyond = i < play.falls.size() ? 0 : i - play.falls.size() + 1;
            if (is_sound && beyond != 0 && beyond * kStackKib <= kib_given_back_) {
                threads_.add_undetermined(kOthers); // in a block that somebody gave back
                now = rows[i].free_kib;
                continue;
            }
            if (!is_sound || beyond != 0) {
                judge_odd_row(i, i < play.falls.size());
                now = rows[i].free_kib;
                continue;
            }
            const std::uint64_t expected = now - play.falls[i];
            if (rows[i].free_kib == expected) {
                threads_.add_exact();
                now = expected;
                continue;
            }
            // A wrong value stands alone; what others took is missing from then on.
            const bool stands_alone = i + 1 >= rows.size() || i + 1 >= play.falls.size() || rows[i + 1].is_missing ||
                                      rows[i + 1].free_kib + play.falls[i + 1] == expected;
            if (stands_alone) {
                wrong_.insert(i);
                judge(threads_, where + ": free KiB afterwards", std::to_string(rows[i].free_kib),
                      std::to_string(expected));
                now = expected;
            } else {
                threads_.add_undetermined(kOthers);
                if (rows[i].free_kib > expected)
                    kib_given_back_ += rows[i].free_kib - expected;
                else
                    kib_taken_ += expected - rows[i].free_kib;
                now = rows[i].free_kib;
            }
        }
    }
    /// result.txt has the same rows once more: what the machine printed. Where clone.csv is the wrong one and was
    /// judged, the copy stands for itself.
    void judge_copies() {
        std::vector<std::uint64_t> numbers;
        numbers.reserve(capture_.copies.size());
        for (const capture::FragmentedThread& copy : capture_.copies) numbers.push_back(copy.number);
        const std::vector<NumberedRow> checked = check_numbers(numbers);
        for (std::size_t i = 0; i < checked.size(); ++i) {
            capture::FragmentedThread copy = capture_.copies[i];
            if (checked[i].is_wrong) {
                judge(copies_, fmt::format("printed row {}", i), fmt::format("thread {}", copy.number),
                      fmt::format("thread {}", checked[i].number));
                copy.number = checked[i].number;
            }
            for (std::uint64_t k = 0; k < checked[i].missing_before; ++k)
                judge(copies_, fmt::format("printed row {}", i), "no such row", "a thread");
            if (copy.number >= capture_.threads.size()) continue;
            const capture::FragmentedThread& row = row_of(copy.number);
            if (row.is_missing) continue;
            const auto one = [&](std::string_view what, std::uint64_t original, std::uint64_t printed) {
                const bool is_known_wrong =
                    original != printed && wrong_.contains(copy.number) && what != kInstructions;
                judge(copies_, fmt::format("thread {}: {}", copy.number, what), std::to_string(original),
                      std::to_string(is_known_wrong ? original : printed));
            };
            one(kInstructions, row.instructions, copy.instructions);
            one("errno", row.error, copy.error);
            one("free KiB afterwards", row.free_kib, copy.free_kib);
        }
        if (capture_.oom_lists.size() != capture_.oom_lists_copies.size()) return; // the log was not printed whole
        for (std::size_t i = 0; i < capture_.oom_lists.size(); ++i) {
            const bool is_judged = lists_.differing() != 0 && capture_.oom && i < capture_.oom->free.size();
            if (!is_judged)
                judge(copies_, fmt::format("free lists of the killer's log, line {}", i + 1), capture_.oom_lists[i],
                      capture_.oom_lists_copies[i]);
        }
    }
    /// At its place; if another one stands there, the one that is called so.
    [[nodiscard]] const capture::FragmentedThread& row_of(std::uint64_t thread) const {
        const capture::FragmentedThread& row = capture_.threads[thread];
        if (row.number == thread) return row;
        const auto named = std::ranges::find(capture_.threads, thread, &capture::FragmentedThread::number);
        return named == capture_.threads.end() ? row : *named;
    }
    void judge_odd_row(std::size_t row, bool engine_creates) {
        const capture::FragmentedThread& thread = capture_.threads[row];
        wrong_.insert(row);
        judge(threads_, fmt::format("row {}", row), fmt::format("thread {}, errno {}", thread.number, thread.error),
              engine_creates ? fmt::format("thread {}, errno 0", row) : std::string{"no block for its stack"});
    }
    void judge_end(const Play& play) {
        const auto killer = [](std::uint64_t order) { return fmt::format("out-of-memory killer, order {}", order); };
        judge(ends_, "the end", capture_.oom ? killer(capture_.oom->order) : std::string{"goes on"},
              play.runs_out ? killer(kStackOrder.raw()) : std::string{"goes on"});
        // Whole blocks that others took are missing at the end; what they gave back may hold further stacks.
        const bool is_longer = created_ > play.falls.size();
        const std::uint64_t others = is_longer ? kib_given_back_ : kib_taken_;
        const std::uint64_t missing = is_longer ? created_ - play.falls.size() : play.falls.size() - created_;
        has_fewer_blocks_ = missing != 0 && missing * kStackKib <= others;
        if (has_fewer_blocks_)
            ends_.add_undetermined(kOthers);
        else
            judge(ends_, "threads created", std::to_string(created_), std::to_string(play.falls.size()));
    }
    void judge_report(const capture::OomReport& report, const Play& play) {
        for (std::size_t i = 0; i < report.free.size(); ++i) {
            const proc::BuddyZone& row = report.free[i];
            const auto id = zone_named(row.zone);
            if (!id) continue;
            std::uint64_t sum = 0;
            bool is_exact = true;
            for (std::size_t order = 0; order < core::kOrders; ++order) {
                sum += row.free_blocks[order] * kPageKib << order;
                if (order < kStackOrder.raw() || has_fewer_blocks_) {
                    is_exact = is_exact && !has_fewer_blocks_;
                    lists_.add_undetermined(has_fewer_blocks_ ? kOthers : kSmallBlocks);
                    continue;
                }
                const std::uint32_t own = play.zones[static_cast<std::size_t>(*id)].free_blocks[order];
                is_exact = is_exact && row.free_blocks[order] == own;
                judge(lists_, fmt::format("report: free blocks of order {} in zone {}", order, row.zone),
                      std::to_string(row.free_blocks[order]), std::to_string(own));
            }
            if (is_exact)
                judge(lists_, fmt::format("report: free KiB in zone {}", row.zone), std::to_string(report.free_kib[i]),
                      std::to_string(sum));
        }
    }

    /// Single pages suffice: the engine, too, goes on until somebody forbids it.
    void judge_mapped() {
        const std::vector<capture::FragmentedThread>& rows = capture_.threads;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const bool is_last = i + 1 == rows.size();
            if (rows[i].is_missing) {
                judge(threads_, fmt::format("thread {}", i), "no such row", "a thread");
            } else if (rows[i].number == i && (rows[i].error == 0 || (is_last && rows[i].error == kTryAgain))) {
                threads_.add_exact();
            } else {
                judge_odd_row(i, true);
            }
            threads_.add_undetermined(kPageLists);
        }
        judge(ends_, "the end", capture_.oom ? "out-of-memory killer" : "goes on", "goes on");
    }

    FragmentedCapture capture_;
    std::size_t created_ = 0;
    bool is_contiguous_;
    // What rows show beyond what the threads took.
    std::uint64_t kib_taken_ = 0;
    std::uint64_t kib_given_back_ = 0;
    bool has_fewer_blocks_ = false; ///< than the engine has, because of them
    std::vector<Mend> mends_;
    std::set<std::uint64_t> wrong_; ///< threads whose row in clone.csv differs
    PartResult start_{"start_lists"};
    PartResult threads_{"threads"};
    PartResult ends_{"ends"};
    PartResult lists_{"oom_lists"};
    PartResult copies_{"copies"};
};

} // namespace

Result<std::vector<PartResult>> judge_fragmented(const FragmentedCapture& capture) {
    return Judge(capture).run();
}

Result<void> check_fragmented(Verification& verification) {
    KSL_TRY_ASSIGN(capture, capture::read_fragmented(verification.folder));
    auto parts = judge_fragmented(capture);
    if (!parts)
        return fail((verification.folder / parts.error().file).string(), parts.error().line, parts.error().message);
    verification.parts = std::move(*parts);
    return {};
}

} // namespace ksl::sim
