// SPDX-License-Identifier: MIT
//
// Where a kernel keeps what: addresses of its symbols, offsets and sizes of its structures. What a debugger takes from
// vmlinux comes from two files that lie beside a crash dump.
//
// Format:  kallsyms.txt, kallsyms.txt.gz or System.map ("ADDRESS TYPE NAME" a line), and structure_offsets.json
//          ({"structures": {"zone": {"_sizeof": 1216, "free_area": 192, ...}, ...}, "constants": {"NR_PCP_LISTS": 12}};
//          scripts/structure-offsets makes it out of BTF, or out of a vmlinux with debug information).
// Errors:  a missing or malformed file, addresses that the kernel kept to itself (zeros). A name that is not in them is
//          nullopt.
#pragma once

#include "core/types/address.h"
#include "sim/base/error.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ksl::sim {

class KernelTypes {
public:
    /// True if the files are there.
    [[nodiscard]] static bool are_beside(const std::filesystem::path& dump);
    [[nodiscard]] static Result<KernelTypes> read_beside(const std::filesystem::path& dump);

    [[nodiscard]] std::optional<core::VirtAddr> symbol(std::string_view name) const;
    /// The name of the function that an address is in; empty if it is in none.
    [[nodiscard]] std::string_view function_at(core::VirtAddr at) const;
    /// Bytes from the start of `type` to `member`; of "_sizeof" its size.
    [[nodiscard]] std::optional<std::uint64_t> offset(std::string_view type, std::string_view member) const;
    [[nodiscard]] std::optional<std::uint64_t> constant(std::string_view name) const;

private:
    struct Function {
        core::VirtAddr start;
        std::string name;
    };
    using Members = std::map<std::string, std::uint64_t, std::less<>>;

    [[nodiscard]] Result<void> read_symbols(const std::filesystem::path& file);
    [[nodiscard]] Result<void> read_offsets(const std::filesystem::path& file);

    std::map<std::string, core::VirtAddr, std::less<>> symbols_;
    std::vector<Function> functions_; ///< ascending
    std::map<std::string, Members, std::less<>> types_;
    Members constants_;
};

} // namespace ksl::sim
