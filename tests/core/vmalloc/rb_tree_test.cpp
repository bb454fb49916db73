// SPDX-License-Identifier: MIT
#include "core/types/random.h"
#include "core/vmalloc/rb_tree.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace ksl::core {
namespace {

struct Node {
    RbLinks rb;
    std::uint64_t key = 0;
};
struct Pool {
    std::vector<Node> nodes;
    [[nodiscard]] const RbLinks& links(NodeIndex i) const { return nodes[i].rb; }
    [[nodiscard]] RbLinks& mut_links(NodeIndex i) { return nodes[i].rb; }
};

std::string shape_of(const std::string& left, std::uint64_t key, bool is_red, const std::string& right) {
    std::ostringstream text;
    text << '(' << left << ' ' << key << (is_red ? "* " : " ") << right << ')';
    return text.str();
}

struct Tree {
    Pool pool;
    NodeIndex root = kNoNode;

    NodeIndex insert(std::uint64_t key) {
        pool.nodes.push_back({{}, key});
        const auto node = static_cast<NodeIndex>(pool.nodes.size() - 1);
        NodeIndex parent = kNoNode;
        Side side = Side::left;
        for (NodeIndex at = root; at != kNoNode; at = pool.nodes[at].rb.child(side)) {
            parent = at;
            side = key < pool.nodes[at].key ? Side::left : Side::right;
        }
        RbEditor<Pool>{pool, root}.insert(node, parent, side);
        return node;
    }
    void erase(NodeIndex node) { RbEditor<Pool>{pool, root}.erase(node); }
    [[nodiscard]] std::vector<std::uint64_t> keys() const {
        std::vector<std::uint64_t> out;
        for (NodeIndex at = outermost(pool, root, Side::left); at != kNoNode; at = neighbour(pool, at, Side::right)) {
            out.push_back(pool.nodes[at].key);
        }
        return out;
    }
    /// "(left key right)" with '*' behind red keys.
    [[nodiscard]] std::string shape(NodeIndex at) const {
        if (at == kNoNode) return ".";
        const RbLinks& rb = pool.nodes[at].rb;
        return shape_of(shape(rb.left()), pool.nodes[at].key, rb.is_red(), shape(rb.right()));
    }
    [[nodiscard]] std::string check() const {
        std::size_t count = 0;
        return check_red_black(pool, root, count);
    }
    [[nodiscard]] std::size_t depth() const {
        const std::function<std::size_t(NodeIndex)> below = [&](NodeIndex at) -> std::size_t {
            if (at == kNoNode) return 0;
            return 1 + std::max(below(pool.nodes[at].rb.left()), below(pool.nodes[at].rb.right()));
        };
        return below(root);
    }
};

TEST(RbTree, AscendingInsertionsGiveTheTextbookShape) {
    // Worked by hand with the rules of Cormen et al., chapter 13.
    Tree tree;
    for (std::uint64_t key = 1; key <= 8; ++key) tree.insert(key);
    EXPECT_EQ(tree.shape(tree.root), "(((. 1 .) 2* (. 3 .)) 4 ((. 5 .) 6* (. 7 (. 8* .))))");
}

TEST(RbTree, CormensExampleInsertions) {
    // 41, 38, 31, 12, 19, 8: exercise 13.3-2 of the third edition.
    Tree tree;
    for (const std::uint64_t key : {41U, 38U, 31U, 12U, 19U, 8U}) tree.insert(key);
    EXPECT_EQ(tree.shape(tree.root), "((((. 8* .) 12 .) 19* (. 31 .)) 38 (. 41 .))");
}

TEST(RbTree, CormensExampleDeletions) {
    // Exercise 13.4-3: the same keys out again, 8, 12, 19, 31, 38, 41.
    Tree tree;
    std::map<std::uint64_t, NodeIndex> nodes;
    for (const std::uint64_t key : {41U, 38U, 31U, 12U, 19U, 8U}) nodes[key] = tree.insert(key);
    const std::vector<std::pair<std::uint64_t, std::string>> steps{
        {8, "(((. 12 .) 19* (. 31 .)) 38 (. 41 .))"},
        {12, "((. 19 (. 31* .)) 38 (. 41 .))"},
        {19, "((. 31 .) 38 (. 41 .))"},
        {31, "(. 38 (. 41* .))"},
        {38, "(. 41 .)"},
        {41, "."},
    };
    for (const auto& [key, shape] : steps) {
        tree.erase(nodes[key]);
        EXPECT_EQ(tree.shape(tree.root), shape) << "after erasing " << key;
    }
}

TEST(RbTree, ANodeWithTwoChildrenIsReplacedByItsSuccessor) {
    Tree tree;
    std::vector<NodeIndex> nodes;
    for (std::uint64_t key = 1; key <= 8; ++key) nodes.push_back(tree.insert(key));
    tree.erase(nodes[3]); // 4, the root: 5 takes its place and colour
    EXPECT_EQ(tree.pool.nodes[tree.root].key, 5U);
    EXPECT_EQ(tree.check(), "");
    EXPECT_EQ(tree.keys(), (std::vector<std::uint64_t>{1, 2, 3, 5, 6, 7, 8}));
}

RC_GTEST_PROP(RbTreeProperty, KeepsTheOrderOfAStdMapAndItsOwnRules, ()) {
    Random random{*rc::gen::arbitrary<std::uint64_t>()};
    Tree tree;
    std::map<std::uint64_t, NodeIndex> model;
    for (int i = 0; i < 600; ++i) {
        if (model.empty() || random.chance(i < 300 ? 7 : 3, 10)) {
            const std::uint64_t key = random.below(100'000);
            if (!model.contains(key)) model[key] = tree.insert(key);
        } else {
            auto victim = model.lower_bound(random.below(100'000));
            if (victim == model.end()) victim = model.begin();
            tree.erase(victim->second);
            model.erase(victim);
        }
        if (i % 20 == 0) RC_ASSERT(tree.check().empty());
    }
    RC_ASSERT(tree.check().empty());
    std::vector<std::uint64_t> expected;
    expected.reserve(model.size());
    for (const auto& [key, node] : model) expected.push_back(key);
    RC_ASSERT(tree.keys() == expected);
    const double bound = 2 * std::log2(static_cast<double>(model.size() + 1));
    RC_ASSERT(static_cast<double>(tree.depth()) <= bound);
}

#ifdef __GLIBCXX__
/// The tree of libstdc++ follows the same textbook: colours and shape must be the same after every step.
class LibraryTree {
public:
    struct Item : std::_Rb_tree_node_base {
        std::uint64_t key = 0;
    };
    LibraryTree() {
        header_._M_color = std::_S_red;
        header_._M_parent = nullptr;
        header_._M_left = &header_;
        header_._M_right = &header_;
    }
    void insert(std::uint64_t key) {
        items_.push_back(std::make_unique<Item>());
        items_.back()->key = key;
        std::_Rb_tree_node_base* parent = &header_;
        bool is_left = true;
        for (auto* at = header_._M_parent; at != nullptr; at = is_left ? at->_M_left : at->_M_right) {
            parent = at;
            is_left = key < static_cast<Item*>(at)->key;
        }
        std::_Rb_tree_insert_and_rebalance(is_left, items_.back().get(), parent, header_);
    }
    void erase(std::uint64_t key) {
        const auto found = std::ranges::find_if(items_, [&](const auto& item) { return item->key == key; });
        std::_Rb_tree_rebalance_for_erase(found->get(), header_);
        items_.erase(found);
    }
    [[nodiscard]] std::string shape() const { return shape(header_._M_parent); }

private:
    static std::string shape(const std::_Rb_tree_node_base* at) {
        if (at == nullptr) return ".";
        return shape_of(shape(at->_M_left), static_cast<const Item*>(at)->key, at->_M_color == std::_S_red,
                        shape(at->_M_right));
    }
    std::_Rb_tree_node_base header_{};
    std::vector<std::unique_ptr<Item>> items_;
};

RC_GTEST_PROP(RbTreeProperty, HasTheShapeOfTheStandardLibrarysTree, ()) {
    Random random{*rc::gen::arbitrary<std::uint64_t>()};
    Tree tree;
    LibraryTree library;
    std::map<std::uint64_t, NodeIndex> model;
    for (int i = 0; i < 300; ++i) {
        if (model.empty() || random.chance(i < 150 ? 7 : 3, 10)) {
            const std::uint64_t key = random.below(1000);
            if (model.contains(key)) continue;
            model[key] = tree.insert(key);
            library.insert(key);
        } else {
            auto victim = model.lower_bound(random.below(1000));
            if (victim == model.end()) victim = model.begin();
            tree.erase(victim->second);
            library.erase(victim->first);
            model.erase(victim);
        }
        RC_ASSERT(tree.shape(tree.root) == library.shape());
    }
}
#endif

TEST(RbTree, CheckFindsBrokenTrees) {
    Tree tree;
    for (std::uint64_t key = 1; key <= 8; ++key) tree.insert(key);
    const NodeIndex root = tree.root;
    const NodeIndex left = tree.pool.nodes[root].rb.left();
    const auto broken = [&](auto&& change) {
        Tree copy = tree;
        change(copy.pool);
        return copy.check();
    };
    EXPECT_EQ(tree.check(), "");
    EXPECT_EQ(broken([&](Pool& pool) { pool.nodes[root].rb.set_red(); }), "the root of a tree is black");
    EXPECT_EQ(broken([&](Pool& pool) { pool.nodes[left].rb.set_black(); }),
              "every path through a tree has as many black nodes");
    EXPECT_EQ(broken([&](Pool& pool) { pool.nodes[pool.nodes[left].rb.left()].rb.set_red(); }),
              "a red node has black children");
    EXPECT_EQ(broken([&](Pool& pool) { pool.nodes[left].rb.set_parent(left); }), "a child names its parent");
}

} // namespace
} // namespace ksl::core
