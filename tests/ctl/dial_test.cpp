// SPDX-License-Identifier: Apache-2.0
#include "ctl/connect/dial.hpp"

#include <cerrno>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include "loopback.hpp"

namespace tcpctl::ctl::test {
namespace {

using namespace std::chrono_literals;

/// A server whose accept queue is full, so that a further SYN gets no answer.
class BlackHole {
 public:
  BlackHole() {
    ::listen(server_.fd(), 0);
    for (auto& waiting : waiting_) {
      auto begun = tcp::connect_to(server_.address(), {});
      if (begun) waiting = std::move(begun->fd);
    }
  }
  [[nodiscard]] Address address() const { return server_.address(); }

 private:
  Server server_{"127.0.0.1", false};
  std::array<Fd, 3> waiting_;
};

TEST(Dial, ConnectsToTheFirstThatAnswers) {
  const Server refusing{"127.0.0.1", false};
  const Server server;

  const auto dialled = dial({refusing.address(), server.address(), refusing.address()}, {});

  ASSERT_TRUE(dialled.fd);
  EXPECT_EQ(tcp::remote_address(dialled.fd.get()), server.address());
  ASSERT_EQ(dialled.attempts.size(), 2U);
  EXPECT_EQ(dialled.attempts[0].error, ECONNREFUSED);
  EXPECT_EQ(dialled.attempts[1].error, 0);
  EXPECT_GE(dialled.attempts[1].begun, dialled.attempts[0].ended);
}

TEST(Dial, TellsWhyNobodyWasReached) {
  const Server refusing{"127.0.0.1", false};

  const auto dialled = dial({refusing.address(), refusing.address()}, {});

  EXPECT_FALSE(dialled.fd);
  EXPECT_FALSE(dialled.interrupted);
  ASSERT_EQ(dialled.attempts.size(), 2U);
  EXPECT_EQ(dialled.attempts[1].error, ECONNREFUSED);
}

TEST(Dial, DoesNotWaitForASilentOneBeforeItTriesTheNext) {
  const BlackHole silent;
  const Server server;

  const auto dialled = dial({silent.address(), server.address()}, {.timeout = 1h, .head_start = 1ms});

  ASSERT_TRUE(dialled.fd);
  ASSERT_EQ(dialled.attempts.size(), 2U);
  EXPECT_EQ(dialled.attempts[0].error, ECANCELED);
  EXPECT_EQ(dialled.attempts[1].error, 0);
}

TEST(Dial, GivesASilentOneUpAfterItsTime) {
  const BlackHole silent;

  const auto dialled = dial({silent.address()}, {.timeout = 20ms});

  EXPECT_FALSE(dialled.fd);
  ASSERT_EQ(dialled.attempts.size(), 1U);
  EXPECT_EQ(dialled.attempts[0].error, ETIMEDOUT);
  EXPECT_GE(dialled.attempts[0].ended - dialled.attempts[0].begun, 20ms);
}

TEST(Dial, StopsWhenItIsInterrupted) {
  const BlackHole silent;
  const Fd stop{::eventfd(1, EFD_CLOEXEC)};

  const auto dialled = dial({silent.address()}, {.timeout = 1h, .stop = stop.get()});

  EXPECT_TRUE(dialled.interrupted);
  EXPECT_FALSE(dialled.fd);
  EXPECT_EQ(dialled.attempts[0].error, ECANCELED);
}

TEST(Dial, LeavesFromTheAddressThatIsWanted) {
  const Server server;

  const auto dialled = dial({server.address()}, {.source = *parse_ip_port("127.0.0.2:0")});

  ASSERT_TRUE(dialled.fd);
  EXPECT_EQ(tcp::local_address(dialled.fd.get()).host(), "127.0.0.2");
}

TEST(Dial, CannotLeaveFromAnAddressOfAnotherHost) {
  const Server server;

  const auto dialled = dial({server.address()}, {.source = *parse_ip_port("192.0.2.1:0")});

  EXPECT_FALSE(dialled.fd);
  EXPECT_EQ(dialled.attempts[0].error, EADDRNOTAVAIL);
}

}  // namespace
}  // namespace tcpctl::ctl::test
