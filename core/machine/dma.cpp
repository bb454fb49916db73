// SPDX-License-Identifier: MIT
//
// DMA from the stack: conversion, checks, mapping, transfer. See dma_request.h.
#include "core/kstack/overflow.h"
#include "core/machine/churn.h"
#include "core/machine/life.h"
#include "core/types/assert.h"

#include <algorithm>
#include <array>
#include <vector>

namespace ksl::core {

std::string_view name_of(DmaCall call) {
    switch (call) {
    case DmaCall::virt_to_phys: return "virt_to_phys";
    case DmaCall::dma_map_single: return "dma_map_single";
    case DmaCall::sg_set_buf: return "sg_set_buf";
    case DmaCall::dma_map_page: return "dma_map_page";
    case DmaCall::dma_map_pages: return "dma_map_pages";
    case DmaCall::bounce: return "bounce";
    }
    return "";
}

std::string_view name_of(DmaResult result) {
    switch (result) {
    case DmaResult::arrived: return "arrived";
    case DmaResult::refused: return "refused";
    case DmaResult::bug: return "bug";
    case DmaResult::oops: return "oops";
    case DmaResult::lost: return "lost";
    case DmaResult::strange: return "strange";
    }
    return "";
}

namespace {

constexpr std::uint64_t kFromDriver = 0x6472'6976'6572'0000; ///< "driver", then which word
constexpr std::uint64_t kFromDevice = 0x6465'7669'6365'0000; ///< "device", then which word

/// Levels of tables that vmalloc_to_page() goes down.
constexpr unsigned kWalkLevels = 4;

class Transfer {
public:
    Transfer(MachineState& state, KernelServices& kernel, TaskId task, const DmaRequest& request)
        : state_(state), kernel_(kernel), task_(task), request_(request), layout_(state.memory.layout),
          lowest_(state.stacks.lowest(state.tasks[task].stack, state.memory)),
          top_(lowest_ + state.config().design.stack_bytes()),
          buffer_(top_ - Bytes{state.tasks[task].stack_used} + Bytes{request.above}) {}

    /// The buffer is part of the task's stack and all of it is there.
    [[nodiscard]] bool is_possible() const {
        if (request_.length == 0 || request_.length % 8 != 0 || request_.above % 8 != 0) return false;
        if (buffer_ < lowest_ || buffer_ >= top_ || top_ - buffer_ < Bytes{request_.length}) return false;
        for (std::uint32_t at = 0; at < request_.length; at += 8) {
            if (!kernel_.translate(buffer_ + Bytes{at})) return false;
        }
        return true;
    }

    DmaResult run() {
        fill_buffer();
        const DmaResult result = map_and_move();
        kernel_.fx().report(EventLevel::coarse, [&] {
            return DmaMapped{task_.raw(),
                             static_cast<std::uint8_t>(request_.call),
                             static_cast<std::uint8_t>(result),
                             warned_,
                             request_.length,
                             buffer_.raw(),
                             bus_.raw()};
        });
        return result;
    }

private:
    /// The driver's own bytes: what the device is to read, or what its answer is to replace.
    void fill_buffer() {
        for (std::uint32_t at = 0; at < request_.length; at += 8) {
            static_cast<void>(kernel_.store_word(buffer_ + Bytes{at}, kFromDriver + at));
        }
    }

    [[nodiscard]] bool has_alias() const { return state_.config().design.backing == Backing::vmap_lowmem_alias; }
    /// The alias design patches the conversions: they recognise the stack and answer with its other address.
    [[nodiscard]] PhysAddr linear(VirtAddr at) const {
        if (has_alias()) return kernel_.translate(at).value_or(PhysAddr{});
        return layout_.phys_addr(at);
    }
    [[nodiscard]] bool has_linear_translation(VirtAddr at) const {
        return has_alias() || layout_.virt_addr_valid(at, state_.memory.contents.frames());
    }

    DmaResult map_and_move() {
        switch (request_.call) {
        case DmaCall::virt_to_phys:
        case DmaCall::dma_map_single:
        case DmaCall::sg_set_buf: return by_arithmetic();
        case DmaCall::dma_map_page:
            bus_ = looked_up(buffer_);
            warn_of_stack();
            return move({{bus_, request_.length}});
        case DmaCall::dma_map_pages: return page_by_page();
        case DmaCall::bounce: break;
        }
        return through_bounce();
    }

    DmaResult by_arithmetic() {
        bus_ = linear(buffer_);
        const bool is_recent = state_.config().kernel.era == LayoutEra::linux_6_1;
        // dma_map_single_attrs since 5.5: "rejecting DMA map of vmalloc memory", before any arithmetic.
        if (request_.call == DmaCall::dma_map_single && is_recent && !has_alias() && layout_.is_vmalloc_addr(buffer_)) {
            warned_ = true;
            return DmaResult::refused;
        }
        if (request_.call == DmaCall::sg_set_buf && request_.checks.debug_sg && !has_linear_translation(buffer_)) {
            return stop(DmaResult::bug);
        }
        if (request_.checks.debug_virtual && !has_linear_translation(buffer_)) return stop(DmaResult::bug);
        if (request_.call != DmaCall::virt_to_phys) warn_of_stack();
        if (request_.uses_page_struct && !has_page_struct(frame_of(bus_))) return stop(DmaResult::oops);
        return move({{bus_, request_.length}});
    }

    /// check_for_stack: 4.7 asks whether the address is on the current stack (object_is_on_stack); 4.9 compares the
    /// page with those of the stack's area, which a wild page never equals. virt_to_phys() does not pass by it.
    void warn_of_stack() {
        if (!request_.checks.dma_api_debug) return;
        const auto page = kernel_.translate(buffer_);
        warned_ = page && frame_of(*page) == frame_of(bus_);
    }

    /// Page structs lie in the vmemmap; where there is no memory, nothing is mapped.
    [[nodiscard]] bool has_page_struct(Pfn frame) const {
        return kernel_.translate(layout_.page_struct(frame)).has_value();
    }

    DmaResult stop(DmaResult result) {
        kernel_.fx().charge(Step::oops);
        kernel_.fx().report(EventLevel::coarse, [&] { return TaskKilled{task_.raw()}; });
        return result;
    }

    /// vmalloc_to_page(), or virt_to_page() where that is right.
    [[nodiscard]] PhysAddr looked_up(VirtAddr at) {
        const auto where = kernel_.translate(at);
        if (layout_.is_vmalloc_addr(at)) {
            Mapper mapper = state_.memory.mapper();
            kernel_.fx().charge(Step::table_descend);
            for (unsigned level = 0; level < kWalkLevels; ++level) {
                kernel_.fx().read(layout_.address_of(mapper.find(at).at));
            }
        }
        return where.value_or(PhysAddr{});
    }

    struct Piece {
        PhysAddr bus;
        std::uint32_t length = 0;
    };

    DmaResult page_by_page() {
        std::vector<Piece> pieces;
        for (std::uint32_t done = 0; done < request_.length;) {
            const VirtAddr at = buffer_ + Bytes{done};
            const std::uint64_t left_of_page = kPageBytes - page_offset(at).count();
            const auto length =
                static_cast<std::uint32_t>(std::min<std::uint64_t>(request_.length - done, left_of_page));
            pieces.push_back({looked_up(at), length});
            done += length;
        }
        bus_ = pieces.front().bus;
        warn_of_stack();
        return move(pieces);
    }

    DmaResult through_bounce() {
        const auto page = kernel_.allocate({.order = Order{0}, .gfp = gfp::kKernel, .use = FrameUse::unmovable});
        if (!page) return DmaResult::refused;
        bus_ = address_of(*page);
        const VirtAddr bounce = layout_.address_of(bus_);
        if (request_.direction == DmaDirection::to_device) copy(buffer_, bounce);
        const bool reached = exchange({{bus_, request_.length}});
        if (request_.direction == DmaDirection::from_device) copy(bounce, buffer_);
        kernel_.free(*page, Order{0});
        return reached && buffer_is_right() ? DmaResult::arrived : DmaResult::strange;
    }

    void copy(VirtAddr from, VirtAddr to) {
        kernel_.stream(from, Bytes{request_.length}, false);
        kernel_.stream(to, Bytes{request_.length}, true);
        for (std::uint32_t at = 0; at < request_.length; at += 8) {
            const auto source = kernel_.translate(from + Bytes{at});
            const auto target = kernel_.translate(to + Bytes{at});
            KSL_ASSERT(source && target, "what has just been streamed is mapped");
            state_.memory.contents.write(*target, state_.memory.contents.read(*source));
        }
    }

    DmaResult move(const std::vector<Piece>& pieces) {
        for (const Piece& piece : pieces) {
            if (!is_memory(piece.bus, piece.length)) return DmaResult::lost;
        }
        const bool reached = exchange(pieces);
        report_strangers(pieces);
        return reached && buffer_is_right() ? DmaResult::arrived : DmaResult::strange;
    }

    [[nodiscard]] bool is_memory(PhysAddr at, std::uint32_t length) const {
        const MemoryMap& map = state_.memory.pages.state().map;
        return map.find(frame_of(at)) != nullptr && map.find(frame_of(at + Bytes{length - 1})) != nullptr;
    }

    /// The device's part: consecutive bytes at bus addresses. False: it read something other than the driver wrote.
    bool exchange(const std::vector<Piece>& pieces) {
        std::uint32_t word = 0;
        bool is_right = true;
        for (const Piece& piece : pieces) {
            for (std::uint32_t at = 0; at < piece.length; at += 8, word += 8) {
                if (request_.direction == DmaDirection::from_device)
                    state_.memory.contents.write(piece.bus + Bytes{at}, kFromDevice + word);
                else
                    is_right = is_right && state_.memory.contents.read(piece.bus + Bytes{at}) == kFromDriver + word;
            }
        }
        return is_right;
    }

    /// What the driver finds in its buffer, through its own mapping.
    [[nodiscard]] bool buffer_is_right() const {
        const std::uint64_t expected = request_.direction == DmaDirection::from_device ? kFromDevice : kFromDriver;
        for (std::uint32_t at = 0; at < request_.length; at += 8) {
            const auto where = kernel_.translate(buffer_ + Bytes{at});
            if (!where || state_.memory.contents.read(*where) != expected + at) return false;
        }
        return true;
    }

    /// Bytes that the device wrote and that are not the buffer's, frame by frame.
    void report_strangers(const std::vector<Piece>& pieces) {
        if (request_.direction == DmaDirection::to_device) return;
        std::uint32_t word = 0;
        std::optional<std::pair<PhysAddr, PhysAddr>> strange;
        const auto tell = [&] {
            if (!strange) return;
            kernel_.fx().report(EventLevel::coarse, [&] {
                return DmaStruck{task_.raw(), strange->first.raw(), strange->second.raw(),
                                 static_cast<std::uint8_t>(victim_at(state_.memory, strange->first))};
            });
            strange.reset();
        };
        for (const Piece& piece : pieces) {
            for (std::uint32_t at = 0; at < piece.length; at += 8, word += 8) {
                const PhysAddr hit = piece.bus + Bytes{at};
                if (kernel_.translate(buffer_ + Bytes{word}) == hit) {
                    tell();
                    continue;
                }
                if (strange && frame_of(strange->first) != frame_of(hit)) tell();
                if (!strange) strange = {hit, hit};
                strange->second = hit + Bytes{8};
            }
        }
        tell();
    }

    MachineState& state_;
    KernelServices& kernel_;
    TaskId task_;
    const DmaRequest& request_;
    const KernelLayout& layout_;
    VirtAddr lowest_;
    VirtAddr top_;
    VirtAddr buffer_;
    PhysAddr bus_;
    bool warned_ = false;
};

} // namespace

void map_dma(MachineState& state, KernelServices& kernel, const MapDma& command, Outcome& outcome) {
    if (!runs_a_task(state, command.cpu)) {
        outcome.status = OutcomeStatus::refused;
        return;
    }
    Transfer transfer{state, kernel, state.cpu(command.cpu).current, command.request};
    if (!transfer.is_possible()) {
        outcome.status = OutcomeStatus::refused;
        return;
    }
    const DmaResult result = transfer.run();
    outcome.value = static_cast<std::uint32_t>(result);
    if (result == DmaResult::bug || result == DmaResult::oops) outcome.status = OutcomeStatus::task_killed;
}

} // namespace ksl::core
