// SPDX-License-Identifier: MIT
#include "core/memory/phys_memory.h"
#include "core/types/random.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace ksl::core {
namespace {

TEST(PhysMemory, ReadsAsZeroUntilWritten) {
    PhysMemory memory{Pages{8}};
    EXPECT_EQ(memory.read(PhysAddr{0x1008}), 0U);
    memory.write(PhysAddr{0x1008}, 42);
    EXPECT_EQ(memory.read(PhysAddr{0x1008}), 42U);
    EXPECT_EQ(memory.read(PhysAddr{0x1000}), 0U);
    memory.clear(Pfn{1});
    EXPECT_TRUE(memory.is_clear(Pfn{1}));
    EXPECT_EQ(memory.read(PhysAddr{0x1008}), 0U);
}

TEST(PhysMemory, MoreThanFourLinesBecomeAWholePage) {
    PhysMemory memory{Pages{2}};
    for (std::uint64_t line = 0; line < 4; ++line) memory.write(PhysAddr{0x1000 + line * 64}, line + 1);
    EXPECT_EQ(memory.words(Pfn{1}), nullptr);
    memory.write(PhysAddr{0x1fc0}, 99);
    ASSERT_NE(memory.words(Pfn{1}), nullptr);
    for (std::uint64_t line = 0; line < 4; ++line) EXPECT_EQ(memory.words(Pfn{1})[line * 8], line + 1);
    EXPECT_EQ(memory.words(Pfn{1})[504], 99U);
}

TEST(PhysMemory, BytesCrossWordsAndFrames) {
    PhysMemory memory{Pages{2}};
    std::array<std::byte, 11> in{};
    for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<std::byte>(i + 1);
    memory.write_bytes(PhysAddr{0xffd}, in);
    std::array<std::byte, 11> out{};
    memory.read_bytes(PhysAddr{0xffd}, out);
    EXPECT_EQ(in, out);
    EXPECT_EQ(memory.read(PhysAddr{0x1000}), 0x0b0a090807060504U);
}

RC_GTEST_PROP(PhysMemory, ALineOfWordsIsWrittenAsTheWordsOneByOne, ()) {
    PhysMemory by_lines{Pages{4}};
    PhysMemory by_words{Pages{4}};
    for (int i = 0; i < 60; ++i) {
        const auto first = *rc::gen::inRange<std::uint64_t>(0, 8);
        const auto line =
            PhysAddr{*rc::gen::inRange<std::uint64_t>(0, 3) * kPageBytes + *rc::gen::inRange<std::uint64_t>(0, 6) * 64};
        std::vector<std::uint64_t> words(*rc::gen::inRange<std::size_t>(0, 9 - first));
        for (std::uint64_t& word : words) word = *rc::gen::inRange<std::uint64_t>(0, 3);
        by_lines.write_line(line + Bytes{first * 8}, words);
        for (std::size_t word = 0; word < words.size(); ++word)
            by_words.write(line + Bytes{(first + word) * 8}, words[word]);
        RC_ASSERT(by_lines == by_words);
    }
}

TEST(PhysMemory, SharedContentsPartOnWriting) {
    PhysMemory memory{Pages{4}};
    memory.write(PhysAddr{0x0}, 0x57ac6e9d);
    const PhysMemory::Image fresh = memory.image_of(Pfn{0});
    memory.set_image(Pfn{1}, fresh);
    memory.copy_frame(Pfn{1}, Pfn{2});
    memory.write(PhysAddr{0x1000}, 5);
    EXPECT_EQ(memory.read(PhysAddr{0x0}), 0x57ac6e9dU);
    EXPECT_EQ(memory.read(PhysAddr{0x1000}), 5U);
    EXPECT_EQ(memory.read(PhysAddr{0x2000}), 0x57ac6e9dU);
    memory.write(PhysAddr{0x0}, 6);
    memory.set_image(Pfn{3}, fresh);
    EXPECT_EQ(memory.read(PhysAddr{0x3000}), 0x57ac6e9dU);
    EXPECT_STREQ(memory.check_invariants(), "");
}

TEST(PhysMemory, FramesThatLookAlikeShareOncePastWriting) {
    PhysMemory memory{Pages{2048}};
    for (std::uint64_t frame = 0; frame < 2048; ++frame) {
        memory.write(address_of(Pfn{frame}), 0x57ac6e9d);
        for (std::uint64_t word = 504; word < 512; ++word) memory.write(address_of(Pfn{frame}) + Bytes{word * 8}, word);
    }
    EXPECT_LT(memory.stored_bytes(), 32_KiB);
    memory.write(address_of(Pfn{7}), 1);
    EXPECT_EQ(memory.read(address_of(Pfn{7})), 1U);
    EXPECT_EQ(memory.read(address_of(Pfn{8})), 0x57ac6e9dU);
    EXPECT_STREQ(memory.check_invariants(), "");
}

TEST(PhysMemory, ALoneWordTakesEightBytes) {
    PhysMemory memory{Pages{1024}};
    for (std::uint64_t frame = 0; frame < 1024; ++frame) memory.write(address_of(Pfn{frame}), frame + 1);
    EXPECT_LE(memory.stored_bytes(), 8_KiB);
    for (std::uint64_t frame = 0; frame < 1024; ++frame) EXPECT_EQ(memory.read(address_of(Pfn{frame})), frame + 1);
}

RC_GTEST_PROP(PhysMemoryProperty, BehavesLikeAMapOfWords, ()) {
    Random random{*rc::gen::arbitrary<std::uint64_t>()};
    constexpr std::uint64_t kFrames = 6;
    PhysMemory memory{Pages{kFrames}};
    std::map<std::uint64_t, std::uint64_t> model;
    const auto forget = [&](std::uint64_t frame) {
        model.erase(model.lower_bound(frame << 12), model.lower_bound((frame + 1) << 12));
    };
    for (int i = 0; i < 400; ++i) {
        const std::uint64_t frame = random.below(kFrames);
        const std::uint64_t what = random.below(20);
        if (what == 0) {
            memory.clear(Pfn{frame});
            forget(frame);
        } else if (what == 1) {
            const std::uint64_t from = random.below(kFrames);
            memory.copy_frame(Pfn{from}, Pfn{frame});
            if (from == frame) continue;
            forget(frame);
            const auto last = model.lower_bound((from + 1) << 12);
            std::map<std::uint64_t, std::uint64_t> copied;
            for (auto it = model.lower_bound(from << 12); it != last; ++it) {
                copied[(frame << 12) | (it->first & 0xfff)] = it->second;
            }
            model.merge(copied);
        } else {
            const std::uint64_t at = (frame << 12) | (random.below(12) * 64 + random.below(8) * 8);
            // Few different values, so that frames come to look alike; some are too large to be kept as a lone word.
            memory.write(PhysAddr{at}, model[at] = random.below(3) == 0 ? random.next() : random.below(3));
        }
    }
    for (std::uint64_t at = 0; at < kFrames << 12; at += 8) {
        const auto found = model.find(at);
        RC_ASSERT(memory.read(PhysAddr{at}) == (found == model.end() ? 0 : found->second));
    }
    RC_ASSERT(std::string{memory.check_invariants()}.empty());
}

} // namespace
} // namespace ksl::core
