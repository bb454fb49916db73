// SPDX-License-Identifier: MIT
//
// How a translation fails, as hardware reports it.
//
// Source:   Intel SDM vol. 3A, "Page-fault exceptions" (error code); vol. 1 section 3.3.7.1 (#GP and #SS before
// paging).
#pragma once

#include "core/paging/geometry.h"
#include "core/paging/paging_mode.h"
#include "core/paging/pte.h"

#include <cstdint>

namespace ksl::core {

/// Bits of the error code pushed by #PF.
namespace page_fault {
inline constexpr std::uint32_t kProtection = 1U << 0; ///< P: 0 = an entry was not present
inline constexpr std::uint32_t kWrite = 1U << 1;
inline constexpr std::uint32_t kUser = 1U << 2;
inline constexpr std::uint32_t kReserved = 1U << 3;
inline constexpr std::uint32_t kFetch = 1U << 4;
inline constexpr std::uint32_t kKey = 1U << 5;
} // namespace page_fault

enum class Vector : std::uint8_t { stack_segment = 12, general_protection = 13, page_fault = 14 };

struct Fault {
    Vector vector = Vector::page_fault;
    std::uint32_t error_code = 0;
    VirtAddr address{}; ///< CR2 of a page fault; not written by #GP and #SS
    /// Where the walk ended, for explanations: hardware does not tell. Without a walk: pt and a clear entry.
    Level level = Level::pt;
    Pte entry{};

    friend bool operator==(const Fault&, const Fault&) = default;
};

/// What all entries of a walk allow together.
struct Rights {
    bool writable = false;   ///< R/W set in every entry
    bool user = false;       ///< U/S set in every entry: a "user-mode page"
    bool no_execute = false; ///< XD set in any entry
    std::uint8_t key = 0;    ///< protection key of the leaf

    friend constexpr bool operator==(const Rights&, const Rights&) = default;
};

/// W/R, U/S and I/D as any fault of this access reports them.
[[nodiscard]] constexpr std::uint32_t access_bits(const PagingMode& mode, Access access) {
    std::uint32_t code = 0;
    if (access.kind == AccessKind::write) code |= page_fault::kWrite;
    if (access.is_user()) code |= page_fault::kUser;
    if (access.kind == AccessKind::fetch && (mode.rules.no_execute || mode.smep)) code |= page_fault::kFetch;
    return code;
}

/// True if the protection key forbids this access. Keys restrict data accesses only.
[[nodiscard]] constexpr bool key_denies(const PagingMode& mode, Rights rights, Access access) {
    if (access.kind == AccessKind::fetch) return false;
    if (!(rights.user ? mode.user_keys : mode.supervisor_keys)) return false;
    const std::uint32_t bits = (rights.user ? mode.pkru : mode.pkrs) >> (2U * rights.key);
    const bool access_disabled = (bits & 1) != 0;
    const bool write_disabled = (bits & 2) != 0;
    return access_disabled ||
           (write_disabled && access.kind == AccessKind::write && (access.is_user() || mode.write_protect));
}

/// True if rights apart from the protection key forbid this access.
[[nodiscard]] constexpr bool rights_deny(const PagingMode& mode, Rights rights, Access access) {
    if (access.is_user() && !rights.user) return true;
    switch (access.kind) {
    case AccessKind::write:
        if (!rights.writable && (access.is_user() || mode.write_protect)) return true;
        break;
    case AccessKind::fetch:
        if (rights.no_execute && mode.rules.no_execute) return true;
        return !access.is_user() && rights.user && mode.smep;
    case AccessKind::read: break;
    }
    return rights.user && mode.smap && access.is_restrained();
}

/// The error code that a completed walk with these rights raises; 0 if the access is allowed. The PK bit is set
/// whenever the key denies, whatever else does.
[[nodiscard]] constexpr std::uint32_t protection_error(const PagingMode& mode, Rights rights, Access access) {
    const bool by_key = key_denies(mode, rights, access);
    if (!by_key && !rights_deny(mode, rights, access)) return 0;
    return page_fault::kProtection | access_bits(mode, access) | (by_key ? page_fault::kKey : 0U);
}

} // namespace ksl::core
