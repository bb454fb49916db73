// SPDX-License-Identifier: GPL-3.0-or-later
//
// QCustomPlot's header is written with Qt's short keywords. They are switched off everywhere else, because `slots` is
// an ordinary word for an engine with stack caches; so they exist for the length of this include alone.
#pragma once

#include <QtCore/qobjectdefs.h>

#define slots Q_SLOTS     // NOLINT(cppcoreguidelines-macro-usage)
#define signals Q_SIGNALS // NOLINT(cppcoreguidelines-macro-usage)
#define emit Q_EMIT       // NOLINT(cppcoreguidelines-macro-usage)
#define foreach Q_FOREACH // NOLINT(cppcoreguidelines-macro-usage)
#include <qcustomplot.h>
#undef slots
#undef signals
#undef emit
#undef foreach
