// SPDX-License-Identifier: MIT
#include "core/types/archive.h"

#include <gtest/gtest.h>

namespace ksl::core {
namespace {

struct Inner {
    std::uint32_t a = 0;
    bool b = false;
    template <class Archive>
    void describe(Archive& archive) {
        archive(a, b);
    }
    friend bool operator==(const Inner&, const Inner&) = default;
};

struct Sample {
    std::uint64_t number = 0;
    std::vector<Inner> inners;
    std::vector<std::uint16_t> plain;
    std::array<std::optional<Inner>, 2> maybe;
    template <class Archive>
    void describe(Archive& archive) {
        archive(number, inners, plain, maybe);
    }
    friend bool operator==(const Sample&, const Sample&) = default;
};

Sample example() {
    return {.number = 7, .inners = {{1, true}, {2, false}}, .plain = {3, 4, 5}, .maybe = {Inner{6, true}, {}}};
}

TEST(Archive, ReadsBackWhatItWrote) {
    const std::vector<std::byte> bytes = bytes_of_state(example());
    StateReader reader{bytes};
    Sample back;
    reader(back);
    EXPECT_TRUE(reader.ok() && reader.at_end());
    EXPECT_EQ(back, example());
}

TEST(Archive, EqualStatesHaveEqualDigestsAndAChangeShows) {
    Sample changed = example();
    EXPECT_EQ(digest_of(changed), digest_of(example()));
    changed.inners[1].b = true;
    EXPECT_NE(digest_of(changed), digest_of(example()));
}

TEST(Archive, EveryTruncationIsNoticedAndHarmless) {
    const std::vector<std::byte> bytes = bytes_of_state(example());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        StateReader reader{std::span{bytes}.first(size)};
        Sample back;
        reader(back);
        EXPECT_FALSE(reader.ok()) << size;
    }
}

TEST(Archive, AHostileCountDoesNotAllocate) {
    std::vector<std::byte> bytes(16, std::byte{0xff});
    StateReader reader{bytes};
    std::vector<std::uint64_t> values;
    reader(values);
    EXPECT_FALSE(reader.ok());
    EXPECT_TRUE(values.empty());
}

} // namespace
} // namespace ksl::core
