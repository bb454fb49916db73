// SPDX-License-Identifier: MIT
//
// Bringing a machine up: what firmware, boot loader and start_kernel() leave behind when the first process runs.
#include "core/kstack/thread_info.h"
#include "core/machine/kernel_services.h"
#include "core/machine/machine.h"
#include "core/machine/stackleak.h"
#include "core/memory/boot_state.h"

#include <algorithm>
#include <ranges>

namespace ksl::core {

namespace {

constexpr Pfn kImageLowest{4096};  ///< 16 MiB
constexpr Pages kImagePages{4096}; ///< 16 MiB of image
constexpr VirtAddr kImageText{0xffffffff81000000};
constexpr std::uint32_t kInitPages = 64; ///< user pages of init
constexpr std::uint64_t kLargePageFrames = 512;

/// A kernel image of ordinary proportions: 8 MiB text, 2 MiB constants, 2 MiB data, 1 MiB initialisation.
KernelImage ordinary_image() {
    const auto at = [](std::uint64_t mebibytes) { return kImageText + Bytes{mebibytes << 20}; };
    return {.text = at(0),
            .text_end = at(8) - 3_KiB,
            .code_end = at(8),
            .rodata = at(8),
            .rodata_end = at(10) - 100_KiB,
            .data = at(10),
            .init = at(12),
            .init_end = at(13),
            .brk_end = at(15) - 5_KiB,
            .idt = std::nullopt};
}

/// Table pages that a direct map of this much memory can take at most, with the vmalloc area's and the image's.
std::uint64_t most_table_pages(std::uint64_t frames, const DirectMapOptions& options) {
    const std::uint64_t gib = frames / (kLargePageFrames * kLargePageFrames) + 8;
    const std::uint64_t small = options.large_pages ? 64 : frames / kLargePageFrames + 64;
    return small + gib + 256;
}

DirectMapOptions direct_map_options(const MachineConfig& config) {
    const DirectMapPage largest = config.design.direct_map_page;
    return {.large_pages = largest != DirectMapPage::small_4k,
            .huge_pages = largest == DirectMapPage::huge_1g && config.processor.mmu().features.huge_pages};
}

/// Frames that the kernel takes before its page allocator runs, from the top of memory down, as memblock does.
struct BootMemory {
    FrameRange block; ///< of large pages' alignment
    std::uint64_t next = 0;

    std::optional<Pfn> take() {
        const Pfn frame = block.lowest + Pages{next};
        if (frame >= block.top) return std::nullopt;
        ++next;
        return frame;
    }
    std::optional<Pfn> take_large() {
        next = (next + kLargePageFrames - 1) / kLargePageFrames * kLargePageFrames;
        const Pfn frame = block.lowest + Pages{next};
        if (frame + Pages{kLargePageFrames} > block.top) return std::nullopt;
        next += kLargePageFrames;
        return frame;
    }
};

/// The highest run of usable frames that is long enough, cut from its top.
std::optional<FrameRange> highest_run(const MemoryMap& map, std::uint64_t frames) {
    for (const MemoryRange& range : map.ranges() | std::views::reverse) {
        if (range.kind != MemoryKind::usable) continue;
        const std::uint64_t top = range.frames.top.raw() / kLargePageFrames * kLargePageFrames;
        if (top < frames + range.frames.lowest.raw()) continue;
        const std::uint64_t lowest = (top - frames) / kLargePageFrames * kLargePageFrames;
        if (lowest < range.frames.lowest.raw()) continue;
        return FrameRange{Pfn{lowest}, Pfn{top}};
    }
    return std::nullopt;
}

/// Of a start state: the longest reserved run, which is where that machine's kernel lives.
std::optional<FrameRange> longest_reserved_run(const MemoryMap& map) {
    std::optional<FrameRange> best;
    for (const MemoryRange& range : map.ranges()) {
        if (range.kind != MemoryKind::reserved) continue;
        const std::uint64_t lowest =
            (range.frames.lowest.raw() + kLargePageFrames - 1) / kLargePageFrames * kLargePageFrames;
        if (lowest >= range.frames.top.raw()) continue;
        const FrameRange run{Pfn{lowest}, range.frames.top};
        if (!best || run.size() > best->size()) best = run;
    }
    return best;
}

std::vector<FrameRange> ram_of(const MemoryMap& map) {
    std::vector<FrameRange> ram;
    for (const MemoryRange& range : map.ranges()) {
        if (!ram.empty() && ram.back().top == range.frames.lowest)
            ram.back().top = range.frames.top;
        else
            ram.push_back(range.frames);
    }
    return ram;
}

KernelLayout layout_for(const MachineConfig& config, const MemoryMap& map) {
    const bool five = config.levels == 5;
    KernelLayout layout{
        config.kernel.era,
        five ? Geometry::five_level() : Geometry::four_level(),
        {.randomize_base = config.randomise_layout, .physical_bits = config.processor.features.physical_bits}};
    if (config.randomise_layout) layout.randomize({.seed = config.seed, .memory = bytes_of(map.frames())});
    return layout;
}

VmapRules vmap_rules_for(const MachineConfig& config, const KernelLayout& layout) {
    VmapRules rules;
    switch (config.design.area_allocator) {
    case AreaAllocator::linux_4_x: rules = linux_4_9_vmap_rules(); break;
    case AreaAllocator::linux_5_2: rules = linux_6_1_vmap_rules(); break;
    case AreaAllocator::linux_6_9: rules = linux_6_9_vmap_rules(config.cpus); break;
    }
    rules.vmalloc = {layout.vmalloc().lowest, layout.vmalloc_end_inclusive()};
    return rules;
}

SlabSizes slab_sizes_for(const MachineConfig& config) {
    SlabSizes sizes = config.kernel.era == LayoutEra::linux_6_1   ? SlabSizes::linux_6_1(config.cpus)
                      : config.kernel.era == LayoutEra::linux_4_9 ? SlabSizes::linux_4_9(config.cpus)
                                                                  : SlabSizes::linux_4_7(config.cpus);
    const Bytes array{std::uint64_t{config.design.stack_pages()} * 8};
    sizes[SlabCacheId::page_array].size = kmalloc_size(array);
    // 4.x takes the descriptor of a range from kmalloc, later kernels from a cache of its own.
    if (config.design.area_allocator == AreaAllocator::linux_4_x) {
        sizes[SlabCacheId::vmap_area] = {.size = Bytes{96}, .has_own_cache = false};
    } else {
        const std::uint64_t bytes = config.design.area_allocator == AreaAllocator::linux_6_9 ? 72 : 64;
        sizes[SlabCacheId::vmap_area] = {.size = Bytes{bytes}, .has_own_cache = true};
    }
    return sizes;
}

class Boot {
public:
    explicit Boot(const MachineConfig& config) : config_(config) {}

    std::expected<MachineState, std::string> run() {
        state_.shared_config = std::make_shared<const MachineConfig>(config_);
        if (auto problem = set_up_memory(); !problem.empty()) return std::unexpected(std::move(problem));
        set_up_allocators();
        set_up_processors();
        if (auto problem = create_first_tasks(); !problem.empty()) return std::unexpected(std::move(problem));
        return std::move(state_);
    }

private:
    std::string set_up_memory() {
        MemoryMap map = config_.start ? config_.start->map : config_.memory;
        const DirectMapOptions options = direct_map_options(config_);
        const std::uint64_t frames = map.frames().count();
        const std::uint64_t per_cpu = pages_for(KernelData::kPerCpuBytes * config_.cpus).count();
        const std::uint64_t sections = frames / (kLargePageFrames * 64) + ram_of(map).size() + 1;
        const std::uint64_t wanted = most_table_pages(frames, options) + per_cpu + (sections + 2) * kLargePageFrames;
        if (!config_.start) map.add({kImageLowest, kImageLowest + kImagePages}, MemoryKind::reserved);
        const auto block = config_.start ? longest_reserved_run(map) : highest_run(map, wanted);
        if (!block || block->size().count() < wanted) {
            return "memory is too small: the kernel needs " + std::to_string(wanted * 4) + " KiB for itself";
        }
        if (!config_.start) map.add(*block, MemoryKind::reserved);
        boot_memory_.block = *block;
        state_.memory.layout = layout_for(config_, map);
        state_.memory.contents = PhysMemory{map.frames()};
        map_ = std::move(map);
        return build_tables(options, per_cpu);
    }

    std::string build_tables(const DirectMapOptions& options, std::uint64_t per_cpu) {
        Effects silent;
        const KernelTablesConfig tables{.layout = state_.memory.layout,
                                        .ram = ram_of(map_),
                                        .reserved = {boot_memory_.block},
                                        .image = ordinary_image(),
                                        .trampoline = {},
                                        .direct_map = options,
                                        .pgd_sync = config_.design.pgd_sync};
        const auto per_cpu_frames = boot_memory_.next;
        boot_memory_.next += per_cpu;
        const auto built = build_kernel_tables(
            state_.memory.contents, tables, [&] { return boot_memory_.take(); },
            [&] { return boot_memory_.take_large(); }, silent);
        if (!built) return "memory is too small for the kernel's page tables";
        state_.memory.tables = *built;
        const VirtAddr areas =
            state_.memory.layout.address_of(address_of(boot_memory_.block.lowest + Pages{per_cpu_frames}));
        state_.data = KernelData{state_.memory.layout.vmemmap().lowest, tables.image.data, areas};
        return "";
    }

    void set_up_allocators() {
        if (config_.start) {
            state_.memory.pages = PageAllocator{*config_.start};
        } else {
            state_.memory.pages = PageAllocator{booted_state(map_, config_.kernel.page_rules, config_.cpus)};
        }
        const VirtAddr direct_map = state_.memory.layout.direct_map().lowest;
        state_.memory.slabs = SlabCaches{slab_sizes_for(config_), config_.cpus, direct_map};
        state_.memory.vmap = VmapAllocator{vmap_rules_for(config_, state_.memory.layout), config_.cpus};
        state_.stacks = StackAllocator{config_.design, config_.cpus, state_.memory.layout};
        state_.spaces = UserSpaces{state_.memory.layout, state_.memory.tables.root, config_.design.pgd_sync};
        const std::uint64_t managed = managed_frames();
        // set_max_threads: an eighth of memory may be stacks.
        const std::uint64_t own_choice =
            std::clamp<std::uint64_t>(managed / 8 / config_.design.stack_pages(), 20, PidSlots::kSlots);
        state_.max_threads = config_.threads_max != 0 ? config_.threads_max : static_cast<std::uint32_t>(own_choice);
    }

    [[nodiscard]] std::uint64_t managed_frames() const {
        std::uint64_t managed = 0;
        for (const Zone& zone : state_.memory.pages.state().zones) managed += zone.managed;
        return managed;
    }

    void set_up_processors() {
        const std::uint32_t ticks_till_scan = 1U + (config_.hz > 250 ? 1U : 0U) + (config_.hz > 500 ? 1U : 0U);
        state_.rcu = Rcu{config_.cpus, ticks_till_scan};
        state_.caches = CacheModel{config_.processor.caches(), static_cast<std::uint16_t>(config_.cpus)};
        const AddressClasses classes{state_.memory.layout};
        state_.cpus.resize(config_.cpus);
        for (Cpu& cpu : state_.cpus) {
            cpu.mmu = Mmu{config_.processor.mmu(), classes};
            if (config_.levels == 5) cpu.mmu.set_cr4(cpu.mmu.registers().cr4 | cr4::kFiveLevel);
            // Linux uses PCIDs from 4.14 on.
            if (config_.kernel.era == LayoutEra::linux_6_1 &&
                ProcessorPreset::has(config_.processor.features.pcid, false)) {
                cpu.mmu.set_cr4(cpu.mmu.registers().cr4 | cr4::kPcid);
            }
            cpu.mmu.load_cr3(address_of(state_.memory.tables.root).raw());
        }
    }

    /// init is task 0, the idle tasks follow in the order of their processors.
    std::string create_first_tasks() {
        constexpr CpuId kBootCpu{0};
        ProcessorPort port{state_, kBootCpu};
        Effects fx{nullptr, &port, nullptr, EventLevel::none, kBootCpu, Cycles{}, state_.data};
        KernelServices kernel{state_, kBootCpu, port, fx};
        const auto space = state_.spaces.create(kernel);
        if (!space || !state_.spaces.exec(kernel, *space, kInitPages))
            return "memory is too small for the first process";
        if (!add_task(kernel, TaskKind::process, *space)) return "memory is too small for the first process";
        for (std::uint16_t cpu = 0; cpu < config_.cpus; ++cpu) {
            const auto idle = add_task(kernel, TaskKind::idle, SpaceId::none());
            if (!idle) return "memory is too small for the idle tasks";
            state_.tasks.mut(*idle).cpu = CpuId{cpu};
            state_.cpus[cpu].idle_task = *idle;
            state_.cpus[cpu].current = *idle;
        }
        for (std::uint16_t cpu = 0; cpu < config_.cpus; ++cpu) {
            Effects reserve_fx{nullptr, &port, nullptr, EventLevel::none, CpuId{cpu}, Cycles{}, state_.data};
            KernelServices reserve_kernel{state_, CpuId{cpu}, port, reserve_fx};
            state_.stacks.refill_reserve(reserve_kernel);
        }
        return "";
    }

    std::optional<TaskId> add_task(KernelServices& kernel, TaskKind kind, SpaceId space) {
        const auto object = kernel.new_object(SlabCacheId::task_struct);
        if (!object) return std::nullopt;
        const bool has_slots = config_.design.backing == Backing::pid_slot;
        const std::uint32_t pid = has_slots ? state_.stacks.pid_slots().take().value_or(0) : state_.next_pid++;
        const TaskId task = state_.tasks.add({.pid = pid,
                                              .object = object->number(),
                                              .space = space,
                                              .state = TaskState::runnable,
                                              .kind = kind,
                                              .has_object = 1});
        const auto stack = state_.stacks.acquire(kernel, task.raw(), pid);
        if (!stack) return std::nullopt;
        TaskRecord& record = state_.tasks.mut(task);
        record.stack = stack->id;
        record.stack_used = static_cast<std::uint32_t>(
            set_up_stack(kernel, config_.design, config_.kernel,
                         {.lowest = state_.stacks.lowest(stack->id, state_.memory),
                          .area = state_.stacks.area(stack->id, state_.memory).lowest,
                          .task_struct = state_.memory.slabs.kernel_address(SlabCacheId::task_struct, *object),
                          .cpu = 0,
                          .return_to = kImageText})
                .count());
        record.deepest = record.stack_used;
        if (config_.design.stackleak) record.unerased = erasable_words(state_, task);
        ++state_.threads;
        return task;
    }

    const MachineConfig& config_;
    MachineState state_;
    MemoryMap map_;
    BootMemory boot_memory_;
};

} // namespace

std::expected<Machine, std::string> Machine::boot(const MachineConfig& config) {
    if (std::string problem = problem_with(config); !problem.empty()) return std::unexpected(std::move(problem));
    auto state = Boot{config}.run();
    if (!state) return std::unexpected(std::move(state.error()));
    return Machine{std::move(*state)};
}

} // namespace ksl::core
