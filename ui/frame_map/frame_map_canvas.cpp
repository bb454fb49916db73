// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/frame_map/frame_map_canvas.h"

#include "ui/format/format.h"
#include "ui/format/glossary.h"
#include "ui/frame_map/frame_text.h"

#include <QPainter>
#include <algorithm>
#include <cmath>

namespace ksl::ui {

using core::Order;
using core::Pfn;

namespace {

constexpr int kFrameIntervalMs = 16;
constexpr double kLeastNumberedBlock = 18; ///< pixels: from here on a free block shows its order
constexpr double kLeastSelection = 5;      ///< pixels: a selected frame is never drawn smaller
constexpr double kLeastRing = 9;           // a change must be seen on the whole map
constexpr double kRingFrom = 18;           ///< pixels that a ring begins outside of what it closes in on
constexpr int kMotionMs = 240;
constexpr std::uint32_t kAreas = 4; ///< areas a side for screen readers

QRectF to_qrect(const CellRect& cells) {
    return {double(cells.x), double(cells.y), double(cells.width), double(cells.height)};
}

} // namespace

FrameMapCanvas::FrameMapCanvas(const Theme& theme, QWidget* parent)
    : MapCanvas(theme, Scope::map, ZoomAxes::both, parent), motion_(theme, [this] { update(); }) {
    next_frame_.setSingleShot(true);
    next_frame_.setInterval(kFrameIntervalMs);
    connect(&next_frame_, &QTimer::timeout, this, [this] {
        if (fold()) next_frame_.start();
    });
    setMinimumSize(160, 120);
    refresh_paints(MapMode::frame_class);
}

void FrameMapCanvas::set_source(const FrameMapSource* source) {
    source_ = source;
    hovered_.reset();
    rebuild();
}

void FrameMapCanvas::rebuild() {
    const MapLayout kept = lod_.grid().layout();
    const core::Pages frames = source_ != nullptr ? source_->frames() : core::Pages{kTileFrames};
    const bool is_same_shape = frames == lod_.grid().frames();
    lod_ = FrameLod(FrameGrid(frames, kept));
    values_ = ValueLod(lod_.grid());
    dirty_ = DirtyTiles(lod_.grid().tiles());
    if (source_ != nullptr) lod_.refold_all(source_->frame_bytes());
    if (uses_values(mode())) values_.refold_all(lod_.grid(), values());
    if (!is_same_shape) {
        cursor_ = Pfn{0};
        selection_.clear();
    }
    fit();
    is_image_stale_ = true;
    update();
    announce_change();
}

void FrameMapCanvas::mark_dirty(std::span<const std::uint32_t> tiles) {
    for (const std::uint32_t tile : tiles) dirty_.mark(tile);
    if (!dirty_.is_empty() && !next_frame_.isActive()) next_frame_.start();
}

bool FrameMapCanvas::fold(std::size_t most) {
    if (source_ == nullptr) return false;
    const std::vector<std::uint32_t> tiles = dirty_.take(most);
    lod_.refold(source_->frame_bytes(), tiles);
    if (uses_values(mode())) values_.refold(lod_.grid(), values(), tiles);
    draw_tiles(tiles);
    if (!tiles.empty() && dirty_.is_empty()) Q_EMIT description_changed();
    return !dirty_.is_empty();
}

std::span<const std::uint8_t> FrameMapCanvas::values() const {
    if (source_ == nullptr) return {};
    return mode() == MapMode::age ? source_->ages() : source_->owners();
}

std::vector<MapMode> FrameMapCanvas::modes() const {
    std::vector<MapMode> offered{MapMode::frame_class, MapMode::free_order};
    if (source_ != nullptr && !source_->ages().empty()) offered.push_back(MapMode::age);
    if (source_ != nullptr && !source_->owners().empty()) offered.push_back(MapMode::owner);
    offered.push_back(MapMode::selection);
    return offered;
}

void FrameMapCanvas::set_mode(MapMode mode) {
    if (mode == paints_.mode()) return;
    refresh_paints(mode);
    if (uses_values(mode)) values_.refold_all(lod_.grid(), values());
    update();
    Q_EMIT mode_changed();
}

void FrameMapCanvas::set_layout(MapLayout layout) {
    if (layout == lod_.grid().layout()) return;
    lod_ = FrameLod(FrameGrid(lod_.grid().frames(), layout));
    rebuild();
}

void FrameMapCanvas::set_selection(std::vector<Pfn> frames) {
    selection_ = std::move(frames);
    std::ranges::sort(selection_);
    update();
}

void FrameMapCanvas::set_changed(std::vector<Pfn> frames, bool moves) {
    changed_ = std::move(frames);
    motion_.finish();
    if (moves && !changed_.empty() && changed_.size() <= kMostRings) motion_.start(kMotionMs);
    update();
}

void FrameMapCanvas::set_cursor(Pfn frame) {
    if (frame.raw() >= lod_.grid().frames().count()) return;
    cursor_ = frame;
    show_content(cursor_rect());
    update();
    Q_EMIT cursor_moved();
    announce_change();
}

QRectF FrameMapCanvas::rect_of(Pfn frame) const {
    const CellPoint cell = lod_.grid().cell_of(frame);
    return camera().to_widget(QRectF(cell.x, cell.y, 1, 1));
}

QString FrameMapCanvas::summary() const {
    return source_ != nullptr ? map_sentence(lod_, source_->frames()) : tr("Physical memory map, no machine");
}

bool FrameMapCanvas::carry_out(Command command) {
    const auto step_mode = [this](std::ptrdiff_t step) {
        const std::vector<MapMode> offered = modes();
        const auto count = static_cast<std::ptrdiff_t>(offered.size());
        const auto at = std::ranges::find(offered, mode()) - offered.begin();
        set_mode(offered[static_cast<std::size_t>((at + step + count) % count)]);
    };
    switch (command) {
    case Command::map_next_mode: step_mode(1); return true;
    case Command::map_previous_mode: step_mode(-1); return true;
    case Command::map_hilbert: set_layout(MapLayout::hilbert); return true;
    case Command::map_linear: set_layout(MapLayout::linear); return true;
    case Command::map_fit: fit(); return true;
    default: return MapCanvas::carry_out(command);
    }
}

QSizeF FrameMapCanvas::content_size() const {
    return {double(lod_.grid().width()), double(lod_.grid().height())};
}

Order FrameMapCanvas::order_at(Pfn frame) const {
    if (source_ == nullptr || frame.raw() >= source_->frame_bytes().size()) return Order{0};
    return Order{std::min(order_of(source_->frame_bytes()[frame.raw()]), core::kOrders - 1)};
}

QRectF FrameMapCanvas::block_rect(Pfn frame) const {
    return to_qrect(lod_.grid().block(frame, order_at(frame)));
}

std::optional<Pfn> FrameMapCanvas::frame_at(QPointF content) const {
    const FrameGrid& grid = lod_.grid();
    if (source_ == nullptr || content.x() < 0 || content.y() < 0) return std::nullopt;
    if (content.x() >= grid.width() || content.y() >= grid.height()) return std::nullopt;
    const Pfn frame =
        grid.frame_at({.x = static_cast<std::uint32_t>(content.x()), .y = static_cast<std::uint32_t>(content.y())});
    if (frame.raw() >= grid.frames().count()) return std::nullopt;
    return frame;
}

QRectF FrameMapCanvas::cursor_rect() const {
    return source_ != nullptr ? block_rect(cursor_) : QRectF();
}

bool FrameMapCanvas::move_cursor(CursorStep step) {
    // To the block that touches this one in the middle of the side.
    const QRectF block = block_rect(cursor_);
    QPointF to = block.center();
    switch (step) {
    case CursorStep::left: to.setX(block.left() - 0.5); break;
    case CursorStep::right: to.setX(block.right() + 0.5); break;
    case CursorStep::up: to.setY(block.top() - 0.5); break;
    case CursorStep::down: to.setY(block.bottom() + 0.5); break;
    }
    const std::optional<Pfn> found = frame_at(to);
    if (!found) return false;
    cursor_ = *found;
    return true;
}

void FrameMapCanvas::hover(std::optional<QPointF> content) {
    const std::optional<Pfn> frame = content ? frame_at(*content) : std::nullopt;
    if (frame == hovered_) return;
    hovered_ = frame;
    update();
    Q_EMIT pointed_at(frame ? frame_sentence(*source_, *frame) + QStringLiteral(". ") + buddy_sentence(*source_, *frame)
                            : QString());
}

QString FrameMapCanvas::tip(QPointF widget) const {
    const auto frame = frame_at(camera().to_content(widget));
    if (!frame) return {};
    const FrameByte byte = source_->frame_bytes()[frame->raw()];
    const QString sentence = frame_sentence(*source_, *frame) + QStringLiteral(". ") + buddy_sentence(*source_, *frame);
    const QByteArray word = name_of(class_of(byte)).toLatin1();
    return sentence + u' ' + meaning_of(QLatin1StringView(word));
}

QRectF FrameMapCanvas::selection_rect() const {
    QRectF all;
    for (const Pfn frame : selection_) {
        if (frame.raw() >= lod_.grid().frames().count()) continue;
        const CellPoint cell = lod_.grid().cell_of(frame);
        all |= QRectF(cell.x, cell.y, 1, 1);
    }
    return all.isEmpty() ? cursor_rect() : all;
}

void FrameMapCanvas::press(QPointF content) {
    motion_.finish();
    if (const auto frame = frame_at(content)) cursor_ = *frame;
}

void FrameMapCanvas::relayout() {
    refresh_paints(mode());
}

void FrameMapCanvas::refresh_paints(MapMode mode) {
    paints_ = MapPaints(look(), mode, static_cast<int>(std::lround(devicePixelRatioF())));
    is_image_stale_ = true;
}

MapCamera FrameMapCanvas::device_camera() const {
    return {.x = camera().origin().x(), .y = camera().origin().y(), .scale = camera().scale_x() * devicePixelRatioF()};
}

namespace {

PixelBuffer buffer_of(QImage& image) {
    return {.pixels = reinterpret_cast<Pixel*>(image.bits()),
            .stride = image.bytesPerLine() / static_cast<std::ptrdiff_t>(sizeof(Pixel)),
            .width = image.width(),
            .height = image.height()};
}

} // namespace

namespace {

/// The outline of a rectangle as four filled ones: a pen costs many times as much, and rings come by the hundred.
void fill_frame(QPainter& painter, const QRectF& at, double width, QColor colour) {
    const double half = width / 2;
    const QRect outer = at.adjusted(-half, -half, half, half).toRect();
    const int thick = std::max(1, static_cast<int>(std::lround(width)));
    painter.fillRect(QRect(outer.left(), outer.top(), outer.width(), thick), colour);
    painter.fillRect(QRect(outer.left(), outer.bottom() - thick + 1, outer.width(), thick), colour);
    painter.fillRect(QRect(outer.left(), outer.top(), thick, outer.height()), colour);
    painter.fillRect(QRect(outer.right() - thick + 1, outer.top(), thick, outer.height()), colour);
}

} // namespace

void FrameMapCanvas::draw_image() {
    const QSize size = (QSizeF(this->size()) * devicePixelRatioF()).toSize();
    if (image_.size() != size) {
        image_ = QImage(size, QImage::Format_RGB32);
        is_image_stale_ = true;
    }
    image_.setDevicePixelRatio(devicePixelRatioF());
    if (!is_image_stale_ && image_camera_ == device_camera()) return;
    image_camera_ = device_camera();
    is_image_stale_ = false;
    const ValueLod* values = uses_values(mode()) ? &values_ : nullptr;
    const MapImage map{.lod = lod_, .values = values, .paints = paints_, .camera = image_camera_};
    draw_frame_map(map, buffer_of(image_), {.x = 0, .y = 0, .width = image_.width(), .height = image_.height()});
}

void FrameMapCanvas::draw_tiles(std::span<const std::uint32_t> tiles) {
    if (is_image_stale_ || image_.isNull() || image_camera_ != device_camera()) {
        update();
        return;
    }
    const ValueLod* values = uses_values(mode()) ? &values_ : nullptr;
    const MapImage map{.lod = lod_, .values = values, .paints = paints_, .camera = image_camera_};
    const PixelBuffer buffer = buffer_of(image_);
    for (const std::uint32_t tile : tiles) {
        const CellRect cells = lod_.grid().cells_of_tile(tile);
        const int left = static_cast<int>(std::floor(image_camera_.to_pixel_x(cells.x))) - 1;
        const int top = static_cast<int>(std::floor(image_camera_.to_pixel_y(cells.y))) - 1;
        const int right = static_cast<int>(std::ceil(image_camera_.to_pixel_x(cells.x + cells.width))) + 1;
        const int bottom = static_cast<int>(std::ceil(image_camera_.to_pixel_y(cells.y + cells.height))) + 1;
        draw_frame_map(map, buffer, {.x = left, .y = top, .width = right - left, .height = bottom - top});
        const double ratio = devicePixelRatioF();
        update(QRectF(left / ratio, top / ratio, (right - left) / ratio, (bottom - top) / ratio).toAlignedRect());
    }
}

void FrameMapCanvas::paint_content(QPainter& painter, const QRect& exposed) {
    if (source_ == nullptr) return;
    draw_image();
    const double ratio = devicePixelRatioF();
    const QRectF source(exposed.x() * ratio, exposed.y() * ratio, exposed.width() * ratio, exposed.height() * ratio);
    painter.drawImage(QRectF(exposed), image_, source);

    painter.setPen(look().hairline());
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(camera().to_widget(QRectF({0, 0}, content_size())));
    paint_orders(painter);
    paint_changed(painter);
    paint_selection(painter);
    paint_hover(painter);
}

void FrameMapCanvas::paint_orders(QPainter& painter) {
    if (camera().scale_x() * devicePixelRatioF() < kBorderScale) return;
    const FrameGrid& grid = lod_.grid();
    const QRectF window(rect());
    const QRectF visible = QRectF(camera().to_content(window.topLeft()), camera().to_content(window.bottomRight())) &
                           QRectF({0, 0}, content_size());
    const auto left = static_cast<std::uint32_t>(visible.left());
    const auto top = static_cast<std::uint32_t>(visible.top());
    const auto right = static_cast<std::uint32_t>(std::ceil(visible.right()));
    const auto bottom = static_cast<std::uint32_t>(std::ceil(visible.bottom()));
    painter.setFont(look().font(TextSize::small));
    const QFontMetrics metrics(painter.font());
    for (std::uint32_t y = top; y < bottom; ++y) {
        const auto frames = lod_.frame_row(y);
        for (std::uint32_t x = left; x < right; ++x) {
            if (class_of(frames[x]) != FrameClass::free) continue;
            const Pfn frame = grid.frame_at({.x = x, .y = y});
            const CellRect block = grid.block(frame, Order{order_of(frames[x])});
            // Once a block: at its first cell in view.
            if (std::max(block.x, left) != x || std::max(block.y, top) != y) continue;
            const QRectF at = camera().to_widget(to_qrect(block)) & window; // in the middle of what is seen of it
            const QString text = QString::number(order_of(frames[x]));
            const double least = std::max(kLeastNumberedBlock, metrics.horizontalAdvance(text) + 4.0);
            if (at.width() < least || at.height() < std::max<double>(kLeastNumberedBlock, metrics.height() - 2))
                continue;
            painter.setPen(look().text_on(QColor::fromRgb(paints_.flat()[paints_.of_frame(frames[x])])));
            painter.drawText(at, Qt::AlignCenter, text);
        }
    }
}

void FrameMapCanvas::paint_changed(QPainter& painter) {
    // Where thousands of frames change at once their new colours say more than rings would.
    if (changed_.size() > kMostRings) return;
    const QPen ring(look().colour(Role::text), look().outline(Outline::selected).widthF());
    QRectF last;
    for (const Pfn frame : changed_) {
        if (frame.raw() >= lod_.grid().frames().count()) continue;
        QRectF at = camera().to_widget(block_rect(frame));
        if (at == last) continue; // the same block
        last = at;
        const double outside = kRingFrom * (1 - motion_.at());
        const double grow = std::max(1.0, (kLeastRing - at.width()) / 2) + outside;
        at.adjust(-grow, -grow, grow, grow);
        if (!at.intersects(QRectF(rect()))) continue;
        fill_frame(painter, at, ring.widthF() + 2, look().colour(Role::canvas));
        fill_frame(painter, at, ring.widthF(), ring.color());
    }
}

void FrameMapCanvas::paint_selection(QPainter& painter) {
    // Each run of consecutive selected frames is one outline where the layout keeps it together, else one a frame.
    const QPen ring = look().outline(Outline::selected);
    for (const Pfn frame : selection_) {
        if (frame.raw() >= lod_.grid().frames().count()) continue;
        QRectF at = rect_of(frame);
        const double grow = std::max(0.0, (kLeastSelection - at.width()) / 2);
        at.adjust(-grow, -grow, grow, grow);
        if (!at.intersects(QRectF(rect()))) continue;
        painter.setBrush(at.width() <= kLeastSelection ? QBrush(ring.color()) : QBrush(Qt::NoBrush));
        painter.setPen(QPen(look().colour(Role::canvas), ring.widthF() + 2));
        painter.drawRect(at);
        painter.setPen(ring);
        painter.drawRect(at);
    }
    painter.setBrush(Qt::NoBrush);
}

void FrameMapCanvas::paint_hover(QPainter& painter) {
    if (!hovered_) return;
    painter.setBrush(Qt::NoBrush);
    const auto outline = [&](const QRectF& at, const QPen& pen) {
        painter.setPen(QPen(look().colour(Role::canvas), pen.widthF() + 2));
        painter.drawRect(at);
        painter.setPen(pen);
        painter.drawRect(at);
    };
    const Order order = order_at(*hovered_);
    QPen solid = look().outline(Outline::hover);
    solid.setStyle(Qt::SolidLine);
    outline(camera().to_widget(block_rect(*hovered_)), solid);
    if (order == core::kMaxOrder) return;
    const Pfn buddy{(hovered_->raw() & ~(order.frames() - 1)) ^ order.frames()};
    if (buddy.raw() < lod_.grid().frames().count()) {
        outline(camera().to_widget(to_qrect(lod_.grid().block(buddy, order))), look().outline(Outline::hover));
    }
}

QList<CanvasItem> FrameMapCanvas::items() const {
    QList<CanvasItem> all;
    if (source_ == nullptr) return all;
    add_blocks(all); // what is under the cursor comes first
    add_areas(all);
    return all;
}

void FrameMapCanvas::add_areas(QList<CanvasItem>& items) const {
    // Sixteen areas whatever the size: the level whose cells are a quarter of the grid's height.
    const FrameGrid& grid = lod_.grid();
    unsigned level = lod_.levels() - 1;
    while (level > 0 && lod_.width(level) * lod_.height(level) < kAreas * kAreas) --level;
    const std::uint32_t across = std::min(kAreas * kAreas, lod_.width(level) * lod_.height(level));
    std::uint32_t number = 0;
    for (std::uint32_t y = 0; y < lod_.height(level); ++y) {
        for (std::uint32_t x = 0; x < lod_.width(level) && number < across; ++x) {
            const LodCell cell = lod_.cell(level, {.x = x, .y = y});
            const std::uint32_t side = 1U << level;
            const Pfn first = grid.frame_at({.x = x * side, .y = y * side});
            const QString name = tr("Area %1 of %2 around frame %3, %4")
                                     .arg(++number)
                                     .arg(across)
                                     .arg(format_pfn(first), cell_sentence(cell));
            items += {.name = name,
                      .rect = camera().to_widget(QRectF(x * side, y * side, side, side)),
                      .role = QAccessible::Grouping,
                      .is_current = false};
        }
    }
}

void FrameMapCanvas::add_blocks(QList<CanvasItem>& items) const {
    constexpr std::uint64_t kNeighbourhood = 64; // frames: an aligned 8 x 8 square
    constexpr qsizetype kMostBlocks = MapCanvas::kMostItems - (kAreas * kAreas);
    const auto bytes = source_->frame_bytes();
    const Order own = order_at(cursor_);
    const std::uint64_t around = std::max(kNeighbourhood, own.frames());
    std::uint64_t pfn = cursor_.raw() & ~(around - 1);
    const std::uint64_t end = std::min<std::uint64_t>(pfn + around, bytes.size());
    const std::uint64_t cursor_head = cursor_.raw() & ~(own.frames() - 1);
    while (pfn < end && items.size() < kMostBlocks) {
        const Pfn frame{pfn};
        const bool is_current = pfn == cursor_head;
        QString name = frame_sentence(*source_, is_current ? cursor_ : frame);
        if (is_current) name += QStringLiteral(". ") + buddy_sentence(*source_, frame);
        items += {.name = name,
                  .rect = camera().to_widget(block_rect(frame)),
                  .role = QAccessible::ListItem,
                  .is_current = is_current};
        pfn += order_at(frame).frames();
    }
}

} // namespace ksl::ui
