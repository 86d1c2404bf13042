// SPDX-License-Identifier: Apache-2.0
#include "stats/word_counts.hpp"

#include <gmock/gmock.h>

namespace tcpctl {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(WordCounts, TellHowOftenEachCame) {
  WordCounts counts;
  EXPECT_THAT(counts.all(), IsEmpty());
  for (const auto* word : {"peer_rst", "connected", "peer_rst"}) counts.add(word);

  EXPECT_THAT(counts.all(), ElementsAre(Pair("connected", 1U), Pair("peer_rst", 2U)));
}

}  // namespace
}  // namespace tcpctl
