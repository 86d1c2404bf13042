// SPDX-License-Identifier: Apache-2.0
#include "config/options.hpp"

#include <gmock/gmock.h>

#include "config/keys.hpp"
#include "support/options.hpp"

namespace tcpctl::config {
namespace {

using namespace std::chrono_literals;
using test::Options;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::array kKeys{
    Key{.path = "flag", .type = KeyType::boolean, .fallback = "true"},
    Key{.path = "count", .type = KeyType::integer, .fallback = "7"},
    Key{.path = "factor", .type = KeyType::number, .fallback = "1.5"},
    Key{.path = "wait", .type = KeyType::duration, .fallback = "5s"},
    Key{.path = "room", .type = KeyType::size, .fallback = "64KiB"},
    Key{.path = "rate", .type = KeyType::rate},
    Key{.path = "speed", .type = KeyType::byte_rate},
    Key{.path = "greeting", .type = KeyType::text},
    Key{.path = "quoted", .type = KeyType::text, .fallback = R"("a b")"},
    Key{.path = "magic", .type = KeyType::hex},
    Key{.path = "hosts", .type = KeyType::text, .list = true, .fallback = R"(["x", "y"])"},
    Key{.path = "limit", .type = KeyType::integer},
    Key{.path = "inner.depth", .type = KeyType::integer, .fallback = "3"},
    Key{.path = "upstreams[]", .type = KeyType::connect_address},
    Key{.path = "upstreams[].weight", .type = KeyType::integer, .fallback = "1"},
};

TEST(Options, GivesTheDefaultOfWhatWasNotWritten) {
  const Options options{"", kKeys};
  const auto reader = options.reader();

  EXPECT_FALSE(reader.has("count"));
  EXPECT_TRUE(reader.boolean("flag"));
  EXPECT_EQ(reader.integer("count"), 7);
  EXPECT_DOUBLE_EQ(reader.number("factor"), 1.5);
  EXPECT_EQ(reader.duration("wait"), 5s);
  EXPECT_EQ(reader.size("room"), 64_KiB);
  EXPECT_EQ(reader.text("quoted"), "a b");
  EXPECT_THAT(reader.texts("hosts"), ElementsAre("x", "y"));
}

TEST(Options, GivesNothingForWhatIsOff) {
  const Options options{"", kKeys};
  const auto reader = options.reader();

  EXPECT_EQ(reader.maybe_rate("rate"), std::nullopt);
  EXPECT_EQ(reader.maybe_text("greeting"), std::nullopt);
  EXPECT_EQ(reader.maybe_integer("limit"), std::nullopt);
  EXPECT_EQ(reader.text("greeting"), "");
  EXPECT_THAT(reader.elements("upstreams"), IsEmpty());
}

TEST(Options, GivesWhatWasWritten) {
  const Options options{R"(
flag = false
count = 9
factor = 2
wait = "1m"
room = "1MB"
rate = "60/m"
speed = "1KiB/s"
greeting = ""
magic = "0d 0a"
hosts = "z"
limit = 1
)",
                        kKeys};
  const auto reader = options.reader();

  EXPECT_FALSE(reader.boolean("flag"));
  EXPECT_EQ(reader.integer("count"), 9);
  EXPECT_DOUBLE_EQ(reader.number("factor"), 2);
  EXPECT_EQ(reader.duration("wait"), 1min);
  EXPECT_EQ(reader.size("room"), Bytes{1'000'000});
  EXPECT_DOUBLE_EQ(reader.rate("rate"), 1);
  EXPECT_DOUBLE_EQ(reader.rate("speed"), 1024);
  EXPECT_EQ(reader.maybe_text("greeting"), "");
  EXPECT_EQ(reader.text("magic"), "\r\n");
  EXPECT_THAT(reader.texts("hosts"), ElementsAre("z"));
  EXPECT_EQ(reader.maybe_integer("limit"), 1);
}

TEST(Options, ReadsTablesBelow) {
  const Options written{"[inner]\ndepth = 4\n", kKeys};
  const Options not_written{"", kKeys};

  EXPECT_EQ(written.reader().table("inner").integer("depth"), 4);
  EXPECT_EQ(written.reader().integer("inner.depth"), 4);
  EXPECT_TRUE(written.reader().has("inner.depth"));
  EXPECT_EQ(not_written.reader().table("inner").integer("depth"), 3);
}

TEST(Options, ReadsElementsWrittenAsTextOrTable) {
  const Options options{"upstreams = ['h:1', { weight = 5 }]", kKeys};
  const auto elements = options.reader().elements("upstreams");

  ASSERT_EQ(elements.size(), 2U);
  EXPECT_EQ(elements[0].scalar(), "h:1");
  EXPECT_EQ(elements[0].integer("weight"), 1);
  EXPECT_EQ(elements[1].scalar(), std::nullopt);
  EXPECT_EQ(elements[1].integer("weight"), 5);
}

TEST(Options, OneElementNeedsNoList) {
  const Options options{"upstreams = 'h:1'", kKeys};

  ASSERT_EQ(options.reader().elements("upstreams").size(), 1U);
  EXPECT_EQ(options.reader().elements("upstreams")[0].scalar(), "h:1");
}

TEST(Options, ListsTheNamesOfAMap) {
  const auto root = parse_toml("[listeners.b]\n[listeners.'a.c']\nbacklog = 5\n", "t.toml").value();
  const auto listeners = OptionReader{root, test::all_keys(), ""}.table("listeners");

  EXPECT_THAT(listeners.names(), ElementsAre("a.c", "b"));
  EXPECT_EQ(listeners.table("a.c").integer("backlog"), 5);
  EXPECT_EQ(listeners.table("b").integer("backlog"), 4096);
}

TEST(Options, AMistakeOfTheOwnerPointsToTheValue) {
  const Options options{"count = 1\n[inner]\ndepth = 4\n", kKeys};

  EXPECT_EQ(options.reader().mistake("count", "too odd").text(), "test.toml:1:9: too odd");
  EXPECT_EQ(options.reader().table("inner").mistake("height", "none").place.line, 2U);
}

TEST(Options, TheKeyTableKnowsWhatMayStandBelow) {
  const auto& keys = test::all_keys();

  EXPECT_THAT(keys.children("log"), ElementsAre("level", "target", "format"));
  EXPECT_THAT(keys.children("listeners.*.keepalive"), ElementsAre("idle", "interval", "probes"));
  EXPECT_THAT(keys.children("listeners.*.forward.upstreams[]"), ElementsAre("name", "address", "weight"));
  EXPECT_THAT(keys.children("listeners"), IsEmpty());
  EXPECT_TRUE(keys.is_map("listeners"));
  EXPECT_TRUE(keys.is_map("api.roles"));
  EXPECT_FALSE(keys.is_map("log"));
  EXPECT_TRUE(keys.has_elements("clients.*.steps"));
  EXPECT_FALSE(keys.has_elements("listeners.*.listen"));
  EXPECT_EQ(keys.find("listen"), nullptr);
  EXPECT_EQ(keys.find("listeners.*.service")->choices, "echo|dialog|forward");
}

TEST(Options, TheTestSupportShowsMistakesWithoutPlaces) {
  const Options options{"cuont = 1", kKeys};

  EXPECT_THAT(options.mistakes(), ElementsAre("unknown key 'cuont'; did you mean 'count'?"));
}

}  // namespace
}  // namespace tcpctl::config
