// SPDX-License-Identifier: MIT
//
// SHA-256, so that a text in the lab database can be held against a file with sha256sum.
// Source:  FIPS 180-4, Secure Hash Standard.
#pragma once

#include <string>
#include <string_view>

namespace ksl::sim {

/// 64 hexadecimal digits, as sha256sum prints them.
[[nodiscard]] std::string sha256(std::string_view data);

} // namespace ksl::sim
