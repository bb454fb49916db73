// SPDX-License-Identifier: MIT
#include "core/paging/pte.h"

#include <utility>

namespace ksl::core {

namespace {

constexpr BitField ignored(unsigned low, unsigned width) {
    return {"ignored", "ignored by hardware: software may use it", static_cast<std::uint8_t>(low),
            static_cast<std::uint8_t>(width)};
}
constexpr BitField reserved(unsigned low, unsigned width) {
    return {"reserved", "must be zero, or every access faults with RSVD", static_cast<std::uint8_t>(low),
            static_cast<std::uint8_t>(width)};
}

constexpr std::array kNotPresent{
    BitField{"software", "free for software: swap entries, PROT_NONE, nothing", 1, 63},
    Pte::kPresent,
};
/// PML5E and PML4E: never a page, so PS is reserved.
constexpr std::array kUpper{
    Pte::kNoExecute, ignored(52, 11), Pte::kFrame, ignored(8, 4), reserved(7, 1), ignored(6, 1),
    Pte::kAccessed,  Pte::kPcd,       Pte::kPwt,   Pte::kUser,    Pte::kWritable, Pte::kPresent,
};
/// PDPTE and PDE that point to a table.
constexpr std::array kTable{
    Pte::kNoExecute, ignored(52, 11), Pte::kFrame, ignored(8, 4), Pte::kPageSize, ignored(6, 1),
    Pte::kAccessed,  Pte::kPcd,       Pte::kPwt,   Pte::kUser,    Pte::kWritable, Pte::kPresent,
};
constexpr std::array kHuge{
    Pte::kNoExecute, Pte::kKey,    ignored(52, 7), Pte::kFrame1g, reserved(13, 17), Pte::kPatLarge,
    ignored(9, 3),   Pte::kGlobal, Pte::kPageSize, Pte::kDirty,   Pte::kAccessed,   Pte::kPcd,
    Pte::kPwt,       Pte::kUser,   Pte::kWritable, Pte::kPresent,
};
constexpr std::array kLarge{
    Pte::kNoExecute, Pte::kKey,    ignored(52, 7), Pte::kFrame2m, reserved(13, 8), Pte::kPatLarge,
    ignored(9, 3),   Pte::kGlobal, Pte::kPageSize, Pte::kDirty,   Pte::kAccessed,  Pte::kPcd,
    Pte::kPwt,       Pte::kUser,   Pte::kWritable, Pte::kPresent,
};
constexpr std::array kSmall{
    Pte::kNoExecute, Pte::kKey,      ignored(52, 7), Pte::kFrame, ignored(9, 3), Pte::kGlobal,   Pte::kPat,
    Pte::kDirty,     Pte::kAccessed, Pte::kPcd,      Pte::kPwt,   Pte::kUser,    Pte::kWritable, Pte::kPresent,
};

constexpr bool covers_all_bits(std::span<const BitField> fields) {
    unsigned next = 64;
    for (const BitField& field : fields) {
        if (field.low + field.width != next) return false;
        next = field.low;
    }
    return next == 0;
}
static_assert(covers_all_bits(kNotPresent) && covers_all_bits(kUpper) && covers_all_bits(kTable));
static_assert(covers_all_bits(kHuge) && covers_all_bits(kLarge) && covers_all_bits(kSmall));

} // namespace

std::string_view name_of(EntryKind kind) {
    constexpr std::array<std::string_view, kEntryKinds> kNames{"not present",     "PML5E", "PML4E",         "PDPTE",
                                                               "PDPTE (1G page)", "PDE",   "PDE (2M page)", "PTE"};
    return kNames[std::to_underlying(kind)];
}

std::span<const BitField> fields_of(EntryKind kind) {
    switch (kind) {
    case EntryKind::pml5e:
    case EntryKind::pml4e: return kUpper;
    case EntryKind::pdpte:
    case EntryKind::pde: return kTable;
    case EntryKind::pdpte_1g: return kHuge;
    case EntryKind::pde_2m: return kLarge;
    case EntryKind::pte: return kSmall;
    case EntryKind::not_present: break;
    }
    return kNotPresent;
}

} // namespace ksl::core
