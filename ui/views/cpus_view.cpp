// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/cpus_view.h"

#include "ui/format/format.h"
#include "ui/format/glossary.h"
#include "ui/machine/stack_reading.h"
#include "ui/views/event_text.h"

#include <QPainter>
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace ksl::ui {

using core::AddressClass;
using core::CpuId;
using core::StackId;

namespace {

constexpr double kMargin = 8;
constexpr double kLeastCard = 300;
constexpr double kSlotSide = 22;
constexpr double kTlbHeight = 44;
constexpr std::array kClasses{AddressClass::user, AddressClass::direct_map, AddressClass::vmalloc,
                              AddressClass::other_kernel};

/// The array that holds translations of 4 KiB pages for loads, first level.
std::optional<std::size_t> data_tlb(const core::Tlb& tlb) {
    for (std::size_t i = 0; i < tlb.array_count(); ++i) {
        const auto& info = tlb.info(i);
        if (info.level == core::TlbLevel::l1 && info.for_load && info.holds.has(core::PageSize::small_4k)) return i;
    }
    return std::nullopt;
}

AddressClass class_of_entry(const core::TlbEntry& entry) {
    return static_cast<AddressClass>(entry.key >> core::TlbEntry::kClassShift & (core::kAddressClasses - 1));
}

/// Slots or sets that no entry is in.
double sum(const core::TlbCounters::BySize& counts) {
    return static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}));
}

} // namespace

CpusView::CpusView(const Theme& theme, QWidget* parent) : SnapshotCanvas(theme, Scope::canvas, ZoomAxes::none, parent) {
    QSizePolicy policy(QSizePolicy::Preferred, QSizePolicy::Preferred);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
}

void CpusView::show_snapshot(const SnapshotPtr& snapshot) {
    const std::size_t before = card_count();
    snapshot_ = snapshot;
    if (card_count() != before) updateGeometry();
    update();
    announce_change();
}

std::size_t CpusView::card_count() const {
    return snapshot_ == nullptr ? 0 : std::min(snapshot_->machine->state().cpus.size(), kMostCards);
}

std::size_t CpusView::columns(double width) const {
    const double room = width - look().px(kMargin);
    const auto fit = static_cast<std::size_t>(std::max(1.0, room / (look().px(kLeastCard) + look().px(kMargin))));
    return std::clamp<std::size_t>(fit, 1, std::max<std::size_t>(card_count(), 1));
}

double CpusView::card_height() const {
    const double title = std::ceil(QFontMetricsF(look().font(TextSize::body, TextWeight::bold)).height());
    const double line = std::ceil(QFontMetricsF(look().font(TextSize::small)).height());
    return title + (2 * line) + look().px(kSlotSide) + look().px(kTlbHeight) + look().px(6 * 5);
}

int CpusView::heightForWidth(int width) const {
    const std::size_t count = std::max<std::size_t>(card_count(), 1);
    const std::size_t rows = (count + columns(width) - 1) / columns(width);
    const double margin = look().px(kMargin);
    const double legend = std::ceil(QFontMetricsF(look().font(TextSize::small)).height());
    const double cards = static_cast<double>(rows) * (card_height() + margin);
    return static_cast<int>(std::ceil(cards + (2 * margin) + legend));
}
QSize CpusView::sizeHint() const {
    const int width = look().px(kLeastCard + (2 * kMargin));
    return {width, heightForWidth(width)};
}
QSize CpusView::minimumSizeHint() const {
    return {look().px(kLeastCard + (2 * kMargin)), static_cast<int>(card_height()) + look().px(2 * kMargin)};
}

CpusView::Card CpusView::card(std::size_t index) const {
    const double margin = look().px(kMargin);
    const double gap = look().px(5);
    const std::size_t across = columns(width());
    const double each = (width() - (margin * static_cast<double>(across + 1))) / static_cast<double>(across);
    Card card;
    const std::size_t row = index / across;
    const std::size_t column = index % across;
    card.rect = QRectF(margin + (static_cast<double>(column) * (each + margin)),
                       margin + (static_cast<double>(row) * (card_height() + margin)), each, card_height());
    const QRectF inside = card.rect.adjusted(gap * 1.5, gap, -gap * 1.5, -gap);
    const double title = std::ceil(QFontMetricsF(look().font(TextSize::body, TextWeight::bold)).height());
    const double line = std::ceil(QFontMetricsF(look().font(TextSize::small)).height());
    double y = inside.top();
    const auto take = [&](double height) {
        const QRectF line_at(inside.left(), y, inside.width(), height);
        y += height + gap;
        return line_at;
    };
    card.title = take(title);
    card.slots = take(look().px(kSlotSide));
    card.tlb = take(look().px(kTlbHeight));
    card.misses = take(line);
    card.lists = take(line);
    return card;
}

QRectF CpusView::slot_rect(const Card& card, unsigned slot) const {
    const double label =
        std::ceil(QFontMetricsF(look().font(TextSize::small)).horizontalAdvance(tr("stack cache"))) + look().px(8);
    const double side = look().px(kSlotSide);
    return {card.slots.left() + label + (slot * (side + look().px(4))), card.slots.top(), side, side};
}

QColor CpusView::colour_of(AddressClass which) const {
    switch (which) {
    case AddressClass::user: return look().colour(FrameClass::movable);
    case AddressClass::direct_map: return look().colour(FrameClass::unmovable);
    case AddressClass::vmalloc: return look().colour(FrameClass::kernel_stack);
    case AddressClass::other_kernel: return look().colour(FrameClass::page_table);
    }
    return {};
}

QString CpusView::task_text(std::size_t index) const {
    const core::Cpu& processor = cpu(index);
    if (processor.is_idle()) return tr("idle");
    return task_name(*snapshot_->machine, processor.current);
}

QString CpusView::tlb_text(std::size_t index) const {
    const core::TlbCounters& counters = cpu(index).mmu.counters();
    const double hits = sum(counters.first_hits);
    const double second = sum(counters.second_hits);
    const auto accesses = static_cast<double>(counters.accesses());
    if (accesses == 0) return tr("TLB not used yet");
    const QString text = tr("L1 %1, L2 %2, %3 walks");
    return text.arg(format_percent(hits / accesses, 1), format_percent(second / accesses, 1),
                    format_count(counters.walks()));
}

QString CpusView::list_text(std::size_t index) const {
    const core::MachineState& state = snapshot_->machine->state();
    const CpuId id{static_cast<std::uint16_t>(index)};
    std::uint32_t pages = 0;
    for (const core::ZoneId zone : {core::ZoneId::dma, core::ZoneId::dma32, core::ZoneId::normal})
        pages += state.memory.pages.state().lists_of(id, zone).count;
    const QString lists = tr("%1 listed pages").arg(format_count(pages));
    const std::size_t callbacks = state.rcu.pending(id);
    const std::size_t stacks = cpu(index).deferred_stacks.size();
    if (stacks != 0) return tr("%1, %2 stacks to free").arg(lists, format_count(stacks));
    return tr("%1, %2 callbacks").arg(lists, format_count(callbacks));
}

QString CpusView::card_sentence(std::size_t index) const {
    const core::StackCache& cache = snapshot_->machine->state().stacks.cache(CpuId{static_cast<std::uint16_t>(index)});
    unsigned taken = 0;
    for (std::uint8_t slot = 0; slot < cache.slots(); ++slot) taken += cache.slot(slot).is_none() ? 0U : 1U;
    const QString slots_text =
        cache.slots() == 0 ? tr("no stack cache") : tr("%1 of %2 cache slots taken").arg(taken).arg(cache.slots());
    return QStringLiteral("%1, %2, %3, %4, %5")
        .arg(cpu_name(CpuId{static_cast<std::uint16_t>(index)}), task_text(index), slots_text, tlb_text(index),
             list_text(index));
}

QString CpusView::summary() const {
    if (snapshot_ == nullptr) return tr("CPUs, no machine");
    std::size_t busy = 0;
    for (const core::Cpu& processor : snapshot_->machine->state().cpus) busy += processor.is_idle() ? 0U : 1U;
    return tr("%1 CPUs, %2 busy").arg(snapshot_->machine->state().cpus.size()).arg(busy);
}

QList<CanvasItem> CpusView::items() const {
    QList<CanvasItem> all;
    for (std::size_t i = 0; i < card_count(); ++i) {
        all += {.name = card_sentence(i),
                .rect = card(i).rect,
                .role = QAccessible::ListItem,
                .is_current = static_cast<int>(i) == cursor_};
    }
    return all;
}

QRectF CpusView::cursor_rect() const {
    if (static_cast<std::size_t>(cursor_) >= card_count()) return {};
    const QRectF at = card(static_cast<std::size_t>(cursor_)).rect;
    return {camera().to_content(at.topLeft()), camera().to_content(at.bottomRight())};
}

bool CpusView::move_cursor(CursorStep step) {
    const int across = static_cast<int>(columns(width()));
    int next = cursor_;
    switch (step) {
    case CursorStep::left: next -= 1; break;
    case CursorStep::right: next += 1; break;
    case CursorStep::up: next -= across; break;
    case CursorStep::down: next += across; break;
    }
    if (next < 0 || next >= static_cast<int>(card_count())) return false;
    cursor_ = next;
    return true;
}

bool CpusView::carry_out(Command command) {
    if (command != Command::inspect || snapshot_ == nullptr || card_count() == 0) return MapCanvas::carry_out(command);
    Q_EMIT stack_clicked(interesting_stack(*snapshot_->machine, CpuId{static_cast<std::uint16_t>(cursor_)}));
    return true;
}

void CpusView::press(QPointF content) {
    const QPointF at = camera().to_widget(content);
    for (std::size_t i = 0; i < card_count(); ++i) {
        const Card here = card(i);
        if (!here.rect.contains(at)) continue;
        cursor_ = static_cast<int>(i);
        const CpuId id{static_cast<std::uint16_t>(i)};
        const core::StackCache& cache = snapshot_->machine->state().stacks.cache(id);
        for (std::uint8_t slot = 0; slot < cache.slots(); ++slot) {
            if (slot_rect(here, slot).contains(at) && !cache.slot(slot).is_none()) {
                Q_EMIT stack_clicked(cache.slot(slot));
                return;
            }
        }
        if (here.title.contains(at)) Q_EMIT stack_clicked(interesting_stack(*snapshot_->machine, id));
    }
}

QString CpusView::tip(QPointF widget) const {
    for (std::size_t i = 0; snapshot_ != nullptr && i < card_count(); ++i) {
        const Card here = card(i);
        if (!here.rect.contains(widget)) continue;
        if (here.slots.contains(widget)) return meaning_of(QLatin1StringView("cached stack"));
        if (here.tlb.contains(widget)) {
            return tr("Each mark is a translation that the first level of this CPU's data TLB holds: sets from left to "
                      "right, ways from top to bottom. %1")
                .arg(meaning_of(QLatin1StringView("TLB")));
        }
        if (here.misses.contains(widget)) {
            return tr("How many of this CPU's accesses each level of its TLB answered, and how many page walks the "
                      "rest took. %1")
                .arg(meaning_of(QLatin1StringView("page walk")));
        }
        if (here.lists.contains(widget)) {
            return tr("%1 Callbacks: %2")
                .arg(meaning_of(QLatin1StringView("listed pages")), meaning_of(QLatin1StringView("callbacks")));
        }
        return card_sentence(i);
    }
    return {};
}

void CpusView::paint_content(QPainter& painter, const QRect& /*exposed*/) {
    TextPainter text(painter, written_);
    if (snapshot_ == nullptr) {
        text.set_font(look().font(TextSize::body));
        text.set_colour(look().colour(Role::muted));
        text.write(QRectF(rect()).adjusted(8, 8, -8, -8), Qt::AlignCenter, tr("No CPU to show"));
        return;
    }
    for (std::size_t i = 0; i < card_count(); ++i) paint_card(painter, text, i);
    paint_legend(painter, text, card(card_count() - 1).rect.bottom() + look().px(kMargin));
}

void CpusView::paint_legend(QPainter& painter, TextPainter& text, double top) const {
    text.set_font(look().font(TextSize::small));
    const double side = look().px(10);
    double x = look().px(kMargin);
    for (const AddressClass which : kClasses) {
        const QString label = latin(core::name_of(which));
        const double wide = text.width_of(label);
        if (x + side + wide + look().px(6) > width()) return;
        painter.setPen(look().hairline());
        painter.setBrush(colour_of(which));
        painter.drawRect(QRectF(x, top + ((text.line_height() - side) / 2), side, side));
        x += side + look().px(4);
        text.set_colour(look().colour(Role::muted));
        text.write(QRectF(x, top, wide + 1, text.line_height()), Qt::AlignLeft | Qt::AlignVCenter, label);
        x += wide + look().px(12);
    }
}

void CpusView::paint_card(QPainter& painter, TextPainter& text, std::size_t index) const {
    const Card here = card(index);
    const bool acted = snapshot_->position != 0 && snapshot_->last.cpu == index;
    painter.setBrush(look().colour(Role::panel));
    painter.setPen(acted ? look().outline(Outline::selected) : look().hairline());
    painter.drawRoundedRect(here.rect, look().px(3), look().px(3));

    text.set_font(look().font(TextSize::body, TextWeight::bold));
    text.set_colour(look().colour(Role::text));
    const double name =
        text.write(here.title, Qt::AlignLeft | Qt::AlignVCenter, cpu_name(CpuId{static_cast<std::uint16_t>(index)}));
    text.set_font(look().font(TextSize::body));
    text.set_colour(look().colour(cpu(index).is_idle() ? Role::muted : Role::text));
    const QString time = format_playhead(snapshot_->machine->time(CpuId{static_cast<std::uint16_t>(index)}));
    text.set_font(look().font(TextSize::small));
    const double clock = text.width_of(time);
    text.set_font(look().font(TextSize::body));
    text.write(here.title.adjusted(name + look().px(10), 0, -clock - look().px(8), 0), Qt::AlignLeft | Qt::AlignVCenter,
               task_text(index));
    text.set_font(look().font(TextSize::small));
    text.set_colour(look().colour(Role::muted));
    text.write(here.title, Qt::AlignRight | Qt::AlignVCenter, time);

    paint_slots(painter, text, index, here);
    paint_tlb(painter, text, index, here);
    text.set_font(look().font(TextSize::small));
    text.set_colour(look().colour(Role::text));
    text.write(here.misses, Qt::AlignLeft | Qt::AlignVCenter, tlb_text(index));
    text.write(here.lists, Qt::AlignLeft | Qt::AlignVCenter, list_text(index));
}

void CpusView::paint_slots(QPainter& painter, TextPainter& text, std::size_t index, const Card& card) const {
    const core::MachineState& state = snapshot_->machine->state();
    const core::StackCache& cache = state.stacks.cache(CpuId{static_cast<std::uint16_t>(index)});
    text.set_font(look().font(TextSize::small));
    text.set_colour(look().colour(Role::text));
    if (cache.slots() == 0) {
        text.set_colour(look().colour(Role::muted));
        text.write(card.slots, Qt::AlignLeft | Qt::AlignVCenter, tr("no stack cache in this design"));
        return;
    }
    text.write(card.slots, Qt::AlignLeft | Qt::AlignVCenter, tr("stack cache"));
    double end = 0;
    StackId newest;
    for (std::uint8_t slot = 0; slot < cache.slots(); ++slot) {
        const QRectF at = slot_rect(card, slot);
        if (at.right() > card.slots.right()) break;
        const bool is_taken = !cache.slot(slot).is_none();
        painter.setPen(look().hairline());
        painter.setBrush(is_taken ? look().fill_with_pattern(FrameClass::cached_stack, devicePixelRatioF())
                                  : QBrush(look().colour(Role::canvas)));
        painter.drawRect(at);
        end = at.right();
        if (is_taken && newest.is_none()) newest = cache.slot(slot);
    }
    const QRectF rest(end + look().px(8), card.slots.top(), card.slots.right() - end - look().px(8),
                      card.slots.height());
    if (newest.is_none()) {
        text.set_colour(look().colour(Role::muted));
        text.write(rest, Qt::AlignLeft | Qt::AlignVCenter, tr("empty"));
        return;
    }
    text.set_font(look().fixed_font(TextSize::small));
    text.set_colour(look().colour(Role::muted));
    const QString where = format_address(state.stacks.lowest(newest, state.memory));
    text.write(rest, Qt::AlignLeft | Qt::AlignVCenter, QStringLiteral("…") + where.right(9), TextFit::whole);
}

void CpusView::paint_tlb(QPainter& painter, TextPainter& text, std::size_t index, const Card& card) const {
    const core::Tlb& tlb = cpu(index).mmu.tlb();
    const auto array = data_tlb(tlb);
    text.set_font(look().font(TextSize::small));
    text.set_colour(look().colour(Role::text));
    const double label = std::max(text.width_of(tr("stack cache")), text.width_of(tr("4 KiB pages"))) + look().px(8);
    text.write(QRectF(card.tlb.left(), card.tlb.top(), label, text.line_height()), Qt::AlignLeft, tr("data TLB"));
    text.set_colour(look().colour(Role::muted));
    text.write(QRectF(card.tlb.left(), card.tlb.top() + text.line_height(), label, text.line_height()), Qt::AlignLeft,
               tr("4 KiB pages"));
    if (!array) return;
    // Sets across, ways down; a small array of few sets becomes wide cells, a large one narrow ones.
    const core::ArrayShape shape = tlb.shape(*array);
    const QRectF grid(card.tlb.left() + label, card.tlb.top() + look().px(2), card.tlb.width() - label,
                      card.tlb.height() - look().px(4));
    const double cell_width = grid.width() / std::max<std::uint32_t>(shape.sets(), 1);
    const double cell_height = grid.height() / std::max<std::uint16_t>(shape.ways, 1);
    painter.setPen(Qt::NoPen);
    painter.setBrush(look().colour(Role::canvas));
    painter.drawRect(grid);
    std::array<unsigned, core::kAddressClasses> counts{};
    tlb.for_each(*array, [&](std::uint32_t set, int way, const core::TlbEntry& entry) {
        const AddressClass whose = class_of_entry(entry);
        ++counts[static_cast<std::size_t>(whose)];
        painter.setBrush(colour_of(whose));
        painter.drawRect(QRectF(grid.left() + (set * cell_width), grid.top() + (way * cell_height),
                                std::max(1.0, cell_width - 1), std::max(1.0, cell_height - 1)));
    });
    painter.setPen(look().hairline());
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(grid.adjusted(-0.5, -0.5, 0.5, 0.5));
    if (std::ranges::any_of(counts, [](unsigned count) { return count != 0; })) return;
    text.set_colour(look().colour(Role::muted));
    text.write(grid, Qt::AlignCenter, tr("no 4 KiB page in it"), TextFit::whole);
}

} // namespace ksl::ui
