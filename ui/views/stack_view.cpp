// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/stack_view.h"

#include "core/kstack/overflow.h"
#include "ui/format/format.h"
#include "ui/format/glossary.h"
#include "ui/format/wrap.h"
#include "ui/views/event_text.h"

#include <algorithm>
#include <cmath>

namespace ksl::ui {

using core::Bytes;
using core::StackId;
using core::VirtAddr;

namespace {

constexpr double kMargin = 8;
constexpr double kLeastForAddresses = 310;
constexpr std::uint64_t kLowDigits = 0xff'ffff;
constexpr int kMotionMs = 160; ///< of a call pushed or popped

QRectF to_qrect(const Rect& rect, const QRectF& inside) {
    return {inside.left() + rect.x, inside.top() + rect.y, rect.width, rect.height};
}

} // namespace

StackView::StackView(const Theme& theme, QWidget* parent)
    : SnapshotCanvas(theme, Scope::stack, ZoomAxes::none, parent), motion_(theme, [this] { update(); }) {}

QSize StackView::sizeHint() const {
    return {look().px(380), look().px(460)};
}
QSize StackView::minimumSizeHint() const {
    return {look().px(280), look().px(200)};
}

void StackView::show_snapshot(const SnapshotPtr& snapshot) {
    snapshot_ = snapshot;
    refresh();
}

void StackView::select_stack(StackId stack) {
    selected_ = stack;
    refresh();
}

void StackView::refresh() {
    const StackId before = reading_ ? reading_->id : StackId::none();
    std::optional<StackLayout> from;
    if (reading_ && moves_ && isVisible()) from = layout_in(parts());
    reading_.reset();
    story_.reset();
    if (snapshot_ != nullptr) read(*snapshot_->machine);
    const StackId now = reading_ ? reading_->id : StackId::none();
    from_ = now == before ? std::move(from) : std::nullopt;
    motion_.finish();
    if (from_) motion_.start(kMotionMs);
    update();
    announce_change();
    if (now != before) Q_EMIT stack_shown(now);
}

void StackView::read(const core::Machine& machine) {
    auto found = read_stack(machine, selected_);
    if (!found) found = read_stack(machine, interesting_stack(machine, core::CpuId{snapshot_->last.cpu}));
    if (!found) return;
    reading_ = std::make_unique<const StackReading>(*std::move(found));
    const auto below = translate(machine, reading_->stack.lowest - Bytes{8});
    has_hole_below_ = reading_->guard_below == Bytes{0} && !below;
    victim_ = latin(below ? core::name_of(core::victim_at(machine.state().memory, *below)) : "");
    if (reading_->holder != StackHolder::task) return;
    story_ = overflows_.story(reading_->task, snapshot_->position, machine.config().processor.clock);
}

StackPicture StackView::picture() const {
    StackPicture picture{.stack = reading_->stack,
                         .guard_above = reading_->guard_above,
                         .guard_below = has_hole_below_ ? Bytes{core::kPageBytes} : reading_->guard_below,
                         .calls = {},
                         .thread_info = {},
                         .canary = reading_->canary};
    for (const StackItem& item : reading_->items) picture.calls.push_back(item.size);
    const auto& info = reading_->thread_info;
    if (info && reading_->stack.contains(info->lowest)) picture.thread_info = info;
    return picture;
}

StackView::Parts StackView::parts() const {
    const QFontMetricsF title(look().font(TextSize::body, TextWeight::bold));
    const QFontMetricsF small(look().font(TextSize::small));
    const QFontMetricsF fixed(look().fixed_font(TextSize::small));
    const double margin = look().px(kMargin);
    const QRectF area = QRectF(rect()).adjusted(margin, margin, -margin, -margin);
    Parts p;
    p.head = QRectF(area.left(), area.top(), area.width(), std::ceil(title.height()) + std::ceil(small.height()));
    const auto lines = std::max<qsizetype>(2, foot_lines(area.width()).size());
    const double foot = (static_cast<double>(lines) * std::ceil(small.height())) + look().px(12);
    p.foot = QRectF(area.left(), area.bottom() - foot, area.width(), foot);
    const double top = p.head.bottom() + margin;
    const double height = std::max(0.0, p.foot.top() - margin - top);
    const double left = std::ceil(fixed.horizontalAdvance(QStringLiteral("…00'0000"))) + margin;
    const double right = std::ceil(small.horizontalAdvance(tr("pfn %1").arg(QStringLiteral("00'0000")))) + margin;
    // In little width the picture goes before the addresses; they are in the descriptions all the same.
    p.has_addresses = area.width() >= look().px(kLeastForAddresses);
    const double side = p.has_addresses ? left : look().px(kMargin);
    p.addresses = QRectF(area.left(), top, side, height);
    p.frames = QRectF(area.right() - right, top, right, height);
    p.picture = QRectF(p.addresses.right(), top, std::max(0.0, p.frames.left() - p.addresses.right()), height);
    return p;
}

QRectF StackView::box_rect(const Parts& parts, const StackBox& box) {
    QRectF at = to_qrect(box.rect, parts.picture);
    // What is not the stack's has no frame of it beside it, and a longer name.
    const bool is_outside =
        box.part == StackPart::guard_above || box.part == StackPart::guard_below || box.part == StackPart::neighbour;
    if (is_outside) at.setRight(parts.frames.right() - 1);
    return at;
}

double StackView::y_of(VirtAddr at, const Parts& parts, const StackLayout& layout) const {
    const double there = layout.to_y(at);
    if (!motion_.is_running() || !from_) return parts.picture.top() + there;
    const double before = from_->to_y(at);
    return parts.picture.top() + before + ((there - before) * motion_.at());
}

StackLayout StackView::layout_in(const Parts& parts) const {
    const double line = std::ceil(QFontMetricsF(look().font(TextSize::small)).height());
    return {picture(),
            {.width = parts.picture.width(),
             .height = parts.picture.height(),
             .line_height = line + 2,
             .least_call = line + 2,
             .guard_height = line + look().px(8)}};
}

QString StackView::low_digits(VirtAddr at) {
    QString digits = QString::number(at.raw() & kLowDigits, 16).rightJustified(6, u'0');
    return u'…' + digits.insert(2, u'\'');
}

QString StackView::title() const {
    const core::Machine& machine = *snapshot_->machine;
    switch (reading_->holder) {
    case StackHolder::task: {
        const QString name = task_name(machine, reading_->task);
        return reading_->is_running ? tr("Stack of %1, running").arg(name) : tr("Stack of %1").arg(name);
    }
    case StackHolder::cache:
        return tr("Cached stack, %1 slot %2").arg(cpu_name(reading_->cache_cpu)).arg(reading_->cache_slot);
    case StackHolder::deferred: return tr("Dead stack, waits to be freed");
    }
    return {};
}

QString StackView::place() const {
    const core::StackDesign& design = snapshot_->machine->config().design;
    return tr("%1, %2").arg(format_bytes(design.stack_bytes()), backing_name(design.backing));
}

QStringList StackView::story_lines() const {
    if (!story_) return {};
    QStringList lines;
    if (story_->began) {
        lines += tr("overwritten below it: %1 of %2")
                     .arg(format_bytes(story_->damage.size()), latin(core::name_of(story_->victim)));
        const auto& info = reading_->thread_info;
        const bool is_info_gone =
            info && reading_->stack.contains(info->lowest) && reading_->stack.top - reading_->deepest < info->top;
        lines += is_info_gone ? tr("since %1, canary and thread_info before that").arg(format_playhead(*story_->began))
                              : tr("since %1").arg(format_playhead(*story_->began));
    }
    if (!story_->noticed) {
        lines += story_->is_task_dead ? tr("the task died of it") : tr("nobody has noticed");
        return lines;
    }
    const OverflowStory::Notice& notice = *story_->noticed;
    if (notice.detector == core::Detector::guard_double_fault) {
        lines += tr("\u2460 a push hits the guard at %1").arg(low_digits(notice.address));
        lines += tr("\u2461 its page fault has no stack to push a frame on");
        lines += tr("\u2462 double fault, handled on a stack of its own");
        lines += story_->is_machine_dead ? tr("\u2463 the kernel panics: the machine is dead")
                                         : tr("\u2463 the task is killed, the machine lives");
        return lines;
    }
    lines +=
        tr("noticed at %1, %2 after the first byte").arg(format_playhead(notice.at), format_time(*story_->latency()));
    if (story_->is_machine_dead) lines += tr("the kernel panics: the machine is dead");
    if (story_->is_task_dead) lines += tr("the task is killed");
    return lines;
}

QStringList StackView::foot_lines(double width) const {
    if (reading_->holder != StackHolder::task) return {tr("nobody runs on it")};
    QStringList lines{
        tr("%1 used, deepest %2")
            .arg(format_bytes_of(reading_->used, reading_->stack.size()), format_bytes(reading_->deepest))};
    if (!story_) return lines << room_text();
    const QFontMetricsF metrics(look().font(TextSize::small));
    const QString hang = QStringLiteral("\u2003"); // a line that goes on begins further in
    for (const QString& each : story_lines()) {
        const QStringList parts = wrapped(each, metrics, width - metrics.horizontalAdvance(hang));
        lines += parts.front();
        for (qsizetype i = 1; i < parts.size(); ++i) lines += hang + parts[i];
    }
    return lines;
}

QString StackView::below_text() const {
    if (story_ && story_->began) {
        return tr("overwritten, %1").arg(format_bytes(story_->damage.size()));
    }
    if (story_ && story_->noticed) return tr("guard, hit");
    if (reading_->guard_below > Bytes{0}) return tr("guard, no entry");
    if (has_hole_below_) return tr("hole, no entry");
    return tr("below: %1").arg(victim_);
}

QString StackView::room_text() const {
    const Bytes size = reading_->stack.size();
    const auto& info = reading_->thread_info;
    const bool has_info_below = info && info->lowest == reading_->stack.lowest;
    const Bytes reserved = has_info_below ? core::kThreadInfoBytes : Bytes{0};
    const Bytes taken = std::min(size, reading_->used + reserved);
    const Bytes room = size - taken;
    if (!reading_->is_canary_intact) return tr("overflowed: the canary is overwritten");
    if (room < Bytes{size.count() / 8}) return tr("tight: %1 left").arg(format_bytes(room));
    return tr("comfortable: %1 left").arg(format_bytes(room));
}

QString StackView::call_text(std::uint32_t index) const {
    if (index >= reading_->items.size()) return {}; // it was popped, and is on its way out
    const StackItem& item = reading_->items[index];
    const QString size = format_bytes(item.size);
    switch (item.kind) {
    case StackItem::Kind::user_registers: return tr("user registers, %1").arg(size);
    case StackItem::Kind::fork_frame: return tr("fork frame, %1").arg(size);
    case StackItem::Kind::thread_info: return tr("thread_info, %1").arg(size);
    case StackItem::Kind::call: break;
    }
    std::uint32_t first_call = 0;
    while (reading_->items[first_call].kind != StackItem::Kind::call) ++first_call;
    return tr("call %1, %2").arg(index - first_call + 1).arg(size);
}

QString StackView::box_text(const StackBox& box) const {
    switch (box.part) {
    case StackPart::guard_above: return tr("guard, no entry");
    case StackPart::guard_below:
    case StackPart::neighbour: return below_text();
    case StackPart::thread_info: return tr("thread_info");
    case StackPart::canary: return reading_->is_canary_intact ? tr("canary, intact") : tr("canary, overwritten");
    case StackPart::unused: return {};
    case StackPart::call: return call_text(box.first_call);
    case StackPart::calls: return tr("%1 outer frames, %2").arg(box.call_count).arg(format_bytes(box.range.size()));
    }
    return {};
}

QString StackView::summary() const {
    if (!reading_) return tr("Stack, no machine");
    if (reading_->holder != StackHolder::task) return QStringLiteral("%1, %2, %3").arg(title(), place(), below_text());
    const QString text =
        QStringLiteral("%1, %2, %3, %4")
            .arg(title(), place(), tr("%1 used").arg(format_bytes_of(reading_->used, reading_->stack.size())),
                 below_text());
    return story_ ? text + QStringLiteral(": ") + story_lines().join(QStringLiteral("; ")) : text;
}

QList<CanvasItem> StackView::items() const {
    if (!reading_) return {};
    const Parts p = parts();
    const StackLayout layout = layout_in(p);
    QList<CanvasItem> all;
    for (const StackBox& box : layout.boxes()) {
        const QString text =
            box.part == StackPart::unused ? tr("unused, %1").arg(format_bytes(box.range.size())) : box_text(box);
        all += {.name = tr("%1, at %2").arg(text, format_address(box.range.lowest)),
                .rect = box_rect(p, box),
                .role = QAccessible::ListItem,
                .is_current = all.size() == cursor_};
    }
    return all;
}

QRectF StackView::cursor_rect() const {
    if (!reading_) return {};
    const Parts p = parts();
    const StackLayout layout = layout_in(p);
    if (cursor_ >= static_cast<int>(layout.boxes().size())) return {};
    const QRectF at = box_rect(p, layout.boxes()[static_cast<std::size_t>(cursor_)]);
    return {camera().to_content(at.topLeft()), camera().to_content(at.bottomRight())};
}

bool StackView::move_cursor(CursorStep step) {
    if (!reading_) return false;
    const int count = static_cast<int>(layout_in(parts()).boxes().size());
    int next = cursor_;
    if (step == CursorStep::down) ++next;
    if (step == CursorStep::up) --next;
    if (next == cursor_ || next < 0 || next >= count) return false;
    cursor_ = next;
    return true;
}

bool StackView::carry_out(Command command) {
    if (command != Command::inspect || !reading_) return MapCanvas::carry_out(command);
    const StackLayout layout = layout_in(parts());
    if (cursor_ < static_cast<int>(layout.boxes().size()))
        Q_EMIT address_picked(layout.boxes()[static_cast<std::size_t>(cursor_)].range.lowest);
    return true;
}

void StackView::press(QPointF content) {
    if (!reading_) return;
    motion_.finish();
    const Parts p = parts();
    const StackLayout layout = layout_in(p);
    const StackBox* box = layout.box_at(camera().to_widget(content).y() - p.picture.top());
    if (box == nullptr) return;
    cursor_ = static_cast<int>(box - layout.boxes().data());
    Q_EMIT address_picked(box->range.lowest);
}

QString StackView::tip(QPointF widget) const {
    if (!reading_) return {};
    const Parts p = parts();
    if (!p.addresses.united(p.frames).contains(widget)) return {};
    const StackLayout layout = layout_in(p);
    const StackBox* box = layout.box_at(widget.y() - p.picture.top());
    if (box == nullptr) return {};
    const QString where = tr("%1 at %2, %3")
                              .arg(box->part == StackPart::unused ? tr("Unused") : box_text(*box),
                                   format_address(box->range.lowest), format_bytes(box->range.size()));
    const QString meaning = meaning_of(word_of(*box));
    return meaning.isEmpty() ? where : QStringLiteral("%1. %2").arg(where, meaning);
}

QLatin1StringView StackView::word_of(const StackBox& box) const {
    switch (box.part) {
    case StackPart::guard_above:
    case StackPart::guard_below: return QLatin1StringView(has_hole_below_ ? "hole" : "guard");
    case StackPart::thread_info: return QLatin1StringView("thread_info");
    case StackPart::canary: return QLatin1StringView("canary");
    case StackPart::neighbour: return QLatin1StringView("neighbour");
    case StackPart::unused: return QLatin1StringView("deepest so far");
    case StackPart::call:
    case StackPart::calls: break;
    }
    if (box.first_call >= reading_->items.size()) return {};
    switch (reading_->items[box.first_call].kind) {
    case StackItem::Kind::user_registers: return QLatin1StringView("user registers");
    case StackItem::Kind::fork_frame: return QLatin1StringView("fork frame");
    case StackItem::Kind::thread_info: return QLatin1StringView("thread_info");
    case StackItem::Kind::call: break;
    }
    return QLatin1StringView("call");
}

} // namespace ksl::ui
