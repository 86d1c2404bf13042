// SPDX-License-Identifier: Apache-2.0
#include <set>

#include <gtest/gtest.h>

#include "stats/facts.hpp"

namespace tcpctl {
namespace {

TEST(Termination, IsTwoDashesForAnEndAsItShouldBe) {
  EXPECT_EQ(termination_code(Direction::inbound, Reason::peer_fin, Phase::data), "--");
  EXPECT_EQ(termination_code(Direction::outbound, Reason::local_done, Phase::closing), "--");
}

TEST(Termination, NamesTheSideThatWasCutDuringData) {
  EXPECT_EQ(termination_code(Direction::inbound, Reason::peer_rst, Phase::data), "CD");
  EXPECT_EQ(termination_code(Direction::outbound, Reason::peer_rst, Phase::data), "SD");
}

TEST(Termination, NamesTheSideThatWasSilentInSmallLetters) {
  EXPECT_EQ(termination_code(Direction::inbound, Reason::idle_timeout, Phase::data), "cD");
  EXPECT_EQ(termination_code(Direction::outbound, Reason::idle_timeout, Phase::data), "sD");
}

TEST(Termination, TellsHowConnectingFailed) {
  EXPECT_EQ(termination_code(Direction::outbound, Reason::connect_refused, Phase::connect), "SC");
  EXPECT_EQ(termination_code(Direction::inbound, Reason::connect_unreachable, Phase::connect), "SC");
  EXPECT_EQ(termination_code(Direction::outbound, Reason::connect_timeout, Phase::connect), "sC");
  EXPECT_EQ(termination_code(Direction::inbound, Reason::queue_timeout, Phase::queue), "sQ");
}

TEST(Termination, SeesAClientThatLeftBeforeAnythingWasReached) {
  EXPECT_EQ(termination_code(Direction::inbound, Reason::peer_fin, Phase::connect), "CC");
  EXPECT_EQ(termination_code(Direction::inbound, Reason::peer_fin, Phase::queue), "CQ");
}

TEST(Termination, TellsAnAdministratorFromALimitAndFromAWantOfResources) {
  EXPECT_EQ(termination_code(Direction::inbound, Reason::admin_kill, Phase::data), "KD");
  EXPECT_EQ(termination_code(Direction::inbound, Reason::local_limit, Phase::data), "PD");
  EXPECT_EQ(termination_code(Direction::outbound, Reason::resource, Phase::connect), "RC");
  EXPECT_EQ(termination_code(Direction::outbound, Reason::upstream_down, Phase::data), "DD");
}

TEST(Termination, HasTwoLettersForEveryEnd) {
  for (std::size_t reason = 0; reason < kReasons; ++reason) {
    for (int phase = 0; phase <= static_cast<int>(Phase::closing); ++phase) {
      for (const auto direction : {Direction::inbound, Direction::outbound}) {
        const auto code = termination_code(direction, static_cast<Reason>(reason), static_cast<Phase>(phase));
        EXPECT_EQ(code.size(), 2U);
        EXPECT_EQ(code[0] == '-', code[1] == '-') << code;
      }
    }
  }
}

}  // namespace
}  // namespace tcpctl
