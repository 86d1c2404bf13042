// SPDX-License-Identifier: Apache-2.0
#include "ctl/connect/conversation.hpp"

#include <csignal>
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>

#include "ctl/json.hpp"
#include "loopback.hpp"

namespace tcpctl::ctl::test {
namespace {

using End = Conversation::End;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;

/// A conversation between two pipes and a peer on loopback; it runs on a thread of its own.
class ConversationTest : public ::testing::Test {
 protected:
  ConversationTest() {
    std::signal(SIGPIPE, SIG_IGN);
    auto dialled = dial({server_.address()}, {});
    life_.take(dialled.attempts);
    life_.take_socket(dialled.fd.get());
    socket_ = std::move(dialled.fd);
    peer_ = server_.accept();
  }

  void start(InputForm::Kind input = InputForm::Kind::plain, bool in_terminal = false) {
    const Streams streams{
        .in = in_.read.get(), .out = out_.write.get(), .in_terminal = in_terminal, .stop = stop_.get()};
    running_ = std::async(std::launch::async, [this, streams, input] {
      Conversation conversation{std::move(socket_),
                                life_,
                                streams,
                                InputForm{input},
                                OutputForm{OutputForm::Kind::raw},
                                [this](const std::string& line) { warnings_.push_back(line); }};
      auto outcome = conversation.run();
      out_.write.reset();
      return outcome;
    });
  }

  void interrupt() const {
    const std::uint64_t one = 1;
    put(stop_.get(), {reinterpret_cast<const char*>(&one), sizeof one});
  }

  End end() { return running_.get().end; }
  [[nodiscard]] Json facts() const { return Json::parse(life_.json()).value_or(Json{}); }
  /// The events in order, "~" before what was inferred.
  [[nodiscard]] std::vector<std::string> events() const {
    std::vector<std::string> all;
    for (const auto& entry : facts().items("timeline"))
      all.push_back((entry.text("basis") == "seen" ? "" : "~") + entry.text("event").value_or("?"));
    return all;
  }
  /// "remote fin peer_fin"
  [[nodiscard]] std::string close() const {
    const auto close = facts().at("close");
    return close.at("first").raw() + " " + close.at("how").raw() + " " + close.at("reason").raw();
  }

  Server server_;
  Life life_;
  Fd socket_, peer_;
  Pipe in_, out_;
  Fd stop_{::eventfd(0, EFD_CLOEXEC)};
  std::vector<std::string> warnings_;
  std::future<Conversation::Outcome> running_;
};

TEST_F(ConversationTest, SendsWhatIsGivenAndPrintsWhatComes) {
  start();
  put(in_.write.get(), "PING\n");
  EXPECT_EQ(get(peer_.get(), 5), "PING\n");
  put(peer_.get(), "PONG\n");
  EXPECT_EQ(get(out_.read.get(), 5), "PONG\n");
  in_.write.reset();
  EXPECT_EQ(get_all(peer_.get()), "");
  peer_.reset();

  EXPECT_EQ(end(), End::done);
  EXPECT_EQ(close(), "local fin local_done");
  EXPECT_EQ(facts().count("bytes_in"), 5U);
  EXPECT_EQ(facts().count("bytes_out"), 5U);
}

TEST_F(ConversationTest, ReadsOnAfterItsFinUntilThePeers) {
  start();
  in_.write.reset();
  EXPECT_EQ(get_all(peer_.get()), "");
  put(peer_.get(), "late");
  EXPECT_EQ(get(out_.read.get(), 4), "late");
  peer_.reset();

  EXPECT_EQ(end(), End::done);
  EXPECT_THAT(events(), ElementsAre("syn_sent", "established", "fin_sent", "fin_acked", "first_byte_in",
                                    "fin_received", "~time_wait", "closed"));
  EXPECT_EQ(facts().text("state"), "TIME_WAIT");
}

TEST_F(ConversationTest, GoesOnSendingAfterThePeersFinWhereTheInputIsAPipe) {
  ::shutdown(peer_.get(), SHUT_WR);
  start();
  put(in_.write.get(), "still here");
  EXPECT_EQ(get(peer_.get(), 10), "still here");
  in_.write.reset();
  EXPECT_EQ(get_all(peer_.get()), "");

  EXPECT_EQ(end(), End::done);
  EXPECT_EQ(close(), "remote fin peer_fin");
  EXPECT_THAT(events(), ElementsAre("syn_sent", "established", "fin_received", "first_byte_out", "fin_sent",
                                    "fin_acked", "closed"));
}

TEST_F(ConversationTest, EndsAtThePeersFinWhereTheInputIsTyped) {
  start(InputForm::Kind::plain, true);
  ::shutdown(peer_.get(), SHUT_WR);
  EXPECT_EQ(get_all(peer_.get()), "");

  EXPECT_EQ(end(), End::done);
  EXPECT_EQ(close(), "remote fin peer_fin");
}

TEST_F(ConversationTest, TellsOfAReset) {
  start();
  put(in_.write.get(), "x");
  EXPECT_EQ(get(peer_.get(), 1), "x");
  reset(peer_);

  EXPECT_EQ(end(), End::reset);
  EXPECT_EQ(close(), "remote rst peer_rst");
  EXPECT_THAT(events(), AllOf(Contains("rst_received"), Not(Contains("fin_received"))));
}

TEST_F(ConversationTest, PrintsWhatCameBeforeAReset) {
  put(peer_.get(), "go away");
  reset(peer_);
  start();
  put(in_.write.get(), "x");

  EXPECT_EQ(end(), End::reset);
  EXPECT_EQ(get_all(out_.read.get()), "go away");
  EXPECT_EQ(close(), "remote rst peer_rst");
}

TEST_F(ConversationTest, TellsOfAResetAfterItsFin) {
  start();
  in_.write.reset();
  EXPECT_EQ(get_all(peer_.get()), "");
  reset(peer_);

  EXPECT_EQ(end(), End::reset);
  EXPECT_EQ(close(), "local fin local_done");
  EXPECT_THAT(events(), Contains("rst_received"));
}

TEST_F(ConversationTest, PassesManyBytesBothWaysWithoutHoldingThem) {
  const std::string many(std::size_t{8} << 20U, 'x');
  start();
  auto echo = std::async(std::launch::async, [this] {
    std::array<char, 16384> buffer{};
    for (auto got = ::read(peer_.get(), buffer.data(), buffer.size()); got > 0;
         got = ::read(peer_.get(), buffer.data(), buffer.size()))
      put(peer_.get(), {buffer.data(), static_cast<std::size_t>(got)});
    peer_.reset();
  });
  auto give = std::async(std::launch::async, [&] {
    put(in_.write.get(), many);
    in_.write.reset();
  });

  EXPECT_EQ(get_all(out_.read.get()).size(), many.size());
  EXPECT_EQ(end(), End::done);
  EXPECT_EQ(facts().count("bytes_out"), many.size());
}

TEST_F(ConversationTest, ReadsNoFasterThanItsReader) {
  start();
  ::fcntl(peer_.get(), F_SETFL, O_NONBLOCK);
  const std::string piece(65536, 'x');
  std::size_t taken = 0;
  // What nobody reads fills the buffers of both kernels and of the pipe, and stops there.
  while (taken < (std::size_t{64} << 20U)) {
    const auto sent = ::send(peer_.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
    if (sent > 0) taken += static_cast<std::size_t>(sent);
    pollfd room{.fd = peer_.get(), .events = POLLOUT, .revents = 0};
    if (sent < 0 && ::poll(&room, 1, 1000) == 0) break;
  }
  EXPECT_LT(taken, std::size_t{64} << 20U);
  ::shutdown(peer_.get(), SHUT_WR);
  in_.write.reset();

  EXPECT_EQ(get_all(out_.read.get()).size(), taken);
  EXPECT_EQ(end(), End::done);
}

TEST_F(ConversationTest, ClosesAtOnceWhenItIsInterrupted) {
  start();
  put(in_.write.get(), "x");
  EXPECT_EQ(get(peer_.get(), 1), "x");
  interrupt();

  EXPECT_EQ(end(), End::interrupted);
  EXPECT_EQ(get_all(peer_.get()), "");
  EXPECT_EQ(close(), "local fin local_done");
  EXPECT_EQ(facts().text("close.detail"), "interrupted");
  EXPECT_THAT(events(), Not(Contains("~rst_sent")));
}

TEST_F(ConversationTest, SaysThatUnreadBytesMadeItsCloseAReset) {
  put(peer_.get(), std::string(300'000, 'x'));
  start();
  get(out_.read.get(), 1);
  interrupt();

  EXPECT_EQ(end(), End::interrupted);
  EXPECT_THAT(events(), IsSupersetOf({"~rst_sent", "closed"}));
}

TEST_F(ConversationTest, EndsQuietlyWhereNobodyReads) {
  out_.read.reset();
  start();
  put(peer_.get(), "x");

  EXPECT_EQ(end(), End::unread);
  EXPECT_EQ(close(), "local fin local_done");
}

TEST_F(ConversationTest, EndsWhereHexOfAPipeIsWrong) {
  start(InputForm::Kind::hex);
  put(in_.write.get(), "61 zz\n");

  const auto outcome = running_.get();
  EXPECT_EQ(outcome.end, End::input_failed);
  EXPECT_THAT(outcome.detail, HasSubstr("line 1: 'z' is no hex digit"));
  EXPECT_EQ(get_all(peer_.get()), "");
}

TEST_F(ConversationTest, OnlyWarnsOfWrongHexThatWasTyped) {
  start(InputForm::Kind::hex, true);
  put(in_.write.get(), "zz\n");
  // Not before that piece was read, or both would be one.
  for (int unread = 1; unread > 0;) ::ioctl(in_.read.get(), FIONREAD, &unread);
  put(in_.write.get(), "61 62\n");

  EXPECT_EQ(get(peer_.get(), 2), "ab");
  peer_.reset();
  EXPECT_EQ(end(), End::done);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("'z' is no hex digit")));
}

TEST_F(ConversationTest, SendsNoHalfByte) {
  start(InputForm::Kind::hex);
  put(in_.write.get(), "616");
  in_.write.reset();

  EXPECT_EQ(end(), End::input_failed);
}

}  // namespace
}  // namespace tcpctl::ctl::test
