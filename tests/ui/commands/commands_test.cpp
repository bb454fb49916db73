// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/test_name.h"
#include "ui/commands/commands.h"
#include "ui/commands/key_map.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace ksl::ui {
namespace {

QKeySequence key(const char* text) {
    return QKeySequence::fromString(QString::fromLatin1(text), QKeySequence::PortableText);
}

TEST(Commands, EveryCommandHasAUniqueNameATextAndASentence) {
    std::set<std::string> names;
    std::set<std::string> texts;
    for (const CommandInfo& info : all_commands()) {
        EXPECT_TRUE(names.insert(info.name).second) << info.name;
        EXPECT_TRUE(texts.insert(info.text).second) << info.text;
        EXPECT_STRNE(info.text, "");
        const std::string help = info.help;
        EXPECT_GT(help.size(), 15U) << info.name;
        EXPECT_EQ(help.back(), '.') << info.name;
        EXPECT_EQ(command_named(QString::fromLatin1(info.name)), info.id);
    }
}

TEST(Commands, EveryDefaultKeyIsOneThatQtCanRead) {
    for (const KeyScheme scheme : kKeySchemes) {
        const KeyMap map{scheme};
        for (const CommandInfo& info : all_commands()) {
            EXPECT_FALSE(map.keys(info.id).isEmpty()) << info.name << " cannot be reached without a mouse";
            for (const QKeySequence& sequence : map.keys(info.id)) {
                EXPECT_NE(sequence[0].key(), Qt::Key_unknown) << info.name;
            }
        }
    }
}

class EveryKeyScheme : public ::testing::TestWithParam<KeyScheme> {};
INSTANTIATE_TEST_SUITE_P(Schemes, EveryKeyScheme, ::testing::ValuesIn(kKeySchemes), [](const auto& test) {
    return ksl::testing::as_test_name(name_of(test.param).toStdString());
});

TEST_P(EveryKeyScheme, HasNoConflicts) {
    for (const KeyConflict& conflict : KeyMap{GetParam()}.conflicts()) {
        ADD_FAILURE() << conflict.key.toString().toStdString() << ": " << info_of(conflict.inner).name << " and "
                      << info_of(conflict.outer).name;
    }
}

TEST_P(EveryKeyScheme, EveryCommandIsFoundByItsKeysInItsOwnScope) {
    const KeyMap map{GetParam()};
    for (const CommandInfo& info : all_commands()) {
        for (const QKeySequence& sequence : map.keys(info.id))
            EXPECT_EQ(map.find(sequence, info.scope), info.id) << info.name;
    }
}

TEST(KeyMap, ArrowsOnlyNeedsNoLetters) {
    const KeyMap map{KeyScheme::arrows_only};
    for (const CommandInfo& info : all_commands()) {
        for (const QKeySequence& sequence : map.keys(info.id)) {
            const QKeyCombination combination = sequence[0];
            const bool is_letter = combination.key() >= Qt::Key_A && combination.key() <= Qt::Key_Z;
            const bool is_bare = (combination.keyboardModifiers() & (Qt::ControlModifier | Qt::AltModifier)) == 0;
            EXPECT_FALSE(is_letter && is_bare) << info.name;
        }
    }
}

TEST(KeyMap, AViewsOwnKeyWinsOverTheWindows) {
    const KeyMap map;
    EXPECT_EQ(map.find(key("L"), Scope::global), Command::shuttle_forward);
    EXPECT_EQ(map.find(key("L"), Scope::timeline), Command::shuttle_forward);
    EXPECT_EQ(map.find(key("L"), Scope::map), Command::map_linear);
    EXPECT_EQ(map.find(key("B"), Scope::global), Command::toggle_ab);
    EXPECT_EQ(map.find(key("B"), Scope::timeline), Command::set_marker_b);
    EXPECT_EQ(map.find(key("Space"), Scope::lesson), Command::lesson_next);
    EXPECT_EQ(map.find(key("Ctrl+F3"), Scope::map), std::nullopt);
}

TEST(KeyMap, ARemappedKeyThatIsTakenIsReported) {
    KeyMap map;
    map.remap(Command::describe_view, {key("G")});
    const auto conflicts = map.conflicts();
    ASSERT_EQ(conflicts.size(), 1U);
    EXPECT_EQ(conflicts[0].key, key("G"));
    map.remap(Command::describe_view, {key("M")});
    ASSERT_EQ(map.conflicts().size(), 1U) << "M is the map's: an inner scope counts";
    map.reset(Command::describe_view);
    EXPECT_TRUE(map.conflicts().empty());
}

TEST(KeyMap, ChangesSurviveTheSettingsFile) {
    KeyMap map;
    map.remap(Command::play_pause, {key("Ctrl+Space"), key("P")});
    map.remap(Command::go_to, {});
    KeyMap loaded;
    loaded.load_changes(map.changes());
    EXPECT_EQ(loaded.keys(Command::play_pause), (QList{key("Ctrl+Space"), key("P")}));
    EXPECT_TRUE(loaded.keys(Command::go_to).isEmpty());
    EXPECT_EQ(loaded.keys(Command::next_event), KeyMap{}.keys(Command::next_event));

    loaded.load_changes({{QStringLiteral("no_such_command"), {QStringLiteral("F13")}}});
    EXPECT_TRUE(loaded.changes().isEmpty());
}

} // namespace
} // namespace ksl::ui
