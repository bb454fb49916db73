// SPDX-License-Identifier: MIT
#include "tests/oracle/mmu_reference.h"

#include <cstdio>

namespace ksl::oracle {

using bootimage::Op;
using bootimage::Operation;
using bootimage::Result;
using core::Access;
using core::AccessKind;
using core::Fault;
using core::Pte;
using core::Translation;
using core::VirtAddr;

static_assert(static_cast<int>(AccessKind::fetch) == static_cast<int>(bootimage::Kind::fetch));
static_assert(static_cast<int>(core::Privilege::implicit) == static_cast<int>(bootimage::Who::implicit));

MmuReference::MmuReference(MmuProgram& program, const core::MmuConfig& config)
    : program_(program), mmu_(config, core::AddressClasses{core::KernelLayout{}}), walked_(program.tables_before),
      accessed_(program.tables_before) {
    program_.tables_after = program_.tables_before;
}

void MmuReference::add(const Operation& operation, const Result& result) {
    program_.operations.push_back(operation);
    program_.expected.push_back(result);
}

void MmuReference::set_cr0(std::uint64_t value) {
    mmu_.set_cr0(value);
    add({.op = Op::set_cr0, .value = value});
}
void MmuReference::load_cr3(core::Pfn root) {
    mmu_.load_cr3(core::address_of(root).raw());
    add({.op = Op::load_cr3, .value = core::address_of(root).raw()});
}
void MmuReference::set_cr4(std::uint64_t value) {
    mmu_.set_cr4(value);
    add({.op = Op::set_cr4, .value = value});
}
void MmuReference::set_no_execute(bool on) {
    const std::uint64_t efer = registers().efer & ~core::efer::kNoExecute;
    mmu_.set_efer(on ? efer | core::efer::kNoExecute : efer);
    add({.op = Op::set_nxe, .value = on ? 1U : 0U});
}
void MmuReference::set_pkru(std::uint32_t value) {
    mmu_.set_pkru(value);
    add({.op = Op::set_pkru, .value = value});
}
void MmuReference::set_pkrs(std::uint32_t value) {
    mmu_.set_pkrs(value);
    add({.op = Op::set_pkrs, .value = value});
}
void MmuReference::store(core::PhysAddr at, Pte entry) {
    for (core::PhysMemory* memory : {&walked_, &accessed_, &program_.tables_after}) memory->write(at, entry.bits());
    ++program_.statistics.changes_of_tables;
    add({.op = Op::store, .address = at.raw(), .value = entry.bits()});
}
void MmuReference::invlpg(VirtAddr at) {
    mmu_.invlpg(at);
    add({.op = Op::invlpg, .address = at.raw()});
}

bool MmuReference::would_leave_windows(VirtAddr at, Access access) const {
    const core::PagingMode& mode = mmu_.mode();
    const auto found = core::inspect(walked_, mode.geometry, mode.rules, core::Pte{registers().cr3}.table(), at);
    return found && core::protection_error(mode, found->rights, access) == 0 && !is_in_data_window(found->at);
}

void MmuReference::access(VirtAddr at, Access access) {
    if (would_leave_windows(at, access)) {
        ++program_.statistics.left_out;
        return;
    }
    const core::PagingMode mode = mmu_.mode();
    const core::Pfn root = core::Pte{registers().cr3}.table();
    const auto rights = core::inspect(walked_, mode.geometry, mode.rules, root, at);
    core::WalkTrace trace;
    const auto found = core::walk(walked_, mode, root, at, access, trace);
    const core::MmuAnswer answer = mmu_.access(at, access, accessed_);
    if (answer.faulted() && mmu_.fault().vector == core::Vector::page_fault) mmu_.deliver_page_fault(at);
    compare(at, found, answer);
    mark_accessed(trace, !found, access.kind);
    count(found, answer);

    const std::uint32_t tag = kWrittenTag | static_cast<std::uint32_t>(program_.operations.size());
    const Result result =
        found ? success(*found, access, tag)
              : qemu_result_of(found.error(), access, registers().cr2,
                               rights ? std::optional{rights->rights} : std::nullopt, program_.statistics.quirks);
    add({.op = Op::access,
         .kind = static_cast<bootimage::Kind>(access.kind),
         .who = static_cast<bootimage::Who>(access.privilege),
         .stack = access.stack ? std::uint8_t{1} : std::uint8_t{0},
         .address = at.raw(),
         .value = word_of(tag)},
        result);
}

Result MmuReference::success(const Translation& found, Access access, std::uint32_t tag) {
    std::uint64_t& word = program_.data_after[found.at];
    if (access.kind == AccessKind::write) word = word_of(tag);
    if (access.kind == AccessKind::write || access.privilege == core::Privilege::implicit) return {};
    return {.value = access.kind == AccessKind::fetch ? tag_of(word) : word};
}

void MmuReference::compare(VirtAddr at, const std::expected<Translation, Fault>& by_walker,
                           const core::MmuAnswer& by_mmu) {
    if (by_walker.has_value() == by_mmu.faulted()) {
        disagree("whether it works", at);
        return;
    }
    if (by_walker) {
        if (by_mmu.at() != by_walker->at) disagree("the physical address", at);
        return;
    }
    const Fault& fault = mmu_.fault();
    if (fault.vector != by_walker.error().vector) disagree("the vector", at);
    if (fault.error_code != by_walker.error().error_code) disagree("the error code", at);
    const bool writes_cr2 = fault.vector == core::Vector::page_fault;
    if (writes_cr2 && registers().cr2 != at.raw()) disagree("CR2", at);
    if (!writes_cr2 && fault.error_code != 0) disagree("the error code of a non-canonical access", at);
}

/// A TLB hit sets nothing, but then everything was set before: what the emulator does is the same with or without one.
void MmuReference::mark_accessed(const core::WalkTrace& trace, bool faulted, AccessKind kind) {
    const auto steps = trace.steps();
    for (const core::WalkStep& step : steps) {
        const bool is_last = &step == &steps.back();
        if (faulted && !qemu_sets_accessed(step, is_last, mmu_.mode().rules)) continue;
        const Pte before{program_.tables_after.read(step.entry_at)};
        Pte after = before.with(Pte::kAccessed, 1);
        if (!faulted && is_last && kind == AccessKind::write) after = after.with(Pte::kDirty, 1);
        if (after == before) continue;
        program_.tables_after.write(step.entry_at, after.bits());
        if (faulted) ++program_.statistics.quirks[static_cast<std::size_t>(Quirk::accessed_on_the_way)];
    }
}

void MmuReference::count(const std::expected<Translation, Fault>& result, const core::MmuAnswer& answer) {
    MmuProgram::Statistics& statistics = program_.statistics;
    ++statistics.accesses;
    if (result) {
        ++statistics.successes;
        ++statistics.by_size[static_cast<std::size_t>(result->size())];
        ++statistics.answered_from[static_cast<std::size_t>(answer.outcome()) % 3];
    } else if (result.error().vector == core::Vector::page_fault) {
        ++statistics.page_faults;
        ++statistics.by_error_code[result.error().error_code % 64];
    } else {
        ++statistics.non_canonical;
    }
}

void MmuReference::finish() {
    if (!(walked_ == accessed_) && program_.disagreement.empty())
        program_.disagreement = "the walker and the MMU left different accessed or dirty bits";
    if (const char* broken = mmu_.check_invariants(); *broken != '\0') program_.disagreement = broken;
}

void MmuReference::disagree(const char* what, VirtAddr at) {
    if (!program_.disagreement.empty()) return;
    std::array<char, 160> text{};
    std::snprintf(text.data(), text.size(), "walker and MMU disagree about %s at %llx, operation %zu", what,
                  static_cast<unsigned long long>(at.raw()), program_.operations.size());
    program_.disagreement = text.data();
}

} // namespace ksl::oracle
