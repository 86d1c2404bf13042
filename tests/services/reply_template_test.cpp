// SPDX-License-Identifier: Apache-2.0
#include "services/reply_template.hpp"

#include <gtest/gtest.h>

namespace tcpctl {
namespace {

std::string filled(std::string_view text, std::string_view line = "LINE") {
  std::string out;
  ReplyTemplate::parse(text).value().append_to(out, line, "127.0.0.1:5000", 7);
  return out;
}

std::string refusal(std::string_view text) {
  const auto parsed = ReplyTemplate::parse(text);
  return parsed ? "" : parsed.error().what;
}

TEST(ReplyTemplate, FillsInEachPlace) {
  EXPECT_EQ(filled("{n}: {peer} said {line}.\n"), "7: 127.0.0.1:5000 said LINE.\n");
}

TEST(ReplyTemplate, LeavesTextWithoutPlacesAsItIs) {
  EXPECT_EQ(filled(""), "");
  EXPECT_EQ(filled("100 % } %s \\n"), "100 % } %s \\n");
}

TEST(ReplyTemplate, WritesABraceForTwo) { EXPECT_EQ(filled("{{\"n\": {n}}"), "{\"n\": 7}"); }

TEST(ReplyTemplate, NeverReadsThePeersBytesAsAFormat) {
  EXPECT_EQ(filled("<{line}>", "{peer} {n} {{ %n%s {0}"), "<{peer} {n} {{ %n%s {0}>");
}

TEST(ReplyTemplate, KeepsBytesThatAreNoText) {
  const std::string bytes{"\0\xff\r", 3};

  EXPECT_EQ(filled("{line}", bytes), bytes);
}

TEST(ReplyTemplate, RefusesAPlaceThatDoesNotExist) {
  EXPECT_EQ(refusal("Hello {name}"),
            "unknown placeholder '{name}'; there are {line}, {peer} and {n}, and '{{' for a brace");
  EXPECT_NE(refusal("{}"), "");
  EXPECT_NE(refusal("{Line}"), "");
}

TEST(ReplyTemplate, RefusesABraceThatIsNotClosed) {
  EXPECT_EQ(refusal("Hello {line"), "'{' without '}'; write '{{' for a brace");
}

TEST(ReplyTemplate, BoundsHowOftenTheLineIsRepeated) {
  std::string text;
  for (int i = 0; i < ReplyTemplate::kMostLines; ++i) text += "{line}";

  EXPECT_EQ(refusal(text), "");
  EXPECT_EQ(refusal(text + "{line}"), "'{line}' more than 16 times");
}

TEST(ReplyTemplate, TellsWhetherItShowsThePeer) {
  EXPECT_TRUE(ReplyTemplate::parse("{peer}").value().shows_peer());
  EXPECT_FALSE(ReplyTemplate::parse("peer {line}").value().shows_peer());
}

}  // namespace
}  // namespace tcpctl
