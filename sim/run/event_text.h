// SPDX-License-Identifier: MIT
//
// Events as the lab database and JSON tell them: a name in the field's words, and the fields as a JSON object.
// Addresses are text, "0xffffc90000004000", because JSON's numbers cannot hold them; enumerations are their names.
#pragma once

#include "core/events/event.h"

#include <string>
#include <string_view>

namespace ksl::sim {

/// "TaskCreated"
[[nodiscard]] std::string_view event_name(const core::EventBody& event);
/// {"task":7,"parent":1,"stack_lowest":"0xffffc90000004000","source":"vmalloc"}
[[nodiscard]] std::string event_json(const core::EventBody& event);

} // namespace ksl::sim
