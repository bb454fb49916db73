// SPDX-License-Identifier: MIT
//
// What the boot image and the program that starts it agree on: where things lie in the machine's physical memory, and
// the operations that the image carries out one after the other.
//
// Layout of physical memory:
//     1 MiB       the image itself
//     16 MiB      Header
//     32 MiB      operations, 256 MiB results, 512 MiB tables: kept free by convention, the header says where they are
//     in every GiB below the end: whatever the program put there for accesses to find
// Layout of address space:     the last top-level entry belongs to the image, in every set of tables
//     kWindow       the first GiB of physical memory, for the supervisor
//     kUserCode     one page of code, for user mode
//     kUserStack    one page of stack, for user mode
#pragma once

#ifdef __ASSEMBLER__
#define KSL_U64(value) value
#else
#include <stdint.h>
#define KSL_U64(value) value##ULL
#endif

#define KSL_IMAGE_AT KSL_U64(0x100000)
#define KSL_USER_CODE_AT KSL_U64(0x180000)
#define KSL_USER_STACK_AT KSL_U64(0x181000)
#define KSL_HEADER_AT KSL_U64(0x1000000)
#define KSL_WINDOW KSL_U64(0xffffffff80000000)
#define KSL_USER_CODE KSL_U64(0xffffffffc0000000)
#define KSL_USER_STACK KSL_U64(0xffffffffc0001000)

#ifndef __ASSEMBLER__

namespace ksl::bootimage {

inline constexpr uint64_t kAsked = 0x6b73'6c20'6d6d'7531;
inline constexpr uint64_t kAnswered = 0x6b73'6c20'6d6d'7532;
inline constexpr uint64_t kPanicked = 0x6b73'6c20'6d6d'7533;

enum class Op : uint8_t {
    access,   ///< at address; of kind, by privilege, through the stack segment if `stack`; a write writes value
    set_cr0,  ///< value
    load_cr3, ///< value
    set_cr4,  ///< value
    set_nxe,  ///< EFER.NXE = value
    set_pkru, ///< value; CR4.PKE is set
    set_pkrs, ///< value; the processor has protection keys for supervisor pages
    store,    ///< value to physical address, below 1 GiB
    invlpg,   ///< address
};

/// The numbers of core::AccessKind and core::Privilege.
enum class Kind : uint8_t { read, write, fetch };
enum class Who : uint8_t { user, supervisor, supervisor_ac, implicit };

struct Operation {
    Op op = Op::access;
    Kind kind = Kind::read;
    Who who = Who::user;
    uint8_t stack = 0;
    uint8_t reserved[4] = {};
    uint64_t address = 0;
    uint64_t value = 0;
};
static_assert(sizeof(Operation) == 24);

struct Result {
    uint32_t vector = 0; ///< 0 = it worked
    uint32_t error_code = 0;
    uint64_t value = 0; ///< that was read; of a fetch: what the code found there returned; of an implicit read: 0
    uint64_t cr2 = 0;   ///< after a fault

    friend bool operator==(const Result&, const Result&) = default;
};
static_assert(sizeof(Result) == 24);

struct Header {
    // Asked:
    uint64_t state = 0;
    uint64_t levels = 4;
    uint64_t operations_at = 0; ///< physical, as is
    uint64_t results_at = 0;
    uint64_t count = 0;
    // Answered:
    uint64_t done = 0;
    uint64_t physical_bits = 0;
    uint64_t is_amd = 0;
    uint64_t has_smep = 0;
    uint64_t has_smap = 0;
    uint64_t has_pke = 0;
    uint64_t has_pks = 0;
    uint64_t has_la57 = 0;
    uint64_t has_huge_pages = 0;
    // Of an exception that the image did not expect:
    uint64_t vector = 0;
    uint64_t error_code = 0;
    uint64_t rip = 0;
    uint64_t cr2 = 0;
};

} // namespace ksl::bootimage

#endif
