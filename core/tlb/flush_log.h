// SPDX-License-Identifier: MIT
//
// What has been flushed and when, so that flushing everything costs nothing at once: a set of a TLB array remembers how
// much of the log it has seen, and drops the entries that were flushed since when it is next looked at. The result is
// that of a flush at once.
#pragma once

#include "core/tlb/tlb_entry.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace ksl::core {

class FlushLog {
public:
    [[nodiscard]] std::uint64_t now() const { return now_; }

    /// Everything, global entries included.
    void flush_all() {
        all_ = ++now_;
        by_pcid_.clear();
    }
    /// All entries that are not global, of every PCID.
    void flush_non_global() {
        non_global_ = ++now_;
        by_pcid_.clear();
    }
    /// All entries of a PCID that are not global.
    void flush_pcid(Pcid pcid) {
        ++now_;
        const auto found = std::ranges::find(by_pcid_, pcid, &OnePcid::pcid);
        if (found != by_pcid_.end())
            found->at = now_;
        else
            by_pcid_.push_back({.at = now_, .pcid = pcid});
    }

    /// True if an entry that was valid at time `seen` has been flushed since.
    [[nodiscard]] bool has_flushed(const TlbEntry& entry, std::uint64_t seen) const {
        if (all_ > seen) return true;
        if (entry.is_global()) return false;
        if (non_global_ > seen) return true;
        const auto found = std::ranges::find(by_pcid_, entry.pcid(), &OnePcid::pcid);
        return found != by_pcid_.end() && found->at > seen;
    }

    friend bool operator==(const FlushLog&, const FlushLog&) = default;
    template <class Archive>
    void describe(Archive& archive) {
        archive(now_, all_, non_global_, by_pcid_);
    }

private:
    struct OnePcid {
        std::uint64_t at = 0;
        std::uint64_t pcid = 0;
        friend bool operator==(const OnePcid&, const OnePcid&) = default;
    };

    std::uint64_t now_ = 1;
    std::uint64_t all_ = 0;
    std::uint64_t non_global_ = 0;
    std::vector<OnePcid> by_pcid_;
};

} // namespace ksl::core
