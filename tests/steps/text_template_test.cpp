// SPDX-License-Identifier: Apache-2.0
#include "steps/text_template.hpp"

#include <gmock/gmock.h>

namespace tcpctl {
namespace {

using testing::HasSubstr;

std::string refusal(std::string_view text) {
  const auto parsed = TextTemplate::parse(text);
  return parsed ? "" : parsed.error().what;
}

TEST(TextTemplate, KeepsATextWithoutReferencesAsItIs) {
  for (const auto* text : {"", "QUIT\r\n", "$", "5 $", "$5", "$$", "a$b{c}", "$$$", "{1}"}) {
    const auto parsed = TextTemplate::parse(text).value();

    EXPECT_EQ(parsed.literal, text);
    EXPECT_TRUE(parsed.references.empty());
  }
}

TEST(TextTemplate, FindsItsReferencesByNumberAndByName) {
  const auto parsed = TextTemplate::parse("A ${1} B ${the_id}${2}!").value();

  EXPECT_EQ(parsed.literal, "A  B !");
  ASSERT_EQ(parsed.references.size(), 3U);
  EXPECT_EQ(parsed.references[0].at, 2U);
  EXPECT_EQ(parsed.references[0].group, "1");
  EXPECT_EQ(parsed.references[1].at, 5U);
  EXPECT_EQ(parsed.references[1].group, "the_id");
  EXPECT_EQ(parsed.references[2].at, 5U);
}

TEST(TextTemplate, TakesADoubledDollarBeforeABraceForItself) {
  const auto parsed = TextTemplate::parse("$${HOME} $$ $${${1}").value();

  EXPECT_EQ(parsed.literal, "${HOME} $$ ${");
  ASSERT_EQ(parsed.references.size(), 1U);
}

TEST(TextTemplate, RefusesWhatIsNoReference) {
  for (const auto* text : {"${", "${}", "${1", "${a-b}", "${0}", "${01}", "${ 1}", "${1a}", "${\x01}"}) {
    EXPECT_THAT(refusal(text), HasSubstr("is no reference to a group")) << text;
  }
  EXPECT_THAT(refusal("ab${1}$${${no!}"), HasSubstr("'${' at byte 10 "));
  EXPECT_EQ(refusal("${hunter 2}"), refusal("${a-b}")) << "nothing is quoted, since it may be a secret";
}

}  // namespace
}  // namespace tcpctl
