// SPDX-License-Identifier: MIT
//
// Tests of overflow captures: description and log, changed together, and the check of what could be read.
#include "sim/import/overflow_capture.h"
#include "sim/import/read_file.h"
#include "sim/verify/overflow_evidence.h"
#include "tests/fuzz/mutate.h"

#include <cstdint>
#include <string>
#include <vector>

namespace {

using namespace ksl;

struct Texts {
    std::string json;
    std::string log;
};

std::vector<Texts> sound_tests() {
    std::vector<Texts> tests;
    for (const char* name :
         {"2016/overflow-4.7/OVERFLOW", "2016/overflow-4.7/OVERFLOW_deepest_byte_at_base_plus_minus1024",
          "2016/overflow-4.9-vmap-n/OVERFLOW", "2016/overflow-4.9-vmap-y/OVERFLOW", "6.1/lkdtm-vmap-y/EXHAUST_STACK",
          "6.1/lkdtm-vmap-n/EXHAUST_STACK", "6.1/lkdtm-vmap-y/STACK_GUARD_PAGE_LEADING"}) {
        const std::string path = std::string{KSL_TEST_DATA "/captures/"} + name;
        tests.push_back({sim::read_file(path + ".json").value(), sim::read_file(path + ".console.txt").value()});
    }
    return tests;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // The input is a recipe for changes, so that each one begins with texts that are almost right.
    static const std::vector<Texts> kSound = sound_tests();
    static std::uint64_t calls = 0;
    std::uint64_t seed = ++calls;
    for (std::size_t i = 0; i < size; ++i) seed = (seed * 31) + data[i];
    core::Random random{seed};
    const Texts& sound = kSound[calls % kSound.size()];
    const bool is_whole = calls <= kSound.size();
    const auto changed = [&](const std::string& text) {
        return is_whole || random.below(3) == 0 ? text : fuzz::mutated(text, random);
    };
    const auto test = sim::capture::parse_overflow_test("TEST.json", changed(sound.json), changed(sound.log));
    if (is_whole && !test) __builtin_trap(); // The seeds themselves must be good.
    if (!test) return 0;
    const sim::OverflowEvidence evidence{*test};
    std::ignore = evidence.messages();
    std::ignore = evidence.path();
    std::ignore = evidence.lists_pid();
    for (std::int64_t at = -8192; at < 64; at += 8) std::ignore = evidence.head_word(at);
    return 0;
}
