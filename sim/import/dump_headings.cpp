// SPDX-License-Identifier: MIT
#include "sim/import/dump_headings.h"

#include "sim/import/csv_fields.h"

#include <array>
#include <string>
#include <vector>

namespace ksl::sim {

namespace {

using core::VirtAddr;

constexpr core::Bytes kGiB{std::uint64_t{1} << 30};
constexpr std::string_view kOpen = "---[ ";
constexpr std::string_view kClose = " ]---";

/// "0xffff888000000000-0xffff888000099000         612K     RW ... pte"
struct Line {
    std::uint64_t lowest = 0;
    std::uint64_t top = 0;
    std::uint64_t bytes = 0; ///< as the line itself says; 0: cannot be read
    bool is_mapped = false;
};

std::uint64_t size_in(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    constexpr std::string_view kUnits = "KMGTPE";
    const std::size_t unit = digits < text.size() ? kUnits.find(text[digits]) : std::string_view::npos;
    const auto number = parse_number(text.substr(0, digits));
    return number && unit != std::string_view::npos ? *number << (10 * (unit + 1)) : 0;
}

std::optional<Line> line_of(std::string_view text) {
    constexpr std::size_t kNumber = 18; // 0x and 16 digits
    if (text.size() < 2 * kNumber + 1 || text[kNumber] != '-') return std::nullopt;
    const auto lowest = parse_number(text.substr(0, kNumber));
    const auto top = parse_number(text.substr(kNumber + 1, kNumber));
    if (!lowest || !top) return std::nullopt;
    return Line{.lowest = *lowest,
                .top = *top,
                .bytes = size_in(text.substr(2 * kNumber + 1)),
                .is_mapped = text.contains(" NX ") || text.contains(" x ")};
}

/// What two of the three say; else the line itself.
VirtAddr agreed(const Line& line, const std::optional<Line>& before) {
    const std::uint64_t by_size = line.top - line.bytes;
    if (line.bytes == 0 || !before || line.lowest == by_size) return VirtAddr{line.lowest};
    return VirtAddr{before->top == by_size ? by_size : line.lowest};
}

class Reader {
public:
    void heading(std::string_view name) {
        section_ = name;
        is_first_ = true;
        if (name == "ESPfix Area") headings_.sections.espfix = true;
        if (name == "EFI Runtime Services") headings_.sections.efi = true;
        if (name == "LDT remap") headings_.sections.ldt_remap = true;
    }
    void line(const Line& line) {
        if (is_first_) first_line(agreed(line, before_));
        if (section_ == "High Kernel Mapping" && line.is_mapped && !headings_.image)
            headings_.image = agreed(line, before_);
        is_first_ = false;
        before_ = line;
    }
    [[nodiscard]] const DumpHeadings& headings() const { return headings_; }

private:
    void first_line(VirtAddr at) {
        // Bases are multiples of 1 GiB: if this is none, the section's first line is missing.
        const bool is_region =
            section_ == "Low Kernel Mapping" || section_ == "vmalloc() Area" || section_ == "Vmemmap";
        if (is_region && before_ && !core::is_aligned(at, kGiB) && core::is_aligned(VirtAddr{before_->top}, kGiB))
            at = VirtAddr{before_->top};
        if (section_ == "Low Kernel Mapping") headings_.direct_map = at;
        if (section_ == "vmalloc() Area") headings_.vmalloc = at;
        if (section_ == "Vmemmap") headings_.vmemmap = at;
        if (section_ == "Modules") headings_.modules = at;
        if (section_ == "Fixmap Area") headings_.sections.fixmap = at;
    }

    std::string section_;
    bool is_first_ = false;
    std::optional<Line> before_;
    DumpHeadings headings_;
};

} // namespace

core::Geometry DumpHeadings::geometry() const {
    const bool is_deep = direct_map && *direct_map < core::Geometry::four_level().kernel_half();
    return is_deep ? core::Geometry::five_level() : core::Geometry::four_level();
}

DumpHeadings read_dump_headings(std::string_view dump) {
    Reader reader;
    while (!dump.empty()) {
        const std::string_view text = take_line(dump);
        if (text.starts_with(kOpen) && text.ends_with(kClose)) {
            reader.heading(text.substr(kOpen.size(), text.size() - kOpen.size() - kClose.size()));
        } else if (const auto line = line_of(text)) {
            reader.line(*line);
        }
    }
    return reader.headings();
}

} // namespace ksl::sim
