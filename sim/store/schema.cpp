// SPDX-License-Identifier: MIT
#include "sim/store/schema.h"

#include "sim/base/embedded_file.h"

namespace ksl::sim {

std::span<const EmbeddedFile> embedded_schema();

const SchemaHistory& schema_history() {
    static const SchemaHistory history{.version = 1, .sql = embedded_schema().front().text, .steps = {}};
    return history;
}

} // namespace ksl::sim
