// SPDX-License-Identifier: Apache-2.0
#include "config/toml_text.hpp"

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "config/keys.hpp"

namespace tcpctl::config {
namespace {

using testing::HasSubstr;
using testing::Not;

Node tree(std::string_view json) { return parse_json(json).value(); }

TEST(TomlText, IsReadableAndInAStableOrder) {
  EXPECT_EQ(
      to_toml(tree(R"({"log":{"level":"info"},"listeners":{"web":{"service":"forward","listen":["*:80"],)"
                   R"("forward":{"upstreams":["a:1",{"name":"b","address":"b:1"}]}}},)"
                   R"("clients":{"c-1":{"steps":[{"send":"PING\r\n"},{"expect":"^\\+PONG"}]}}})")),
      "[clients.c-1]\n"
      "steps = [ { send = \"PING\\r\\n\" }, { expect = \"^\\\\+PONG\" } ]\n\n"
      "[listeners.web]\n"
      "listen = [ \"*:80\" ]\n"
      "service = \"forward\"\n\n"
      "[listeners.web.forward]\n"
      "upstreams = [ \"a:1\", { address = \"b:1\", name = \"b\" } ]\n\n"
      "[log]\n"
      "level = \"info\"\n");
}

TEST(TomlText, OfNothingIsNothing) { EXPECT_EQ(to_toml(tree("{}")), ""); }

TEST(TomlText, KeepsTablesThatAreEmpty) {
  const auto root = tree(R"({"listeners":{"web":{"echo":{}}},"list":[],"tables":[{}]})");
  EXPECT_EQ(parse_toml(to_toml(root), "t").value(), root);
}

/// Trees of all that a configuration may hold, and texts of all that may stand in one.
class Random {
 public:
  explicit Random(unsigned seed) : random_{seed} {}

  Node table(int depth) {
    Node::Table members;
    for (int i = below(5); i > 0; --i) members.emplace(key(), node(depth));
    return {std::move(members), {}};
  }

 private:
  int below(int limit) { return std::uniform_int_distribution{0, limit - 1}(random_); }

  std::string text() {
    static const std::vector<std::string> kParts{"a",
                                                 "Z",
                                                 "0",
                                                 " ",
                                                 "\"",
                                                 "'",
                                                 "'''",
                                                 "\"\"\"",
                                                 "\\",
                                                 "\n",
                                                 "\r\n",
                                                 "\t",
                                                 std::string(1, '\0'),
                                                 "\x1b",
                                                 "\x7f",
                                                 "#",
                                                 "=",
                                                 "[",
                                                 "{",
                                                 "\u00e4",
                                                 "\u0085",
                                                 "\u2028",
                                                 "\u202e",
                                                 "\ufeff",
                                                 "\U0001f600",
                                                 "\\u0041"};
    std::string text;
    for (int i = below(8); i > 0; --i)
      text += kParts.at(static_cast<std::size_t>(below(static_cast<int>(kParts.size()))));
    return text;
  }

  /// The colon is that of a role: toml++ takes a quote alone for no reason to quote a key.
  std::string key() {
    return below(2) == 0 ? fmt::format("k-{}", below(100)) : fmt::format("user:{}", text());
  }

  Node node(int depth) {
    switch (below(depth > 0 ? 8 : 5)) {
      case 0:
        return {below(2) == 0, {}};
      case 1:
        return {std::uniform_int_distribution<std::int64_t>{INT64_MIN / 2, INT64_MAX}(random_), {}};
      case 2:
        return {std::ldexp(std::uniform_real_distribution{-1.0, 1.0}(random_), below(60)), {}};
      case 5:
      case 6:
        return table(depth - 1);
      case 7: {
        Node::List list;
        for (int i = below(6); i > 0; --i) list.push_back(node(depth - 1));
        return {std::move(list), {}};
      }
      default:
        return {text(), {}};
    }
  }

  std::mt19937 random_;
};

TEST(TomlText, AnyTreeComesBack) {
  for (unsigned seed = 0; seed < 1000; ++seed) {
    const Node root = Random{seed}.table(4);
    const auto text = to_toml(root);
    const auto again = parse_toml(text, "t");
    ASSERT_TRUE(again) << seed << "\n" << again.error().front().text() << "\n" << text;
    ASSERT_EQ(*again, root) << seed << "\n" << text;
    ASSERT_EQ(to_toml(*again), text) << "stable";
  }
}

/// Configurations of all sections, with values that are right.
class RandomConfiguration {
 public:
  explicit RandomConfiguration(unsigned seed) : random_{seed} {}

  std::string json() {
    std::string listeners, clients;
    for (int i = below(4); i > 0; --i)
      listeners += fmt::format("{}\"l.{}-{}\":{}", listeners.empty() ? "" : ",", below(9), i, listener());
    for (int i = below(4); i > 0; --i)
      clients += fmt::format("{}\"c_{}\":{}", clients.empty() ? "" : ",", i, client());
    return fmt::format(
        R"({{"daemon":{{"workers":{}}},"log":{{"level":"{}"}},"api":{{"roles":{{"user:a\"b":"read"}},)"
        R"("tokens":{{"t.1":{{"role":"admin","sha256":"{}"}}}}}},"listeners":{{{}}},"clients":{{{}}}}})",
        below(9), one_of({"info", "debug"}), std::string(64, 'a'), listeners, clients);
  }

 private:
  int below(int limit) { return std::uniform_int_distribution{0, limit - 1}(random_); }
  std::string one_of(const std::vector<std::string>& words) {
    return words.at(static_cast<std::size_t>(below(static_cast<int>(words.size()))));
  }
  std::string text() {
    return one_of({R"(a\r\n)", R"(\u0000\u001b[m)", R"(it's \"so\")", R"(ä\u2028)", R"(\\1)"});
  }

  std::string listener() {
    switch (below(3)) {
      case 0:
        return fmt::format(R"({{"listen":["[::1]:{}","*:1"],"service":"echo","idle_timeout":"{}"}})",
                           below(9), one_of({"60s", "1m", "0s"}));
      case 1:
        return fmt::format(R"({{"listen":"127.0.0.1:{}","service":"dialog","dialog":{{"greeting":"{}"}}}})",
                           below(9), text());
      default:
        return fmt::format(R"({{"listen":["*:2"],"service":"forward","keepalive":{{"idle":"{}s"}},"forward":)"
                           R"({{"upstreams":["a:1",{{"address":"b:{}","weight":{}}}],"half_close":{}}}}})",
                           below(9) + 1, below(9) + 1, below(9) + 1, one_of({"true", "false"}));
    }
  }

  std::string client() {
    return fmt::format(
        R"({{"connect":"h.example:{}","mode":"probe","jitter":0.{},"steps":[{{"send":"{}"}},{{"expect_eof":true}}]}})",
        below(9) + 1, below(5), text());
  }

  std::mt19937 random_;
};

TEST(TomlText, AnyConfigurationIsTheSameAgain) {
  const auto& keys = test::all_keys();
  for (unsigned seed = 0; seed < 100; ++seed) {
    const auto json = RandomConfiguration{seed}.json();
    const auto config = build(parse_json(json).value(), keys);
    ASSERT_TRUE(config) << config.error().front().text() << "\n" << json;

    const auto text = to_toml(*config, keys, false);

    const auto again = build(parse_toml(text, "t").value(), keys);
    ASSERT_TRUE(again) << again.error().front().text() << "\n" << text;
    const auto changes = difference(*config, *again, keys);
    EXPECT_TRUE(changes.added.empty() && changes.changed.empty() && changes.removed.empty()) << text;
    EXPECT_EQ(to_json(*again, keys, false), to_json(*config, keys, false));
  }
}

TEST(TomlText, RedactedHasNoSecretAndIsRefused) {
  const auto config = test::configured(
      "[clients.c]\nconnect = 'h:1'\nmode = 'probe'\nsteps = [{ send = 'hush' }, { expect_eof = true }]\n");

  const auto text = to_toml(config, test::all_keys(), true);

  EXPECT_THAT(text, HasSubstr("send = \"<redacted>\""));
  EXPECT_THAT(text, Not(HasSubstr("hush")));
  EXPECT_THAT(test::mistakes_of(text), HasSubstr("<redacted> stands for a value that was not shown"));
}

}  // namespace
}  // namespace tcpctl::config
