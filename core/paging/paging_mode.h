// SPDX-License-Identifier: MIT
//
// What, besides the tables, decides how an address is translated: control registers, features of the processor, and the
// access itself. All of it plain data, so that a captured machine, a preset and a test describe it the same way.
//
// Source:   Intel SDM vol. 3A, "Control registers" and "Access rights"; table in "Paging-mode modifiers".
#pragma once

#include "core/paging/geometry.h"
#include "core/paging/pte.h"
#include "core/types/address.h"

#include <cstdint>

namespace ksl::core {

/// Bits of the registers, at their architectural positions.
namespace cr0 {
inline constexpr std::uint64_t kWriteProtect = 1U << 16;
inline constexpr std::uint64_t kPaging = 1U << 31;
} // namespace cr0
namespace cr3 {
inline constexpr std::uint64_t kPcidMask = 0xfff;
/// In the source of MOV to CR3 with CR4.PCIDE: keep what is cached. Never stored.
inline constexpr std::uint64_t kNoFlush = std::uint64_t{1} << 63;
} // namespace cr3
namespace cr4 {
inline constexpr std::uint64_t kPageSizeExtension = 1U << 4;
inline constexpr std::uint64_t kPhysicalAddressExtension = 1U << 5;
inline constexpr std::uint64_t kGlobalPages = 1U << 7;
inline constexpr std::uint64_t kFiveLevel = 1U << 12;
inline constexpr std::uint64_t kPcid = 1U << 17;
inline constexpr std::uint64_t kSmep = 1U << 20;
inline constexpr std::uint64_t kSmap = 1U << 21;
inline constexpr std::uint64_t kUserKeys = 1U << 22;
inline constexpr std::uint64_t kSupervisorKeys = 1U << 24;
} // namespace cr4
namespace efer {
inline constexpr std::uint64_t kLongModeActive = 1U << 10;
inline constexpr std::uint64_t kNoExecute = 1U << 11;
} // namespace efer

struct ControlRegisters {
    std::uint64_t cr0 = core::cr0::kPaging | core::cr0::kWriteProtect | 1;
    std::uint64_t cr2 = 0;
    std::uint64_t cr3 = 0;
    std::uint64_t cr4 = core::cr4::kPhysicalAddressExtension | core::cr4::kPageSizeExtension | core::cr4::kGlobalPages;
    std::uint64_t efer = core::efer::kLongModeActive | core::efer::kNoExecute;
    std::uint32_t pkru = 0; ///< rights of user-mode keys: bit 2i = access disabled, 2i + 1 = write disabled
    std::uint32_t pkrs = 0; ///< the same for supervisor-mode keys (IA32_PKRS)

    friend bool operator==(const ControlRegisters&, const ControlRegisters&) = default;
    template <class Archive>
    void describe(Archive& archive) {
        archive(cr0, cr2, cr3, cr4, efer, pkru, pkrs);
    }
};

/// What CPUID says about paging.
struct PagingFeatures {
    std::uint8_t physical_bits = 46;
    bool huge_pages = true; ///< 1G pages
    bool amd = false;

    friend bool operator==(const PagingFeatures&, const PagingFeatures&) = default;
    template <class Archive>
    void describe(Archive& archive) {
        archive(physical_bits, huge_pages, amd);
    }
};

/// The registers decoded once, as the walker wants them.
struct PagingMode {
    Geometry geometry;
    EntryRules rules;
    bool write_protect = true; ///< CR0.WP: supervisor writes honour R/W = 0
    bool global_pages = true;  ///< CR4.PGE
    bool pcid = false;         ///< CR4.PCIDE
    bool smep = false;
    bool smap = false;
    bool user_keys = false;       ///< CR4.PKE
    bool supervisor_keys = false; ///< CR4.PKS
    std::uint32_t pkru = 0;
    std::uint32_t pkrs = 0;

    [[nodiscard]] static constexpr PagingMode of(const ControlRegisters& registers, const PagingFeatures& features) {
        const auto has = [&](std::uint64_t bit) { return (registers.cr4 & bit) != 0; };
        return {
            .geometry = has(cr4::kFiveLevel) ? Geometry::five_level() : Geometry::four_level(),
            .rules = {.physical_bits = features.physical_bits,
                      .no_execute = (registers.efer & efer::kNoExecute) != 0,
                      .huge_pages = features.huge_pages,
                      .amd = features.amd},
            .write_protect = (registers.cr0 & cr0::kWriteProtect) != 0,
            .global_pages = has(cr4::kGlobalPages),
            .pcid = has(cr4::kPcid),
            .smep = has(cr4::kSmep),
            .smap = has(cr4::kSmap),
            .user_keys = has(cr4::kUserKeys),
            .supervisor_keys = has(cr4::kSupervisorKeys),
            .pkru = registers.pkru,
            .pkrs = registers.pkrs,
        };
    }
    friend bool operator==(const PagingMode&, const PagingMode&) = default;
};

enum class AccessKind : std::uint8_t { read, write, fetch };
inline constexpr unsigned kAccessKinds = 3;

/// By whom an access is made, as far as rights ask.
enum class Privilege : std::uint8_t {
    user,          ///< CPL 3
    supervisor,    ///< CPL 0 to 2, RFLAGS.AC clear
    supervisor_ac, ///< CPL 0 to 2, RFLAGS.AC set: passes SMAP
    implicit, ///< by the processor itself, to GDT, IDT, TSS or a stack while an exception is delivered: SMAP knows no
              ///< exception
};
inline constexpr unsigned kPrivileges = 4;

/// One access by the processor.
struct Access {
    AccessKind kind = AccessKind::read;
    Privilege privilege = Privilege::supervisor;
    bool stack = false; ///< through SS: a non-canonical address raises #SS instead of #GP

    [[nodiscard]] constexpr bool is_user() const { return privilege == Privilege::user; }
    /// SMAP applies.
    [[nodiscard]] constexpr bool is_restrained() const {
        return privilege == Privilege::supervisor || privilege == Privilege::implicit;
    }
    friend constexpr bool operator==(const Access&, const Access&) = default;

    static constexpr Access kernel(AccessKind kind) { return {.kind = kind}; }
    static constexpr Access by_user(AccessKind kind) { return {.kind = kind, .privilege = Privilege::user}; }
};

} // namespace ksl::core
