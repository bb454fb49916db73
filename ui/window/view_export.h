// SPDX-License-Identifier: GPL-3.0-or-later
//
// A view as a picture in a file: PNG as it stands on the screen, at twice its resolution; SVG and PDF as drawings in
// the colours of paper, whatever the window's are. Under it a line says what is shown.
//
// Errors:  one sentence; the file name's ending chooses the format.
#pragma once

#include <QString>
#include <expected>

class QWidget;

namespace ksl::ui {

class Theme;

inline constexpr int kExportScale = 2;

/// `caption`: title, design, seed, moment; it also becomes the title in the file's own description.
/// `theme` is the view's; it is as it was afterwards.
[[nodiscard]] std::expected<void, QString> export_view(QWidget& view, const QString& caption, const QString& file_name,
                                                       Theme& theme);

/// For file dialogs.
[[nodiscard]] QString export_filter();

} // namespace ksl::ui
