// SPDX-License-Identifier: MIT
//
// Captures of threads on fragmented memory: each of their three texts, whatever the input is, and the check of what
// could be read.
#include "sim/import/fragmented_capture.h"
#include "sim/import/read_file.h"
#include "sim/verify/fragmented_check.h"

#include <cstdint>
#include <string>

namespace {

using namespace ksl::sim;

/// A capture that is sound; the input takes the place of one of its texts.
const capture::FragmentedCapture& sound_capture() {
    static const capture::FragmentedCapture kCapture =
        capture::read_fragmented(KSL_TEST_DATA "/captures/2016/fragmented-4.7-96M").value();
    return kCapture;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text{reinterpret_cast<const char*>(data), size};
    capture::FragmentedCapture changed = sound_capture();
    bool is_changed = capture::parse_fragmented_result("result.txt", text, changed).has_value();
    if (auto threads = capture::parse_fragmented_threads("clone.csv", text)) {
        changed.threads = std::move(*threads);
        is_changed = true;
    }
    if (auto report = capture::parse_oom_report("oom.console.txt", text)) {
        changed.oom = std::move(*report);
        is_changed = true;
    }
    if (is_changed) std::ignore = judge_fragmented(changed);
    return 0;
}
