// SPDX-License-Identifier: GPL-3.0-or-later
//
// Beside the map: how many free blocks of each order there are, the order that one stack of the present design needs,
// and what follows from both in one sentence.
#pragma once

#include "ui/frame_map/frame_map_source.h"
#include "ui/theme/theme.h"

#include <QRectF>
#include <QString>
#include <QWidget>
#include <array>

namespace ksl::ui {

class FragmentationStrip : public QWidget {
    Q_OBJECT

public:
    explicit FragmentationStrip(const Theme& theme, QWidget* parent = nullptr);

    void set_summary(const FragmentationSummary& summary);
    [[nodiscard]] QString sentence() const { return sentence_; }

    [[nodiscard]] QSize sizeHint() const override;
    /// Of the width that it needs; where there is less than least_height() it is better hidden.
    [[nodiscard]] QSize minimumSizeHint() const override;
    [[nodiscard]] int least_height() const;

    /// Everything that is written, where it is written: for tests of clipping.
    struct Label {
        QString text;
        QRectF rect;
    };
    [[nodiscard]] QList<Label> labels() const;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    struct Row {
        QRectF order;
        QRectF bar; ///< as long as the count says
        QRectF count;
    };
    struct Geometry {
        QRectF title;
        std::array<Row, core::kOrders> rows;
        double needed_y = 0;
        QRectF index;
        QRectF sentence;
    };
    [[nodiscard]] Geometry geometry() const;
    [[nodiscard]] static QString title();
    [[nodiscard]] QString index_text() const;

    const Theme& theme_;
    FragmentationSummary summary_;
    QString sentence_;
};

} // namespace ksl::ui
