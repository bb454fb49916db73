// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/playback_bar.h"

#include "ui/engine/engine_thread.h"
#include "ui/format/format.h"
#include "ui/theme/icons.h"

#include <QAction>
#include <QComboBox>
#include <QLabel>
#include <QPainter>
#include <QSignalBlocker>
#include <array>

namespace ksl::ui {

namespace {

constexpr std::array kSpeeds{0.25, 0.5, 1.0, 2.0, 4.0, 16.0, 64.0, 256.0, 1024.0, EngineThread::kNoLimit};
constexpr int kNormal = 2;

struct Icon {
    Command command;
    const char* name;
};
constexpr std::array kIcons{
    Icon{Command::open_scenario, "open"},       Icon{Command::go_start, "skip-start"},
    Icon{Command::previous_event, "step-back"}, Icon{Command::play_pause, "play"},
    Icon{Command::next_event, "step-forward"},  Icon{Command::go_end, "skip-end"},
    Icon{Command::command_palette, "search"},
};

} // namespace

/// A line of text that changes with every frame: unlike a label's, its change lays nothing out again.
class TimeText : public QWidget {
public:
    using QWidget::QWidget;

    void set_text(const QString& text) {
        if (text == text_) return;
        text_ = text;
        setAccessibleName(text);
        update();
    }

protected:
    void paintEvent(QPaintEvent* /*event*/) override {
        QPainter painter(this);
        painter.setPen(palette().color(QPalette::WindowText));
        painter.drawText(rect(), Qt::AlignRight | Qt::AlignVCenter, text_);
    }

private:
    QString text_;
};

PlaybackBar::PlaybackBar(const Theme& theme, CommandActions& actions, QWidget* parent)
    : QToolBar(tr("Playback"), parent), theme_(theme), actions_(actions), speed_(new QComboBox(this)),
      time_(new TimeText(this)), design_label_(new QLabel(tr("Design A"), this)), design_(new QComboBox(this)),
      other_label_(new QLabel(tr("B"), this)), other_(new QComboBox(this)) {
    setObjectName(QStringLiteral("playback"));
    setMovable(false);
    setFloatable(false);
    toggleViewAction()->setEnabled(false);
    addAction(actions.action(Command::open_scenario));
    addSeparator();
    for (const Command command :
         {Command::go_start, Command::previous_event, Command::play_pause, Command::next_event, Command::go_end})
        addAction(actions.action(command));
    speed_->setAccessibleName(tr("Speed"));
    speed_->setToolTip(tr("At 1x an ordinary step lasts 0.6 seconds"));
    for (const double speed : kSpeeds)
        speed_->addItem(speed == EngineThread::kNoLimit ? tr("max") : tr("%1x").arg(speed));
    speed_->setCurrentIndex(kNormal);
    addWidget(speed_);
    addSeparator();
    addWidget(time_);
    auto* gap = new QWidget(this);
    gap->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    addWidget(gap);
    design_label_->setBuddy(design_);
    addWidget(design_label_);
    design_->setAccessibleName(tr("Design A"));
    design_->setToolTip(tr("How this machine's kernel keeps its stacks: where they lie, what guards and caches them"));
    addWidget(design_);
    other_label_->setBuddy(other_);
    addWidget(other_label_);
    other_->setAccessibleName(tr("Design B, beside A"));
    other_->setToolTip(tr("A second design with the same workload and seed, step by step beside the first (key B)"));
    addWidget(other_);
    for (QComboBox* box : {design_, other_}) box->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    addSeparator();
    addAction(actions.action(Command::command_palette));
    connect(speed_, &QComboBox::currentIndexChanged, this, [this] { Q_EMIT speed_changed(this->speed()); });
    connect(design_, &QComboBox::activated, this, &PlaybackBar::design_chosen);
    connect(other_, &QComboBox::activated, this, [this](int row) { Q_EMIT other_chosen(row - 1); });
    connect(&theme, &Theme::changed, this, &PlaybackBar::restyle);
    show_designs({}, -1);
    show_snapshot(nullptr);
    restyle();
}

double PlaybackBar::speed() const {
    return kSpeeds[static_cast<std::size_t>(speed_->currentIndex())];
}
void PlaybackBar::faster() {
    speed_->setCurrentIndex(std::min(speed_->currentIndex() + 1, speed_->count() - 1));
}
void PlaybackBar::slower() {
    speed_->setCurrentIndex(std::max(speed_->currentIndex() - 1, 0));
}

void PlaybackBar::show_designs(const QStringList& names, int current, int other) {
    const QSignalBlocker blocker(design_);
    const QSignalBlocker other_blocker(other_);
    design_->clear();
    design_->addItems(names);
    design_->setCurrentIndex(current);
    design_->setEnabled(names.size() > 1);
    other_->clear();
    other_->addItem(tr("none"));
    other_->addItems(names);
    other_->setCurrentIndex(other + 1);
    other_->setEnabled(names.size() > 1);
}

void PlaybackBar::show_snapshot(const SnapshotPtr& snapshot) {
    const bool is_playing = snapshot != nullptr && snapshot->activity != Activity::paused;
    if (snapshot == nullptr) {
        time_->set_text({});
    } else {
        time_->set_text(tr("%1  step %2").arg(format_playhead(snapshot->now), format_count(snapshot->position)));
    }
    if (is_playing == is_playing_) return;
    is_playing_ = is_playing;
    actions_.action(Command::play_pause)
        ->setIcon(icon(QLatin1StringView(is_playing ? "pause" : "play"), theme_.look()));
}

void PlaybackBar::restyle() {
    const Look& look = theme_.look();
    setPalette(look.palette());
    setIconSize({look.px(kIconSide), look.px(kIconSide)});
    for (const Icon& each : kIcons) actions_.action(each.command)->setIcon(icon(QLatin1StringView(each.name), look));
    if (is_playing_) actions_.action(Command::play_pause)->setIcon(icon(QLatin1StringView("pause"), look));
    for (QWidget* part : std::initializer_list<QWidget*>{speed_, design_label_, design_, other_label_, other_}) {
        part->setFont(look.font(TextSize::small));
    }
    for (QLabel* label : {design_label_, other_label_}) label->setMargin(look.px(4));
    time_->setFont(look.fixed_font(TextSize::small));
    const QFontMetrics metrics(time_->font());
    time_->setMinimumSize(metrics.horizontalAdvance(QStringLiteral("0000.000 ms  step 000 000")), metrics.height());
    for (QComboBox* box : {speed_, design_, other_}) box->setMinimumHeight(look.px(26));
}

} // namespace ksl::ui
