// SPDX-License-Identifier: MIT
//
// What simulated physical memory contains. Every frame reads as zero until something is written to it; page tables,
// stacks and whatever an overflow or a device hits have real contents.
//
// Units:     64-bit little-endian words at 8-byte aligned physical addresses; byte access where an overflow needs it.
// Memory:    4 bytes a frame in chunks that hold written frames; a frame with at most four written cache lines takes
//            280 bytes (a fresh stack's first and last page), any other 4 KiB. Frames with equal contents can share
//            them (image_of, set_image), which is what makes four million fresh stacks affordable.
// Fidelity:  a freed frame keeps its contents, as in a kernel without init_on_free; clear() is __GFP_ZERO's clear_page.
#pragma once

#include "core/types/address.h"
#include "core/types/cow_array.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace ksl::core {

inline constexpr std::size_t kWordsPerPage = kPageBytes / 8;

class PhysMemory {
public:
    PhysMemory() = default;
    explicit PhysMemory(Pages frames) : slot_of_(static_cast<std::size_t>(frames.count())) {}

    /// Frames that exist; access beyond is a bug of ours.
    [[nodiscard]] Pages frames() const { return Pages{slot_of_.size()}; }

    /// `at` is 8-byte aligned.
    [[nodiscard]] std::uint64_t read(PhysAddr at) const {
        const Slot slot = slot_of(frame_of(at));
        const std::size_t word = page_offset(at).count() / 8;
        if (is_page(slot)) [[likely]]
            return pages_[index_of(slot)].words[word];
        return slot == kNothing ? 0 : read_few(slot, word);
    }
    void write(PhysAddr at, std::uint64_t value);
    /// Up to a cache line of words, none of them beyond the end of the line around `at`.
    void write_line(PhysAddr at, std::span<const std::uint64_t> words);

    void read_bytes(PhysAddr at, std::span<std::byte> out) const;
    void write_bytes(PhysAddr at, std::span<const std::byte> in);

    /// The frame reads as zero again.
    void clear(Pfn frame);
    /// True if nothing but zeroes was written since the last clear().
    [[nodiscard]] bool is_clear(Pfn frame) const { return slot_of(frame) == kNothing; }

    /// The 512 words of a frame that is stored as a whole (page tables are, from their first write on); else nullptr.
    [[nodiscard]] const std::uint64_t* words(Pfn frame) const {
        const Slot slot = slot_of(frame);
        return is_page(slot) ? pages_[index_of(slot)].words.data() : nullptr;
    }
    /// Stores the frame as a whole from now on and returns its words for writing; valid until this memory is copied or
    /// the frame is cleared or replaced. Writing other frames does not move it.
    [[nodiscard]] std::uint64_t* writable_words(Pfn frame);

    /// Contents that frames can share.
    class Image {
    public:
        Image() = default;
        friend bool operator==(Image, Image) = default;
        template <class Archive>
        void describe(Archive& archive) {
            archive(slot_);
        }

    private:
        friend class PhysMemory;
        explicit Image(std::uint32_t slot) : slot_(slot) {}
        std::uint32_t slot_ = 0;
    };
    /// Keeps the present contents of `frame`; they stay as they are when the frame is written later. Never given back:
    /// for a handful of patterns, not for every frame.
    [[nodiscard]] Image image_of(Pfn frame);
    void set_image(Pfn frame, Image image);
    /// `to` reads as `from` does now.
    void copy_frame(Pfn from, Pfn to);

    /// Host memory in use for contents.
    [[nodiscard]] Bytes stored_bytes() const;
    /// Empty text, or the first broken invariant.
    [[nodiscard]] const char* check_invariants() const;

    template <class Archive>
    void describe(Archive& archive) {
        archive(slot_of_, words_, pairs_, lines_, pages_, page_references_, free_word_, free_pair_, free_lines_,
                free_page_, unsettled_, settled_, next_settled_);
    }
    friend bool operator==(const PhysMemory&, const PhysMemory&) = default;

private:
    /// 0 = reads as zero; else kind in the top two bits, index below.
    using Slot = std::uint32_t;
    static constexpr Slot kNothing = 0;
    static constexpr Slot kLines = 1U << 30;
    static constexpr Slot kPage = 2U << 30;
    static constexpr Slot kWord = 3U << 30;
    static constexpr Slot kIsPair = 1U << 29; ///< of words: two of them
    static constexpr Slot kIndexMask = kIsPair - 1;
    static constexpr std::uint32_t kNone = 0xffffffffU;

    static constexpr std::size_t kWordsPerLine = 8;
    static constexpr std::size_t kLinesPerSlot = 4;

    /// A word of a frame in which only this one, or it and one more, may not be zero: which one it is in the upper
    /// bits, its value below. Never shared. Of a free one, the first of a free pair: the next free one.
    using WordSlot = std::uint64_t;
    using PairSlot = std::array<WordSlot, 2>;
    static constexpr unsigned kValueBits = 55;
    static constexpr std::uint64_t kValueMask = (std::uint64_t{1} << kValueBits) - 1;

    /// Up to four cache lines of one frame, in ascending order.
    struct LineSlot {
        std::uint64_t present = 0; ///< bit l: line l of the page is stored
        std::uint32_t references = 0;
        std::uint32_t next_free = kNone;
        std::array<std::uint64_t, kWordsPerLine * kLinesPerSlot> words{};
        friend bool operator==(const LineSlot&, const LineSlot&) = default;
    };
    struct PageSlot {
        std::array<std::uint64_t, kWordsPerPage> words{};
        friend bool operator==(const PageSlot&, const PageSlot&) = default;
    };

    [[nodiscard]] static bool is_page(Slot slot) { return slot >> 30 == 2; }
    [[nodiscard]] static bool is_lines(Slot slot) { return slot >> 30 == 1; }
    [[nodiscard]] static bool is_words(Slot slot) { return slot >> 30 == 3; }
    [[nodiscard]] static bool is_pair(Slot slot) { return (slot & kIsPair) != 0; }
    [[nodiscard]] static WordSlot packed(std::size_t word, std::uint64_t value) {
        return std::uint64_t{word} << kValueBits | value;
    }
    [[nodiscard]] static std::size_t place_in(WordSlot word) { return static_cast<std::size_t>(word >> kValueBits); }
    [[nodiscard]] static std::uint64_t value_in(WordSlot word) { return word & kValueMask; }
    [[nodiscard]] static std::size_t index_of(Slot slot) { return slot & kIndexMask; }
    [[nodiscard]] Slot slot_of(Pfn frame) const { return slot_of_[static_cast<std::size_t>(frame.raw())]; }

    /// Of a frame that is not stored as a whole.
    [[nodiscard]] std::uint64_t read_few(Slot slot, std::size_t word) const;
    [[nodiscard]] std::uint64_t read_lines(Slot slot, std::size_t word) const;
    /// The stored words from `word` to the end of its line; nullptr if they read as zero.
    [[nodiscard]] static const std::uint64_t* find_in_lines(const LineSlot& lines, std::size_t word);
    [[nodiscard]] std::span<const WordSlot> words_of(Slot slot) const;
    [[nodiscard]] Slot new_word(WordSlot word);
    [[nodiscard]] Slot new_pair(const PairSlot& words);
    [[nodiscard]] Slot new_lines();
    [[nodiscard]] Slot new_page();
    void add_reference(Slot slot);
    void drop_reference(Slot slot);
    [[nodiscard]] std::uint32_t references(Slot slot) const;
    void put_slot(Pfn frame, Slot slot);
    /// The frame's own slot for writing `word`: unshared, promoted to a whole page where four lines are not enough.
    [[nodiscard]] std::uint64_t& word_for_writing(Pfn frame, std::size_t word);
    [[nodiscard]] std::uint64_t* word_in_lines(Slot slot, std::size_t word);
    [[nodiscard]] Slot promote(Pfn frame);
    /// Writes to a frame of two words at most; false if that does not suffice.
    [[nodiscard]] bool write_as_words(Pfn frame, std::size_t word, std::uint64_t value);
    /// The frame's words become the first of its lines.
    [[nodiscard]] Slot lines_from_words(Pfn frame);
    /// `frame` is being written and has lines of its own. The one that was before it is taken to be finished: if it
    /// looks like one of those finished before, it shares that one's lines.
    void settle_before(Pfn frame);
    void settle(Pfn frame);

    static constexpr std::size_t kFramesPerChunk = 4096;
    CowArray<Slot, kFramesPerChunk> slot_of_;
    CowArray<WordSlot, 1024> words_;
    CowArray<PairSlot, 512> pairs_;
    CowArray<LineSlot, 64> lines_;
    CowArray<PageSlot, 8> pages_;
    CowArray<std::uint32_t, 1024> page_references_; ///< of a free page slot: the next free one
    std::uint32_t free_word_ = kNone;
    std::uint32_t free_pair_ = kNone;
    std::uint32_t free_lines_ = kNone;
    std::uint32_t free_page_ = kNone;
    std::uint32_t unsettled_ = kNone; ///< the frame of few lines that was written last
    static constexpr std::size_t kSettled = 4;
    /// Line slots that were last found to look like no other; kNone: none yet. May be free by now.
    std::array<std::uint32_t, kSettled> settled_{kNone, kNone, kNone, kNone};
    std::uint32_t next_settled_ = 0;
};

} // namespace ksl::core
