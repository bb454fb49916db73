// SPDX-License-Identifier: GPL-3.0-or-later
//
// The page walk of any address, on the machine at the playhead or on a captured system: an address to type or to pick
// elsewhere, the access to try, and the walk step by step.
#pragma once

#include "sim/walk/walk_source.h"
#include "ui/views/snapshot_view.h"
#include "ui/views/walk_canvas.h"

#include <QWidget>
#include <cstdint>
#include <memory>
#include <optional>

class QComboBox;
class QLabel;
class QLineEdit;
class QToolButton;

namespace ksl::ui {

/// Of two machines side by side.
enum class Side : std::uint8_t { a, b };

class PageWalkView : public QWidget, public SnapshotView {
    Q_OBJECT

public:
    explicit PageWalkView(const Theme& theme, QWidget* parent = nullptr);

    /// The machine at the playhead; the walk is done on the CPU of the last step.
    void show_snapshot(const SnapshotPtr& snapshot) override;
    /// Captured tables instead of a machine.
    void show_capture(std::shared_ptr<const sim::WalkSource> source);

    /// Somebody picked this address, there: it stays.
    void go_to(core::VirtAddr at, Side side = Side::a);
    /// An address of A to show until somebody picks one.
    void follow(core::VirtAddr at);
    /// Another run: nothing is picked any more.
    void forget_choice();
    /// Whose tables are walked; A's where there is no B.
    [[nodiscard]] Side side() const;
    void show_side(Side side);
    [[nodiscard]] std::optional<core::VirtAddr> address() const { return address_; }
    [[nodiscard]] WalkCanvas& canvas() { return *canvas_; }
    /// Where the address line can be typed into.
    void focus_address();

private:
    void show_address(core::VirtAddr at);
    void read_address();
    void refresh();
    void restyle();
    [[nodiscard]] core::Access access() const;

    const Theme& theme_;
    QLabel* label_;
    QLineEdit* line_;
    QComboBox* access_;
    QComboBox* side_; ///< there only while there are two machines
    QToolButton* back_;
    QToolButton* forward_;
    QLabel* place_;
    WalkCanvas* canvas_;
    SnapshotPtr snapshot_;
    std::shared_ptr<const sim::WalkSource> source_;
    std::optional<core::VirtAddr> address_;
    bool is_picked_ = false;
};

} // namespace ksl::ui
