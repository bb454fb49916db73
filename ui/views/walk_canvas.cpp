// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/walk_canvas.h"

#include "core/types/assert.h"
#include "ui/format/format.h"
#include "ui/format/glossary.h"
#include "ui/format/wrap.h"

#include <QPainter>
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace ksl::ui {

namespace {

constexpr int kBeforeEntries = 2; ///< the address, the TLB
constexpr double kPale = 0.4;     ///< of what the walk has not reached

QString from_std(std::string_view text) {
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}
QRectF at_origin(const Rect& rect, QPointF origin) {
    return {origin.x() + rect.x, origin.y() + rect.y, rect.width, rect.height};
}

QString fault_name(const core::Fault& fault) {
    switch (fault.vector) {
    case core::Vector::page_fault: return WalkCanvas::tr("page fault #PF, error code %1").arg(fault.error_code);
    case core::Vector::general_protection: return WalkCanvas::tr("general protection #GP");
    case core::Vector::stack_segment: return WalkCanvas::tr("stack fault #SS");
    }
    return {};
}

/// The error code's bits in words.
QString error_words(const core::Fault& fault) {
    using namespace core::page_fault;
    const std::uint32_t code = fault.error_code;
    QStringList words;
    words += (code & kReserved) != 0     ? WalkCanvas::tr("a reserved bit is set")
             : (code & kProtection) != 0 ? WalkCanvas::tr("the page's rights forbid it")
                                         : WalkCanvas::tr("not present");
    words += (code & kFetch) != 0   ? WalkCanvas::tr("instruction fetch")
             : (code & kWrite) != 0 ? WalkCanvas::tr("write")
                                    : WalkCanvas::tr("read");
    words += (code & kUser) != 0 ? WalkCanvas::tr("user mode") : WalkCanvas::tr("kernel mode");
    return words.join(QStringLiteral(", "));
}

} // namespace

WalkCanvas::WalkCanvas(const Theme& theme, QWidget* parent)
    : MapCanvas(theme, Scope::page_walk, ZoomAxes::none, parent) {}

QSize WalkCanvas::sizeHint() const {
    return {look().px(720), look().px(300)};
}
QSize WalkCanvas::minimumSizeHint() const {
    const int line = static_cast<int>(std::ceil(QFontMetricsF(look().font(TextSize::small)).height()));
    return {look().px(320), 9 * line};
}

int WalkCanvas::steps() const {
    return walk_ ? kBeforeEntries + static_cast<int>(entry_count()) + 1 : 0;
}

void WalkCanvas::show_walk(std::optional<WalkReading> walk) {
    const bool is_other = !walk || !walk_ || walk->walk.at != walk_->walk.at;
    walk_ = std::move(walk);
    // A chosen address is answered at once; who wants to see how goes back through the steps.
    step_ = is_other ? std::max(0, steps() - 1) : std::clamp(step_, 0, std::max(0, steps() - 1));
    update();
    announce_change();
    Q_EMIT step_changed(step_);
}

void WalkCanvas::go_to_step(int step) {
    const int there = std::clamp(step, 0, std::max(0, steps() - 1));
    if (there == step_) return;
    step_ = there;
    update();
    announce_change();
    Q_EMIT step_changed(step_);
}

bool WalkCanvas::move_cursor(CursorStep step) {
    const int before = step_;
    if (step == CursorStep::right || step == CursorStep::down) go_to_step(step_ + 1);
    if (step == CursorStep::left || step == CursorStep::up) go_to_step(step_ - 1);
    return step_ != before;
}

const WalkReading& WalkCanvas::reading() const {
    KSL_ASSERT(walk_.has_value(), "drawn and described only if there is a walk");
    return *walk_;
}

const sim::ExplainedEntry& WalkCanvas::current() const {
    const auto entry = current_entry();
    KSL_ASSERT(entry.has_value(), "asked for only at an entry");
    return reading().walk.entries[*entry];
}

std::optional<std::size_t> WalkCanvas::current_entry() const {
    if (step_ < kBeforeEntries || entry_count() == 0) return std::nullopt;
    return std::min(static_cast<std::size_t>(step_ - kBeforeEntries), entry_count() - 1);
}

bool WalkCanvas::is_spared(std::size_t entry) const {
    const std::optional<MmuLook>& mmu = reading().mmu;
    if (!mmu) return false;
    const bool has_walked = mmu->outcome == core::MmuOutcome::walked || !mmu->reads.empty();
    return !has_walked ? !mmu->fault : entry < mmu->spared;
}

WalkShape WalkCanvas::shape() const {
    const sim::WalkExplanation& walk = reading().walk;
    WalkShape shape{.levels = walk.mode.geometry.levels(), .leaf_level = 1, .entry_level = 0};
    if (!walk.entries.empty()) shape.leaf_level = number_of(walk.entries.back().level);
    if (const auto entry = current_entry()) {
        const sim::ExplainedEntry& shown = walk.entries[*entry];
        const bool is_leaf = shown.entry.is_leaf(shown.level) || !shown.entry.is_present();
        shape.entry_level = is_leaf ? shape.leaf_level : std::max(number_of(shown.level), shape.leaf_level);
    }
    return shape;
}

WalkCanvas::Parts WalkCanvas::parts() const {
    const double margin = look().px(8);
    const double line = std::ceil(QFontMetricsF(look().font(TextSize::body)).height());
    const QRectF area = QRectF(rect()).adjusted(margin, margin, -margin, -margin);
    // A long sentence takes a second line where the picture can spare one.
    constexpr double kLinesToSpare = 12;
    const QFontMetricsF bold(look().font(TextSize::body, TextWeight::bold));
    const bool is_long =
        area.height() >= kLinesToSpare * line && wrapped(step_text(step_), bold, area.width()).size() > 1;
    const double sentence = is_long ? 2 * line : line;
    Parts p;
    p.sentence = QRectF(area.left(), area.bottom() - sentence, area.width(), sentence);
    p.picture = QRectF(area.left(), area.top(), area.width(), p.sentence.top() - margin - area.top());
    return p;
}

WalkLayout WalkCanvas::layout_in(const QRectF& at) const {
    const QFontMetricsF fixed(look().fixed_font(TextSize::small));
    const QFontMetricsF small(look().font(TextSize::small));
    return lay_out_walk(shape(), {.width = at.width(),
                                  .height = at.height(),
                                  .line_height = std::ceil(std::max(fixed.height(), small.height())) + 2,
                                  .digit_width = fixed.horizontalAdvance(u'0')});
}

QString WalkCanvas::entry_text(std::size_t entry) const {
    const sim::ExplainedEntry& shown = reading().walk.entries[entry];
    const QString base = format_hex(address_of(shown.table).raw());
    const QString where = tr("%1: entry %2, read at 0x%3 + 8 \u00D7 %2")
                              .arg(from_std(core::name_of(shown.level)))
                              .arg(shown.index)
                              .arg(base);
    const QString bits = from_std(sim::bits_in_words(shown.entry, shown.level));
    const QString text = tr("%1: %2").arg(where, bits);
    return is_spared(entry) ? tr("%1. The processor remembers it and does not read it.").arg(text) : text;
}

QString WalkCanvas::end_text() const {
    if (const auto fault = reading().fault()) {
        if (fault->vector != core::Vector::page_fault) {
            return tr("Not canonical: bits 63 to %1 are not all alike; %2 before any walk")
                .arg(reading().walk.mode.geometry.address_bits() - 1)
                .arg(fault_name(*fault));
        }
        return tr("%1 (%2); CR2 = %3").arg(fault_name(*fault), error_words(*fault), format_address(reading().walk.at));
    }
    const core::Translation& found = *reading().walk.outcome;
    return tr("Physical address 0x%1, in a %2 page: %3, %4, %5")
        .arg(format_hex(found.at.raw()), format_bytes(bytes_of(found.size())),
             found.rights.user ? tr("user") : tr("kernel only"),
             found.rights.writable ? tr("writable") : tr("read-only"),
             found.rights.no_execute ? tr("not executable") : tr("executable"));
}

QString WalkCanvas::tlb_text() const {
    const std::optional<MmuLook>& mmu = reading().mmu;
    if (!mmu) return tr("Captured tables: what the processor's TLBs held was not captured");
    const MmuLook& look = *mmu;
    switch (look.outcome) {
    case core::MmuOutcome::first_level: return tr("TLB: hit in the first level, no walk, no wait");
    case core::MmuOutcome::second_level:
        return tr("TLB: not in the first level, hit in the second: %1, no walk").arg(format_cycles(look.stall));
    case core::MmuOutcome::walked:
    case core::MmuOutcome::faulted: break;
    }
    if (look.reads.empty()) return tr("TLB: no translation; the access faults without reading a table");
    if (look.spared == 0) return tr("TLB: in neither level; the walk begins at the top");
    return tr("TLB: in neither level; paging-structure caches spare the walk %1 of %2 entries")
        .arg(look.spared)
        .arg(entry_count());
}

QString WalkCanvas::cost_text() const {
    const std::optional<MmuLook>& mmu = reading().mmu;
    if (!mmu) return {};
    const MmuLook& look = *mmu;
    if (look.reads.empty()) return tr("on cpu %1: no entry is read").arg(look.cpu.raw());
    QStringList reads;
    for (const MmuLook::Read& read : look.reads)
        reads += tr("%1 (%2)").arg(read.latency.count()).arg(from_std(core::name_of(read.found)));
    return tr("on cpu %1: reads %2, with TLB and overhead %3")
        .arg(QString::number(look.cpu.raw()), reads.join(QStringLiteral(" + ")), format_cycles(look.stall));
}

QString WalkCanvas::step_text(int step) const {
    if (!walk_) return {};
    if (step == 0) {
        const QString region = reading().walk.region.empty()
                                   ? QString()
                                   : tr(" in the region \u201C%1\u201D").arg(from_std(reading().walk.region));
        return tr("Address %1%2: %3 bits choose an entry at each of %4 levels, the rest is the offset")
            .arg(format_address(reading().walk.at), region)
            .arg(core::kIndexBits)
            .arg(reading().walk.mode.geometry.levels());
    }
    if (step == 1) return tlb_text();
    const auto entry = static_cast<std::size_t>(step - kBeforeEntries);
    return entry < entry_count() ? entry_text(entry) : end_text();
}

QString WalkCanvas::summary() const {
    if (!walk_) return tr("Page walk, no address chosen");
    return tr("Page walk of %1, step %2 of %3: %4")
        .arg(format_address(reading().walk.at))
        .arg(step_ + 1)
        .arg(steps())
        .arg(step_text(step_));
}

QList<CanvasItem> WalkCanvas::items() const {
    QList<CanvasItem> all;
    if (!walk_) return all;
    const Parts p = parts();
    const WalkLayout layout = layout_in(p.picture);
    const QPointF origin = p.picture.topLeft();
    for (int step = 0; step < steps(); ++step) {
        QRectF rect(origin, QSizeF(p.picture.width(), layout.tlb.y));
        if (step == 1) rect = at_origin(layout.tlb, origin);
        const auto entry = static_cast<std::size_t>(std::max(0, step - kBeforeEntries));
        if (step >= kBeforeEntries) {
            rect = at_origin(entry < entry_count() ? layout.tables[entry].rect : layout.frame, origin);
        }
        all += {.name = step_text(step), .rect = rect, .role = QAccessible::ListItem, .is_current = step == step_};
    }
    return all;
}

void WalkCanvas::press(QPointF content) {
    if (!walk_) return;
    const QPointF at = camera().to_widget(content);
    const QList<CanvasItem> all = items();
    for (qsizetype step = 0; step < all.size(); ++step) {
        if (all[step].rect.contains(at)) {
            go_to_step(static_cast<int>(step));
            return;
        }
    }
}

QString WalkCanvas::bit_tip(const BitBox& field) const {
    const sim::ExplainedEntry& shown = current();
    QStringList meanings;
    for (const core::BitField& each : core::fields_of(core::kind_of(shown.entry, shown.level))) {
        if (each.low < field.low || each.low >= field.low + field.width) continue;
        meanings +=
            tr("%1 = %2: %3").arg(from_std(each.name), format_hex(shown.entry.get(each)), from_std(each.meaning));
    }
    return meanings.join(QStringLiteral("; "));
}

QString WalkCanvas::tip(QPointF widget) const {
    if (!walk_) return {};
    const Parts p = parts();
    const WalkLayout layout = layout_in(p.picture);
    const QPointF origin = p.picture.topLeft();
    if (current_entry()) {
        for (const BitBox& field : layout.entry) {
            if (at_origin(field.rect, origin).contains(widget)) return bit_tip(field);
        }
    }
    if (at_origin(layout.tlb, origin).contains(widget)) return meaning_of(QLatin1StringView("TLB"));
    for (std::size_t i = 0; i < layout.tables.size() && i < entry_count(); ++i) {
        if (!at_origin(layout.tables[i].rect, origin).contains(widget)) continue;
        return is_spared(i) ? entry_text(i) + u' ' + meaning_of(QLatin1StringView("remembered")) : entry_text(i);
    }
    return at_origin(layout.frame, origin).contains(widget) ? end_text() : QString();
}

void WalkCanvas::paint_content(QPainter& painter, const QRect& /*exposed*/) {
    TextPainter text(painter, written_);
    if (!walk_) {
        text.set_font(look().font(TextSize::body));
        text.set_colour(look().colour(Role::muted));
        text.write(QRectF(rect()).adjusted(8, 8, -8, -8), Qt::AlignCenter,
                   tr("Click into a stack or the address space, or type an address"));
        return;
    }
    const Parts p = parts();
    const WalkLayout layout = layout_in(p.picture);
    const QPointF origin = p.picture.topLeft();
    paint_address(painter, text, layout, origin);
    text.set_font(look().font(TextSize::small));
    text.set_colour(look().colour(step_ >= 1 ? Role::text : Role::muted));
    text.write(at_origin(layout.tlb, origin), Qt::AlignLeft | Qt::AlignVCenter, step_ >= 1 ? tlb_text() : QString());
    paint_tables(painter, text, layout, origin);
    paint_end(painter, text, layout, origin);
    if (current_entry()) paint_bits(painter, text, layout, origin);
    text.set_font(look().font(TextSize::small));
    text.set_colour(look().colour(Role::muted));
    text.write(at_origin(layout.cost, origin), Qt::AlignLeft | Qt::AlignVCenter, cost_text());
    text.set_font(look().font(TextSize::body, TextWeight::bold));
    text.set_colour(look().colour(Role::text));
    const double line = text.line_height();
    if (p.sentence.height() < 2 * line) {
        text.write(p.sentence, Qt::AlignLeft | Qt::AlignVCenter, step_text(step_));
        return;
    }
    QStringList lines = wrapped(step_text(step_), QFontMetricsF(painter.font()), p.sentence.width());
    const QRectF first(p.sentence.left(), p.sentence.top(), p.sentence.width(), line);
    text.write(first, Qt::AlignLeft | Qt::AlignTop, lines.takeFirst());
    text.write(first.translated(0, line), Qt::AlignLeft | Qt::AlignTop, lines.join(u' '));
}

void WalkCanvas::paint_address(QPainter& painter, TextPainter& text, const WalkLayout& layout, QPointF origin) const {
    const std::uint64_t address = reading().walk.at.raw();
    const auto entry = current_entry();
    for (const BitBox& field : layout.address) {
        const QRectF at = at_origin(field.rect, origin);
        const std::uint64_t mask = field.width == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << field.width) - 1;
        const std::uint64_t value = (address >> field.low) & mask;
        const bool is_index = field.name != "sign" && field.name != "offset";
        const bool is_now = entry && is_index && field.name == core::name_of(reading().walk.entries[*entry].level);
        painter.setPen(is_now ? look().outline(Outline::selected) : look().hairline());
        painter.setBrush(look().colour(is_index ? Role::panel : Role::canvas));
        painter.drawRect(at.adjusted(1, 1, -1, -1));
        text.set_font(look().fixed_font(TextSize::small));
        text.set_colour(look().colour(Role::text));
        const QString number = is_index ? QString::number(value) : format_hex(value);
        const QString name = from_std(field.name);
        const QString both = name + u' ' + number;
        text.write(at.adjusted(2, 0, -2, 0), Qt::AlignCenter, text.width_of(both) <= at.width() - 4 ? both : number);
    }
}

void WalkCanvas::paint_tables(QPainter& painter, TextPainter& text, const WalkLayout& layout, QPointF origin) const {
    for (std::size_t i = 0; i < layout.tables.size() && i < entry_count(); ++i) {
        const QRectF box = at_origin(layout.tables[i].rect, origin);
        const int now = kBeforeEntries + static_cast<int>(i);
        painter.setOpacity(step_ >= now ? 1.0 : kPale);
        QPen pen = step_ == now ? look().outline(Outline::selected) : look().hairline();
        if (is_spared(i)) pen.setStyle(Qt::DashLine);
        painter.setPen(pen);
        painter.setBrush(look().colour(Role::panel));
        painter.drawRect(box.adjusted(1, 1, -1, -1));
        if (layout.is_compact) {
            paint_table_line(text, i, box);
            continue;
        }
        const QRectF row = at_origin(layout.tables[i].entry, origin);
        paint_table_head(text, i, box, row);
        paint_table_entry(painter, text, i, row);
        if (i < layout.arrows.size()) paint_arrow(painter, layout.arrows[i], origin);
    }
    painter.setOpacity(1);
}

QString WalkCanvas::entry_target(const sim::ExplainedEntry& shown) {
    if (!shown.entry.is_present()) return tr("not present");
    if (shown.entry.is_leaf(shown.level)) return tr("frame %1").arg(format_pfn(shown.entry.frame(shown.level)));
    return tr("table %1").arg(format_pfn(shown.entry.table()));
}

void WalkCanvas::paint_table_line(TextPainter& text, std::size_t table, const QRectF& box) const {
    const sim::ExplainedEntry& shown = reading().walk.entries[table];
    text.set_font(look().font(TextSize::small, TextWeight::bold));
    text.set_colour(look().colour(Role::text));
    text.write(box.adjusted(6, 0, -6, 0), Qt::AlignLeft | Qt::AlignVCenter,
               tr("%1 %2 \u2192 %3%4")
                   .arg(from_std(core::name_of(shown.level)))
                   .arg(shown.index)
                   .arg(entry_target(shown), is_spared(table) ? tr(", remembered") : QString()));
}

void WalkCanvas::paint_table_head(TextPainter& text, std::size_t table, const QRectF& box, const QRectF& row) const {
    const sim::ExplainedEntry& shown = reading().walk.entries[table];
    text.set_font(look().font(TextSize::small, TextWeight::bold));
    const double line = text.line_height();
    const auto write = [&](double top, const QString& what) {
        text.write(QRectF(box.left() + 6, top, box.width() - 12, line), Qt::AlignLeft, what);
    };
    text.set_colour(look().colour(Role::text));
    write(box.top() + 3, from_std(core::name_of(shown.level)));
    text.set_font(look().font(TextSize::small));
    text.set_colour(look().colour(Role::muted));
    if (row.top() >= box.top() + 3 + (2 * line))
        write(box.top() + 3 + line, tr("in frame %1").arg(format_pfn(shown.table)));
    if (is_spared(table) && row.bottom() <= box.bottom() - line - 3) write(box.bottom() - line - 3, tr("remembered"));
}

void WalkCanvas::paint_table_entry(QPainter& painter, TextPainter& text, std::size_t table, const QRectF& row) const {
    const sim::ExplainedEntry& shown = reading().walk.entries[table];
    const bool is_present = shown.entry.is_present();
    painter.setPen(look().hairline());
    painter.setBrush(is_present ? QBrush(look().colour(FrameClass::page_table))
                                : look().fill_with_pattern(FrameClass::hole, devicePixelRatioF()));
    const QRectF filled = row.adjusted(1, 0, -1, 0);
    painter.drawRect(filled);
    // Letters on a pattern cannot be read.
    if (!is_present) painter.fillRect(filled.adjusted(6, 1, -6, -1), look().colour(Role::canvas));
    text.set_colour(is_present ? look().text_on(look().colour(FrameClass::page_table)) : look().colour(Role::text));
    text.set_font(look().fixed_font(TextSize::small));
    text.write(filled.adjusted(4, 0, -4, 0), Qt::AlignCenter, tr("%1: %2").arg(shown.index).arg(entry_target(shown)));
}

void WalkCanvas::paint_arrow(QPainter& painter, const WalkArrow& arrow, QPointF origin) const {
    const QPointF from = origin + QPointF(arrow.x_from, arrow.y_from);
    const QPointF to = origin + QPointF(arrow.x_to, arrow.y_to);
    painter.setPen(QPen(look().colour(Role::text), 1.5));
    painter.drawLine(from, to);
    painter.setBrush(look().colour(Role::text));
    painter.drawPolygon(QPolygonF({to, to + QPointF(-6, -4), to + QPointF(-6, 4)}));
}

void WalkCanvas::paint_end(QPainter& painter, TextPainter& text, const WalkLayout& layout, QPointF origin) const {
    const QRectF box = at_origin(layout.frame, origin).adjusted(1, 1, -1, -1);
    const bool is_now = step_ == steps() - 1;
    painter.setOpacity(is_now ? 1.0 : kPale);
    const auto fault = reading().fault();
    const QColor ground = fault ? look().colour(Role::damage) : look().colour(FrameClass::kernel_stack);
    painter.setPen(is_now ? look().outline(Outline::selected) : look().hairline());
    painter.setBrush(ground);
    painter.drawRect(box);
    text.set_colour(look().text_on(ground));
    text.set_font(look().font(TextSize::small, TextWeight::bold));
    const double line = text.line_height();
    QStringList lines;
    if (fault) {
        lines += fault->vector == core::Vector::page_fault ? tr("page fault") : fault_name(*fault);
        if (fault->vector == core::Vector::page_fault) {
            lines += tr("error code %1").arg(fault->error_code);
            lines += error_words(*fault).split(QStringLiteral(", "));
        }
    } else {
        const core::Translation& found = *reading().walk.outcome;
        lines += tr("frame %1").arg(format_pfn(frame_of(found.at)));
        lines += tr("+ 0x%1").arg(format_hex(found.at.raw() & (core::kPageBytes - 1)));
        lines += format_bytes(bytes_of(found.size())) + tr(" page");
    }
    if (layout.is_compact) {
        text.write(box.adjusted(6, 0, -6, 0), Qt::AlignLeft | Qt::AlignVCenter, lines.join(QStringLiteral(", ")));
    } else {
        double y = box.center().y() - (line * static_cast<double>(lines.size()) / 2);
        y = std::max(y, box.top() + 2);
        for (const QString& each : std::as_const(lines)) {
            if (y + line > box.bottom()) break;
            text.write(QRectF(box.left() + 4, y, box.width() - 8, line), Qt::AlignHCenter | Qt::AlignTop, each);
            text.set_font(look().font(TextSize::small));
            y += line;
        }
    }
    painter.setOpacity(1);
}

void WalkCanvas::paint_bits(QPainter& painter, TextPainter& text, const WalkLayout& layout, QPointF origin) const {
    const sim::ExplainedEntry& shown = current();
    text.set_font(look().fixed_font(TextSize::small));
    for (const BitBox& field : layout.entry) {
        const QRectF at = at_origin(field.rect, origin).adjusted(1, 1, -1, -1);
        const std::uint64_t mask = field.width >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << field.width) - 1;
        const std::uint64_t value = (shown.entry.bits() >> field.low) & mask;
        // A bit that is set is filled; its name stays in both.
        const bool is_set = field.width == 1 && value != 0;
        const QColor ground = look().colour(is_set ? Role::focus : Role::canvas);
        painter.setPen(look().hairline());
        painter.setBrush(ground);
        painter.drawRect(at);
        text.set_colour(is_set ? look().colour(Role::on_focus)
                               : look().colour(field.width == 1 ? Role::muted : Role::text));
        const QString name = from_std(field.name);
        const QString with_value = name + u' ' + format_hex(value);
        const bool has_room = field.width > 1 && text.width_of(with_value) <= at.width() - 2;
        text.write(at.adjusted(1, 0, -1, 0), Qt::AlignCenter, has_room ? with_value : name);
    }
}

} // namespace ksl::ui
