// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/accessible_canvas.h"

#include "ui/widgets/map_canvas.h"

#include <QAccessibleInterface>
#include <QAccessibleWidget>
#include <QPointer>
#include <QWindow>
#include <utility>
#include <vector>

namespace ksl::ui {

namespace {

/// One item. Its number is all it knows: what the item is, it asks the canvas for each time.
class AccessibleItem : public QAccessibleInterface {
public:
    AccessibleItem(MapCanvas* canvas, int number) : canvas_(canvas), number_(number) {}

    [[nodiscard]] bool isValid() const override {
        return canvas_ != nullptr && number_ < canvas_->accessible_items().size();
    }
    [[nodiscard]] QObject* object() const override { return nullptr; }
    [[nodiscard]] QWindow* window() const override { return canvas_ ? canvas_->window()->windowHandle() : nullptr; }
    [[nodiscard]] QAccessibleInterface* parent() const override {
        return QAccessible::queryAccessibleInterface(canvas_);
    }
    [[nodiscard]] QAccessibleInterface* child(int /*index*/) const override { return nullptr; }
    [[nodiscard]] QAccessibleInterface* childAt(int /*x*/, int /*y*/) const override { return nullptr; }
    [[nodiscard]] int childCount() const override { return 0; }
    [[nodiscard]] int indexOfChild(const QAccessibleInterface* /*child*/) const override { return -1; }
    [[nodiscard]] QString text(QAccessible::Text kind) const override {
        return kind == QAccessible::Name ? item().name : QString();
    }
    void setText(QAccessible::Text /*kind*/, const QString& /*text*/) override {}
    [[nodiscard]] QAccessible::Role role() const override { return item().role; }
    [[nodiscard]] QAccessible::State state() const override {
        QAccessible::State state;
        state.focusable = true;
        state.selectable = true;
        state.selected = item().is_current;
        state.focused = item().is_current && canvas_ && canvas_->hasFocus();
        state.invalid = !isValid();
        return state;
    }
    [[nodiscard]] QRect rect() const override {
        if (canvas_ == nullptr) return {};
        const QRect in_widget = item().rect.toAlignedRect() & canvas_->rect();
        return {canvas_->mapToGlobal(in_widget.topLeft()), in_widget.size()};
    }

private:
    [[nodiscard]] CanvasItem item() const {
        if (canvas_ == nullptr) return {};
        const QList<CanvasItem> items = canvas_->accessible_items();
        return number_ < items.size() ? items[number_] : CanvasItem{};
    }

    QPointer<MapCanvas> canvas_;
    int number_;
};

class AccessibleCanvas : public QAccessibleWidget {
public:
    explicit AccessibleCanvas(MapCanvas* canvas) : QAccessibleWidget(canvas, QAccessible::Chart) {}
    ~AccessibleCanvas() override {
        for (const QAccessible::Id id : children_) QAccessible::deleteAccessibleInterface(id);
    }
    AccessibleCanvas(const AccessibleCanvas&) = delete;
    AccessibleCanvas& operator=(const AccessibleCanvas&) = delete;
    AccessibleCanvas(AccessibleCanvas&&) = delete;
    AccessibleCanvas& operator=(AccessibleCanvas&&) = delete;

    [[nodiscard]] QAccessible::Role role() const override { return canvas().accessible_role(); }
    [[nodiscard]] QString text(QAccessible::Text kind) const override {
        switch (kind) {
        case QAccessible::Name: return canvas().summary();
        case QAccessible::Description: return canvas().description();
        default: return QAccessibleWidget::text(kind);
        }
    }
    [[nodiscard]] int childCount() const override { return static_cast<int>(canvas().accessible_items().size()); }
    [[nodiscard]] QAccessibleInterface* child(int index) const override {
        if (index < 0 || index >= childCount()) return nullptr;
        while (std::cmp_less_equal(children_.size(), index)) {
            auto* item = new AccessibleItem(&canvas(), static_cast<int>(children_.size()));
            children_.push_back(QAccessible::registerAccessibleInterface(item)); // which takes it over
        }
        return QAccessible::accessibleInterface(children_[static_cast<std::size_t>(index)]);
    }
    [[nodiscard]] QAccessibleInterface* childAt(int x, int y) const override {
        // The last one is drawn last, on top.
        for (int i = childCount(); i-- > 0;) {
            if (child(i)->rect().contains(x, y)) return child(i);
        }
        return nullptr;
    }
    [[nodiscard]] int indexOfChild(const QAccessibleInterface* item) const override {
        for (int i = 0; i < childCount(); ++i) {
            if (child(i) == item) return i;
        }
        return -1;
    }
    [[nodiscard]] QAccessibleInterface* focusChild() const override {
        const QList<CanvasItem> items = canvas().accessible_items();
        for (int i = 0; i < items.size(); ++i) {
            if (items[i].is_current) return child(i);
        }
        return QAccessibleWidget::focusChild();
    }

private:
    [[nodiscard]] MapCanvas& canvas() const { return *qobject_cast<MapCanvas*>(object()); }

    mutable std::vector<QAccessible::Id> children_;
};

QAccessibleInterface* make_accessible(const QString& /*class_name*/, QObject* object) {
    auto* canvas = qobject_cast<MapCanvas*>(object);
    return canvas != nullptr ? new AccessibleCanvas(canvas) : nullptr;
}

} // namespace

void install_canvas_accessibility() {
    // Qt forgets factories with the application; asking for a second installation is harmless, it keeps a list.
    static bool is_installed = false;
    if (std::exchange(is_installed, true)) return;
    QAccessible::installFactory(make_accessible);
}

} // namespace ksl::ui
