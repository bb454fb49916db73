// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/address_space_view.h"

#include "ui/format/format.h"
#include "ui/format/glossary.h"
#include "ui/views/event_text.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

namespace ksl::ui {

using core::Bytes;
using core::Region;
using core::StackId;
using core::VirtAddr;
using core::VirtRange;

namespace {

constexpr double kLensHeight = 14;
constexpr double kLeastArea = 3;     ///< pixels: an area is never drawn narrower
constexpr double kGuardOnPages = 56; ///< pixels of a guard on the third ruler, at least
constexpr double kLensBeta = 4;
constexpr std::uint64_t kLeastStage = 64; ///< pages

double pages_between(VirtAddr from, VirtAddr to) {
    return static_cast<double>((to - from).count()) / static_cast<double>(core::kPageBytes);
}

} // namespace

AddressSpaceView::AddressSpaceView(const Theme& theme, QWidget* parent)
    : SnapshotCanvas(theme, Scope::address_space, ZoomAxes::horizontal, parent) {}

QSize AddressSpaceView::sizeHint() const {
    return {look().px(720), look().px(200)};
}
QSize AddressSpaceView::minimumSizeHint() const {
    const int line = static_cast<int>(std::ceil(QFontMetricsF(look().font(TextSize::small)).height()));
    return {look().px(280), (4 * line) + look().px((2 * kLensHeight) + 18)};
}

void AddressSpaceView::show_snapshot(const SnapshotPtr& snapshot) {
    snapshot_ = snapshot;
    space_ = snapshot == nullptr ? SpaceReading{} : read_space(*snapshot->machine);
    stack_ = snapshot == nullptr ? std::nullopt : read_stack(*snapshot->machine, selected_);
    if (cursor_ >= space_.areas.size()) cursor_ = 0;
    set_stage();
    update();
    announce_change();
}

void AddressSpaceView::select_stack(StackId stack) {
    selected_ = stack;
    stack_ = snapshot_ == nullptr ? std::nullopt : read_stack(*snapshot_->machine, selected_);
    for (std::size_t i = 0; i < space_.areas.size(); ++i) {
        if (!stack.is_none() && space_.areas[i].stack == stack) cursor_ = i;
    }
    update();
    announce_change();
}

void AddressSpaceView::set_stage() {
    VirtRange extent = space_.extent();
    if (extent.is_empty()) extent = {space_.window_range.lowest, space_.window_range.lowest};
    // Grows in powers of two, so that the picture does not slide with every area.
    const std::uint64_t pages = pages_for(extent.top - extent.lowest).count() + 4;
    const Bytes length = bytes_of(core::Pages{std::bit_ceil(std::max(pages, kLeastStage))});
    const VirtRange stage{extent.lowest, extent.lowest + length};
    if (stage == stage_) return;
    const bool was_fitted = is_fitted();
    stage_ = stage;
    if (was_fitted) fit();
}

QSizeF AddressSpaceView::content_size() const {
    return {std::max(1.0, pages_between(stage_.lowest, stage_.top)), 1};
}
double AddressSpaceView::to_x(VirtAddr at) const {
    const double page = at < stage_.lowest ? 0 : pages_between(stage_.lowest, at);
    return camera().to_widget(QPointF(page, 0)).x();
}
VirtAddr AddressSpaceView::to_address(double x) const {
    const double page = std::max(0.0, camera().to_content(QPointF(x, 0)).x());
    return stage_.lowest + Bytes{static_cast<std::uint64_t>(page * core::kPageBytes)};
}
VirtRange AddressSpaceView::visible() const {
    return {to_address(0), to_address(width())};
}

AddressSpaceView::Rows AddressSpaceView::rows() const {
    const double line = std::ceil(QFontMetricsF(look().font(TextSize::small)).height());
    const double margin = look().px(4);
    const double lens = look().px(kLensHeight);
    const double fixed = (2 * lens) + line + (2 * margin);
    const double each = std::max(line + 2, (height() - fixed) / 3);
    const double wide = width();
    Rows r;
    double y = margin;
    const auto take = [&](double high) {
        const QRectF row(0, y, wide, high);
        y += high;
        return row;
    };
    r.regions = take(each);
    r.first_lens = take(lens);
    r.caption = take(line);
    r.areas = take(each);
    r.second_lens = take(lens);
    r.pages = take(each);
    return r;
}

AddressLens AddressSpaceView::region_lens(double width) const {
    const QFontMetricsF metrics(look().font(TextSize::small));
    std::vector<LensSegment> segments;
    segments.reserve(space_.regions.size());
    for (const KernelRegion& region : space_.regions) {
        const bool is_hole = region.kind == Region::hole || region.kind == Region::guard_hole;
        // Regions that a kernel stack can have to do with keep their names at any width.
        const bool is_known = region.kind == Region::direct_map || region.kind == Region::vmalloc ||
                              region.kind == Region::vmemmap || region.kind == Region::kernel_image ||
                              region.kind == Region::modules;
        const double name = std::ceil(metrics.horizontalAdvance(latin(core::name_of(region.kind)))) + 10;
        const double least = is_known ? name : look().px(is_hole ? 8 : 12);
        const double interest = region.kind == space_.window ? 1.0 : 0.25;
        const double focus = is_hole ? 0 : interest;
        segments.push_back({.size = region.range.size(), .minimum = least, .focus = focus});
    }
    const VirtAddr lowest = space_.regions.empty() ? VirtAddr{} : space_.regions.front().range.lowest;
    return {lowest, segments, width, kLensBeta};
}

QString AddressSpaceView::window_name() const {
    return space_.window == Region::hole || space_.window == Region::guard_hole ? tr("PID slots")
                                                                                : latin(core::name_of(space_.window));
}

const SpaceArea* AddressSpaceView::selected_area() const {
    if (selected_.is_none()) return nullptr;
    const auto found = std::ranges::find(space_.areas, selected_, &SpaceArea::stack);
    return found == space_.areas.end() ? nullptr : &*found;
}

QString AddressSpaceView::caption() const {
    const std::size_t lazy = space_.count(AreaUse::freed_lazily);
    QString text = tr("%1 from %2: %3 stacks, %4 cached")
                       .arg(window_name(), format_address(stage_.lowest), format_count(space_.count(AreaUse::stack)),
                            format_count(space_.count(AreaUse::cached_stack)));
    if (space_.window == Region::vmalloc) {
        text += tr(", %1 freed lazily (%2 of %3 pages)")
                    .arg(format_count(lazy), format_count(space_.lazy_pages.count()),
                         format_count(space_.lazy_limit.count()));
    }
    return text;
}

QString AddressSpaceView::area_sentence(const SpaceArea& area) const {
    const QString at = format_address(area.range.lowest);
    const QString size = format_bytes(area.range.size());
    switch (area.use) {
    case AreaUse::stack:
        return tr("Stack of %1 at %2, %3 with guards").arg(task_name(*snapshot_->machine, area.task), at, size);
    case AreaUse::cached_stack: return tr("Cached stack at %1, %2 with guards").arg(at, size);
    case AreaUse::dead_stack: return tr("Stack of a dead task at %1, waits to be freed").arg(at);
    case AreaUse::freed_lazily: return tr("Freed area at %1, %2, waits for a purge").arg(at, size);
    case AreaUse::pooled: return tr("Pooled area at %1, %2").arg(at, size);
    case AreaUse::other: return tr("Area of other kernel code at %1, %2").arg(at, size);
    }
    return {};
}

QString AddressSpaceView::summary() const {
    if (snapshot_ == nullptr) return tr("Kernel address space, no machine");
    return tr("Kernel address space, %1").arg(caption());
}

QList<CanvasItem> AddressSpaceView::items() const {
    if (snapshot_ == nullptr) return {};
    const Rows r = rows();
    QList<CanvasItem> all;
    const VirtRange seen = visible();
    for (std::size_t i = 0; i < space_.areas.size() && all.size() < kMostItems; ++i) {
        const SpaceArea& area = space_.areas[i];
        if (!area.range.overlaps(seen)) continue;
        all += {.name = area_sentence(area),
                .rect = area_rect(area, r.areas),
                .role = QAccessible::ListItem,
                .is_current = i == cursor_};
    }
    return all;
}

QRectF AddressSpaceView::area_rect(const SpaceArea& area, const QRectF& row) const {
    const double left = to_x(area.range.lowest);
    return {left, row.top(), std::max(kLeastArea, to_x(area.range.top) - left), row.height()};
}

QRectF AddressSpaceView::cursor_rect() const {
    if (cursor_ >= space_.areas.size()) return {};
    const QRectF at = area_rect(space_.areas[cursor_], rows().areas);
    return {camera().to_content(at.topLeft()), camera().to_content(at.bottomRight())};
}

bool AddressSpaceView::move_cursor(CursorStep step) {
    if (step == CursorStep::right && cursor_ + 1 < space_.areas.size()) {
        ++cursor_;
    } else if (step == CursorStep::left && cursor_ > 0) {
        --cursor_;
    } else {
        return false;
    }
    Q_EMIT pointed_at(area_sentence(space_.areas[cursor_]));
    return true;
}

bool AddressSpaceView::carry_out(Command command) {
    if (command == Command::inspect && cursor_ < space_.areas.size() && !space_.areas[cursor_].stack.is_none()) {
        Q_EMIT stack_clicked(space_.areas[cursor_].stack);
        return true;
    }
    return MapCanvas::carry_out(command);
}

const KernelRegion* AddressSpaceView::region_at(QPointF widget) const {
    const Rows r = rows();
    if (snapshot_ == nullptr || !r.regions.contains(widget)) return nullptr;
    const VirtAddr address = region_lens(r.regions.width()).to_address(widget.x());
    const auto found =
        std::ranges::find_if(space_.regions, [&](const KernelRegion& each) { return each.range.contains(address); });
    return found == space_.regions.end() ? nullptr : &*found;
}

QString AddressSpaceView::sentence_at(QPointF widget) const {
    if (snapshot_ == nullptr) return {};
    if (const KernelRegion* region = region_at(widget)) {
        return tr("%1, %2 from %3")
            .arg(latin(core::name_of(region->kind)), format_bytes(region->range.size()),
                 format_address(region->range.lowest));
    }
    const Rows r = rows();
    if (r.areas.contains(widget)) {
        const VirtAddr address = to_address(widget.x());
        const SpaceArea* area = space_.find(address);
        return area != nullptr ? area_sentence(*area) : tr("Free at %1").arg(format_address(address));
    }
    if (r.pages.contains(widget)) {
        const auto page = page_at(widget.x());
        if (!page) return {};
        const std::vector<Piece> all = pieces();
        const auto piece = std::ranges::find_if(all, [&](const Piece& each) { return each.range.contains(*page); });
        return piece == all.end() ? QString() : tr("%1 at %2").arg(piece->text, format_address(piece->range.lowest));
    }
    return {};
}

void AddressSpaceView::hover(std::optional<QPointF> content) {
    Q_EMIT pointed_at(content ? sentence_at(camera().to_widget(*content)) : QString());
}

QString AddressSpaceView::tip(QPointF widget) const {
    const QString sentence = sentence_at(widget);
    const KernelRegion* region = region_at(widget);
    QString meaning;
    if (region != nullptr) {
        const std::string_view name = core::name_of(region->kind);
        meaning = meaning_of(QLatin1StringView(name.data(), static_cast<qsizetype>(name.size())));
    } else if (rows().caption.contains(widget) && space_.window == Region::vmalloc) {
        meaning = tr("Freed lazily: %1").arg(meaning_of(QLatin1StringView("freed lazily")));
    } else if (const SpaceArea* area = snapshot_ != nullptr && rows().areas.contains(widget)
                                           ? space_.find(to_address(widget.x()))
                                           : nullptr) {
        if (area->use == AreaUse::freed_lazily) meaning = meaning_of(QLatin1StringView("freed lazily"));
        if (area->use == AreaUse::cached_stack) meaning = meaning_of(QLatin1StringView("cached stack"));
    }
    return sentence.isEmpty() || meaning.isEmpty() ? sentence + meaning : sentence + QStringLiteral(". ") + meaning;
}

QRectF AddressSpaceView::selection_rect() const {
    const SpaceArea* area = selected_area();
    if (area == nullptr) return cursor_rect();
    const QRectF at = area_rect(*area, rows().areas);
    return {camera().to_content(at.topLeft()), camera().to_content(at.bottomRight())};
}

QRectF AddressSpaceView::rect_of(StackId stack) const {
    const auto found = std::ranges::find(space_.areas, stack, &SpaceArea::stack);
    if (stack.is_none() || found == space_.areas.end()) return {};
    const QRectF row = rows().areas;
    return area_rect(*found, row) & row;
}

void AddressSpaceView::press(QPointF content) {
    if (snapshot_ == nullptr) return;
    const QPointF at = camera().to_widget(content);
    const Rows here = rows();
    if (here.regions.contains(at)) Q_EMIT address_picked(region_lens(here.regions.width()).to_address(at.x()));
    if (here.pages.contains(at)) {
        if (const auto page = page_at(at.x())) Q_EMIT address_picked(*page);
    }
    if (!here.areas.contains(at)) return;
    Q_EMIT address_picked(to_address(at.x()));
    if (space_.areas.empty()) return;
    // The nearest area: at a small scale one pixel holds many.
    const auto distance = [&](const SpaceArea& area) {
        const QRectF rect = area_rect(area, rows().areas);
        return std::max({rect.left() - at.x(), at.x() - rect.right(), 0.0});
    };
    const auto nearest = std::ranges::min_element(space_.areas, {}, distance);
    if (distance(*nearest) > look().px(6)) return;
    cursor_ = static_cast<std::size_t>(nearest - space_.areas.begin());
    if (!nearest->stack.is_none()) Q_EMIT stack_clicked(nearest->stack);
}

std::vector<AddressSpaceView::Piece> AddressSpaceView::pieces() const {
    std::vector<Piece> all;
    const SpaceArea* area = selected_area();
    if (!stack_ || area == nullptr) return all;
    const auto add = [&](VirtAddr from, VirtAddr to, const QString& label, bool is_page) {
        if (from < to) all.push_back({.range = {from, to}, .text = label, .is_page = is_page});
    };
    VirtAddr at = area->range.lowest;
    if (stack_->thread_info && !stack_->stack.contains(stack_->thread_info->lowest)) {
        add(at, at + Bytes{core::kPageBytes}, tr("thread_info"), true);
        at += Bytes{core::kPageBytes};
    }
    add(at, stack_->stack.lowest, tr("guard"), false);
    for (std::size_t page = 0; page < stack_->frames.size(); ++page) {
        const VirtAddr lowest = stack_->stack.lowest + bytes_of(core::Pages{page});
        const auto& frame = stack_->frames[page];
        add(lowest, lowest + Bytes{core::kPageBytes}, frame ? tr("frame %1").arg(format_pfn(*frame)) : tr("not mapped"),
            frame.has_value());
    }
    add(stack_->stack.top, area->range.top, tr("guard"), false);
    return all;
}

AddressLens AddressSpaceView::lens_of(const std::vector<Piece>& pieces, double width) const {
    std::vector<LensSegment> segments;
    segments.reserve(pieces.size());
    for (const Piece& piece : pieces) {
        segments.push_back(
            {.size = piece.range.size(), .minimum = double(look().px(piece.is_page ? 8 : kGuardOnPages))});
    }
    return {pieces.front().range.lowest, segments, width, 0, LensScale::linear};
}

std::optional<VirtAddr> AddressSpaceView::page_at(double x) const {
    const std::vector<Piece> all = pieces();
    if (all.empty()) return std::nullopt;
    return VirtAddr{lens_of(all, rows().pages.width()).to_address(x).raw() & ~std::uint64_t{7}};
}

} // namespace ksl::ui
