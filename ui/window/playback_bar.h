// SPDX-License-Identifier: GPL-3.0-or-later
//
// The toolbar: open, playback, speed, where the playhead is, and which design runs.
#pragma once

#include "ui/commands/command_actions.h"
#include "ui/engine/snapshot.h"
#include "ui/theme/theme.h"
#include "ui/views/snapshot_view.h"

#include <QStringList>
#include <QToolBar>

class QComboBox;
class QLabel;

namespace ksl::ui {

class TimeText;

class PlaybackBar : public QToolBar, public SnapshotView {
    Q_OBJECT

public:
    PlaybackBar(const Theme& theme, CommandActions& actions, QWidget* parent = nullptr);

    void show_snapshot(const SnapshotPtr& snapshot) override;
    /// `other`: B's place; negative: only A.
    void show_designs(const QStringList& names, int current, int other = -1);

    /// Steps of the speed's scale; the last one is as fast as it goes.
    void faster();
    void slower();
    [[nodiscard]] double speed() const;

Q_SIGNALS:
    void speed_changed(double speed);
    void design_chosen(int index);
    /// Negative: no B.
    void other_chosen(int index);

private:
    void restyle();

    const Theme& theme_;
    CommandActions& actions_;
    QComboBox* speed_;
    TimeText* time_;
    QLabel* design_label_;
    QComboBox* design_;
    QLabel* other_label_;
    QComboBox* other_; ///< its first item is none
    bool is_playing_ = false;
};

} // namespace ksl::ui
