// SPDX-License-Identifier: MIT
#include "tests/app/program.h"
#include "tests/sim/support/scratch.h"
#include "tests/test_name.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace ksl::testing {
namespace {

using Json = nlohmann::json;
using sim::testing::Scratch;

const std::vector<std::string> kSmall{"article",           "--set", "memory.start=booted",     "--set",
                                      "memory.size=1 GiB", "--set", "workload.operations=300", "--set",
                                      "workload.warmup=20"};

std::vector<std::string> with(std::vector<std::string> start, const std::vector<std::string>& more) {
    start.insert(start.end(), more.begin(), more.end());
    return start;
}
std::vector<std::string> run_small(const std::vector<std::string>& more = {}) {
    return with(with({"run"}, kSmall), more);
}

TEST(RunCommandTest, PrintsItsSchema) {
    const auto ran = run(run_small({"--json"}));
    ASSERT_EQ(ran.code, 0) << ran.err;
    const Json json = Json::parse(ran.out);
    EXPECT_EQ(json["schema"], "kstacklab.run/1");
    ASSERT_EQ(json["runs"].size(), 4U);
    const Json& mapped = json["runs"][2];
    EXPECT_EQ(mapped["design"], "linux-4.9");
    EXPECT_EQ(mapped["seed"], 7);
    EXPECT_TRUE(mapped["run_id"].is_null());
    EXPECT_EQ(mapped["clone"]["count"], 300);
    EXPECT_EQ(mapped["clone_exit"]["count"], 300);
    for (const char* name : {"mean", "p50", "p90", "p99", "p999", "max"}) {
        EXPECT_GT(mapped["clone_exit"]["latency_ns"][name].get<double>(), 0) << name;
    }
    for (const char* name : {"dtlb_misses_mean", "stlb_misses_mean", "walks_mean"}) {
        EXPECT_TRUE(mapped["clone_exit"][name].is_number()) << name;
    }
    EXPECT_EQ(mapped["failures"], 0);
    EXPECT_GT(mapped["stack_cache_hit_rate"].get<double>(), 0.99);
}

TEST(RunCommandTest, GivesTheSameDatabaseWithOneWorkerAndWithMany) {
    const Scratch scratch;
    const std::string one = scratch.path("one.sqlite");
    const std::string many = scratch.path("many.sqlite");
    ASSERT_EQ(run(run_small({"--jobs", "1", "--db", one})).code, 0);
    ASSERT_EQ(run(run_small({"--jobs", "4", "--db", many})).code, 0);
    for (const char* table : {"operation", "operation_total", "latency_count", "step_total", "metric", "series"}) {
        const auto a = run({"export", table, "--db", one});
        const auto b = run({"export", table, "--db", many});
        ASSERT_EQ(a.code, 0) << a.err;
        EXPECT_FALSE(a.out.empty());
        EXPECT_EQ(a.out, b.out) << table;
    }
}

TEST(RunCommandTest, PutsTheNewestExperimentSideBySide) {
    const Scratch scratch;
    const std::string database = scratch.path("lab.sqlite");
    ASSERT_EQ(run(run_small({"--db", database})).code, 0);
    const auto compared = run({"compare", "--db", database, "--json"});
    ASSERT_EQ(compared.code, 0) << compared.err;
    const Json rows = Json::parse(compared.out);
    EXPECT_EQ(rows.size(), 12U); // clone, clone_exit and exit of four designs
    EXPECT_EQ(run({"compare", "--db", database, "--causes"}).code, 0);
    EXPECT_EQ(run({"db", "runs", "--db", database}).code, 0);
}

TEST(RunCommandTest, AddsShardsUp) {
    const Scratch scratch;
    const std::string shard = scratch.path("shard.sqlite");
    const std::string whole = scratch.path("whole.sqlite");
    ASSERT_EQ(run(run_small({"--db", shard})).code, 0);
    ASSERT_EQ(run(run_small({"--db", whole})).code, 0);
    ASSERT_EQ(run({"db", "merge", shard, "--db", whole}).code, 0);
    const auto runs = run({"db", "runs", "--db", whole, "--json"});
    EXPECT_EQ(Json::parse(runs.out).size(), 8U);
}

TEST(RunCommandTest, StartsFromThisComputersMemory) {
    if (!std::ifstream("/proc/buddyinfo") || !std::ifstream("/proc/zoneinfo")) GTEST_SKIP() << "no /proc to start from";
    const auto ran = run({"run", "article", "--memory-from", "/proc", "--set", "workload.operations=50", "--json"});
    EXPECT_EQ(ran.code, 0) << ran.err;
}

TEST(CheckCommandTest, SaysWhatFailsAndHow) {
    const Scratch scratch;
    const std::string file = scratch.path("wrong.toml");
    std::ofstream(file) << "title = \"t\"\n[memory]\nsize = \"256 MiB\"\n[design]\nname = \"linux-4.9\"\n[workload]\n"
                           "kind = \"clone-exit\"\noperations = 20\n[[expect]]\nmetric = \"failures\"\nequals = 3\n";
    const auto checked = run({"check", file, "--junit", scratch.path("junit.xml")});
    EXPECT_EQ(checked.code, 1);
    EXPECT_NE(checked.out.find("FAILS"), std::string::npos) << checked.out;
    std::ifstream junit(scratch.path("junit.xml"));
    const std::string xml{std::istreambuf_iterator<char>(junit), {}};
    EXPECT_NE(xml.find("failures=\"1\""), std::string::npos) << xml;
}

struct WrongLine {
    std::vector<std::string> arguments;
    int code;
    std::string says;
};
void PrintTo(const WrongLine& wrong, std::ostream* out) {
    *out << wrong.says;
}
class WrongLines : public ::testing::TestWithParam<WrongLine> {};

TEST_P(WrongLines, AreAnsweredWithOneLine) {
    const auto ran = run(GetParam().arguments);
    EXPECT_EQ(ran.code, GetParam().code);
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(ran.error_lines(), 1) << ran.err;
    EXPECT_NE(ran.err.find(GetParam().says), std::string::npos) << ran.err;
}

INSTANTIATE_TEST_SUITE_P(
    CommandLines, WrongLines,
    ::testing::Values(WrongLine{{"run", "artikel"}, 2, "did you mean article"},
                      WrongLine{{"run", "article", "--set", "machine.cores=4"}, 2, "machine.cores"},
                      WrongLine{{"run", "article", "--set", "machine.cpus=many"}, 2, "whole number"},
                      WrongLine{{"run", "article", "--memory-from", "/nowhere/at/all"}, 2, "/nowhere/at/all"},
                      WrongLine{{"run", "article", "--memory-from", "nowhere"}, 2, "./nowhere"},
                      WrongLine{{"run", "article", "--db", "/proc/nothing.sqlite"}, 3, "/proc/nothing.sqlite"},
                      WrongLine{{"compare", "--db", "/nowhere.sqlite"}, 2, "no such file"},
                      WrongLine{{"compare", "--db", "/etc/hostname"}, 2, "/etc/hostname"},
                      WrongLine{{"sweep", "article", "--shard", "3/2"}, 2, "--shard"},
                      WrongLine{{"no-such-command"}, 2, "no-such-command"}),
    [](const auto& test) { return ksl::testing::as_test_name(test.index, test.param.says); });

} // namespace
} // namespace ksl::testing
