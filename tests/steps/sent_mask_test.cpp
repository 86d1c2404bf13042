// SPDX-License-Identifier: Apache-2.0
#include "steps/sent_mask.hpp"

#include <gtest/gtest.h>

namespace tcpctl {
namespace {

std::string shown(std::string_view received, const std::vector<std::string_view>& sent) {
  return without_sent(received, sent, 256);
}

TEST(SentMask, HidesEachLineThatWasSentBack) {
  EXPECT_EQ(shown("PASS s3cret\r\n", {"USER ada\r\nPASS s3cret\r\n"}), "<sent>\r\n");
  EXPECT_EQ(shown("530 no 'PASS s3cret', USER ada", {"USER ada\nPASS s3cret"}), "530 no '<sent>', <sent>");
  EXPECT_EQ(shown("s3crets3cret", {"s3cret"}), "<sent><sent>");
  EXPECT_EQ(shown("s3cret and more", {"s3cret", "s3cret and"}), "<sent> more") << "the longest counts";
}

TEST(SentMask, LeavesWhatIsShortOrWasNotSent) {
  EXPECT_EQ(shown("554 abc go away\n", {"abc\n"}), "554 abc go away\n");
  EXPECT_EQ(shown("", {"PASS s3cret"}), "");
  EXPECT_EQ(shown("554 no", {}), "554 no");
  EXPECT_EQ(shown("\n\n", {"\n", ""}), "\n\n");
}

TEST(SentMask, HidesThePartOfALineThatIsCut) {
  EXPECT_EQ(shown("you: PASS s3c", {"PASS s3cret\n"}), "you: <sent>") << "the end has not come";
  EXPECT_EQ(shown("SS s3cret\nno", {"PASS s3cret\n"}), "<sent>\nno") << "a match has taken the beginning";
  EXPECT_EQ(shown("ASS s3cre", {"PASS s3cret\n"}), "ASS s3cre") << "neither";
  EXPECT_EQ(shown("a PAS", {"PASS s3cret\n"}), "a PAS") << "too short to tell";
}

TEST(SentMask, FindsAPartBehindWhatLooksLikeOne) {
  EXPECT_EQ(shown("xaabaaab", {"aabaaabaac"}), "x<sent>");
  EXPECT_EQ(shown("abababcX", {"zababababc"}), "<sent>X");
}

TEST(SentMask, StopsWhereEnoughIsShown) {
  const std::string much(60'000, '.');

  EXPECT_EQ(without_sent(much, {"PASS s3cret"}, 256).size(), 257U);
  EXPECT_EQ(without_sent("s3cret" + much, {"s3cret"}, 256).substr(0, 8), "<sent>..");
}

}  // namespace
}  // namespace tcpctl
