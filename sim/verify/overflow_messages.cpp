// SPDX-License-Identifier: MIT
#include "sim/verify/overflow_messages.h"

#include <fmt/format.h>

namespace ksl::sim {

namespace {

using core::Detector;

std::vector<std::string> guard_report(const MessageFacts& facts) {
    if (facts.kernel == OverflowKernel::linux_6_1) {
        return {fmt::format("BUG: TASK stack guard page was hit at {:016x} (stack is {:016x}..{:016x})", facts.address,
                            facts.lowest, facts.top),
                "stack guard page: 0000 [#1] SMP"};
    }
    const bool is_double = facts.detector == Detector::guard_double_fault;
    return {fmt::format("BUG: stack guard page was hit at {:016x} (stack is {:016x}..{:016x})", facts.address,
                        facts.lowest, facts.top - 1),
            fmt::format("kernel stack overflow ({}): 0000 [#1] SMP", is_double ? "double-fault" : "page fault")};
}

std::vector<std::string> paging_report(const MessageFacts& facts) {
    std::vector<std::string> lines{
        facts.kernel == OverflowKernel::linux_6_1
            ? fmt::format("BUG: unable to handle page fault for address: {:016x}", facts.address)
            : fmt::format("BUG: unable to handle kernel paging request at {:016x}", facts.address)};
    if (facts.magic_is_gone) lines.emplace_back("Thread overran stack, or stack corrupted");
    lines.emplace_back("Oops: 0000 [#1] SMP");
    return lines;
}

/// The driver of 6.1 says what it expected and did not get; the older one says nothing.
std::vector<std::string> survived(const MessageFacts& facts) {
    if (facts.kernel != OverflowKernel::linux_6_1) return {};
    switch (facts.act) {
    case OverflowAct::recursion: return {"lkdtm: FAIL: survived without exhausting stack?!"};
    case OverflowAct::read_below: return {"lkdtm: FAIL: accessed page before stack!"};
    case OverflowAct::read_above: break;
    }
    return {"lkdtm: FAIL: accessed page after stack!"};
}

} // namespace

std::vector<std::string> messages_of(const MessageFacts& facts) {
    std::vector<std::string> lines;
    switch (facts.detector) {
    case Detector::guard_page_fault:
    case Detector::guard_double_fault: lines = guard_report(facts); break;
    case Detector::paging_request:
    case Detector::wild_thread_info: lines = paging_report(facts); break;
    case Detector::stack_end_check:
        lines = survived(facts);
        lines.emplace_back("Kernel panic - not syncing: corrupted stack end detected inside scheduler");
        break;
    default: lines = survived(facts); break;
    }
    if (facts.detector == Detector::guard_double_fault && facts.machine_dies)
        lines.emplace_back("Kernel panic - not syncing: Fatal exception in interrupt");
    return lines;
}

} // namespace ksl::sim
