// SPDX-License-Identifier: MIT
#include "core/memory/phys_memory.h"

#include <algorithm>
#include <cstring>

namespace ksl::core {

namespace {

/// How many bits are set, of at most a few: x86-64 without extensions has no instruction that counts them, and a
/// library call takes longer than this.
std::size_t count_few(std::uint64_t bits) {
    std::size_t count = 0;
    for (; bits != 0; bits &= bits - 1) ++count;
    return count;
}

} // namespace

std::uint64_t PhysMemory::read_few(Slot slot, std::size_t word) const {
    if (is_lines(slot)) return read_lines(slot, word);
    for (const WordSlot stored : words_of(slot)) {
        if (place_in(stored) == word) return value_in(stored);
    }
    return 0;
}

std::span<const PhysMemory::WordSlot> PhysMemory::words_of(Slot slot) const {
    if (slot == kNothing) return {};
    if (is_pair(slot)) return pairs_[index_of(slot)];
    return {&words_[index_of(slot)], 1};
}

std::uint64_t PhysMemory::read_lines(Slot slot, std::size_t word) const {
    const std::uint64_t* stored = find_in_lines(lines_[index_of(slot)], word);
    return stored == nullptr ? 0 : *stored;
}

const std::uint64_t* PhysMemory::find_in_lines(const LineSlot& lines, std::size_t word) {
    const std::uint64_t bit = std::uint64_t{1} << (word / kWordsPerLine);
    if ((lines.present & bit) == 0) return nullptr;
    const std::size_t rank = count_few(lines.present & (bit - 1));
    return &lines.words[rank * kWordsPerLine + word % kWordsPerLine];
}

PhysMemory::Slot PhysMemory::new_word(WordSlot word) {
    std::size_t index = words_.size();
    if (free_word_ != kNone) {
        index = free_word_;
        free_word_ = static_cast<std::uint32_t>(words_[index]);
    } else {
        words_.resize(index + 1);
    }
    words_.mut(index) = word;
    return kWord | static_cast<Slot>(index);
}

PhysMemory::Slot PhysMemory::new_pair(const PairSlot& words) {
    std::size_t index = pairs_.size();
    if (free_pair_ != kNone) {
        index = free_pair_;
        free_pair_ = static_cast<std::uint32_t>(pairs_[index][0]);
    } else {
        pairs_.resize(index + 1);
    }
    pairs_.mut(index) = words;
    return kWord | kIsPair | static_cast<Slot>(index);
}

PhysMemory::Slot PhysMemory::new_lines() {
    std::size_t index = lines_.size();
    if (free_lines_ != kNone) {
        index = free_lines_;
        free_lines_ = lines_[index].next_free;
    } else {
        lines_.resize(index + 1);
    }
    LineSlot& fresh = lines_.mut(index);
    fresh = LineSlot{};
    fresh.references = 1;
    return kLines | static_cast<Slot>(index);
}

PhysMemory::Slot PhysMemory::new_page() {
    std::size_t index = pages_.size();
    if (free_page_ != kNone) {
        index = free_page_;
        free_page_ = page_references_[index];
        pages_.mut(index).words.fill(0);
    } else {
        pages_.resize(index + 1);
        page_references_.resize(index + 1);
    }
    page_references_.mut(index) = 1;
    return kPage | static_cast<Slot>(index);
}

void PhysMemory::add_reference(Slot slot) {
    if (is_page(slot))
        ++page_references_.mut(index_of(slot));
    else if (is_lines(slot))
        ++lines_.mut(index_of(slot)).references;
}

std::uint32_t PhysMemory::references(Slot slot) const {
    if (is_words(slot)) return 1;
    return is_page(slot) ? page_references_[index_of(slot)] : lines_[index_of(slot)].references;
}

void PhysMemory::drop_reference(Slot slot) {
    const std::size_t index = index_of(slot);
    if (is_page(slot)) {
        std::uint32_t& count = page_references_.mut(index);
        if (--count != 0) return;
        count = free_page_;
        free_page_ = static_cast<std::uint32_t>(index);
    } else if (is_lines(slot)) {
        LineSlot& lines = lines_.mut(index);
        if (--lines.references != 0) return;
        lines = LineSlot{};
        lines.next_free = free_lines_;
        free_lines_ = static_cast<std::uint32_t>(index);
    } else if (is_words(slot) && is_pair(slot)) {
        pairs_.mut(index) = {free_pair_, 0};
        free_pair_ = static_cast<std::uint32_t>(index);
    } else if (is_words(slot)) {
        words_.mut(index) = free_word_;
        free_word_ = static_cast<std::uint32_t>(index);
    }
}

void PhysMemory::put_slot(Pfn frame, Slot slot) {
    Slot& place = slot_of_.mut(static_cast<std::size_t>(frame.raw()));
    const Slot before = place;
    place = slot;
    drop_reference(before);
}

void PhysMemory::clear(Pfn frame) {
    if (!is_clear(frame)) put_slot(frame, kNothing);
}

PhysMemory::Slot PhysMemory::promote(Pfn frame) {
    const Slot before = slot_of(frame);
    const Slot slot = new_page();
    PageSlot& page = pages_.mut(index_of(slot));
    if (is_page(before)) {
        page = pages_[index_of(before)];
    } else if (before != kNothing) {
        for (std::size_t word = 0; word < kWordsPerPage; ++word) page.words[word] = read_few(before, word);
    }
    put_slot(frame, slot);
    return slot;
}

std::uint64_t* PhysMemory::word_in_lines(Slot slot, std::size_t word) {
    LineSlot& lines = lines_.mut(index_of(slot));
    const std::uint64_t bit = std::uint64_t{1} << (word / kWordsPerLine);
    const std::size_t rank = count_few(lines.present & (bit - 1));
    if ((lines.present & bit) == 0) {
        const std::size_t stored = count_few(lines.present);
        if (stored == kLinesPerSlot) return nullptr;
        auto* first = lines.words.data() + rank * kWordsPerLine;
        std::memmove(first + kWordsPerLine, first, (stored - rank) * kWordsPerLine * sizeof(std::uint64_t));
        std::memset(first, 0, kWordsPerLine * sizeof(std::uint64_t));
        lines.present |= bit;
    }
    return &lines.words[rank * kWordsPerLine + word % kWordsPerLine];
}

bool PhysMemory::write_as_words(Pfn frame, std::size_t word, std::uint64_t value) {
    const Slot slot = slot_of(frame);
    const std::span<const WordSlot> stored = words_of(slot);
    // The word itself, or one that may be forgotten because it is zero.
    std::size_t place = 0;
    while (place < stored.size() && place_in(stored[place]) != word) ++place;
    if (place == stored.size()) {
        if (value == 0) return true;
        place = 0;
        while (place < stored.size() && value_in(stored[place]) != 0) ++place;
    }
    if (value > kValueMask || place == 2) return false;
    const WordSlot fresh = packed(word, value);
    if (place == stored.size()) {
        put_slot(frame, stored.empty() ? new_word(fresh) : new_pair({stored[0], fresh}));
    } else if (is_pair(slot)) {
        pairs_.mut(index_of(slot))[place] = fresh;
    } else {
        words_.mut(index_of(slot)) = fresh;
    }
    return true;
}

PhysMemory::Slot PhysMemory::lines_from_words(Pfn frame) {
    const Slot slot = new_lines();
    for (const WordSlot stored : words_of(slot_of(frame))) {
        if (value_in(stored) != 0) *word_in_lines(slot, place_in(stored)) = value_in(stored);
    }
    put_slot(frame, slot);
    return slot;
}

std::uint64_t& PhysMemory::word_for_writing(Pfn frame, std::size_t word) {
    Slot slot = slot_of(frame);
    if (is_page(slot)) {
        if (references(slot) != 1) slot = promote(frame);
        return pages_.mut(index_of(slot)).words[word];
    }
    settle_before(frame);
    if (!is_lines(slot)) {
        slot = lines_from_words(frame);
    } else if (references(slot) != 1) {
        const Slot own = new_lines();
        LineSlot& copy = lines_.mut(index_of(own));
        const LineSlot& shared = lines_[index_of(slot)];
        copy.present = shared.present;
        copy.words = shared.words;
        put_slot(frame, own);
        slot = own;
    }
    if (std::uint64_t* place = word_in_lines(slot, word)) return *place;
    return pages_.mut(index_of(promote(frame))).words[word];
}

void PhysMemory::settle_before(Pfn frame) {
    const auto now = static_cast<std::uint32_t>(frame.raw());
    if (unsettled_ == now) [[likely]]
        return;
    if (unsettled_ != kNone) settle(Pfn{unsettled_});
    unsettled_ = now;
}

void PhysMemory::settle(Pfn frame) {
    const Slot slot = slot_of(frame);
    if (!is_lines(slot) || references(slot) != 1) return;
    const LineSlot& mine = lines_[index_of(slot)];
    for (const std::uint32_t other : settled_) {
        if (other == kNone || other == index_of(slot)) continue;
        const LineSlot& known = lines_[other];
        if (known.references == 0 || known.present != mine.present || known.words != mine.words) continue;
        add_reference(kLines | other);
        put_slot(frame, kLines | other);
        return;
    }
    settled_[next_settled_] = static_cast<std::uint32_t>(index_of(slot));
    next_settled_ = (next_settled_ + 1) % kSettled;
}

void PhysMemory::write(PhysAddr at, std::uint64_t value) {
    KSL_ASSERT(at.raw() % 8 == 0, "word access is aligned");
    const Pfn frame = frame_of(at);
    const std::size_t word = page_offset(at).count() / 8;
    const Slot slot = slot_of(frame);
    // What is there already need not be written, and what is shared stays so.
    const bool is_there =
        !is_page(slot) && (is_lines(slot) ? read_lines(slot, word) == value : write_as_words(frame, word, value));
    if (!is_there) word_for_writing(frame, word) = value;
}

void PhysMemory::write_line(PhysAddr at, std::span<const std::uint64_t> words) {
    KSL_ASSERT(page_offset(at).count() / 8 % kWordsPerLine + words.size() <= kWordsPerLine,
               "the words are in one line");
    // A stack that is used again gets what its last owner had: one look at the line, instead of one a word.
    if (const Slot slot = slot_of(frame_of(at)); is_lines(slot)) {
        const std::uint64_t* stored = find_in_lines(lines_[index_of(slot)], page_offset(at).count() / 8);
        if (stored != nullptr && std::equal(words.begin(), words.end(), stored)) return;
    }
    for (const std::uint64_t word : words) {
        write(at, word);
        at += Bytes{sizeof word};
    }
}

std::uint64_t* PhysMemory::writable_words(Pfn frame) {
    Slot slot = slot_of(frame);
    if (!is_page(slot) || references(slot) != 1) slot = promote(frame);
    return pages_.mut(index_of(slot)).words.data();
}

void PhysMemory::read_bytes(PhysAddr at, std::span<std::byte> out) const {
    for (std::byte& byte : out) {
        const std::uint64_t word = read(align_down(at, Bytes{8}));
        byte = static_cast<std::byte>(word >> (at.raw() % 8 * 8));
        at += Bytes{1};
    }
}

void PhysMemory::write_bytes(PhysAddr at, std::span<const std::byte> in) {
    while (!in.empty()) {
        const std::size_t offset = at.raw() % 8;
        const std::size_t count = std::min(in.size(), 8 - offset);
        const PhysAddr word_at = align_down(at, Bytes{8});
        std::uint64_t word = count == 8 ? 0 : read(word_at);
        std::memcpy(reinterpret_cast<std::byte*>(&word) + offset, in.data(), count);
        write(word_at, word);
        in = in.subspan(count);
        at += Bytes{count};
    }
}

PhysMemory::Image PhysMemory::image_of(Pfn frame) {
    Slot slot = slot_of(frame);
    if (is_words(slot)) slot = lines_from_words(frame);
    add_reference(slot);
    return Image{slot};
}

void PhysMemory::set_image(Pfn frame, Image image) {
    add_reference(image.slot_);
    put_slot(frame, image.slot_);
}

void PhysMemory::copy_frame(Pfn from, Pfn to) {
    if (from == to) return;
    const Slot slot = slot_of(from);
    if (is_words(slot)) {
        put_slot(to, is_pair(slot) ? new_pair(PairSlot{pairs_[index_of(slot)]})
                                   : new_word(WordSlot{words_[index_of(slot)]}));
        return;
    }
    add_reference(slot);
    put_slot(to, slot);
}

Bytes PhysMemory::stored_bytes() const {
    return Bytes{words_.size() * sizeof(WordSlot) + pairs_.size() * sizeof(PairSlot) +
                 lines_.size() * sizeof(LineSlot) + pages_.size() * (sizeof(PageSlot) + sizeof(std::uint32_t))};
}

const char* PhysMemory::check_invariants() const {
    std::vector<bool> word_is_used(words_.size());
    std::vector<bool> pair_is_used(pairs_.size());
    std::vector<std::uint32_t> line_users(lines_.size());
    std::vector<std::uint32_t> page_users(pages_.size());
    for (std::size_t chunk = 0; chunk < slot_of_.chunk_count(); ++chunk) {
        if (slot_of_.is_fill(chunk)) continue;
        const std::size_t last = std::min((chunk + 1) * kFramesPerChunk, slot_of_.size());
        for (std::size_t frame = chunk * kFramesPerChunk; frame < last; ++frame) {
            const Slot slot = slot_of_[frame];
            if (slot == kNothing) continue;
            const std::size_t index = index_of(slot);
            if (is_words(slot)) {
                std::vector<bool>& is_used = is_pair(slot) ? pair_is_used : word_is_used;
                if (index >= is_used.size() || is_used[index]) return "a word belongs to one frame";
                is_used[index] = true;
                continue;
            }
            if (!is_page(slot) && !is_lines(slot)) return "a contents slot is of a kind";
            if (index >= (is_page(slot) ? pages_.size() : lines_.size())) return "a contents slot exists";
            ++(is_page(slot) ? page_users : line_users)[index];
        }
    }
    const auto is_list = [](std::uint64_t first, std::vector<bool>& is_used, auto next) {
        for (std::uint64_t free = first; free != kNone; free = next(static_cast<std::size_t>(free))) {
            if (free >= is_used.size() || is_used[static_cast<std::size_t>(free)]) return false;
            is_used[static_cast<std::size_t>(free)] = true;
        }
        return true;
    };
    if (!is_list(free_word_, word_is_used, [&](std::size_t free) { return words_[free]; }) ||
        !is_list(free_pair_, pair_is_used, [&](std::size_t free) { return pairs_[free][0]; }))
        return "the lists of free words are lists";
    if (unsettled_ != kNone && unsettled_ >= slot_of_.size()) return "the frame written last exists";
    for (const std::uint32_t known : settled_) {
        if (known != kNone && known >= lines_.size()) return "lines that others may look like exist";
    }
    if (next_settled_ >= kSettled) return "there is a next place for such lines";
    std::vector<bool> page_is_free(pages_.size());
    for (std::uint32_t free = free_page_; free != kNone; free = page_references_[free]) {
        if (free >= pages_.size() || page_is_free[free]) return "the list of free page slots is a list";
        page_is_free[free] = true;
        if (page_users[free] != 0) return "a free page slot has no users";
    }
    for (std::size_t i = 0; i < lines_.size(); ++i) {
        // Images hold references besides the frames'.
        if (line_users[i] > lines_[i].references) return "a line slot counts all its users";
    }
    for (std::size_t i = 0; i < pages_.size(); ++i) {
        if (!page_is_free[i] && page_users[i] > page_references_[i]) return "a page slot counts all its users";
    }
    return "";
}

} // namespace ksl::core
