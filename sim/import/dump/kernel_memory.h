// SPDX-License-Identifier: MIT
//
// A dumped kernel's memory by its own addresses and names. Remembers the first thing that is missing; from then on
// every reading gives zeros and nothing, so that readers are written straight through and ask once at the end.
//
// Units:   addresses as the dumped kernel's, in bytes.
// Errors:  a symbol or member that nobody knows, a page that the dump does not hold, a list without an end.
#pragma once

#include "core/types/function_ref.h"
#include "sim/import/dump/kernel_types.h"
#include "sim/import/dump_file.h"
#include "sim/import/table_pages.h"

#include <array>
#include <concepts>
#include <cstring>
#include <memory>
#include <span>
#include <unordered_map>

namespace ksl::sim {

class KernelMemory {
public:
    /// The dump's file, tables and types; see KernelTypes for where those come from.
    [[nodiscard]] static Result<KernelMemory> open(const std::filesystem::path& dump);

    [[nodiscard]] const KernelTypes& types() const { return types_; }
    [[nodiscard]] const core::ControlRegisters& registers() const { return tables_.registers; }
    /// Processors that ran.
    [[nodiscard]] std::uint64_t cpus();
    /// A CPU's copy of a per-CPU variable.
    [[nodiscard]] core::VirtAddr of_cpu(core::VirtAddr variable, std::uint64_t cpu);

    /// False where reading would fail.
    [[nodiscard]] bool holds(core::VirtAddr at) { return find_page(at) != nullptr; }
    [[nodiscard]] core::VirtAddr symbol(std::string_view name);
    [[nodiscard]] std::uint64_t offset(std::string_view type, std::string_view member);
    [[nodiscard]] core::VirtAddr member(core::VirtAddr structure, std::string_view type, std::string_view name) {
        return structure + core::Bytes{offset(type, name)};
    }

    template <std::integral T>
    [[nodiscard]] T read(core::VirtAddr at) {
        std::array<std::byte, sizeof(T)> bytes{};
        read_bytes(at, bytes);
        T value{};
        std::memcpy(&value, bytes.data(), sizeof value);
        return value;
    }
    template <std::integral T>
    [[nodiscard]] T read(core::VirtAddr structure, std::string_view type, std::string_view name) {
        return read<T>(member(structure, type, name));
    }
    [[nodiscard]] core::VirtAddr pointer(core::VirtAddr at) { return core::VirtAddr{read<std::uint64_t>(at)}; }
    [[nodiscard]] core::VirtAddr pointer(core::VirtAddr structure, std::string_view type, std::string_view name) {
        return pointer(member(structure, type, name));
    }
    /// Up to a zero byte, at most `most` bytes.
    [[nodiscard]] std::string text(core::VirtAddr at, std::size_t most);
    /// Visits what is on a list_head: the addresses of the `member`s' structures of `type`, in order.
    void each(core::VirtAddr head, std::string_view type, std::string_view member,
              core::FunctionRef<void(core::VirtAddr)> visit);

    [[nodiscard]] bool ok() const { return !error_; }
    /// The first error; only if !ok().
    [[nodiscard]] Error error() const { return error_.value_or(Error{}); }
    void refuse(std::string message);

private:
    using Words = std::array<std::uint64_t, 512>;

    KernelMemory(std::string name, DumpFile file, TablePagesCapture tables, KernelTypes types)
        : name_(std::move(name)), file_(std::move(file)), tables_(std::move(tables)), types_(std::move(types)) {}

    void read_bytes(core::VirtAddr at, std::span<std::byte> out);
    /// The page of an address; nullptr and an error if the dump does not hold it.
    [[nodiscard]] const Words* page_of(core::VirtAddr at);
    [[nodiscard]] const Words* find_page(core::VirtAddr at);

    std::string name_;
    DumpFile file_;
    TablePagesCapture tables_;
    KernelTypes types_;
    std::unordered_map<std::uint64_t, std::unique_ptr<Words>> pages_; ///< by virtual page, those read last
    std::optional<Error> error_;
};

} // namespace ksl::sim
