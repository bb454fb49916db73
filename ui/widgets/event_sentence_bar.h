// SPDX-License-Identifier: GPL-3.0-or-later
//
// One line that says what just happened: "task 412 got stack ffff'c900'000d'8000 (4 frames, guard below) in 1.46 µs
// [why]".
//
// Access:  a status that is announced: by name-change and alert events (Qt 6.4 has no announcement event), at most one
//          in 500 ms, the latest wins; silent while playing faster than 1x.
#pragma once

#include "ui/theme/theme.h"

#include <QString>
#include <QTimer>
#include <QWidget>

class QLabel;
class QPushButton;

namespace ksl::ui {

class EventSentenceBar : public QWidget {
    Q_OBJECT

public:
    static constexpr int kAnnounceEveryMs = 500;

    explicit EventSentenceBar(const Theme& theme, QWidget* parent = nullptr);

    /// `has_reason`: there is something behind the "why" button.
    void set_sentence(const QString& sentence, bool has_reason);
    /// Something went wrong, in one line: it stands out until the next sentence.
    void set_error(const QString& sentence);
    [[nodiscard]] bool is_error() const { return is_error_; }
    [[nodiscard]] QString sentence() const { return sentence_; }
    /// Off while the run plays faster than 1x.
    void set_announcing(bool on);
    /// F10: the sentence in 22 pt.
    void set_caption(bool on);
    [[nodiscard]] bool is_caption() const { return is_caption_; }

Q_SIGNALS:
    void why_requested();
    /// Assistive technology was told this sentence now; a tone or a log may follow.
    void announced(const QString& sentence);

protected:
    void resizeEvent(QResizeEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    void show_sentence(const QString& sentence, bool has_reason, bool is_error);
    void announce();
    void restyle();
    void elide();

    const Theme& theme_;
    QLabel* mark_;
    QLabel* label_;
    QPushButton* why_;
    QString sentence_;
    QString announced_;
    QTimer pending_;
    bool is_announcing_ = true;
    bool is_caption_ = false;
    bool is_error_ = false;
};

} // namespace ksl::ui
