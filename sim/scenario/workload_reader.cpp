// SPDX-License-Identifier: MIT
#include "sim/scenario/workload_reader.h"

#include "sim/chain/chain_choice.h"
#include "sim/chain/chain_source.h"

#include <fmt/format.h>

#include <array>

namespace ksl::sim {

namespace {

using namespace std::string_view_literals;
using namespace core::literals;

using Reader = WorkloadSpec (*)(TomlTable&);

constexpr std::int64_t kMostOperations = 1'000'000'000;
constexpr core::Nanoseconds kLongestPause{10'000'000'000};
constexpr std::size_t kMostFrames = 1'000;
/// Return address and saved frame pointer.
constexpr std::int64_t kLeastFrame = 16;
/// Saved registers, the random offset, and the head of the frame that the buffer lies in.
constexpr std::uint64_t kAboveBuffer = 256;
/// A 64 KiB stack, and as much again to run over.
constexpr core::Bytes kDeepest = 128_KiB;
/// Half of the area that five levels leave out; on a real machine it must also fit in memory.
constexpr core::Bytes kMostVmalloc = 64_GiB;

constexpr std::array kTasks{Spelling{"thread"sv, core::TaskKind::thread},
                            Spelling{"process"sv, core::TaskKind::process}};

constexpr std::array kPlacements{Spelling{"near"sv, Placement::near}, Spelling{"spread"sv, Placement::spread}};
constexpr std::array kDmaCalls{Spelling{"virt_to_phys"sv, core::DmaCall::virt_to_phys},
                               Spelling{"dma_map_single"sv, core::DmaCall::dma_map_single},
                               Spelling{"sg_set_buf"sv, core::DmaCall::sg_set_buf},
                               Spelling{"dma_map_page"sv, core::DmaCall::dma_map_page},
                               Spelling{"dma_map_pages"sv, core::DmaCall::dma_map_pages},
                               Spelling{"bounce"sv, core::DmaCall::bounce}};
constexpr std::array kDmaDirections{Spelling{"from-device"sv, core::DmaDirection::from_device},
                                    Spelling{"to-device"sv, core::DmaDirection::to_device}};

std::uint64_t count(TomlTable& table, std::string_view key, std::uint64_t otherwise, std::int64_t least = 1,
                    std::int64_t most = kMostOperations) {
    return static_cast<std::uint64_t>(
        table.integer<std::int64_t>(key, {least, most}, static_cast<std::int64_t>(otherwise)));
}
std::uint64_t warmup(TomlTable& table) {
    return count(table, "warmup", 0, 0);
}
core::Nanoseconds pause(TomlTable& table) {
    return table.duration("pause", {core::Nanoseconds{0}, kLongestPause}, core::Nanoseconds{0});
}
double share(TomlTable& table, std::string_view key, double otherwise, double least = 0) {
    return table.number(key, {least, 1}, otherwise);
}
core::Bytes frame(TomlTable& table, std::string_view key, core::Bytes least, core::Bytes otherwise) {
    const core::Bytes bytes = table.bytes(key, {least, kDeepest}, otherwise);
    if (bytes.count() % 8 != 0) table.refuse(key, "the stack pointer moves in words; a multiple of 8 would be right");
    return bytes;
}

WorkloadSpec read_clone_exit(TomlTable& table) {
    const CloneExit defaults;
    return CloneExit{.operations = count(table, "operations", defaults.operations),
                     .warmup = warmup(table),
                     .task = table.choice("task", kTasks, defaults.task),
                     .pause = pause(table),
                     .pages = table.integer<std::uint32_t>("pages", {1, 1'000'000}, defaults.pages),
                     .placement = table.choice("placement", kPlacements, defaults.placement)};
}

WorkloadSpec read_burst(TomlTable& table) {
    const Burst defaults;
    return Burst{.rounds = count(table, "rounds", defaults.rounds),
                 .threads = table.integer<std::uint32_t>("threads", {1, 1'000'000}, defaults.threads),
                 .warmup = warmup(table),
                 .pause = pause(table)};
}

WorkloadSpec read_shell(TomlTable& table) {
    const Shell defaults;
    return Shell{.operations = count(table, "operations", defaults.operations),
                 .warmup = warmup(table),
                 .pages_per_program =
                     table.integer<std::uint32_t>("pages_per_program", {1, 100'000}, defaults.pages_per_program),
                 .pause = pause(table)};
}

WorkloadSpec read_server(TomlTable& table) {
    const Server defaults;
    Server server{.threads = table.integer<std::uint32_t>("threads", {1, 1'000'000}, defaults.threads),
                  .requests = count(table, "requests", defaults.requests),
                  .warmup = warmup(table),
                  .depth = frame(table, "depth", core::Bytes{16}, defaults.depth),
                  .frames = table.integer<std::uint32_t>("frames", {1, kMostFrames}, defaults.frames),
                  .replace_every = count(table, "replace_every", defaults.replace_every, 0)};
    if (server.depth.count() / server.frames < 16)
        table.refuse("frames", fmt::format("{} calls do not fit into {} bytes; at most {} would be right",
                                           server.frames, server.depth.count(), server.depth.count() / 16));
    return server;
}

WorkloadSpec read_ager_workload(TomlTable& table) {
    return read_ager(table);
}

WorkloadSpec read_chain(TomlTable& table) {
    const Chain defaults;
    Chain chain{.operations = count(table, "operations", defaults.operations),
                .warmup = warmup(table),
                .frames = {},
                .repeat = table.integer<std::uint32_t>("repeat", {1, 1'000}, defaults.repeat),
                .touched = share(table, "touched", defaults.touched)};
    for (const std::int64_t bytes :
         table.integers("frames", {kLeastFrame, static_cast<std::int64_t>(kDeepest.count())})) {
        if (bytes % 8 != 0)
            table.refuse("frames", fmt::format("{} is no multiple of 8, which the stack pointer moves by; {} would be "
                                               "right",
                                               bytes, (bytes + 7) / 8 * 8));
        chain.frames.emplace_back(static_cast<std::uint64_t>(bytes));
    }
    if (table.has("chain")) return chain; // see read_call_chain
    if (!table.has("frames"))
        table.refuse("lacks `frames` or `chain`; a list of their sizes in bytes, outermost first, would be right");
    else if (chain.frames.empty())
        table.refuse("frames", "is empty; the frames' sizes in bytes, outermost first, would be right");
    if (chain.frames.size() > kMostFrames)
        table.refuse("frames",
                     fmt::format("has {} frames; at most {} would be right", chain.frames.size(), kMostFrames));
    return chain;
}

/// `chain` with what comes on top of it. Mistakes are the table's.
void read_call_chain(const Assets& assets, TomlTable& table, Chain& spec, std::vector<InputRecord>& inputs) {
    if (!table.has("chain")) {
        for (const std::string_view key : {"add"sv, "recurse"sv}) {
            if (table.has(key)) table.refuse(key, "is for a `chain`; larger `frames` would be right");
        }
        return;
    }
    if (table.has("frames")) table.refuse("frames", "stands beside `chain`; one of the two would be right");
    const std::string name = table.text("chain");
    const bool is_file = name.find('/') != std::string::npos;
    auto chain = is_file ? read_trace_chain(name) : load_chain(assets, name);
    if (!chain) {
        table.refuse("chain", to_string(chain.error()));
        return;
    }
    const auto composed = compose(*chain, assets, table.texts("add"), table.texts("recurse"));
    if (!composed) table.refuse(table.has("add") ? "add" : "recurse", to_string(composed.error()));
    spec.frames = calls_of(*chain);
    if (is_file) inputs.push_back({.name = name, .text = std::move(chain->text)});
}

std::uint32_t vmallocs(TomlTable& table) {
    return table.integer<std::uint32_t>("vmallocs", {0, 100'000}, 0);
}

std::uint32_t vmalloc_pages(TomlTable& table) {
    return table.integer<std::uint32_t>("vmalloc_pages", {1, 1'024}, 1);
}

WorkloadSpec read_dma(TomlTable& table) {
    const Dma defaults;
    Dma dma{.operations = count(table, "operations", defaults.operations),
            .request = {.call = table.choice("call", kDmaCalls),
                        .direction = table.choice("direction", kDmaDirections, defaults.request.direction),
                        .checks = {.debug_sg = table.boolean("debug_sg", false),
                                   .dma_api_debug = table.boolean("dma_api_debug", false),
                                   .debug_virtual = table.boolean("debug_virtual", false)},
                        .uses_page_struct = table.boolean("uses_page_struct", false),
                        .length = static_cast<std::uint32_t>(
                            frame(table, "length", core::Bytes{8}, core::Bytes{defaults.request.length}).count())},
            .depth = frame(table, "depth", core::Bytes{512}, defaults.depth)};
    if (dma.depth.count() < dma.request.length + kAboveBuffer)
        table.refuse("depth", fmt::format("a buffer of {} bytes does not lie below the saved registers; at least {} "
                                          "would be right",
                                          dma.request.length, dma.request.length + kAboveBuffer));
    return dma;
}

WorkloadSpec read_hotplug(TomlTable& table) {
    const Hotplug defaults;
    return Hotplug{.rounds = count(table, "rounds", defaults.rounds),
                   .threads = table.integer<std::uint32_t>("threads", {1, 1'000'000}, defaults.threads)};
}

WorkloadSpec read_borrowed_table(TomlTable& table) {
    const BorrowedTable defaults;
    return BorrowedTable{.vmalloc =
                             table.bytes("vmalloc", {core::Bytes{core::kPageBytes}, kMostVmalloc}, defaults.vmalloc)};
}

WorkloadSpec read_overflow(TomlTable& table) {
    const Overflow defaults;
    Overflow overflow{.operations = count(table, "operations", defaults.operations),
                      .frame = frame(table, "frame", core::Bytes{16}, defaults.frame),
                      .touched = {},
                      .beyond = table.bytes("beyond", {core::Bytes{8}, kDeepest}, defaults.beyond),
                      .vmallocs = vmallocs(table),
                      .vmalloc_pages = vmalloc_pages(table)};
    overflow.touched = frame(table, "touched", core::Bytes{16}, overflow.frame);
    if (overflow.touched > overflow.frame)
        table.refuse("touched",
                     fmt::format("is more than the frame has; at most {} would be right", overflow.frame.count()));
    return overflow;
}

WorkloadSpec read_populate(TomlTable& table) {
    const Populate defaults;
    Populate populate{.tasks = count(table, "tasks", defaults.tasks, 1, 4'194'304),
                      .task = table.choice("task", kTasks, defaults.task),
                      .deep = count(table, "deep", defaults.deep, 0),
                      .depth = frame(table, "depth", core::Bytes{512}, defaults.depth),
                      .vmallocs = vmallocs(table),
                      .vmalloc_pages = vmalloc_pages(table)};
    if (populate.deep > populate.tasks)
        table.refuse("deep",
                     fmt::format("{} of {} tasks; at most all of them would be right", populate.deep, populate.tasks));
    return populate;
}

/// In the order of WorkloadSpec.
constexpr std::array kKinds{Spelling<Reader>{"clone-exit", read_clone_exit},
                            Spelling<Reader>{"burst", read_burst},
                            Spelling<Reader>{"shell", read_shell},
                            Spelling<Reader>{"server", read_server},
                            Spelling<Reader>{"ager", read_ager_workload},
                            Spelling<Reader>{"chain", read_chain},
                            Spelling<Reader>{"overflow", read_overflow},
                            Spelling<Reader>{"populate", read_populate},
                            Spelling<Reader>{"dma", read_dma},
                            Spelling<Reader>{"hotplug", read_hotplug},
                            Spelling<Reader>{"borrowed-table", read_borrowed_table}};
static_assert(kKinds.size() == std::variant_size_v<WorkloadSpec>);

} // namespace

std::string_view kind_of(const WorkloadSpec& workload) {
    return kKinds[workload.index()].name;
}

Ager read_ager(TomlTable& table) {
    const Ager defaults;
    Ager ager{.operations = count(table, "operations", defaults.operations),
              .fill = share(table, "fill", defaults.fill, 0.01),
              .unmovable = share(table, "unmovable", defaults.unmovable),
              .reclaimable = share(table, "reclaimable", defaults.reclaimable),
              .page_cache = share(table, "page_cache", defaults.page_cache),
              .largest_order = table.integer<std::uint8_t>("largest_order", {0, 10}, defaults.largest_order),
              .lifetime = count(table, "lifetime", defaults.lifetime),
              .long_lived = share(table, "long_lived", defaults.long_lived)};
    if (ager.unmovable + ager.reclaimable > 1)
        table.refuse("unmovable", fmt::format("{} and reclaimable = {} are more than all blocks; together at most 1 "
                                              "would be right",
                                              ager.unmovable, ager.reclaimable));
    return ager;
}

WorkloadSpec read_workload(const Assets& assets, TomlTable table, std::vector<InputRecord>& inputs) {
    WorkloadSpec workload = table.choice("kind", kKinds)(table);
    if (auto* chain = std::get_if<Chain>(&workload)) read_call_chain(assets, table, *chain, inputs);
    return workload;
}

} // namespace ksl::sim
