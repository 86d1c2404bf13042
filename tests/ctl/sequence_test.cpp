// SPDX-License-Identifier: Apache-2.0
#include "ctl/sequence.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ctl/sequence_picture.hpp"

namespace tcpctl::ctl::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// A connection with these events, a millisecond apart; "~" before one: inferred, at no known time.
Json life(const std::string& direction, const std::vector<std::string>& events) {
  std::string entries;
  int ms = 0;
  for (const auto& event : events) {
    if (!entries.empty()) entries += ", ";
    if (event.front() == '~') {
      entries += R"({"at": null, "basis": "inferred", "event": ")" + event.substr(1) + "\"}";
    } else {
      entries += R"({"at": "2026-11-22T13:00:00.0)" + std::to_string(10 + ms++) +
                 R"(Z", "basis": "seen", "event": ")" + event + "\"}";
    }
  }
  const auto json = Json::parse(R"({"direction": ")" + direction +
                                R"(", "bytes_in": 5, "bytes_out": 7, "timeline": [)" + entries + "]}");
  EXPECT_TRUE(json);
  return json.value_or(Json{});
}

/// "0>1 SYN [SYN_SENT]", with "~" before what nobody saw.
std::vector<std::string> texts(const Sequence& sequence) {
  std::vector<std::string> all;
  for (const auto& step : sequence.steps) {
    std::string text = step.seen ? "" : "~";
    if (step.arrow) {
      text +=
          std::to_string(step.arrow->from) + ">" + std::to_string(step.arrow->to) + " " + step.arrow->text;
    }
    if (!step.state.empty()) text += (step.arrow ? " [" : "[") + step.state + "]";
    all.push_back(text);
  }
  return all;
}

TEST(Sequence, OpensAnInboundConnectionWithThreeArrows) {
  const auto sequence =
      sequence_of(life("inbound", {"~syn_received", "~established", "accepted"}), std::nullopt);

  EXPECT_THAT(sequence.lifelines, ElementsAre("client", "tcpctl"));
  EXPECT_THAT(texts(sequence),
              ElementsAre("~0>1 SYN [SYN_RCVD]", "~1>0 SYN+ACK", "~0>1 ACK [ESTABLISHED]", "[accepted]"));
}

TEST(Sequence, OpensAnOutboundOneTheOtherWayRound) {
  const auto sequence = sequence_of(life("outbound", {"syn_sent", "established"}), std::nullopt);

  EXPECT_THAT(sequence.lifelines, ElementsAre("tcpctl", "upstream"));
  EXPECT_THAT(texts(sequence), ElementsAre("0>1 SYN [SYN_SENT]", "1>0 SYN+ACK [ESTABLISHED]", "~0>1 ACK"));
}

TEST(Sequence, ClosesActively) {
  const auto sequence = sequence_of(
      life("outbound", {"fin_sent", "fin_acked", "fin_received", "~time_wait", "closed"}), std::nullopt);

  EXPECT_THAT(texts(sequence), ElementsAre("0>1 FIN [FIN_WAIT_1]", "1>0 ACK [FIN_WAIT_2]",
                                           "1>0 FIN [TIME_WAIT]", "~0>1 ACK", "[closed]"));
}

TEST(Sequence, ClosesPassively) {
  const auto sequence =
      sequence_of(life("inbound", {"fin_received", "fin_sent", "~fin_acked", "closed"}), std::nullopt);

  EXPECT_THAT(texts(sequence), ElementsAre("0>1 FIN [CLOSE_WAIT]", "~1>0 ACK", "1>0 FIN [LAST_ACK]",
                                           "~0>1 ACK [CLOSED]", "[closed]"));
}

TEST(Sequence, TakesAnUnseenAcknowledgementAsComeBeforeThePeersFin) {
  const auto sequence =
      sequence_of(life("outbound", {"fin_sent", "fin_received", "~fin_acked", "~time_wait"}), std::nullopt);

  EXPECT_THAT(texts(sequence), ElementsAre("0>1 FIN [FIN_WAIT_1]", "~1>0 ACK [FIN_WAIT_2]",
                                           "1>0 FIN [TIME_WAIT]", "~0>1 ACK"));
}

TEST(Sequence, ClosesFromBothSidesAtOnce) {
  const auto sequence = sequence_of(life("inbound", {"fin_sent", "fin_received", "fin_acked"}), std::nullopt);

  EXPECT_THAT(texts(sequence),
              ElementsAre("1>0 FIN [FIN_WAIT_1]", "0>1 FIN [CLOSING]", "~1>0 ACK", "0>1 ACK [TIME_WAIT]"));
}

TEST(Sequence, SaysHowMuchDataThereWas) {
  const auto sequence = sequence_of(life("inbound", {"first_byte_in", "first_byte_out"}), std::nullopt);

  EXPECT_THAT(texts(sequence), ElementsAre("0>1 data, 5 B", "1>0 data, 7 B"));
}

TEST(Sequence, MergesBothLegsByTime) {
  const auto client = life("inbound", {"~syn_received", "accepted", "first_byte_in"});
  const auto upstream = life("outbound", {"syn_sent"});

  const auto sequence = sequence_of(upstream, client);

  EXPECT_THAT(sequence.lifelines, ElementsAre("client", "tcpctl", "upstream"));
  EXPECT_THAT(texts(sequence),
              ElementsAre("~0>1 SYN [client: SYN_RCVD]", "~1>0 SYN+ACK", "[client: accepted]",
                          "1>2 SYN [upstream: SYN_SENT]", "0>1 data, 5 B"));
}

TEST(Sequence, PutsWhatCameInBeforeWhatWentOutAtTheSameMoment) {
  const auto sequence = sequence_of(life("inbound", {"first_byte_out"}), life("outbound", {"first_byte_in"}));

  EXPECT_THAT(texts(sequence), ElementsAre("2>1 data, 5 B", "1>0 data, 7 B"));
}

TEST(Sequence, LeavesOutWhatItDoesNotKnow) {
  EXPECT_THAT(sequence_of(life("inbound", {"tap_opened"}), std::nullopt).steps, IsEmpty());
}

TEST(SequencePicture, DrawsWhatWasSeenWhole) {
  const auto lines = sequence_picture(
      sequence_of(life("inbound", {"fin_received", "~fin_sent"}), std::nullopt), {.width = 60});

  ASSERT_EQ(lines.size(), 4U);
  EXPECT_THAT(lines[1], HasSubstr("|----"));
  EXPECT_THAT(lines[3], HasSubstr("|<...."));
}

TEST(SequencePicture, KeepsToTheWidth) {
  const auto sequence = sequence_of(life("inbound", {"fin_received", "fin_sent"}), std::nullopt);
  for (std::size_t width = 40; width < 120; ++width) {
    for (const auto& line : sequence_picture(sequence, {.width = width})) EXPECT_LE(line.size() + 2, width);
  }
}

TEST(SequencePicture, IsLeftOutWhereThereIsNoRoom) {
  const auto sequence = sequence_of(life("inbound", {"fin_received"}), std::nullopt);

  EXPECT_THAT(sequence_picture(sequence, {.width = 30}), IsEmpty());
}

TEST(SequencePicture, CountsLongTimesInSeconds) {
  auto sequence = sequence_of(life("inbound", {"fin_received", "fin_sent"}), std::nullopt);
  sequence.steps.back().at = *sequence.steps.front().at + std::chrono::milliseconds{86'401'234};

  const auto lines = sequence_picture(sequence, {.width = 80});

  EXPECT_THAT(lines.back(), HasSubstr("+86401.23 s "));
}

TEST(SequencePicture, MakesHostileTextFitForATerminal) {
  Sequence sequence{{"client", "tcpctl"}, {{std::nullopt, true, Arrow{0, 1, "a\x1b[2J"}}}};

  EXPECT_THAT(sequence_picture(sequence, {.width = 80}), Not(Contains(HasSubstr("\x1b"))));
}

}  // namespace
}  // namespace tcpctl::ctl::test
