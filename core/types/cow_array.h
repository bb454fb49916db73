// SPDX-License-Identifier: MIT
//
// An array whose copies share memory. Copying costs one reference count whatever the size; the first write to a chunk
// after a copy copies that chunk. This one property gives the window its snapshots, the timeline its checkpoints, A/B
// mode its fork and the tests their equality (see docs/architecture.md).
//
// Units:     kChunk elements a chunk; a chunk is the unit of sharing and of change detection (shares_chunk).
// Memory:    elements never written share one chunk of fill values, so that a sparse array costs its table alone.
// Threads:   an array that nobody writes may be read, copied and destroyed on any thread. Copying takes the right to
//            write in place away from the source as well, so the source of the first copy after a write must not be in
//            use by another thread at that moment.
// Cost:      read = table load + element load; write = one bit test more.
#pragma once

#include "core/types/archive.h"
#include "core/types/assert.h"

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace ksl::core {

template <class T, std::size_t kChunkItems>
    requires std::is_trivially_copyable_v<T>
class CowArray {
public:
    static constexpr std::size_t kChunk = kChunkItems;
    static_assert(std::has_single_bit(kChunk), "an index is split by shift and mask");

    CowArray() : CowArray(0) {}
    explicit CowArray(std::size_t size, const T& fill = T{}) : filler_(new Chunk(fill)), root_(new Root) {
        resize(size);
    }
    CowArray(const CowArray& other) { share(other); }
    CowArray(CowArray&& other) noexcept { swap(other); }
    CowArray& operator=(const CowArray& other) {
        if (this != &other) {
            drop();
            share(other);
        }
        return *this;
    }
    CowArray& operator=(CowArray&& other) noexcept {
        swap(other);
        return *this;
    }
    ~CowArray() { drop(); }

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] std::size_t chunk_count() const { return chunks_for(size_); }

    [[nodiscard]] const T& operator[](std::size_t index) const {
        KSL_ASSERT(index < size_, "index inside the array");
        return table_[index / kChunk]->items[index % kChunk];
    }
    /// The element for writing; un-shares its chunk where needed.
    [[nodiscard]] T& mut(std::size_t index) {
        KSL_ASSERT(index < size_, "index inside the array");
        const std::size_t chunk = index / kChunk;
        if (!is_owned(chunk)) [[unlikely]]
            own(chunk);
        return table_[chunk]->items[index % kChunk];
    }

    /// Grows with fill values or forgets the end.
    void resize(std::size_t size) {
        const std::size_t chunks = chunks_for(size);
        own_root();
        if (size < size_) refill_tail(size);
        remove_chunks(chunks);
        add_chunks(chunks);
        table_ = root_->table.data();
        size_ = size;
    }
    /// One element more, at the end. Amortised O(1).
    T& push_back(const T& value) {
        resize(size_ + 1);
        return mut(size_ - 1) = value;
    }

    /// True if the chunk is the very same memory in both arrays, hence unchanged between them.
    [[nodiscard]] bool shares_chunk(const CowArray& other, std::size_t chunk) const {
        return chunk < chunk_count() && chunk < other.chunk_count() && table_[chunk] == other.table_[chunk];
    }
    /// True if no element of the chunk was ever written.
    [[nodiscard]] bool is_fill(std::size_t chunk) const { return table_[chunk] == filler_; }

    friend bool operator==(const CowArray& a, const CowArray& b) {
        if (a.size_ != b.size_) return false;
        if (a.root_ == b.root_) return true;
        for (std::size_t chunk = 0; chunk < a.chunk_count(); ++chunk) {
            if (a.table_[chunk] == b.table_[chunk]) continue;
            const std::size_t first = chunk * kChunk;
            const std::size_t last = std::min(first + kChunk, a.size_);
            for (std::size_t i = first; i < last; ++i) {
                if (!(a[i] == b[i])) return false;
            }
        }
        return true;
    }

    template <class Archive>
    void describe(Archive& archive) {
        std::uint64_t size = size_;
        archive(size);
        if constexpr (Archive::kReads) {
            // A fill chunk takes one byte of input: the table of a hostile size stays proportional to the input.
            if (size / kChunk > archive.remaining()) {
                archive.fail();
                size = 0;
            }
            resize(0); // chunks of fill values are not in the input, so what was here before must go
            resize(static_cast<std::size_t>(size));
        }
        for (std::size_t chunk = 0; chunk < chunk_count(); ++chunk) describe_chunk(archive, chunk);
    }

private:
    struct Chunk {
        explicit Chunk(const T& fill) { items.fill(fill); }
        explicit Chunk(const std::array<T, kChunk>& other) : items(other) {}

        std::atomic<std::uint32_t> references{1};
        alignas(64) std::array<T, kChunk> items;
    };
    /// 64 chunks that are shared as one until one of them is written: un-sharing a large array then counts blocks, not
    /// chunks.
    static constexpr std::size_t kBlock = 64;
    struct Block {
        std::atomic<std::uint32_t> references{1};
        std::array<Chunk*, kBlock> chunks{};
    };
    /// `table` repeats the blocks' chunks in one flat array, so that reading takes one step.
    struct Root {
        std::atomic<std::uint32_t> references{1};
        std::vector<Block*> blocks;
        std::vector<Chunk*> table;
    };

    [[nodiscard]] static std::size_t chunks_for(std::size_t size) { return (size + kChunk - 1) / kChunk; }
    [[nodiscard]] bool is_owned(std::size_t chunk) const {
        return (owned_[chunk / kBlock] >> (chunk % kBlock) & 1) != 0;
    }

    static bool is_only_reference(const std::atomic<std::uint32_t>& references) {
        return references.load(std::memory_order_acquire) == 1;
    }
    static bool was_last_reference(std::atomic<std::uint32_t>& references) {
        return references.fetch_sub(1, std::memory_order_acq_rel) == 1;
    }
    static void release(Chunk* chunk) {
        if (chunk != nullptr && was_last_reference(chunk->references)) delete chunk;
    }
    static void release(Block* block) {
        if (!was_last_reference(block->references)) return;
        for (Chunk* chunk : block->chunks) release(chunk);
        delete block;
    }
    static void release(Root* root) {
        if (!was_last_reference(root->references)) return;
        for (Block* block : root->blocks) release(block);
        delete root;
    }

    void share(const CowArray& other) {
        // From here on neither side may write in place. A source that no longer may (a snapshot) is left untouched, so
        // that several threads can copy it at once.
        if (other.root_owned_) {
            other.root_owned_ = false;
            other.owned_.assign(other.owned_.size(), 0);
            other.block_owned_.assign(other.block_owned_.size(), false);
        }
        filler_ = other.filler_;
        root_ = other.root_;
        table_ = other.table_;
        size_ = other.size_;
        filler_->references.fetch_add(1, std::memory_order_relaxed);
        root_->references.fetch_add(1, std::memory_order_relaxed);
        owned_.assign(other.owned_.size(), 0);
        block_owned_.assign(other.block_owned_.size(), false);
        root_owned_ = false;
    }
    void drop() {
        if (root_ == nullptr) return;
        release(root_);
        release(filler_);
        root_ = nullptr;
        filler_ = nullptr;
    }
    void swap(CowArray& other) noexcept {
        std::swap(filler_, other.filler_);
        std::swap(root_, other.root_);
        std::swap(table_, other.table_);
        std::swap(size_, other.size_);
        std::swap(owned_, other.owned_);
        std::swap(block_owned_, other.block_owned_);
        std::swap(root_owned_, other.root_owned_);
    }
    void own_root() {
        if (root_owned_) return;
        if (!is_only_reference(root_->references)) {
            auto copy = std::make_unique<Root>();
            copy->blocks = root_->blocks;
            copy->table = root_->table;
            for (Block* block : copy->blocks) block->references.fetch_add(1, std::memory_order_relaxed);
            release(root_);
            root_ = copy.release();
        }
        table_ = root_->table.data();
        root_owned_ = true;
    }
    Block& own_block(std::size_t index) {
        Block*& block = root_->blocks[index];
        if (block_owned_[index]) return *block;
        if (!is_only_reference(block->references)) {
            auto copy = std::make_unique<Block>();
            copy->chunks = block->chunks;
            for (Chunk* chunk : copy->chunks) {
                if (chunk != nullptr) chunk->references.fetch_add(1, std::memory_order_relaxed);
            }
            release(block);
            block = copy.release();
        }
        block_owned_[index] = true;
        return *block;
    }
    [[gnu::noinline, gnu::cold]] void own(std::size_t chunk) { // apart, so that mut() stays small enough to be inlined
        own_root();
        Chunk*& slot = own_block(chunk / kBlock).chunks[chunk % kBlock];
        if (!is_only_reference(slot->references)) {
            auto* copy = new Chunk(slot->items);
            release(slot);
            slot = copy;
            root_->table[chunk] = copy;
        }
        owned_[chunk / kBlock] |= std::uint64_t{1} << (chunk % kBlock);
    }
    void add_chunks(std::size_t chunks) {
        while (root_->table.size() < chunks) {
            const std::size_t chunk = root_->table.size();
            if (chunk % kBlock == 0) {
                root_->blocks.push_back(new Block);
                block_owned_.push_back(true);
                owned_.push_back(0);
            }
            filler_->references.fetch_add(1, std::memory_order_relaxed);
            own_block(chunk / kBlock).chunks[chunk % kBlock] = filler_;
            root_->table.push_back(filler_);
        }
    }
    void remove_chunks(std::size_t chunks) {
        while (root_->table.size() > chunks) {
            const std::size_t chunk = root_->table.size() - 1;
            Block& block = own_block(chunk / kBlock);
            release(std::exchange(block.chunks[chunk % kBlock], nullptr));
            owned_[chunk / kBlock] &= ~(std::uint64_t{1} << (chunk % kBlock));
            root_->table.pop_back();
            if (chunk % kBlock == 0) {
                release(&block);
                root_->blocks.pop_back();
                block_owned_.pop_back();
                owned_.pop_back();
            }
        }
    }
    void refill_tail(std::size_t size) {
        const T fill = filler_->items[0];
        for (std::size_t i = size; i % kChunk != 0 && i < size_; ++i) mut(i) = fill;
    }
    template <class Archive>
    void describe_chunk(Archive& archive, std::size_t chunk) {
        const std::size_t items = std::min(kChunk, size_ - chunk * kChunk);
        // Which chunks happen to share the filler is not state: a chunk of fill values that was written once must hash
        // like one that never was.
        std::uint8_t has_items = 0;
        if constexpr (!Archive::kReads) has_items = is_all_fill(chunk, items) ? 0 : 1;
        archive(has_items);
        if (has_items == 0) return;
        if constexpr (Archive::kReads) {
            if (items > archive.remaining()) {
                archive.fail();
                return;
            }
            own(chunk);
        }
        if constexpr (PlainState<T>) {
            archive.bytes(table_[chunk]->items.data(), items * sizeof(T));
        } else {
            for (std::size_t i = 0; i < items; ++i) archive(table_[chunk]->items[i]);
        }
    }
    [[nodiscard]] bool is_all_fill(std::size_t chunk, std::size_t items) const {
        if (is_fill(chunk)) return true;
        const T& fill = filler_->items[0];
        const auto& all = table_[chunk]->items;
        return std::all_of(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(items),
                           [&](const T& item) { return item == fill; });
    }

    Chunk* filler_ = nullptr;
    Root* root_ = nullptr;
    Chunk** table_ = nullptr;
    std::size_t size_ = 0;
    mutable std::vector<std::uint64_t> owned_; ///< a bit a chunk: ours alone, and so are its block and the root
    mutable std::vector<bool> block_owned_;
    mutable bool root_owned_ = true;
};

/// One value shared between copies until it is written; for state too large to copy with every machine and too
/// irregular for an array. Same rules of sharing as CowArray.
template <class T>
class CowValue {
public:
    CowValue() : value_(std::make_shared<T>()) {}
    explicit CowValue(T value) : value_(std::make_shared<T>(std::move(value))) {}

    [[nodiscard]] const T& operator*() const { return *value_; }
    [[nodiscard]] const T* operator->() const { return value_.get(); }
    [[nodiscard]] T& mut() {
        if (value_.use_count() != 1) [[unlikely]]
            unshare();
        else
            std::atomic_thread_fence(std::memory_order_acquire);
        return *value_;
    }
    [[nodiscard]] bool shares(const CowValue& other) const { return value_ == other.value_; }

    friend bool operator==(const CowValue& a, const CowValue& b) { return a.value_ == b.value_ || *a == *b; }

    template <class Archive>
    void describe(Archive& archive) {
        if constexpr (Archive::kReads)
            archive(mut());
        else
            archive(const_cast<T&>(*value_)); // NOLINT(cppcoreguidelines-pro-type-const-cast)
    }

private:
    // Apart, so that writing to what is ours already stays a test and no more.
    [[gnu::noinline]] void unshare() { value_ = std::make_shared<T>(*value_); }

    std::shared_ptr<T> value_;
};

} // namespace ksl::core
