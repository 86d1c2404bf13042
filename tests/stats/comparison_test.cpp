// SPDX-License-Identifier: Apache-2.0
#include "stats/comparison.hpp"

#include <gtest/gtest.h>

namespace tcpctl {
namespace {

using Sign = Comparison::Sign;
using Field = Comparison::Field;

std::string mistake(std::string_view text) {
  const auto comparison = parse_comparison(text);
  return comparison ? "taken" : comparison.error().what;
}

TEST(Comparison, ReadsEachComparisonWithOrWithoutBlanks) {
  EXPECT_EQ(parse_comparison("cwnd<10").value(), (Comparison{Field::cwnd, Sign::less, 10}));
  EXPECT_EQ(parse_comparison("cwnd <= 10").value(), (Comparison{Field::cwnd, Sign::at_most, 10}));
  EXPECT_EQ(parse_comparison("cwnd= 10").value(), (Comparison{Field::cwnd, Sign::equal, 10}));
  EXPECT_EQ(parse_comparison("cwnd==10").value(), (Comparison{Field::cwnd, Sign::equal, 10}));
  EXPECT_EQ(parse_comparison(" cwnd !=10 ").value(), (Comparison{Field::cwnd, Sign::not_equal, 10}));
  EXPECT_EQ(parse_comparison("cwnd>=10").value(), (Comparison{Field::cwnd, Sign::at_least, 10}));
  EXPECT_EQ(parse_comparison("cwnd>10").value(), (Comparison{Field::cwnd, Sign::more, 10}));
}

TEST(Comparison, TakesTheUnitsOfItsField) {
  EXPECT_EQ(parse_comparison("rtt>1.5ms")->value, 1'500'000U);
  EXPECT_EQ(parse_comparison("age>1h")->value, 3'600'000'000'000U);
  EXPECT_EQ(parse_comparison("bytes>1KiB")->value, 1024U);
  EXPECT_EQ(parse_comparison("bytes>1024")->value, 1024U);
  EXPECT_EQ(parse_comparison("peer_port=443")->value, 443U);
}

TEST(Comparison, SaysWhatIsWrong) {
  EXPECT_EQ(mistake("rtt"), "'rtt' is no comparison; write 'rtt>50ms' or 'bytes_in>=1MB'");
  EXPECT_EQ(mistake("rtt!50ms"), "'rtt!50ms' is no comparison; write 'rtt>50ms' or 'bytes_in>=1MB'");
  EXPECT_EQ(mistake("retransmit>1"), "'retransmit' is unknown; did you mean 'retransmits'?");
  EXPECT_EQ(mistake("lost>-1"), "'-1' is no number");
  EXPECT_EQ(mistake("lost>99999999999999999999"), "'99999999999999999999' is no number");
  EXPECT_EQ(mistake("\x1b[1m>1"),
            "'\\x1b[1m' is none of age, idle, bytes_in, bytes_out, bytes, local_port, "
            "peer_port, rtt, rtt_var, min_rtt, handshake_rtt, retransmits, lost, cwnd, mss, "
            "delivery_rate, unsent, segments_in, segments_out");
}

TEST(Comparison, HoldsAsItsSignSays) {
  const auto holds = [](std::string_view text, std::uint64_t actual) {
    return parse_comparison(text)->holds(actual);
  };
  EXPECT_TRUE(holds("lost<2", 1) && !holds("lost<2", 2));
  EXPECT_TRUE(holds("lost<=2", 2) && !holds("lost<=2", 3));
  EXPECT_TRUE(holds("lost=2", 2) && !holds("lost=2", 3));
  EXPECT_TRUE(holds("lost!=2", 3) && !holds("lost!=2", 2));
  EXPECT_TRUE(holds("lost>=2", 2) && !holds("lost>=2", 1));
  EXPECT_TRUE(holds("lost>2", 3) && !holds("lost>2", 2));
}

TEST(Comparison, KnowsWhatTakesTheKernel) {
  EXPECT_TRUE(parse_comparison("rtt>1ms")->is_of_tcp());
  EXPECT_TRUE(parse_comparison("segments_out>1")->is_of_tcp());
  EXPECT_FALSE(parse_comparison("handshake_rtt>1ms")->is_of_tcp());
  EXPECT_FALSE(parse_comparison("local_port>1")->is_of_tcp());
}

}  // namespace
}  // namespace tcpctl
