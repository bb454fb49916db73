// SPDX-License-Identifier: MIT
//
// Tree pseudo-LRU: for every leaf of every tree of up to 128 leaves, which bits a use of it changes. Node 1 is the
// root, node n has the children 2n and 2n + 1; the bit of a node says which half is the older one, 1 = the right one.
#pragma once

#include <array>
#include <cstdint>

namespace ksl::core {

inline constexpr std::uint32_t kMostTreeLeaves = 128;

/// A use makes, at each node on the way to the leaf, the other half the older one.
struct PlruPath {
    std::array<std::uint64_t, 2> keep{};
    std::array<std::uint64_t, 2> set{};
};

/// Index: leaves of the tree (a power of two) plus number of the leaf, which is the node that the leaf would be.
inline constexpr std::array<PlruPath, std::size_t{2} * kMostTreeLeaves> kPlruPaths = [] {
    std::array<PlruPath, std::size_t{2} * kMostTreeLeaves> paths{};
    for (std::uint32_t leaf = 1; leaf < 2 * kMostTreeLeaves; ++leaf) {
        paths[leaf].keep.fill(~std::uint64_t{0});
        for (std::uint32_t node = leaf; node > 1; node /= 2) {
            const std::uint32_t parent = node / 2;
            const std::uint64_t bit = std::uint64_t{1} << (parent % 64);
            paths[leaf].keep[parent / 64] &= ~bit;
            if (node % 2 == 0) paths[leaf].set[parent / 64] |= bit;
        }
    }
    return paths;
}();

} // namespace ksl::core
