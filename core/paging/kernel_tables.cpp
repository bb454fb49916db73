// SPDX-License-Identifier: MIT
#include "core/paging/kernel_tables.h"

namespace ksl::core {

MapResult preallocate_vmalloc(Mapper& mapper, const KernelLayout& layout, TakeFrame take, Effects& fx) {
    return mapper.populate(layout.vmalloc(), below(layout.geometry().top()), take, fx);
}

std::expected<KernelTables, MapFailure> build_kernel_tables(PhysMemory& memory, const KernelTablesConfig& config,
                                                            TakeFrame take, TakeBlock take_block, Effects& fx) {
    const auto failed = [](const MapResult& result) { return std::unexpected(result.error()); };
    const std::optional<Pfn> root = take();
    if (!root) return std::unexpected(MapFailure::no_frame);
    memory.clear(*root);
    static_cast<void>(memory.writable_words(*root));

    const KernelLayout& layout = config.layout;
    Mapper mapper{memory, layout.geometry(), *root, layout.direct_map().lowest};
    const bool global = config.direct_map.global;
    if (MapResult done = map_kernel_image(mapper, layout, config.image, global, take, fx); !done) return failed(done);
    auto direct = build_direct_map(mapper, config.ram, config.reserved, config.direct_map, take, fx);
    if (!direct) return std::unexpected(direct.error());
    if (MapResult done = build_vmemmap(mapper, layout, config.ram, config.direct_map, take, take_block, fx); !done)
        return failed(done);
    if (config.pgd_sync == PgdSync::preallocated) {
        if (MapResult done = preallocate_vmalloc(mapper, layout, take, fx); !done) return failed(done);
    }
    PageAttributes attributes{mapper, layout, config.image, *direct, take, fx};
    if (MapResult done = protect_kernel(attributes, layout, config.image, config.trampoline); !done)
        return failed(done);
    return KernelTables{.root = *root, .direct_map = std::move(*direct)};
}

} // namespace ksl::core
