// SPDX-License-Identifier: MIT
#include "sim/import/dump/kernel_memory.h"

#include "core/paging/walker.h"
#include "sim/import/crash_dump.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace ksl::sim {

using core::VirtAddr;

namespace {

/// 32 MiB of pages are kept, so that a list that comes back to a page finds it.
constexpr std::size_t kMostPages = 8192;
constexpr std::uint64_t kMostCpus = 8192; // CONFIG_NR_CPUS of x86-64 at most

} // namespace

Result<KernelMemory> KernelMemory::open(const std::filesystem::path& dump) {
    KSL_TRY_ASSIGN(types, KernelTypes::read_beside(dump));
    KSL_TRY_ASSIGN(file, DumpFile::open(dump));
    KSL_TRY_ASSIGN(tables, read_tables(file, dump.string()));
    return KernelMemory{dump.string(), std::move(file), std::move(tables), std::move(types)};
}

void KernelMemory::refuse(std::string message) {
    if (!error_) error_ = Error{.file = name_, .line = 0, .message = std::move(message)};
}

std::uint64_t KernelMemory::cpus() {
    if (!file_.notes().cpus.empty()) return file_.notes().cpus.size();
    const auto possible = read<std::uint32_t>(symbol("nr_cpu_ids"));
    if (possible == 0 || possible > kMostCpus) refuse(fmt::format("says that it has {} CPUs", possible));
    return ok() ? possible : 0;
}

VirtAddr KernelMemory::of_cpu(VirtAddr variable, std::uint64_t cpu) {
    const auto offset = read<std::uint64_t>(symbol("__per_cpu_offset") + core::Bytes{8 * cpu});
    return VirtAddr{variable.raw() + offset};
}

VirtAddr KernelMemory::symbol(std::string_view name) {
    const auto found = types_.symbol(name);
    if (!found)
        refuse(
            fmt::format("needs the address of {}; the symbols beside it have none (is CONFIG_KALLSYMS_ALL on?)", name));
    return found.value_or(VirtAddr{0});
}

std::uint64_t KernelMemory::offset(std::string_view type, std::string_view member) {
    const auto found = types_.offset(type, member);
    if (!found) refuse(fmt::format("needs {} of struct {}; structure_offsets.json beside it has none", member, type));
    return found.value_or(0);
}

std::string KernelMemory::text(VirtAddr at, std::size_t most) {
    std::string text;
    while (ok() && text.size() < most) {
        const auto byte = read<char>(at + core::Bytes{text.size()});
        if (byte == '\0') break;
        text += byte;
    }
    return text;
}

void KernelMemory::each(VirtAddr head, std::string_view type, std::string_view member,
                        core::FunctionRef<void(VirtAddr)> visit) {
    const core::Bytes into{offset(type, member)};
    // A damaged list may run in a circle that does not come by its head: a mark that moves on after 1, 2, 4, ... nodes
    // meets such a circle before it was run through three times (Brent).
    VirtAddr mark = head;
    std::uint64_t length = 0;
    for (VirtAddr at = pointer(head); ok() && at != head; at = pointer(at)) {
        if (at == mark) return refuse(fmt::format("has a list at {:#x} that does not come to an end", head.raw()));
        if (std::has_single_bit(++length)) mark = at;
        visit(at - into);
    }
}

void KernelMemory::read_bytes(VirtAddr at, std::span<std::byte> out) {
    while (!out.empty()) {
        const std::size_t within = at.raw() % core::kPageBytes;
        const std::size_t count = std::min<std::size_t>(out.size(), core::kPageBytes - within);
        const Words* page = page_of(at);
        if (page == nullptr) return;
        std::memcpy(out.data(), std::as_bytes(std::span{*page}).data() + within, count);
        out = out.subspan(count);
        at = at + core::Bytes{count};
    }
}

const KernelMemory::Words* KernelMemory::page_of(VirtAddr at) {
    if (!ok()) return nullptr;
    const Words* page = find_page(at);
    if (page == nullptr) refuse(fmt::format("does not hold the kernel's memory at {:#x}", at.raw()));
    return page;
}

const KernelMemory::Words* KernelMemory::find_page(VirtAddr at) {
    const std::uint64_t number = at.raw() / core::kPageBytes;
    if (const auto known = pages_.find(number); known != pages_.end()) return known->second.get();
    const core::PagingMode mode = tables_.mode();
    const auto found = core::inspect(tables_.memory, mode.geometry, mode.rules, tables_.root(), at);
    auto page = std::make_unique<Words>();
    if (!found || !file_.read_page(core::frame_of(found->at), *page)) return nullptr;
    if (pages_.size() >= kMostPages) pages_.clear();
    return pages_.emplace(number, std::move(page)).first->second.get();
}

} // namespace ksl::sim
