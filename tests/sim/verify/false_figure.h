// SPDX-License-Identifier: MIT
//
// Recorded states in which a test changes figures.
#pragma once

#include "tests/sim/verify/spoiled_capture.h"
#include "tests/test_name.h"

#include <nlohmann/json.hpp>

namespace ksl::sim::testing {

using Json = nlohmann::json;

inline void change(const SpoiledCapture& capture, const std::string& file, const std::function<void(Json&)>& edit) {
    Json state = Json::parse(capture.read(file));
    edit(state);
    capture.write(file, state.dump());
}

/// A truth value is reversed; addresses are text.
inline void add_to(Json& figure, std::uint64_t more) {
    if (figure.is_boolean()) {
        figure = !figure.get<bool>();
    } else if (figure.is_string()) {
        std::ostringstream text;
        text << "0x" << std::hex << std::stoull(figure.get<std::string>(), nullptr, 16) + more;
        figure = text.str();
    } else {
        figure = figure.get<std::uint64_t>() + more;
    }
}

/// A figure by its place ("/vmap/busy/3/nr_pages"), how much is added to it, and the part in which that is a difference.
struct FalseFigure {
    const char* capture;
    const char* place;
    std::uint64_t more;
    const char* part;

    void put_into(const SpoiledCapture& spoiled, const std::string& file) const {
        change(spoiled, file, [this](Json& state) { add_to(state.at(Json::json_pointer{place}), more); });
    }
};
inline void PrintTo(const FalseFigure& figure, std::ostream* out) {
    *out << figure.capture << figure.place;
}
inline std::string name_of(const ::testing::TestParamInfo<FalseFigure>& test) {
    return ksl::testing::as_test_name(test.index, std::string{test.param.capture} + test.param.place);
}

} // namespace ksl::sim::testing
