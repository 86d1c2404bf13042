// SPDX-License-Identifier: Apache-2.0
#include "tcp/state.hpp"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace tcpctl::tcp {
namespace {

TEST(State, IsSpeltAsInTheTextbook) {
  EXPECT_EQ(text(State::established), "ESTABLISHED");
  EXPECT_EQ(text(State::syn_sent), "SYN_SENT");
  EXPECT_EQ(text(State::syn_rcvd), "SYN_RCVD");
  EXPECT_EQ(text(State::fin_wait_1), "FIN_WAIT_1");
  EXPECT_EQ(text(State::fin_wait_2), "FIN_WAIT_2");
  EXPECT_EQ(text(State::time_wait), "TIME_WAIT");
  EXPECT_EQ(text(State::closed), "CLOSED");
  EXPECT_EQ(text(State::close_wait), "CLOSE_WAIT");
  EXPECT_EQ(text(State::last_ack), "LAST_ACK");
  EXPECT_EQ(text(State::listen), "LISTEN");
  EXPECT_EQ(text(State::closing), "CLOSING");
}

TEST(State, IsReadFromItsOwnText) {
  for (int number = 1; number <= 11; ++number) {
    const auto state = static_cast<State>(number);
    EXPECT_EQ(parse_state(text(state)), state) << text(state);
  }
}

TEST(State, IsReadFromTheSpellingsOfSs) {
  EXPECT_EQ(parse_state("ESTAB"), State::established);
  EXPECT_EQ(parse_state("estab"), State::established);
  EXPECT_EQ(parse_state("syn-sent"), State::syn_sent);
  EXPECT_EQ(parse_state("syn-recv"), State::syn_rcvd);
  EXPECT_EQ(parse_state("SYN_RECV"), State::syn_rcvd);
  EXPECT_EQ(parse_state("fin-wait-1"), State::fin_wait_1);
  EXPECT_EQ(parse_state("FIN-WAIT-2"), State::fin_wait_2);
  EXPECT_EQ(parse_state("FIN_WAIT1"), State::fin_wait_1);
  EXPECT_EQ(parse_state("time-wait"), State::time_wait);
  EXPECT_EQ(parse_state("unconn"), std::nullopt);
  EXPECT_EQ(parse_state("close"), State::closed);
  EXPECT_EQ(parse_state("Close-Wait"), State::close_wait);
}

TEST(State, IsNotReadFromNonsense) {
  for (const char* const nonsense : {"", "-", "ESTABLISHE", "ESTABLISHEDD", "SYN SENT", "1", "FIN_WAIT_3"}) {
    EXPECT_EQ(parse_state(nonsense), std::nullopt) << nonsense;
  }
}

}  // namespace
}  // namespace tcpctl::tcp
