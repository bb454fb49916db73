// SPDX-License-Identifier: MIT
//
// What an overflow capture's files say of the run itself: where the stack was, how deep the recursion began, what the
// kernel's log reports. For use in sim/verify only.
#pragma once

#include "sim/import/overflow_capture.h"
#include "sim/verify/overflow_run.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ksl::sim {

/// One oops of the log.
struct OopsReport {
    bool in_interrupt = false;
    bool is_numbered = false;       ///< "[#1]" was printed
    bool is_complete = false;       ///< its last line was printed before anything else happened
    std::vector<std::uint64_t> cr2; ///< each time it was printed
    std::vector<std::uint64_t> sp;
    std::optional<std::uint64_t> table; ///< what the faulting instruction indexed by eights
};

/// A piece of a frame's buffer within one page.
struct FillPiece {
    std::int64_t from = 0;
    std::int64_t length = 0;
};

class OverflowEvidence {
public:
    explicit OverflowEvidence(const capture::OverflowTest& test);

    /// Lowest byte of the victim's stack, as most of the capture has it.
    [[nodiscard]] std::uint64_t base() const { return base_; }
    [[nodiscard]] std::uint32_t pid() const { return pid_; }
    [[nodiscard]] std::uint64_t task() const { return task_; } ///< its task_struct
    /// Which page relative to the stack an entry of the neighbours is, by its place in the list.
    [[nodiscard]] std::int64_t page_of(std::size_t neighbour) const;
    [[nodiscard]] const RecursionShape& shape() const { return shape_; }
    [[nodiscard]] std::optional<core::VirtAddr> per_cpu() const { return per_cpu_; }
    [[nodiscard]] const std::vector<OopsReport>& reports() const { return reports_; }
    [[nodiscard]] std::size_t faults() const { return reports_.size(); }
    /// Lines by which the kernel says that something went wrong, in order.
    [[nodiscard]] std::vector<std::string> messages() const;
    /// By where the stack pointer was: with room for a fault's frame or not.
    [[nodiscard]] std::string path() const;
    [[nodiscard]] bool panics_by_rule() const;
    [[nodiscard]] std::uint64_t oopses() const;
    /// The first oops ran to its end in the task's context: do_exit came next.
    [[nodiscard]] bool exit_began() const;
    /// Whether the processes listed afterwards have the victim among them; nothing where no list was printed.
    [[nodiscard]] std::optional<bool> lists_pid() const;
    [[nodiscard]] const std::vector<FillPiece>& pieces() const { return pieces_; }
    /// Which word of a frame's head lies there: 0 the protector's, 1 a register, 2 frame pointer, 3 return address.
    [[nodiscard]] std::optional<unsigned> head_word(std::int64_t offset) const;

private:
    void find_base();
    void find_pid();
    void find_task();
    void find_first_page();
    void find_reports();
    void find_shape();
    void find_pieces();
    [[nodiscard]] std::int64_t first_frame_top() const;

    const capture::OverflowTest& test_;
    std::uint64_t base_ = 0;
    std::uint32_t pid_ = 0;
    std::uint64_t task_ = 0;
    std::int64_t first_page_ = 0; ///< of the neighbours, which ascend
    RecursionShape shape_;
    std::optional<core::VirtAddr> per_cpu_;
    std::vector<OopsReport> reports_;
    std::vector<FillPiece> pieces_;
};

} // namespace ksl::sim
